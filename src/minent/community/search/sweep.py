"""Local moving: units of a network (nodes, or whole modules) go one by one to the neighbouring module that shortens the
map equation the most, until none wants to move.

A group of modules under one parent pays, in bits per step (Rosvall & Bergstrom 2008, 2011),

    plogp(X + Σₘ enterₘ) + Σₘ [plogp(exitₘ + visitₘ) − plogp(exitₘ) − plogp(enterₘ)] + const,   plogp(x) = x log₂ x

with X the parent's own exit rate. When unit i leaves module a, exitₐ and enterₐ both grow by s(i,a), the flow between
i and the rest of a in both directions together, less what i itself exits and enters. So symmetric link weights s and
three rates a unit are all there is to know, for directed networks too. Teleportation, where it is recorded, adds
teleport_from(m)·(1 − teleport_to(m)) to the exit of a module and the mirror image to its entry.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minent.community.search.change import joining, leaving
from minent.community.search.holders import sharing
from minent.community.search.modules import (
    BETWEEN,
    ENTER,
    EXIT,
    SIZE,
    VISIT,
    Mover,
    Ports,
    lines,
    moved,
    opened,
)
from minent.community.search.units import Units
from minent.community.search.word_table import beside, told, word_table, words_moved
from minent.kernels import kernel, read_only


@kernel
def near(units, label, state, i, found):
    """The modules that unit i has links to, into `found`, and the flow between into `state`; how many there are."""
    indices, flow, pace = units.indices, units.flow, units.pace
    uniform, every = flow.shape[0] == 1, flow[0] * pace
    count = 0
    for k in range(units.indptr[i], units.indptr[i + 1]):
        b = label[indices[k]]
        s = state[b, BETWEEN]
        found[count] = b
        count += s == 0.0
        state[b, BETWEEN] = s + (every if uniform else flow[k] * pace)
    return count


@kernel
def queued(those, first, last, label, group, queue, waiting, head, length, b, g):
    """Units that do not wait yet are put at the end of the queue, but for those of module b and other groups; its
    length."""
    n, grouped = queue.shape[0], group.shape[0] > 1
    for k in range(first, last):
        j = np.uintp(those[k])
        if waiting[j] == 0 and label[j] != b and (not grouped or group[j] == g):
            waiting[j] = 1
            tail = head + length
            queue[tail - n if tail >= n else tail] = j
            length += 1
    return length


def moves(run: Callable, units: Units, field: Any, label: np.ndarray, began: Any, order: Any, limits: Any) -> int:
    """What `move` does, with the words of the units where they have some, and room for it: kernels that make no arrays
    are compiled in less time."""
    n, (group, above, weight) = units.number, field
    home, free = np.zeros(n if len(group) > 1 else 1, np.int32), np.empty(n, np.int32)
    modules = lines(n), home, np.zeros((len(above), 3)), free, 1.0 if len(weight) > 1 else 0.0  # plain: see `Modules`
    room = modules, np.empty(n, np.int32), np.zeros(n, np.uint8), np.empty(n + 2, np.int32)
    ports = Ports(np.zeros((n, 2)), float(units.port_from.sum())) if len(units.port_from) > 1 else None
    places, words = (group, read_only(above), weight), word_table(units.words)
    return run(move)(units[:9], places, label, began, order, limits, *words, ports, room)


@kernel
def move(units, field, label, began, order, limits, words, table, ports, room):
    """Move the units of `order` one by one, then those whose neighbourhoods changed, until none gains more than
    `limits.least` bits or `limits.patience` of them have been looked at. Returns the number of moves.

    `label` (values below the number of units) changes in place; `began` are the exit, enter and visit rates of the
    modules it begins with. Units stay within their group, see `Field`. With `words`, `Known` of them, what words of a
    module cost is heeded, and modules that hold other states of the same physical node are among those a unit may go
    to; None is known when this is compiled, and what words ask for left out.
    """
    units, (group, _, weight), (patience, least) = Units(*units), field, limits
    modules, queue, waiting, found = room
    state, home, book, free, spared = modules
    indptr, indices, n = units.indptr, units.indices, label.shape[0]
    if state.shape[1] != 8 or book.shape[1] != 3:  # never: so that LLVM knows what to multiply by
        return -1
    grouped, recorded, loose = group.shape[0] > 1, ports is not None, weight.shape[0] > 1
    frees = opened(modules, ports, units, field, label, began)
    if words is not None:
        told(words, table, label)
    head, length, moves = 0, order.shape[0], 0
    for k in range(length):
        queue[k] = order[k]
        waiting[order[k]] = 1
    while length > 0 and patience > 0:
        patience -= 1
        i = queue[head]
        head = head + 1 if head + 1 < n else 0
        length -= 1
        waiting[i] = 0
        a = np.uintp(label[i])
        g = group[i] if grouped else 0
        nears = near(units, label, state, i, found)
        own = state[a, BETWEEN]
        port_from, port_to = (units.port_from[i], units.port_to[i]) if recorded else (0.0, 0.0)
        unit = Mover(units.visit[i], units.out[i], units.into[i], port_from, port_to, weight[i] if loose else 1.0)
        if words is not None:
            nears = sharing(words.of, words.words, state, i, a, patience, found, nears)
        else:
            settled = nears == 1 and found[0] == a and own >= (unit.out + unit.into) * (1 - 1e-12)
            settled = settled and not recorded and unit.visit <= min(unit.out, unit.into)
            if settled or nears == 0:  # else it may want to be alone
                state[a, BETWEEN] = 0.0
                continue
        size = state[a, SIZE] - unit.weight
        used = book[g, 0], book[g, 1], book[g, 2]
        saved, rest, left = leaving(modules, ports, unit, a, own, used[0])
        if size > 0 and frees > 0:  # a module of its own
            found[nears] = free[frees - 1]
            nears += 1
            if grouped:
                home[free[frees - 1]] = g
        best = used[1] + saved - least  # what staying costs: to be beaten
        if words is not None:
            best += beside(words, table, a, i, -1.0, size <= spared < size + unit.weight, n - frees, patience)
        target, best_flow, best_total = a, 0.0, 0.0
        # Of neighbours all of whose flow leaves them only those are looked at that no other one beats in both the flow
        # to it and its own exit: the bits saved grow with the first and fall with the second.
        lone_flow, lone_exit, symmetric = -1.0, 0.0, not recorded and unit.out == unit.into
        for t in range(nears):
            b = np.uintp(found[t])
            s = state[b, BETWEEN]
            state[b, BETWEEN] = 0.0
            if b == a or (grouped and home[b] != g):
                continue
            exit_b, enter_b, visit_b = rates = state[b, EXIT], state[b, ENTER], state[b, VISIT]
            more = 0.0
            if words is not None:
                size_b = state[b, SIZE]
                number = n - frees + (1 if size_b == 0 else 0) - (0 if size > 0 else 1)
                more = beside(words, table, b, i, 1.0, size_b <= spared < size_b + unit.weight, number, patience)
            elif symmetric and exit_b == visit_b and exit_b == enter_b and (not loose or state[b, SIZE] > 1):
                if s <= lone_flow and exit_b >= lone_exit:
                    continue
                lone_flow, lone_exit = s, exit_b
            cost, total = joining(modules, ports, unit, b, rates, s, rest, used, best - more)
            if cost + more < best:
                best, target, best_flow, best_total = cost + more, b, s, total
        if target == a:
            continue
        label[i] = target
        frees = moved(modules, ports, frees, unit, a, target, left, best_flow, g, best_total)
        moves += 1
        if words is not None:
            words_moved(words, table, label, i, a)
        if length >= patience:  # who is put in the queue now will not be looked at
            continue
        length = queued(indices, indptr[i], indptr[i + 1], label, group, queue, waiting, head, length, target, g)
        if words is not None:
            for t in range(words.words.indptr[i], words.words.indptr[i + 1]):
                key = words.words.key[t]
                if key < words.words.shared:
                    first, last = words.of.start[key], words.of.start[key + 1]
                    length = queued(words.of.user, first, last, label, group, queue, waiting, head, length, target, g)
    return moves
