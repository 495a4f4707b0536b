"""Discs of a heap drawn together: each goes towards the middle until others stop it, those without links into gaps.

On the ray ρ u from the middle a disc that has its place at c keeps off another where (ρ - c·u)² + (c×u)² < (r + r')²:
the nearest free ρ lies past the first unbroken run of such intervals.
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Complex, Float, Int

TURNS = np.array([0, 1, -1, 2, -2, 4, -4, 8, -8, 12, -12, 16]) * np.pi / 16  # from a disc's own direction
ASIDE = 0.35  # how much farther out a disc would rather stay than turn to the other side
MANY = 400  # discs of a heap, of more of which fewer turns are tried


def gathered(
    at: Complex[np.ndarray, " discs"],
    size: Float[np.ndarray, " discs"],
    group: Int[np.ndarray, " discs"],
    linked: Bool[np.ndarray, " discs"],
) -> Complex[np.ndarray, " discs"]:
    """Places of the discs of each group closer to its middle; none overlap.

    >>> places = gathered(np.array([0, 10, 10j]), np.ones(3), np.zeros(3, int), np.ones(3, bool))
    >>> bool((np.abs(places) < 2.01).all())
    True
    """
    at = at.copy()
    starts = np.searchsorted(group, np.arange(int(group.max(initial=-1)) + 2))
    for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        here = np.arange(begin, end)
        middle = np.average(at[here], weights=size[here] ** 2)
        at[here] -= middle
        firm = linked[here] if linked[here].any() else np.ones(len(here), bool)
        order = np.lexsort((np.where(firm, np.abs(at[here]) - size[here], -size[here]), ~firm))
        _placed(at, size, here[order], TURNS if len(here) <= MANY else TURNS[:5])
    return at


def _placed(at: np.ndarray, size: np.ndarray, order: np.ndarray, turns: np.ndarray) -> None:
    """Each disc in turn at the place that is nearest to the middle, all ways considered."""
    centre, radius = np.zeros(len(order), complex), size[order]
    for k, disc in enumerate(order.tolist()):
        towards = np.exp(1j * (np.angle(at[disc]) + turns))
        across: Any = centre[:k] * towards[:, None].conj()
        inside = (radius[:k] + radius[k]) ** 2 - across.imag**2
        half = np.sqrt(np.maximum(inside, 0))
        low, high = np.where(inside > 0, across.real - half, np.inf), np.where(inside > 0, across.real + half, -np.inf)
        by_low = np.argsort(low, axis=1)
        low, high = (np.take_along_axis(ends, by_low, axis=1) for ends in (low, high))
        reach = np.maximum.accumulate(np.concatenate([np.zeros((len(turns), 1)), high], axis=1), axis=1)
        free = np.concatenate([low > reach[:, :-1], np.ones((len(turns), 1), bool)], axis=1).argmax(axis=1)
        far = reach[np.arange(len(turns)), free]
        best = (far * (1 + ASIDE * np.abs(turns) / np.pi)).argmin()
        centre[k] = at[disc] = far[best] * (1 + 1e-9) * towards[best]
