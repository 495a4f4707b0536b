"""How good what is drawn is."""

from minent.gan.scores.features import Features, train_features
from minent.gan.scores.fid import inception
from minent.gan.scores.networks import features_of
from minent.gan.scores.samples import Scores, score

__all__ = ["Features", "Scores", "features_of", "inception", "score", "train_features"]
