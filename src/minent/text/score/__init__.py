"""How near texts are to references, and how varied."""

from minent.text.score.diversity import corpus_bleu, distinct, self_bleu
from minent.text.score.edits import edit_distance
from minent.text.score.languages import Language
from minent.text.score.once import rouge_once
from minent.text.score.paired import Compared, compare
from minent.text.score.references import Scores, can_score, score

__all__ = [
    "Compared", "Language", "Scores", "can_score", "compare", "corpus_bleu", "distinct", "edit_distance", "rouge_once",
    "score", "self_bleu",
]  # fmt: skip
