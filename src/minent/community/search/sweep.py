"""Local moving: units of a network (nodes, or whole modules) go one by one to the neighbouring module that shortens the
map equation the most, until none wants to move.

A group of modules under one parent pays, in bits per step (Rosvall & Bergstrom 2008, 2011),

    plogp(X + Σₘ enterₘ) + Σₘ [plogp(exitₘ + visitₘ) − plogp(exitₘ) − plogp(enterₘ)] + const,   plogp(x) = x log₂ x

with X the parent's own exit rate. When unit i leaves module a, exitₐ and enterₐ both grow by s(i,a), the flow between
i and the rest of a in both directions together, less what i itself exits and enters. So symmetric link weights s and
three rates a unit are all there is to know, for directed networks too. Teleportation, where it is recorded, adds
teleport_from(m)·(1 − teleport_to(m)) to the exit of a module and the mirror image to its entry.
"""

import numpy as np

from minent.entropy import log2, plogp
from minent.kernels import kernel

PER_LN2 = 1 / np.log(2)
# What is kept of every module, in one line of the cache; the slopes are log₂ of a rate + 1/ln 2, so costs follow too.
EXIT, ENTER, VISIT, SLOPE, SLOPE_EXIT, SLOPE_ENTER, SIZE, BETWEEN = range(8)


