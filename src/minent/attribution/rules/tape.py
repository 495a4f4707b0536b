"""What one pass of a model notes: where parameters met the examples, and what of it was not as it should be."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from minent.attribution.factors.backward import Use


@dataclass
class Tape:
    """How many examples, where parameters met them, which operators had no rule; `paired`: between two ends."""

    examples: int
    paired: bool
    drawn: bool = False
    """Whether something is drawn at random, number by number as they lie: layouts are left as they are."""
    uses: list[Use] = field(default_factory=list)
    loose: set[str] = field(default_factory=set)
    """Parameters that met the examples in no way that factorises: their gradients are taken one by one."""
    unruled: set[str] = field(default_factory=set)
    statistics: dict[int, str] = field(default_factory=dict)
    """Running statistics that moved along the step, by the identity of what stands for them."""
    made: list[Any] = field(default_factory=list)
    """Weak references to all secants: who shows the same numbers."""


@dataclass(frozen=True)
class Source:
    """A tensor that is a linear function of one parameter and nothing else: `parameter`'s view by `view`."""

    parameter: str
    view: Callable[[Tensor], Tensor] | None
    one: Callable[[Tensor], Tensor] | None = None
    """The view (1, …) of one example, where that of all of them repeats it."""

    def through(self, function: Callable[[Tensor], Tensor]) -> "Source":
        before = self.view
        return Source(self.parameter, function if before is None else lambda p: function(before(p)))
