"""Bars of an alluvial diagram in an order in which few ribbons cross, by barycentres (Sugiyama, Tagawa & Toda 1981).

Each bar goes to the mean place of what its nodes are in on the sides beside it, forth and back over the sides until
nothing improves; the order with the least crossing, Σ of the products of the shares of ribbons that cross, is kept.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from minent.plot.sides import GAP, Side

SWEEPS = 12


def untangled(sides: list[Side]) -> list[Side]:
    """The same sides with their bars moved; the bar of smaller modules stays the last."""
    flows = [
        np.bincount(a.bar * len(b.height) + b.bar, a.share + b.share, len(a.height) * len(b.height)).reshape(
            len(a.height), len(b.height)
        )
        for a, b in pairwise(sides)
    ]
    places = [np.arange(len(side.height)) for side in sides]  # of each bar, from the top
    best, least = places, _crossing(flows, places)
    for sweep in range(SWEEPS):
        places = list(places)
        order = range(1, len(sides)) if sweep % 2 == 0 else range(len(sides) - 2, -1, -1)
        for k in order:
            weight = flows[k - 1].T if sweep % 2 == 0 else flows[k]
            beside = places[k - 1] if sweep % 2 == 0 else places[k + 1]
            mean = (weight @ _middle(beside, sides[k - 1 if sweep % 2 == 0 else k + 1])) / np.maximum(
                weight.sum(axis=1), 1e-300
            )
            mean = np.where(np.arange(len(mean)) == sides[k].rest, np.inf, mean)
            places[k] = np.argsort(np.lexsort((places[k], mean)))
        crossing = _crossing(flows, places)
        if crossing < least - 1e-12:
            best, least = places, crossing
    return [_moved(side, place) for side, place in zip(sides, best, strict=True)]


def _middle(place: Int[np.ndarray, " bars"], side: Side) -> Float[np.ndarray, " bars"]:
    moved = _moved(side, place)
    return moved.top + moved.height / 2


def _moved(side: Side, place: Int[np.ndarray, " bars"]) -> Side:
    """The side with each bar at its place from the top."""
    order = np.argsort(place)
    top = np.empty(len(order))
    top[order] = np.cumsum(side.height[order] + GAP) - side.height[order] - GAP
    return replace(side, top=top)


def _crossing(flows: list[np.ndarray], places: list[np.ndarray]) -> float:
    """Σ f_ij f_kl over pairs of ribbons of two sides with i above k and j below l."""
    total = 0.0
    for flow, above, below in zip(flows, places, places[1:], strict=False):
        flow = flow[np.argsort(above)][:, np.argsort(below)]
        later = np.flip(np.cumsum(np.flip(flow, 0), 0), 0) - flow  # of bars farther down on the left
        before = np.cumsum(later, axis=1) - later  # and farther up on the right
        total += float((flow * before).sum())
    return total
