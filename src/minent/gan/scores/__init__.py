"""How good what is drawn is."""

from minent.gan.scores.features import Features, train_features
from minent.gan.scores.fid import inception
from minent.gan.scores.samples import Scores, score

__all__ = ["Features", "Scores", "inception", "score", "train_features"]
