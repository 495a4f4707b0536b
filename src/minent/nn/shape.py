"""The shape of a transformer in one frozen value: Python argument, command-line flags and TOML table alike."""

from dataclasses import dataclass
from typing import Literal

from minent.errors import BadInput, check

Positions = Literal["sinusoidal", "learned", "rotary", "none"]


@dataclass(frozen=True)
class Shape:
    """How large a transformer is and how it attends. Raises BadInput for sizes that none can have.

    >>> Shape(dim=10, heads=4)
    Traceback (most recent call last):
    minent.errors.BadInput: heads must share dim evenly; got 4 heads for 10
    """

    dim: int = 256
    """Width of the vectors."""

    heads: int = 4
    """Heads of an attention."""

    layers: int = 4
    """Layers."""

    hidden: int = 1024
    """Width within the step that transforms each token."""

    attention: Literal["softmax", "nystrom", "window", "window+landmarks", "synthesizer"] = "softmax"
    """How tokens attend to one another."""

    landmarks: int = 64
    """Segments whose means stand for all tokens; Nyström attention only."""

    window: int = 256
    """Tokens of a block; window attentions see their own and its neighbours one by one."""

    kind: str = "random"
    """Synthesizers: dense, random, fixed, factorised-dense, factorised-random; several, and softmax, joined by +."""

    positions: Positions = "sinusoidal"
    """How tokens tell where they stand."""

    longest: int = 512
    """Tokens of an input at most; longer ones are cut."""

    longest_target: int = 0
    """seq2seq: tokens of a target at most; 0: as many as of an input."""

    dropout: float = 0.1
    """Share of numbers set to zero in training."""

    @property
    def written(self) -> int:
        """Tokens of a target at most."""
        return self.longest_target or self.longest

    def __post_init__(self) -> None:
        sizes = "dim", "heads", "layers", "hidden", "landmarks", "window", "longest"
        check(self, *((name, getattr(self, name) >= 1, "at least 1") for name in sizes))
        if self.dim % self.heads:
            raise BadInput(f"heads must share dim evenly; got {self.heads} heads for {self.dim}")
        check(self, ("dropout", 0 <= self.dropout < 1, "at least 0 and less than 1"))
        check(self, ("longest_target", self.longest_target >= 0, "at least 0"))
