"""float16 has no number below 6e-8 but zero: losses are scaled up on the way back, so that gradients are not lost.

    no step, and scale / 2, where some gradient is beyond the largest number;  scale · 2 after 2,000 steps without that
The scale divides gradients again before they are used. Micikevicius et al. 2018, "Mixed precision training".
"""

from dataclasses import replace

from minent.training.checkpoint import State
from minent.training.recipe import Recipe

FIRST, LEAST = 2.0**16, 2.0**-10
UNBROKEN = 2000


def begun(state: State, recipe: Recipe) -> State:
    """The state of a run that begins.

    >>> begun(State(), Recipe(precision="fp16")).scale, begun(State(), Recipe()).scale
    (65536.0, 1.0)
    """
    return replace(state, scale=FIRST) if recipe.precision == "fp16" and not state.step else state


def rescaled(state: State, whole: bool) -> State:
    """The state after a step whose gradients were `whole` or beyond range.

    >>> rescaled(State(scale=8.0, unbroken=5), False)
    State(step=0, epoch=1, position=0, best=(), misses=0, scale=4.0, unbroken=0)
    """
    if not whole:
        return replace(state, scale=state.scale / 2, unbroken=0)
    if state.unbroken + 1 == UNBROKEN:
        return replace(state, scale=state.scale * 2, unbroken=0)
    return replace(state, unbroken=state.unbroken + 1)
