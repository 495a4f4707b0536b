"""How near texts are to references, and how varied."""

from minent.text.score.diversity import corpus_bleu, distinct, self_bleu
from minent.text.score.edits import edit_distance
from minent.text.score.references import Language, Scores, can_score, score

__all__ = ["Language", "Scores", "can_score", "corpus_bleu", "distinct", "edit_distance", "score", "self_bleu"]
