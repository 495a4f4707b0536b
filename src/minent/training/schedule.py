"""The learning rate climbs in a straight line for a few steps, then decays by a law.

With w = max(warm-up, 1), factor(t) = t / w up to step w; after it, with p = (t - w) / (T + 1 - w) of T steps,

    inverse-sqrt   sqrt(w / t)           Vaswani et al. 2017, equation 3, with its peak at 1
    cosine         (1 + cos(pi p)) / 2   Loshchilov & Hutter 2017, equation 5
    linear         1 - p
    constant       1

so that the peak is reached once, at step w, and zero never: it would come one step after the last.
"""

import math
from typing import Literal

Schedule = Literal["inverse-sqrt", "cosine", "linear", "constant"]


def factor(schedule: Schedule, step: int, warmup: int, steps: int) -> float:
    """What the peak learning rate is multiplied by at `step`, counted from 1, of `steps` in all.

    >>> [round(factor("cosine", step, 2, 5), 3) for step in (1, 2, 3, 4, 5)]
    [0.5, 1.0, 0.854, 0.5, 0.146]
    """
    peak = max(warmup, 1)
    if step <= peak:
        return step / peak
    done = (step - peak) / (steps + 1 - peak)
    match schedule:
        case "inverse-sqrt":
            return math.sqrt(peak / step)
        case "cosine":
            return (1 + math.cos(math.pi * done)) / 2
        case "linear":
            return 1 - done
        case "constant":
            return 1.0
