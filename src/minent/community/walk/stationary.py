"""Visit rates that a step of the walk does not change: the step is repeated until they settle (power iteration).

From node i a walker takes each unit of weight of its links by chance c_i, and else lands anywhere, on j by chance t_j:
    p_j = Σ_i p_i c_i w_ij + (1 − Σ_ij p_i c_i w_ij) t_j
With teleportation α, and c_i = (1 − α) / Σ_j w_ij where i has links, it is the PageRank (Page et al. 1999).

After each few steps the rates are taken to be where these lead (reduced rank extrapolation, Eddy 1979): among all
combinations of the last rates, with weights that add up to 1, that whose step changes the least, by least squares of
the changes d_k = p_{k+1} − p_k. So a walk that stays in modules for long settles in a third of the steps.
"""

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float

from minent.errors import BadInput
from minent.kernels import lasting, log

FIRST = 6  # steps that are taken before any tells where they lead
SLOW = 0.5  # and whose change leaves more than this of the change before
LAST = 4  # bends of the way by which that is told


def stationary(
    step: Callable[[Float[np.ndarray, " nodes"]], Float[np.ndarray, " nodes"]],
    landing: Float[np.ndarray, " nodes"],
    steps: int,
    enough: Callable[[float, float], bool],
) -> tuple[Float[np.ndarray, " nodes"], tuple[float, float]]:
    """The visit rates after at most so many steps, and how much the last two of them changed these in sum, which are
    `enough` for a walk that is settled. A `step` follows links; who cannot lands anywhere."""
    visit, change, changes, last = landing, (np.inf, np.inf), [], np.inf
    start = told = time.perf_counter()
    for number in range(1, steps + 1):
        after = step(visit)
        after += (1 - after.sum()) * landing
        changes.append(after - visit)
        change, visit = (change[1], float(np.abs(changes[-1]).sum())), after
        if enough(*change):
            break
        if (now := time.perf_counter()) - told >= 1 and 1e-13 < change[1] < change[0] < np.inf:
            left = (now - start) / number * np.log(1e-13 / change[1]) / np.log(change[1] / change[0])
            log.info("the walk settles: step %d, rates change by %.0e, about %s left", number, change[1], lasting(left))
            told = now
        if len(changes) > LAST:
            fall = change[1] / change[0]
            if number > FIRST and fall > SLOW and change[1] < last * fall ** len(changes) / 2:  # else it helped little
                visit, change, last = extrapolated(visit, changes), (np.inf, np.inf), change[1]
            changes = []
    return visit, change


def extrapolated(
    visit: Float[np.ndarray, " nodes"], changes: list[Float[np.ndarray, " nodes"]]
) -> Float[np.ndarray, " nodes"]:
    """Where the last steps lead, of which `changes` tell, the last one to `visit`."""
    bends = [later - sooner for sooner, later in pairwise(changes)]
    products = np.zeros((LAST, LAST + 1))
    for i, bend in enumerate(bends):  # not by BLAS, whose sums differ by the number of threads
        products[i, i:] = [(bend * other).sum() for other in (*bends[i:], changes[-1])]
        products[i:, i] = products[i, i:LAST]
    products[np.diag_indices(LAST)] *= 1 + 1e-12
    try:
        parts = np.linalg.solve(products[:, :LAST], products[:, LAST])
    except np.linalg.LinAlgError:  # the way does not bend at all
        return visit
    there = visit - sum(part * change for part, change in zip(parts, changes[1:], strict=True))
    return there if (there >= 0).all() else visit


def pagerank(
    links: Any,
    chance: Float[np.ndarray, " nodes"],
    landing: Float[np.ndarray, " nodes"],
    teleportation: float,
    double: bool = False,
) -> Float[np.ndarray, " nodes"]:
    """The visit rates that a step does not change, to about 1e-13 in sum; with `double`, that two steps do not, only
    the first of which may teleport.

    `links` is a scipy sparse matrix of link weights (nodes, nodes), and chance[i] that of each unit of weight at node i
    to be taken by who does not teleport: 1 / its strength, 0 where it has no links. `landing` sums to 1, or to 0: then
    nobody walks.

    Raises BadInput for a teleportation outside [0, 1], and for one (0, say) with which the walk does not settle.

    >>> from scipy.sparse import csr_array
    >>> pagerank(csr_array([[0, 1], [0, 0]]), np.array([1.0, 0.0]), np.array([0.5, 0.5]), 0.0).round(3).tolist()
    [0.333, 0.667]
    """
    if not 0 <= teleportation <= 1:
        raise BadInput(f"teleportation is a probability, from 0 to 1; got {teleportation}")
    if not landing.any():
        return landing
    steps = int(40 / max(teleportation, 0.004)) + 1  # each brings it 1 - α times nearer at least
    back = links.T.tocsr()  # rows are summed several times as fast as columns are filled
    settled, first = as_settled_as_rounding_lets(back, teleportation), (1 - teleportation) * chance

    def step(visit: np.ndarray) -> np.ndarray:
        after = back @ (visit * first)
        return back @ (after * chance) if double else after

    visit, change = stationary(step, landing, steps, settled)
    if not settled(*change):
        raise BadInput(f"the walk does not settle with teleportation {teleportation}; it does with 0.15")
    return visit


def as_settled_as_rounding_lets(back: Any, teleportation: float = 1.0) -> Callable[[float, float], bool]:
    """Whether the last two steps' changes say so: there is none, or it falls no more, being as small as the rounding of
    a sum over the links that lead to the most linked node, a row of `back`, makes it, which the walk forgets by
    teleporting."""
    rounding = np.finfo(float).eps * np.diff(back.indptr).max(initial=0)
    floor = 1e-12 + 8 * rounding / max(teleportation, 0.004)
    return lambda last, change: change <= 1e-15 or last <= change < floor
