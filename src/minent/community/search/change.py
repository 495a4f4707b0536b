"""What it changes in the map equation (see `sweep`) that a unit leaves a module, or joins one."""

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
    crossing,
    positive,
)
from minent.entropy import plogp
from minent.kernels import kernel


@kernel
def module_cost(exit, enter, visit):
    """What a module's own codebook costs, plus its share of the codebook above."""
    if exit == enter:
        return plogp(exit + visit) - 2 * plogp(exit)
    return plogp(exit + visit) - plogp(exit) - plogp(enter)


@kernel
def leaving(modules, ports, unit, a, own, use):
    """What module a costs more with the unit than without, where `own` flows between the two; the use of modules, in
    its group, with all of a but the unit, or without a where that is all; and the rates of the rest of a."""
    (state, _, _, _, spared), (visit, out, into, port_from, port_to, weight) = modules, unit
    exit_a, enter_a, visit_a, size = state[a, EXIT], state[a, ENTER], state[a, VISIT], state[a, SIZE]
    exit_p, enter_p = exit_a, enter_a
    if ports is not None:
        exit_p, enter_p = crossing(exit_a, enter_a, ports.each[a, 0], ports.each[a, 1], ports.whole)
        saved = module_cost(exit_p, enter_p, visit_a)
    else:
        saved = (
            (exit_a + visit_a) * (state[a, SLOPE] - PER_LN2)
            - exit_a * (state[a, SLOPE_EXIT] - PER_LN2)
            - enter_a * (state[a, SLOPE_ENTER] - PER_LN2)
        )
    if size <= spared:
        saved = 0.0
    rest = use - enter_p
    if size <= weight:
        return saved, rest, (0.0, 0.0, 0.0)
    exit_a, enter_a = positive(exit_a - out + own), positive(enter_a - into + own)
    visit_a -= visit
    exit_p, enter_p = exit_a, enter_a
    if ports is not None:
        port_from, port_to = ports.each[a, 0] - port_from, ports.each[a, 1] - port_to
        exit_p, enter_p = crossing(exit_a, enter_a, port_from, port_to, ports.whole)
    if size - weight > spared:
        saved -= module_cost(exit_p, enter_p, visit_a)
    return saved, rest + enter_p, (exit_a, enter_a, visit_a)


@kernel
def joining(modules, ports, unit, b, rates, s, rest, used, best):
    """What module b, which has these rates, and the use of modules in its group cost more with the unit than without,
    where s flows between the two, `rest` is that use without the unit, and `used` are the one before, its plogp and
    slope. Infinite where it is sure to be no less than `best`. And the use with the unit."""
    (state, _, _, _, spared), (exit_b, enter_b, visit_b) = modules, rates
    visit, out, into, unit_from, unit_to, weight = unit
    size = state[b, SIZE] if spared > 0 else 1.0  # else it costs what it costs, whatever its size
    more_exit, more_enter = out - s, into - s
    if ports is not None:
        each, whole = ports
        exit_p, enter_p = crossing(exit_b, enter_b, each[b, 0], each[b, 1], whole)
        cost = 0.0 if size <= spared else -module_cost(exit_p, enter_p, visit_b)
        total = rest - enter_p
        exit_p, enter_p = exit_b + more_exit, enter_b + more_enter
        port_from, port_to = each[b, 0] + unit_from, each[b, 1] + unit_to
        exit_p, enter_p = crossing(exit_p, enter_p, port_from, port_to, whole)
        total += enter_p
        cost += plogp(total)
        if size + weight > spared:
            cost += module_cost(exit_p, enter_p, visit_b + visit)
        return cost, total
    total = rest + into - s
    if size <= spared:
        cost = plogp(total)
        if size + weight > spared:
            cost += module_cost(exit_b + more_exit, enter_b + more_enter, visit_b + visit)
        return cost, total
    low_exit = exit_b + more_exit if more_exit < 0.0 else exit_b
    low_enter = enter_b + more_enter if more_enter < 0.0 else enter_b
    if low_exit > 1e-300 and low_enter > 1e-300:  # plogp is convex: above its tangents, and log x ≤ x - 1
        use, use_plogp, use_slope = used
        bound = (
            use_plogp
            + (total - use) * use_slope
            + (visit + more_exit) * state[b, SLOPE]
            - more_exit * state[b, SLOPE_EXIT]
            - more_enter * state[b, SLOPE_ENTER]
            - PER_LN2 * (more_exit * more_exit / low_exit + more_enter * more_enter / low_enter)
        )
        if bound >= best:
            return np.inf, total
    cost = plogp(total) + module_cost(exit_b + more_exit, enter_b + more_enter, visit_b + visit)
    cost -= (exit_b + visit_b) * (state[b, SLOPE] - PER_LN2)
    cost += exit_b * (state[b, SLOPE_EXIT] - PER_LN2) + enter_b * (state[b, SLOPE_ENTER] - PER_LN2)
    return cost, total
