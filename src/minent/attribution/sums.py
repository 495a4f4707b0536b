"""Explanations of parts of the inputs, or of several runs, make one; of each the largest terms may be kept alone."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64
from torch import Tensor

from minent.attribution.explanation import OTHERS, Explanation
from minent.errors import BadInput


class Part(NamedTuple):
    """Of some inputs."""

    contributions: Float64[np.ndarray, "inputs outputs shown"]
    other: dict[str, Float64[np.ndarray, "inputs outputs"]]
    examples: Int64[np.ndarray, "inputs outputs shown"] | None
    """Whose contributions these are; None: all training examples'."""


def largest(contributions: Float64[np.ndarray, "i o n"], other: dict[str, np.ndarray], first: int | None) -> Part:
    """The `first` contributions that raise each number most, and as many that lower it most; the others are one term.

    >>> part = largest(np.array([[[3.0, 1.0, -2.0, 0.5]]]), {}, 1)
    >>> part.examples.tolist(), part.contributions.tolist(), part.other[OTHERS].tolist()
    ([[[0, 2]]], [[[3.0, -2.0]]], [[1.5]])
    """
    number = contributions.shape[2]
    if first is None:
        return Part(contributions, other, None)
    if 2 * first >= number:
        order = np.argsort(-contributions, axis=2, kind="stable")
    else:
        ends = np.argpartition(-contributions, [first - 1, number - first], axis=2)
        ends = np.concatenate([ends[:, :, :first], ends[:, :, number - first :]], 2)
        order = np.take_along_axis(ends, np.argsort(-np.take_along_axis(contributions, ends, 2), 2, kind="stable"), 2)
    kept = np.take_along_axis(contributions, order, 2)
    return Part(kept, {**other, OTHERS: contributions.sum(2) - kept.sum(2)}, order)


def summed(parts: Sequence[Part], initial: Tensor, prediction: Tensor, notes: Sequence[str]) -> Explanation:
    """The explanation of all inputs from those of their parts."""
    contributions = np.concatenate([part.contributions for part in parts])
    names = dict.fromkeys(name for part in parts for name in part.other)
    other = {name: np.concatenate([part.other[name] for part in parts]) for name in names}
    whose = [part.examples for part in parts if part.examples is not None]
    first, last = (one.double().cpu().numpy() for one in (initial, prediction))
    return Explanation(
        last, first, contributions, other, tuple(notes), examples=np.concatenate(whose) if whose else None
    )


def averaged(several: Sequence[Explanation], first: int | None) -> Explanation:
    """The mean of explanations of the same numbers, of several runs, which is as far off as the worst of them."""
    if not several:
        raise BadInput("wanted one trajectory at least; got none")
    other = {name: np.mean([one.other.get(name, 0 * one.initial) for one in several], 0) for name in {
        name for one in several for name in one.other
    }}  # fmt: skip
    prediction, initial, contributions = (
        np.mean([getattr(one, part) for one in several], 0) for part in ("prediction", "initial", "contributions")
    )
    notes, doubts = (tuple(dict.fromkeys(n for one in several for n in getattr(one, w))) for w in ("notes", "doubts"))
    worst = max(max(one.off, one.relative_residual) for one in several)
    part = largest(contributions, other, first)
    return Explanation(prediction, initial, part.contributions, part.other, notes, doubts, worst, part.examples)
