"""Why a model says what it says: predictions as sums over training examples."""

from typing import TYPE_CHECKING

from minent.rooms import on_first_use

if TYPE_CHECKING:
    from minent.attribution.again import Again
    from minent.attribution.costs import Cost, cost
    from minent.attribution.explanation import Explanation
    from minent.attribution.influence import self_influence, tracin
    from minent.attribution.kept import read_explanation, write_explanation
    from minent.attribution.page import because
    from minent.attribution.path_kernel import explain
    from minent.attribution.retrained import brittleness, lds, removal, self_confidence
    from minent.attribution.suspects import Suspects, mislabels
    from minent.attribution.walk.taught import Numbered
    from minent.training.trajectory import record

__all__ = [
    "Again", "Cost", "Explanation", "Numbered", "Suspects", "because", "brittleness", "cost", "explain", "lds",
    "mislabels", "read_explanation", "record", "removal", "self_confidence", "self_influence", "tracin",
    "write_explanation",
]  # fmt: skip
# No file has the name of a function: where it was imported first, the name would be the file's.
__getattr__ = on_first_use(
    __name__,
    {
        "minent.attribution.again": "Again",
        "minent.attribution.costs": "Cost cost",
        "minent.attribution.explanation": "Explanation",
        "minent.attribution.influence": "self_influence tracin",
        "minent.attribution.kept": "read_explanation write_explanation",
        "minent.attribution.page": "because",
        "minent.attribution.path_kernel": "explain",
        "minent.attribution.retrained": "brittleness lds removal self_confidence",
        "minent.attribution.suspects": "Suspects mislabels",
        "minent.attribution.walk.taught": "Numbered",
        "minent.training.trajectory": "record",
    },
)
