"""Rates of modules as integers, whose sums are the same in any order: so on any number of threads, to the last bit.

A rate is a number of units of flow. Where every entry of the network carries the same flow, that is 2 units; else a
unit is so small that the whole fits 62 bits. Of every module is kept, over its units i and their entries ij,

    cross = Σ s_ij, j outside      net = Σ (out_i − into_i)      visit = Σ visit_i

so that it is left at the rate (cross + net) / 2 and entered at (cross − net) / 2.
"""

import numpy as np

from minent.community.search.modules import (
    ENTER,
    EXIT,
    PER_LN2,
    SIZE,
    SLOPE,
    SLOPE_ENTER,
    SLOPE_EXIT,
    VISIT,
    note,
    slope,
)  # fmt: skip
from minent.entropy import plogp
from minent.kernels import kernel

CROSS, NET, VISITED, ENTERED = range(4)


@kernel
def whole(rate, scale):
    """A rate in units."""
    return int(rate * scale + 0.5) if rate >= 0 else -int(0.5 - rate * scale)


@kernel
def tallied(ids, shift, indptr, indices, flow, rates, pace, scale, label, wish, active):
    """What each of these units takes from the module in `label` that it leaves and brings to that in `wish`: the change
    of both cross rates, its net and its visit rate. Units next to it are to be looked at again. Rows and rates begin
    with those of unit `shift`."""
    visit, out, into = rates
    uniform = flow.shape[0] == 1
    change = np.empty((ids.shape[0], 4), np.int64)
    for q in range(ids.shape[0]):
        i = ids[q]
        a, b = label[i], wish[i]
        total = lost = gained = 0
        row = i - shift
        for k in range(indptr[row], indptr[row + 1]):
            j = np.uintp(indices[k])
            before, after = label[j], wish[j]
            s = 1 if uniform else whole(flow[k] * pace, scale)
            twice = s << int(before == after)  # who moves too looks at the same link from its own end
            total += s
            lost += twice * int(before == a)
            gained += twice * int(after == b)
            active[j] |= after != b
        change[q, 0], change[q, 1] = total - lost, total - gained
        change[q, 2] = whole(out[row] - into[row], scale)
        even = visit[row] == out[row] and out[row] == into[row]
        change[q, 3] = total if even else whole(visit[row], 2 * scale)
    return change


@kernel
def applied(first, last, ids, change, label, wish, sign, unit, exact, state, cost, group, groups):
    """Modules first … last - 1 with these changes (sign 1) or without them again (-1): exactly, in what is kept of them
    for proposals, and in what they cost; by how many units more each group's modules are entered."""
    touched, seen, count = np.empty(min(2 * ids.shape[0], last - first), np.int32), np.zeros(last - first, np.uint8), 0
    for q in range(ids.shape[0]):
        i = ids[q]
        for side in range(2):
            m = label[i] if side == 0 else wish[i]
            if m < first or m >= last:
                continue
            if seen[m - first] == 0:
                seen[m - first] = 1
                touched[count] = m
                count += 1
            more = -sign if side == 0 else sign
            exact[m, CROSS] += more * change[q, side]
            exact[m, NET] += more * change[q, 2]
            exact[m, VISITED] += more * change[q, 3]
            state[m, SIZE] += more
    entered = np.zeros(groups, np.int64)
    for t in range(count):
        m = touched[t]
        entered[group[m] if group.shape[0] > 1 else 0] += told(m, unit, exact, state, cost)
    return entered


@kernel
def told(m, unit, exact, state, cost):
    """What proposals see of module m, and what it costs; how many units more it is entered by than when it was told."""
    before, lives = exact[m, ENTERED], state[m, SIZE] > 0
    exact[m, ENTERED] = max(0, exact[m, CROSS] - exact[m, NET]) if lives else 0
    exit = max(0, exact[m, CROSS] + exact[m, NET]) * unit if lives else 0.0
    enter, visit = exact[m, ENTERED] * unit, exact[m, VISITED] * unit if lives else 0.0
    state[m, EXIT], state[m, ENTER], state[m, VISIT] = exit, enter, visit
    note(state, m, exit, enter)
    cost[m] = (exit + visit) * (state[m, SLOPE] - PER_LN2)
    cost[m] -= exit * (state[m, SLOPE_EXIT] - PER_LN2) + enter * (state[m, SLOPE_ENTER] - PER_LN2)
    return exact[m, ENTERED] - before


@kernel
def began(first, rates, scale, exact, state, cost, label, group, groups):
    """Modules with these rates, each named by its first unit, as they stand in `label`; how often each group's are
    entered."""
    exit, enter, visit = rates
    for i in range(label.shape[0]):
        state[label[i], SIZE] += 1
    entered = np.zeros(groups, np.int64)
    for a in range(first.shape[0]):
        m = first[a]
        if m >= 0:
            exact[m, CROSS] = whole(exit[a] + enter[a], scale)
            exact[m, NET] = whole(exit[a] - enter[a], scale)
            exact[m, VISITED] = whole(visit[a], 2 * scale)
            entered[group[m] if group.shape[0] > 1 else 0] += told(m, 0.5 / scale, exact, state, cost)
    return entered


@kernel
def recounted(label, unit, exact, state, cost, group, groups):
    """Modules of these exact rates as they stand in `label`; how often each group's are entered."""
    state[:, SIZE] = 0
    for i in range(label.shape[0]):
        state[label[i], SIZE] += 1
    entered = np.zeros(groups, np.int64)
    for m in range(exact.shape[0]):
        told(m, unit, exact, state, cost)
        entered[group[m] if group.shape[0] > 1 else 0] += exact[m, ENTERED]
    return entered


@kernel
def booked(book, above, entered, unit):
    """The codebooks that name modules, whose groups are entered so often: their use, its plogp and the slope of that;
    what they cost."""
    bits = 0.0
    for g in range(book.shape[0]):
        book[g, 0] = above[g] + entered[g] * unit
        book[g, 1], book[g, 2] = plogp(book[g, 0]), slope(book[g, 0])
        bits += book[g, 1]
    return bits
