"""What a sweep keeps of every module, and how that changes when a unit goes from one to another."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from minent.entropy import log2, plogp
from minent.kernels import kernel

PER_LN2 = 1 / np.log(2)
FEW = 256  # modules, which stay in the nearest cache anyway
# What is kept of every module, in one line of the cache; the slopes are log₂ of a rate + 1/ln 2, so costs follow too.
EXIT, ENTER, VISIT, SLOPE, SLOPE_EXIT, SLOPE_ENTER, SIZE, BETWEEN = range(8)


class Modules(NamedTuple):
    """Modules while units move between them. (A plain tuple where kernels may be interpreted: named ones are slow.)"""

    state: Float[np.ndarray, "units 8"]
    home: Int[np.ndarray, " _"]  # the group of each
    book: Float[np.ndarray, "groups 3"]  # of every group: X + Σ enter, its plogp, the slope of that
    free: Int[np.ndarray, " units"]  # those without units
    spared: float  # how many things stand in a module that costs nothing


class Ports(NamedTuple):
    """Recorded teleportation. Where there is none, None is known when kernels are compiled, and all of it left out."""

    each: Float[np.ndarray, "units 2"]  # from and to each module
    whole: float  # of the network


class Mover(NamedTuple):
    """The rates of a unit that may move, and how many things it is."""

    visit: Any
    out: Any
    into: Any
    port_from: Any
    port_to: Any
    weight: Any


def lines(count: int) -> Float[np.ndarray, "count 8"]:
    """Zeros, each row of which is one line of the cache, where that tells."""
    if count < FEW:
        return np.zeros((count, 8))
    room = np.zeros(8 * count + 8)
    first = -(room.ctypes.data // 8) % 8
    return room[first : first + 8 * count].reshape(count, 8)


@kernel
def slope(x):
    """The derivative of plogp; at 0 no more than that of any positive number."""
    return log2(x) + PER_LN2 if x > 1e-300 else -1000.0


@kernel
def positive(x):
    """The larger of x and 0 (max is one more function for numba to compile)."""
    return x if x > 0.0 else 0.0


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
def opened(modules, ports, units, field, label, began):
    """Note the modules in `label`, whose exit, enter and visit rates are `began`; how many have no units."""
    state, home, book, free, _ = modules
    (group, above, weight), (exit, enter, visit) = field, began
    grouped, loose = group.shape[0] > 1, weight.shape[0] > 1
    for a in range(exit.shape[0]):
        state[a, EXIT], state[a, ENTER], state[a, VISIT] = exit[a], enter[a], visit[a]
    for i in range(label.shape[0]):
        a = np.uintp(label[i])
        state[a, SIZE] += weight[i] if loose else 1.0
        if grouped:
            home[a] = group[i]
        if ports is not None:
            ports.each[a, 0] += units.port_from[i]
            ports.each[a, 1] += units.port_to[i]
    for g in range(book.shape[0]):
        book[g, 0] = above[g]
    frees = 0
    for z in range(label.shape[0]):
        a = np.uintp(z)  # as where units move: numba compiles what is called once for each type
        if state[a, SIZE] == 0:
            free[frees] = a
            frees += 1
            continue
        exit_a, enter_a = state[a, EXIT], state[a, ENTER]
        if ports is not None:
            exit_a, enter_a = crossing(exit_a, enter_a, ports.each[a, 0], ports.each[a, 1], ports.whole)
        note(state, a, exit_a, enter_a)
        book[home[a] if grouped else 0, 0] += enter_a
    for g in range(book.shape[0]):
        book[g, 1] = plogp(book[g, 0])
        book[g, 2] = slope(book[g, 0])
    return frees


@kernel
def moved(modules, ports, frees, unit, a, b, left, s, g, total):
    """The unit goes from module a, which has the rates `left` then, to b, with which it exchanges s; the modules of
    group g are entered at the rate `total` then. How many modules are free."""
    (state, _, book, free, _), (visit, out, into, port_from, port_to, weight) = modules, unit
    exit_a, enter_a, visit_a = left
    exit_b, enter_b = positive(state[b, EXIT] + out - s), positive(state[b, ENTER] + into - s)
    frees -= state[b, SIZE] == 0
    state[a, EXIT], state[a, ENTER], state[a, VISIT] = exit_a, enter_a, visit_a
    state[b, EXIT], state[b, ENTER] = exit_b, enter_b
    state[b, VISIT] += visit
    state[a, SIZE] -= weight
    state[b, SIZE] += weight
    if state[a, SIZE] == 0:
        free[frees] = a
        frees += 1
    if ports is not None:
        each, whole = ports
        each[a, 0] -= port_from
        each[a, 1] -= port_to
        each[b, 0] += port_from
        each[b, 1] += port_to
        exit_a, enter_a = crossing(exit_a, enter_a, each[a, 0], each[a, 1], whole)
        exit_b, enter_b = crossing(exit_b, enter_b, each[b, 0], each[b, 1], whole)
    if state[a, SIZE] > 0:
        note(state, a, exit_a, enter_a)
    note(state, b, exit_b, enter_b)
    book[g, 0] = positive(total)
    book[g, 1] = plogp(total)
    book[g, 2] = slope(total)
    return frees
