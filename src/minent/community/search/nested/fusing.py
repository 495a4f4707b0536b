"""The best of two nests: a module of the same nodes in both costs what its cheaper inside does, from the bottom up

    best(m) = min over both nests of [cost of the codebook of m + Σ best(child)],

so the fused nest costs no more than either, and less where each is better somewhere.
"""

import numpy as np

from minent.community.search.nested.nest import Nest
from minent.kernels import kernel


@kernel
def chosen(order, parent, partner, total, done, above):
    """The parent of each module of both nests in the fused one, -1 for the roots, -2 (as at first) for those left out,
    into `above`. `order`: by size; `partner`: who has the same nodes in the other nest (-1: nobody); the roots are
    partners; `total` is what each costs, and then what all in it does; `done` (0) is room."""
    for m in order:
        q = partner[m]
        done[m] = 1
        if q >= 0 and done[q] == 0:
            continue  # until that is known too
        best = total[m] if q < 0 or total[m] <= total[q] else total[q]
        if parent[m] >= 0:
            total[parent[m]] += best
        if q >= 0 and parent[q] >= 0:
            total[parent[q]] += best
    for t in range(order.shape[0] - 1, -1, -1):
        m = order[t]
        p, q = parent[m], partner[m]
        if p >= 0 and above[p] == -2:
            continue
        if q >= 0 and (total[q] < total[m] or (total[q] == total[m] and q < m)):
            m = q
        above[m] = p if p >= 0 else -1


def fused(one: Nest, other: Nest) -> Nest:
    """Of each module that is in both nests, the cheaper inside."""
    first, n = one.number, one.nodes.number
    code, every = np.random.default_rng(0).integers(1 << 62, size=n), np.ones(n, np.int64)
    codes = np.concatenate([nest.held(code) for nest in (one, other)])  # sums of these tell sets of nodes apart
    sizes = np.concatenate([nest.held(every) for nest in (one, other)])
    parent = np.append(one.parent, np.where(other.parent < 0, -1, other.parent + first)).astype(np.int32)
    order = np.argsort(codes[:first])
    place = order[np.minimum(np.searchsorted(codes[:first], codes[first:], sorter=order), first - 1)]
    same = np.flatnonzero(codes[place] == codes[first:])
    partner = np.full(len(parent), -1, np.int32)
    partner[same + first], partner[place[same]] = place[same], same + first
    ascending = np.argsort(sizes, kind="stable").astype(np.int32)
    above, done = np.full(len(parent), -2, np.int32), np.zeros(len(parent), np.uint8)
    one.run(chosen)(ascending, parent, partner, np.append(one.costs, other.costs), done, above)
    if (above[first:] == -2).all():
        return one
    label = np.where(above[one.label] > -2, one.label, other.label + first)
    return Nest.of(one.nodes, above, label, one.run)
