"""How a model writes a sequence for a sequence: how it is built, what it learns from, how it searches."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from minent.errors import BadInput, check

Quantization = Literal[
    "int8", "int8_float32", "int8_float16", "int8_bfloat16", "int16", "float16", "bfloat16", "float32"
]
"""How CTranslate2 is to hold weights."""
WIDE = 512  # from which one decoder serves both directions, as in the paper; at 128 that was measured to cost much


@dataclass(frozen=True)
class Writing:
    """How a sequence-to-sequence model writes; see `minent.text.writing`. Raises BadInput for what cannot be."""

    decoder: Literal["left-to-right", "right-to-left", "bidirectional", "to-middle"] = "left-to-right"
    """Where writing begins; bidirectional: at both ends at once; to-middle: at both, and each writes its half."""

    share: Literal["auto", "all", "embeddings"] = "auto"
    """What both directions have in common beside the encoder: all weights, or embeddings; auto: all from a width of
    512 on."""

    interaction: float = 0.1
    """How much each direction heeds what the other has written."""

    interaction_dropout: float = 0.3
    """Share of that which is dropped in training."""

    fusion: Literal["tanh", "linear", "gate"] = "tanh"
    """How the two are put together."""

    two_pass: float = 0.0
    """Share of the steps that a second pass takes, in which directions learn to read one that errs; 0 for none."""

    copy: bool = False
    """Learn how much likelier tokens of the source are than others."""

    smoothing: float = 0.1
    """Share of the probability that the loss wants spread over all tokens."""

    def shared(self, dim: int) -> Literal["all", "embeddings"]:
        """What directions share in a model so wide.

        >>> Writing().shared(256), Writing().shared(512)
        ('embeddings', 'all')
        """
        return self.share if self.share != "auto" else "all" if dim >= WIDE else "embeddings"

    def __post_init__(self) -> None:
        shares = "smoothing", "interaction_dropout"
        check(self, *((name, 0 <= getattr(self, name) < 1, "at least 0 and less than 1") for name in shares))
        if self.two_pass < 0 or (self.two_pass and self.decoder != "bidirectional"):
            wanted = "two_pass is a positive share of the steps, for a bidirectional decoder; or 0"
            raise BadInput(f"{wanted}; got {self.two_pass} for {self.decoder}")


@dataclass(frozen=True)
class Learning:
    """What a sequence-to-sequence model learns from; see `minent.text.exposure`. Raises BadInput for what cannot be."""

    objective: Literal[
        "teacher-forcing", "random-replacement", "gradient-penalty", "adversarial", "scheduled-sampling", "teaforn",
        "r-drop",
    ] = "teacher-forcing"  # fmt: skip
    """What histories it learns to continue, and what it loses."""

    replace_samples: float = 0.5
    """Share of the texts in which tokens that are read are replaced; random-replacement."""

    replace_tokens: float = 0.3
    """Share of their tokens that is; random-replacement."""

    replace_from: Literal["target", "both", "vocabulary"] = "target"
    """Whose tokens stand in their place: the target's, the source's too (both), or any; random-replacement."""

    epsilon: float = 0.1
    """How much the gradient by the embeddings counts, or how far they are moved; gradient-penalty and adversarial."""

    gold: float = 0.5
    """Share of gold tokens that is read at the end; scheduled-sampling."""

    decay: Literal["linear", "exponential", "inverse-sigmoid"] = "linear"
    """How that share falls from 1; scheduled-sampling."""

    passes: int = 2
    """Times that a text is read; teaforn."""

    discount: float = 0.5
    """How much a reading counts of the one before; teaforn."""

    alpha: float = 1.0
    """How much it counts that two readings differ; r-drop."""


@dataclass(frozen=True)
class Search:
    """How the likeliest text is searched for; see `minent.text.writing.beam`. Raises BadInput for what cannot be."""

    beam: int = 4
    """Beginnings that are kept, in each direction; 1 is greedy."""

    length_penalty: float = 1.0
    """α: the larger, the longer the sequences; 0 compares plain probabilities."""

    length_norm: Literal["power", "wu"] = "power"
    """What log p is divided by, for n tokens with the end: n^α, or ((5 + n) / 6)^α as Wu et al. 2016 have it."""

    shortest: int = 0
    """Tokens at least."""

    longest: int = 0
    """Tokens at most; 0: as many as the longest target that the model learned from."""

    no_repeat: int = 0
    """No run of so many tokens occurs twice; 0 for any."""

    prefix: str = ""
    """What every text begins with; for models whose first tokens are written first."""

    pairwise: bool = False
    """Heed all beginnings in the other direction, not one; for bidirectional models."""

    judge: Literal["both", "own"] = "both"
    """Who judges what was found: both directions, or the one that wrote it; bidirectional models."""

    temperature: float = 0.0
    """Draw tokens at random, beam texts for each, the likelier the colder it is; 0 searches for the likeliest."""

    top_k: int = 0
    """Draw from so many likeliest tokens; 0 for all."""

    top_p: float = 1.0
    """Draw from the fewest likeliest tokens that hold this share of the probability."""

    seed: int = 1
    """The same seed draws the same texts."""

    def norm(self, length: int) -> float:
        """What log p of so many tokens, the end among them, is divided by.

        >>> Search().norm(7), Search(length_norm="wu").norm(7)
        (7.0, 2.0)
        """
        return (length if self.length_norm == "power" else (5 + length) / 6) ** self.length_penalty

    def __post_init__(self) -> None:
        check(self, ("beam", self.beam >= 1, "at least 1"))
        if self.longest and self.shortest > self.longest:
            wanted = "shortest must be at least 0 and at most longest"
            raise BadInput(f"{wanted}; got {self.shortest} and {self.longest}")
        counts = "shortest", "longest", "no_repeat", "temperature", "top_k", "seed"
        check(self, *((name, getattr(self, name) >= 0, "at least 0") for name in counts))
        if self.pairwise and self.temperature:
            raise BadInput(f"pairwise is for searching, not for drawing; got a temperature of {self.temperature}")
        check(
            self,
            ("temperature", isfinite(self.temperature), "a finite number"),
            ("length_penalty", -10 <= self.length_penalty <= 10, "from -10 to 10"),
        )
        check(self, ("top_p", 0 < self.top_p <= 1, "more than 0 and at most 1"))
