"""Where units of a shard want to go, all others staying where they are.

Two that propose at the same time may be wrong together. So a unit proposes only in its turn, which a hash of its number
draws anew for each sweep; of two units alone in their modules, which would change places, the larger number goes to
the smaller; and who wants to be alone takes the module of its own number, which is nobody else's.
"""

import numpy as np

from minent.community.search.change import joining, leaving
from minent.community.search.modules import ENTER, EXIT, SIZE, VISIT, Modules, Mover
from minent.community.search.units import Units
from minent.kernels import kernel

MANY = 0xFFFFFFFF


@kernel
def drawn(i, seed):
    """A number below 2³² drawn by unit i, the same wherever it is."""
    x = (int(i) ^ seed) & MANY
    x = ((x ^ (x >> 16)) * 0x45D9F3B) & MANY
    x = ((x ^ (x >> 16)) * 0x45D9F3B) & MANY
    return x ^ (x >> 16)


@kernel
def near(indices, flow, pace, label, first, last, mask, key, held, found, there):
    """The modules that entries first … last - 1 lead to, in a table of mask + 1 places: `found` are those taken, `held`
    the flow there, `key` (-1: free) the module. How many there are. First all labels are fetched, `there`: what waits
    for memory waits together."""
    uniform, every, count = flow.shape[0] == 1, flow[0] * pace, 0
    for k in range(first, last):
        there[k - first] = label[indices[k]]
    for k in range(first, last):
        b = there[k - first]
        at = (int(b) * 0x9E3779B1 >> 15) & mask
        while key[at] != b and key[at] >= 0:
            at = (at + 1) & mask
        if key[at] < 0:
            key[at], held[at] = b, 0.0
            found[count] = at
            count += 1
        held[at] += every if uniform else flow[k] * pace
    return count


@kernel
def among(i, names):
    """Whether i is one of these sorted numbers."""
    low, high = 0, names.shape[0]
    while low < high:
        middle = (low + high) // 2
        if names[middle] < i:
            low = middle + 1
        else:
            high = middle
    return low < names.shape[0] and names[low] == i


@kernel
def preferred(units, i, row, groups, label, names, state, book, modules, draw, least, nears, key, held, found, exits):
    """Where unit i, whose rates stand in this row, wants to be, of the modules `found` (see `near`), its own and one of
    its own; empties the table."""
    (seed, turns, turn), (group, home), a, own = draw, groups, np.uintp(label[i]), 0.0
    grouped, named = group.shape[0] > 1, names.shape[0] > 0
    for t in range(nears):
        if key[found[t]] == label[i]:
            own = held[found[t]]
    unit = Mover(units.visit[row], units.out[row], units.into[row], 0.0, 0.0, 1.0)
    settled = nears == 1 and own >= (unit.out + unit.into) * (1 - 1e-12)
    if settled and unit.visit <= min(unit.out, unit.into):
        key[found[0]] = -1
        return label[i]
    for t in range(nears):
        exits[t] = state[np.uintp(key[found[t]]), EXIT]
    g = group[row] if grouped else 0
    used = book[g, 0], book[g, 1], book[g, 2]
    saved, rest, _ = leaving(modules, None, unit, a, own, used[0])
    best, target, alone = used[1] + saved - least, label[i], state[a, SIZE] == 1
    lone_flow, lone_exit, symmetric = -1.0, 0.0, unit.out == unit.into
    for t in range(nears):  # as in `sweep.move`
        at = found[t]
        b, s = np.uintp(key[at]), held[at]
        key[at] = -1
        if b == a or (grouped and home[b] != g):
            continue
        if alone and state[b, SIZE] == 1 and b > a:
            name = np.int64(names[b]) if named else np.int64(b)
            if drawn(name, seed) & (turns - 1) == turn:
                continue
        exit_b, enter_b, visit_b = rates = exits[t], state[b, ENTER], state[b, VISIT]
        if symmetric and exit_b == visit_b and exit_b == enter_b:
            if s <= lone_flow and exit_b >= lone_exit:
                continue
            lone_flow, lone_exit = s, exit_b
        cost, _ = joining(modules, None, unit, b, rates, s, rest, used, best)
        if cost < best:
            best, target = cost, b
    if not alone and (not among(i, names) if named else state[i, SIZE] == 0):
        empty = names.shape[0] if named else i
        cost, _ = joining(modules, None, unit, empty, (0.0, 0.0, 0.0), 0.0, rest, used, best)
        if cost < best:
            target = -1 - i if named else i
    return target


@kernel
def proposed(first, last, shift, units, groups, label, names, state, book, active, draw, least, wish):
    """The module that each unit of first … last - 1 whose turn it is wants to be in, into `wish`; the units that want
    to go, and how many were looked at. `draw`: a seed, how many turns a sweep has (a power of 2), and which it is.

    Rows, rates, groups, `active` and `wish` begin with those of unit `shift`. Modules are called by a unit, or, where
    there are `names`, those of all that have units in order, by their places there, with one without units behind all
    others in `state`; who wants to be alone then wishes -1 less its number."""
    units, (seed, turns, turn) = Units(*units), draw
    indptr, widest = units.indptr, 0
    for q in range(first - shift, last - shift):
        widest = max(widest, indptr[q + 1] - indptr[q])
    places = 16
    while places < 2 * widest:
        places *= 2
    key, held, exits = np.full(places, -1, np.int32), np.zeros(places), np.empty(widest)
    found, there, movers = np.empty(widest, np.int32), np.empty(widest, np.int32), np.empty(last - first, np.int32)
    none = np.zeros(1, np.int32)
    modules = Modules(state, none, book, none, 0.0)
    looks = count = 0
    for i in range(first, last):
        q = i - shift
        if active[q] == 0 or drawn(i, seed) & (turns - 1) != turn:
            continue
        active[q] = 0
        looks += 1
        degree, mask = indptr[q + 1] - indptr[q], 15
        while mask < 2 * degree - 1:
            mask = 2 * mask + 1
        row = indptr[q], indptr[q + 1]
        nears = near(units.indices, units.flow, units.pace, label, *row, mask, key, held, found, there)
        if nears == 0:
            continue
        rest = modules, draw, least, nears, key, held, found, exits
        wish[q] = preferred(units, i, q, groups, label, names, state, book, *rest)
        if wish[q] != label[i]:
            movers[count] = i
            count += 1
    return movers[:count].copy(), looks
