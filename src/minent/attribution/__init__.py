"""Why a model says what it says: predictions as sums over training examples."""

from minent.attribution.explanation import Explanation
from minent.attribution.path_kernel import explain

__all__ = ["Explanation", "explain"]