@kernel
def module_cost(exit, enter, visit):
    """What a module's own codebook costs, plus its share of the codebook above."""
    if exit == enter:
        return plogp(exit + visit) - 2 * plogp(exit)
    return plogp(exit + visit) - plogp(exit) - plogp(enter)


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
def move(
    indptr,
    indices,
    flow,
    visit,
    out,
    into,
    port_from,
    port_to,
    group,
    above,
    weight,
    label,
    module_exit,
    module_enter,
    module_visit,
    order,
    patience,
    least,
):
    """Move the units of `order` one by one, then those whose neighbourhoods changed, until none gains more than `least`
    bits or `patience` of them have been looked at. Returns the number of moves.

    `label` (values below the number of units) changes in place; `module_exit`, `module_enter` and `module_visit` are
    the rates of the modules it begins with. Units stay within their `group`; `above` holds each group's own exit rate.
    `weight` says how many things each unit is: a module of one thing costs nothing, as it will stand beside modules.

    Of length 1 are `flow` where all entries are alike, `group` where all units are one, `weight` where even a module of
    one thing costs, `port_from` and `port_to` where teleportation is not recorded.
    """
    n = visit.shape[0]
    uniform = flow.shape[0] == 1
    every = flow[0]
    grouped = group.shape[0] > 1
    recorded = port_from.shape[0] > 1
    loose = weight.shape[0] > 1
    ported = 0.0
    for i in range(port_from.shape[0]):
        ported += port_from[i]
    state = np.zeros((n, 8))
    port = np.zeros((n if recorded else 1, 2))
    home = np.zeros(n if grouped else 1, np.int32)  # of every module: its group
    book = np.zeros((above.shape[0], 3))  # of every group: X + Σ enter, its plogp, the slope of that
    for a in range(module_exit.shape[0]):
        state[a, EXIT] = module_exit[a]
        state[a, ENTER] = module_enter[a]
        state[a, VISIT] = module_visit[a]
    for i in range(n):
        a = np.uintp(label[i])
        state[a, SIZE] += weight[i] if loose else 1.0
        if grouped:
            home[a] = group[i]
        if recorded:
            port[a, 0] += port_from[i]
            port[a, 1] += port_to[i]
    free = np.empty(n, np.int32)
    frees = 0
    for g in range(above.shape[0]):
        book[g, 0] = above[g]
    for a in range(n):
        if state[a, SIZE] == 0:
            free[frees] = a
            frees += 1
            continue
        exit_a = state[a, EXIT]
        enter_a = state[a, ENTER]
        if recorded:
            exit_a, enter_a = crossing(exit_a, enter_a, port[a, 0], port[a, 1], ported)
        note(state, a, exit_a, enter_a)
        book[home[a] if grouped else 0, 0] += enter_a
    for g in range(above.shape[0]):
        book[g, 1] = plogp(book[g, 0])
        book[g, 2] = slope(book[g, 0])
    queue = np.empty(n, np.int32)
    waiting = np.zeros(n, np.uint8)
    head = 0
    length = order.shape[0]
    for k in range(length):
        queue[k] = order[k]
        waiting[order[k]] = 1
    near = np.empty(n + 2, np.int32)
    port_i = 0.0
    land_i = 0.0
    moves = 0
    while length > 0 and patience > 0:
        patience -= 1
        i = queue[head]
        head += 1
        if head == n:
            head = 0
        length -= 1
        waiting[i] = 0
        a = np.uintp(label[i])
        g = group[i] if grouped else 0
        nears = 0
        if uniform:
            for k in range(indptr[i], indptr[i + 1]):
                b = np.uintp(label[np.uintp(indices[k])])
                s = state[b, BETWEEN]
                near[nears] = b
                nears += s == 0.0
                state[b, BETWEEN] = s + every
        else:
            for k in range(indptr[i], indptr[i + 1]):
                b = np.uintp(label[np.uintp(indices[k])])
                s = state[b, BETWEEN]
                near[nears] = b
                nears += s == 0.0
                state[b, BETWEEN] = s + flow[k]
        own = state[a, BETWEEN]
        visit_i = visit[i]
        out_i = out[i]
        into_i = into[i]
        settled = nears == 1 and near[0] == a and own >= (out_i + into_i) * (1 - 1e-12)
        if nears == 0 or (settled and not recorded and visit_i <= min(out_i, into_i)):  # else it may want to be alone
            state[a, BETWEEN] = 0.0
            continue
        exit_a = state[a, EXIT]
        enter_a = state[a, ENTER]
        visit_a = state[a, VISIT]
        total = book[g, 0]
        if recorded:
            port_i = port_from[i]
            land_i = port_to[i]
            exit_p, enter_p = crossing(exit_a, enter_a, port[a, 0], port[a, 1], ported)
            saved = module_cost(exit_p, enter_p, visit_a)  # with the unit out of its module
            rest = total - enter_p
        else:
            saved = (
                (exit_a + visit_a) * (state[a, SLOPE] - PER_LN2)
                - exit_a * (state[a, SLOPE_EXIT] - PER_LN2)
                - enter_a * (state[a, SLOPE_ENTER] - PER_LN2)
            )
            rest = total - enter_a
        weight_i = weight[i] if loose else 1.0
        if loose and state[a, SIZE] == 1:
            saved = 0.0
        if state[a, SIZE] > weight_i:
            exit_a = max(0.0, exit_a - out_i + own)
            enter_a = max(0.0, enter_a - into_i + own)
            visit_a -= visit_i
            exit_p = exit_a
            enter_p = enter_a
            if recorded:
                exit_p, enter_p = crossing(exit_a, enter_a, port[a, 0] - port_i, port[a, 1] - land_i, ported)
            if not loose or state[a, SIZE] > weight_i + 1:
                saved -= module_cost(exit_p, enter_p, visit_a)
            rest += enter_p
            if frees > 0:  # a module of its own
                near[nears] = free[frees - 1]
                nears += 1
                if grouped:
                    home[free[frees - 1]] = g
        else:
            exit_a = 0.0
            enter_a = 0.0
            visit_a = 0.0
        best = book[g, 1] + saved - least  # what staying costs: to be beaten
        target = a
        best_flow = 0.0
        best_total = 0.0
        last_flow = -1.0
        index_cost = 0.0
        # Of neighbours all of whose flow leaves them only those are looked at that no other one beats in both the flow
        # to it and its own exit: the bits saved grow with the first and fall with the second.
        lone_flow = -1.0
        lone_exit = 0.0
        for t in range(nears):
            b = np.uintp(near[t])
            s = state[b, BETWEEN]
            state[b, BETWEEN] = 0.0
            if b == a or (grouped and home[b] != g):
                continue
            exit_b = state[b, EXIT]
            enter_b = state[b, ENTER]
            visit_b = state[b, VISIT]
            more_exit = out_i - s
            more_enter = into_i - s
            total_b = rest + into_i - s
            if recorded:
                exit_p, enter_p = crossing(exit_b, enter_b, port[b, 0], port[b, 1], ported)
                cost = 0.0 if loose and state[b, SIZE] == 1 else -module_cost(exit_p, enter_p, visit_b)
                total_b = rest - enter_p
                exit_p, enter_p = crossing(
                    exit_b + more_exit, enter_b + more_enter, port[b, 0] + port_i, port[b, 1] + land_i, ported
                )
                total_b += enter_p
                cost += plogp(total_b)
                if not loose or state[b, SIZE] + weight_i > 1:
                    cost += module_cost(exit_p, enter_p, visit_b + visit_i)
            elif loose and state[b, SIZE] <= 1:
                cost = plogp(total_b)
                if state[b, SIZE] + weight_i > 1:
                    cost += module_cost(exit_b + more_exit, enter_b + more_enter, visit_b + visit_i)
            else:
                if out_i == into_i and exit_b == visit_b and enter_b == visit_b:
                    if s <= lone_flow and exit_b >= lone_exit:
                        continue
                    lone_flow = s
                    lone_exit = exit_b
                low_exit = min(exit_b, exit_b + more_exit)
                low_enter = min(enter_b, enter_b + more_enter)
                if low_exit > 1e-300 and low_enter > 1e-300:  # plogp is convex: above its tangents, and log x ≤ x - 1
                    bound = (
                        book[g, 1]
                        + (total_b - total) * book[g, 2]
                        + (visit_i + more_exit) * state[b, SLOPE]
                        - more_exit * state[b, SLOPE_EXIT]
                        - more_enter * state[b, SLOPE_ENTER]
                        - PER_LN2 * (more_exit * more_exit / low_exit + more_enter * more_enter / low_enter)
                    )
                    if bound >= best:
                        continue
                if s != last_flow:
                    index_cost = plogp(total_b)
                    last_flow = s
                cost = index_cost + module_cost(exit_b + more_exit, enter_b + more_enter, visit_b + visit_i)
                cost -= (exit_b + visit_b) * (state[b, SLOPE] - PER_LN2)
                cost += exit_b * (state[b, SLOPE_EXIT] - PER_LN2) + enter_b * (state[b, SLOPE_ENTER] - PER_LN2)
            if cost < best:
                best = cost
                target = b
                best_flow = s
                best_total = total_b
        if target == a:
            continue
        b = target
        frees -= state[b, SIZE] == 0
        state[a, EXIT] = exit_a
        state[a, ENTER] = enter_a
        state[a, VISIT] = visit_a
        state[a, SIZE] -= weight_i
        if state[a, SIZE] == 0:
            free[frees] = a
            frees += 1
        exit_b = max(0.0, state[b, EXIT] + out_i - best_flow)
        enter_b = max(0.0, state[b, ENTER] + into_i - best_flow)
        state[b, EXIT] = exit_b
        state[b, ENTER] = enter_b
        state[b, VISIT] += visit_i
        state[b, SIZE] += weight_i
        if recorded:
            port[a, 0] -= port_i
            port[a, 1] -= land_i
            port[b, 0] += port_i
            port[b, 1] += land_i
            exit_a, enter_a = crossing(exit_a, enter_a, port[a, 0], port[a, 1], ported)
            exit_b, enter_b = crossing(exit_b, enter_b, port[b, 0], port[b, 1], ported)
        if state[a, SIZE] > 0:
            note(state, a, exit_a, enter_a)
        note(state, b, exit_b, enter_b)
        book[g, 0] = max(0.0, best_total)
        book[g, 1] = plogp(best_total)
        book[g, 2] = slope(best_total)
        label[i] = b
        moves += 1
        if length >= patience:  # who is put in the queue now will not be looked at
            continue
        for k in range(indptr[i], indptr[i + 1]):
            j = np.uintp(indices[k])
            if waiting[j] == 0 and label[j] != b and (not grouped or group[j] == g):
                waiting[j] = 1
                tail = head + length
                queue[tail - n if tail >= n else tail] = j
                length += 1
    return moves
