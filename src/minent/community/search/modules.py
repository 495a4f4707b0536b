"""What a sweep keeps of every module, and how that changes when a unit goes from one to another."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from minent.entropy import log2, plogp
from minent.kernels import kernel

PER_LN2 = 1 / np.log(2)
# What is kept of every module, in one line of the cache; the slopes are log₂ of a rate + 1/ln 2, so costs follow too.
EXIT, ENTER, VISIT, SLOPE, SLOPE_EXIT, SLOPE_ENTER, SIZE, BETWEEN = range(8)


class Modules(NamedTuple):
    """Modules while units move between them."""

    state: Float[np.ndarray, "units 8"]
    port: Float[np.ndarray, "_ 2"]  # recorded teleportation from and to each
    home: Int[np.ndarray, " _"]  # the group of each
    book: Float[np.ndarray, "groups 3"]  # of every group: X + Σ enter, its plogp, the slope of that
    free: Int[np.ndarray, " units"]  # those without units
    ported: float  # recorded teleportation of the whole network
    spared: float  # how many things stand in a module that costs nothing


class Mover(NamedTuple):
    """The rates of a unit that may move, and how many things it is."""

    visit: Any
    out: Any
    into: Any
    port_from: Any
    port_to: Any
    weight: Any


@kernel
def slope(x):
    """The derivative of plogp; at 0 no more than that of any positive number."""
    return log2(x) + PER_LN2 if x > 1e-300 else -1000.0


@kernel
def crossing(exit, enter, port_from, port_to, ported):
    """Exit and enter rate of a module with recorded teleportation added; `ported` is the network's total of it."""
    return exit + port_from * (1 - port_to), enter + (ported - port_from) * port_to


@kernel
def note(state, a, exit, enter):
    """Note the slopes of module a: what it costs, and a bound of what it would cost with one unit more, follow."""
    state[a, SLOPE] = slope(exit + state[a, VISIT])
    state[a, SLOPE_EXIT] = slope(exit)
    state[a, SLOPE_ENTER] = slope(enter) if enter != exit else state[a, SLOPE_EXIT]


@kernel
def opened(modules, units, field, label, began):
    """Note the modules in `label`, whose exit, enter and visit rates are `began`; how many have no units."""
    state, port, home, book, free, ported, _ = modules
    (group, above, weight), (exit, enter, visit) = field, began
    grouped, recorded, loose = group.shape[0] > 1, units.port_from.shape[0] > 1, weight.shape[0] > 1
    for a in range(exit.shape[0]):
        state[a, EXIT], state[a, ENTER], state[a, VISIT] = exit[a], enter[a], visit[a]
    for i in range(label.shape[0]):
        a = np.uintp(label[i])
        state[a, SIZE] += weight[i] if loose else 1.0
        if grouped:
            home[a] = group[i]
        if recorded:
            port[a, 0] += units.port_from[i]
            port[a, 1] += units.port_to[i]
    for g in range(book.shape[0]):
        book[g, 0] = above[g]
    frees = 0
    for a in range(label.shape[0]):
        if state[a, SIZE] == 0:
            free[frees] = a
            frees += 1
            continue
        exit_a, enter_a = state[a, EXIT], state[a, ENTER]
        if recorded:
            exit_a, enter_a = crossing(exit_a, enter_a, port[a, 0], port[a, 1], ported)
        note(state, a, exit_a, enter_a)
        book[home[a] if grouped else 0, 0] += enter_a
    for g in range(book.shape[0]):
        book[g, 1] = plogp(book[g, 0])
        book[g, 2] = slope(book[g, 0])
    return frees


@kernel
def moved(modules, frees, unit, a, b, left, s, g, total):
    """The unit goes from module a, which has the rates `left` then, to b, with which it exchanges s; the modules of
    group g are entered at the rate `total` then. How many modules are free."""
    (state, port, _, book, free, ported, _), (visit, out, into, port_from, port_to, weight) = modules, unit
    exit_a, enter_a, visit_a = left
    exit_b, enter_b = max(0.0, state[b, EXIT] + out - s), max(0.0, state[b, ENTER] + into - s)
    frees -= state[b, SIZE] == 0
    state[a, EXIT], state[a, ENTER], state[a, VISIT] = exit_a, enter_a, visit_a
    state[b, EXIT], state[b, ENTER] = exit_b, enter_b
    state[b, VISIT] += visit
    state[a, SIZE] -= weight
    state[b, SIZE] += weight
    if state[a, SIZE] == 0:
        free[frees] = a
        frees += 1
    if port.shape[0] > 1:
        port[a, 0] -= port_from
        port[a, 1] -= port_to
        port[b, 0] += port_from
        port[b, 1] += port_to
        exit_a, enter_a = crossing(exit_a, enter_a, port[a, 0], port[a, 1], ported)
        exit_b, enter_b = crossing(exit_b, enter_b, port[b, 0], port[b, 1], ported)
    if state[a, SIZE] > 0:
        note(state, a, exit_a, enter_a)
    note(state, b, exit_b, enter_b)
    book[g, 0] = max(0.0, total)
    book[g, 1] = plogp(total)
    book[g, 2] = slope(total)
    return frees
