"""Why a model says what it says: predictions as sums over training examples."""

from minent.attribution.explanation import Explanation
from minent.attribution.path_kernel import explain
from minent.attribution.tracin import self_influence, tracin

__all__ = ["Explanation", "explain", "self_influence", "tracin"]
