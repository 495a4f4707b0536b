"""Objectives for models that write, and a measure of what they are for: exposure bias."""

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


def objective_of(learning: Learning) -> Objective:
    """The objective that the options ask for.

    >>> objective_of(Learning("random-replacement", replace_tokens=0.1))
    RandomReplacement(samples=0.5, tokens=0.1, origin='target')
    """
    return {
        "teacher-forcing": TeacherForcing,
        "random-replacement": lambda: RandomReplacement(
            learning.replace_samples, learning.replace_tokens, learning.replace_from
        ),
        "gradient-penalty": lambda: GradientPenalty(learning.epsilon),
        "adversarial": lambda: Adversarial(learning.epsilon),
        "scheduled-sampling": lambda: ScheduledSampling(learning.gold, learning.decay),
        "teaforn": lambda: TeaForN(learning.passes),
        "r-drop": lambda: RDrop(learning.alpha),
    }[learning.objective]()
