"""The shape of a transformer in one frozen value: Python argument, command-line flags and TOML table alike."""

from dataclasses import dataclass, replace
from typing import Literal

from minent.errors import BadInput, check

MOST = 4096  # tokens of a text at most, where nothing is said
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
    """Layers; of an encoder and of its decoder each."""

    decoder_layers: int = 0
    """seq2seq: layers of the decoder, where they are not as many as of the encoder; few make writing fast."""

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

    longest: int = 0
    """Tokens of an input at most; longer ones are cut. 0: as many as the longest text to learn from, at most 4,096."""

    longest_target: int = 0
    """seq2seq: tokens of a target at most; 0: as many as of an input."""

    dropout: float = 0.1
    """Share of numbers set to zero in training."""

    @property
    def written(self) -> int:
        """Tokens of a target at most."""
        return self.longest_target or self.longest

    def __post_init__(self) -> None:
        sizes = "dim", "heads", "layers", "hidden", "landmarks", "window"
        check(self, *((name, getattr(self, name) >= 1, "at least 1") for name in sizes))
        layers = "layers", "decoder_layers"
        check(
            self,
            *((name, getattr(self, name) <= 1000, "at most 1,000") for name in layers),
            ("dim", self.dim <= 2**20, "at most 1,048,576"),
        )
        if self.dim % self.heads:
            raise BadInput(f"heads must share dim evenly; got {self.heads} heads for {self.dim}")
        check(self, ("dropout", 0 <= self.dropout < 1, "at least 0 and less than 1"))
        check(
            self,
            *(
                (name, getattr(self, name) >= 0, "at least 0")
                for name in ("longest", "longest_target", "decoder_layers")
            ),
        )

    def settled(self, texts: int = 512, targets: int = 0) -> "Shape":
        """With `longest`, where it is 0, that of texts and targets of so many tokens, or of MOST.

        >>> Shape().settled(100).longest, Shape().settled(10_000).longest, Shape(longest=8).settled(100).longest
        (100, 4096, 8)
        """
        if self.longest:
            return self
        longest, most = max(1, min(texts, MOST)), min(targets, MOST)
        return replace(self, longest=longest, longest_target=self.longest_target or most)
