"""Objectives for models that write, and a measure of what they are for: exposure bias."""

from dataclasses import fields

from minent.errors import BadInput
from minent.text.exposure.diagnosis import Exposure, exposure
from minent.text.exposure.n_grams import TeaForN
from minent.text.exposure.objective import Objective, TeacherForcing
from minent.text.exposure.penalty import Adversarial, GradientPenalty
from minent.text.exposure.r_drop import RDrop
from minent.text.exposure.replacement import RandomReplacement
from minent.text.exposure.scheduled import ScheduledSampling
from minent.text.exposure.trainer import with_objective
from minent.text.options import Learning

__all__ = [
    "Adversarial", "Exposure", "GradientPenalty", "Objective", "RDrop", "RandomReplacement", "ScheduledSampling",
    "TeaForN", "TeacherForcing", "exposure", "objective_of", "with_objective",
]  # fmt: skip


OBJECTIVES: dict[str, tuple[type[Objective], tuple[str, ...]]] = {  # and the options that are its arguments, in order
    "teacher-forcing": (TeacherForcing, ()),
    "random-replacement": (RandomReplacement, ("replace_samples", "replace_tokens", "replace_from")),
    "gradient-penalty": (GradientPenalty, ("epsilon",)),
    "adversarial": (Adversarial, ("epsilon",)),
    "scheduled-sampling": (ScheduledSampling, ("gold", "decay")),
    "teaforn": (TeaForN, ("passes", "discount")),
    "r-drop": (RDrop, ("alpha",)),
}


def objective_of(learning: Learning) -> Objective:
    """The objective that the options ask for. Raises BadInput for an option that it does not have.

    >>> objective_of(Learning("random-replacement", replace_tokens=0.1))
    RandomReplacement(samples=0.5, tokens=0.1, origin='target')
    >>> objective_of(Learning(epsilon=1.0))
    Traceback (most recent call last):
    minent.errors.BadInput: epsilon is an option of gradient-penalty and adversarial; got it for teacher-forcing
    """
    made, own = OBJECTIVES[learning.objective]
    for option in fields(Learning)[1:]:
        if option.name not in own and getattr(learning, option.name) != option.default:
            theirs = " and ".join(name for name, (_, options) in OBJECTIVES.items() if option.name in options)
            raise BadInput(f"{option.name} is an option of {theirs}; got it for {learning.objective}")
    return made(*(getattr(learning, name) for name in own))
