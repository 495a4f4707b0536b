"""A random walker's flow is the stationary state of its steps: p = βPᵀp + (α + β p_dangling) τ, with β = 1 − α.

Page et al. 1999; teleportation to links and unrecorded teleportation as in Lambiotte & Rosvall 2012. Slow, obvious and
in plain Python. Nodes are 0..n-1; links are a dict {(from, to): weight}, flows a dict {(from, to): rate per step}.
"""

from collections.abc import Sequence
from math import log
from typing import NamedTuple

Flows = dict[tuple[int, int], float]


class Walk(NamedTuple):
    """What the walker does per step; splat it into the functions below: `codelength(nested, *walk)`."""

    link_flow: Flows
    visit: list[float]
    teleport_from: list[float] | None = None
    teleport_to: list[float] | None = None


def undirected(links: Flows, n: int) -> Walk:
    """Flow where each link is given once and walked both ways; a self-link is one way only.

    >>> undirected({(0, 1): 1.0, (1, 2): 3.0}, 3).visit
    [0.125, 0.5, 0.375]
    """
    both = dict.fromkeys([*links, *((j, i) for i, j in links)], 0.0)
    for (i, j), weight in links.items():
        for way in {(i, j), (j, i)}:
            both[way] += weight
    total = sum(both.values())
    flow = {way: weight / total for way, weight in both.items()}
    return Walk(flow, [sum(rate for (_, j), rate in flow.items() if j == node) for node in range(n)])


def pagerank(
    links: Flows,
    n: int,
    teleportation: float = 0.15,
    *,
    recorded: bool = False,
    to_nodes: bool = False,
    node_weights: Sequence[float] | None = None,
) -> Walk:
    """Flow over directed links with teleportation: to a link drawn by weight, or to a node drawn by node weight.

    Who teleports to a link stands at its source; where teleportation is recorded, the walker is seen at its target.
    From a node without links out the walker always teleports. Unrecorded, the walk is seen for one more step, taken
    along links only, shared among the walkers who can take it. Links must not be empty, and 0 < teleportation < 1.

    >>> pagerank({(0, 1): 1.0, (1, 0): 1.0}, 2).visit
    [0.5, 0.5]
    """
    strength = [sum(weight for (i, _), weight in links.items() if i == node) for node in range(n)]
    to = [0.0] * n
    if to_nodes:
        to = [float(weight) for weight in node_weights or [1] * n]
    else:
        for (i, j), weight in links.items():
            to[j if recorded else i] += weight
    to = [weight / sum(to) for weight in to]
    share = {(i, j): weight / strength[i] for (i, j), weight in links.items()}
    leave = [teleportation if strength[node] > 0 else 1.0 for node in range(n)]
    rank = to
    for _ in range(int(log(1e-18) / log(1 - teleportation))):  # every step brings it 1 − α times nearer
        before, landing = rank, sum(p * gone for p, gone in zip(rank, leave, strict=True))
        rank = [landing * probability for probability in to]
        for (i, j), part in share.items():
            rank[j] += (1 - teleportation) * before[i] * part
    if recorded:
        flow = {(i, j): (1 - teleportation) * rank[i] * part for (i, j), part in share.items()}
        return Walk(flow, rank, [p * gone for p, gone in zip(rank, leave, strict=True)], to)
    walking = sum(rank[node] for node in range(n) if strength[node] > 0)
    flow = {(i, j): rank[i] * part / walking for (i, j), part in share.items()}
    return Walk(flow, [sum(rate for (_, j), rate in flow.items() if j == node) for node in range(n)])
