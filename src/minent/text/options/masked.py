"""What a masked language model has to guess, and how texts are drawn from it."""

from dataclasses import dataclass
from math import inf
from typing import Any, Literal

import numpy as np

from minent.errors import BadInput, check


@dataclass(frozen=True)
class Masking:
    """What a masked language model has to guess; see `minent.text.masked`. Raises BadInput for what cannot be."""

    masked: float = 0.15
    """Share of the tokens of a text that is guessed; 0: a share of its own for each text, any from none to all."""

    def __post_init__(self) -> None:
        check(self, ("masked", 0 <= self.masked <= 1, "from 0 to 1"))


Schedule = Literal["random", "sweep", "block", "once", "confidence", "entropy", "remask"]
FILLS = "once", "confidence", "entropy", "remask"  # schedules that fill masks, and are done


@dataclass(frozen=True)
class Sampling:
    """How texts are drawn from a masked language model; see `minent.text.gibbs`. Raises BadInput for what cannot be."""

    seed_text: str = ""
    """Text that every chain starts from."""

    length: str = ""
    """Tokens of a text that starts from nothing: 20, or 12..32 for any between; with edit, those that it may have."""

    keep: tuple[str, ...] = ()
    """What stays: words; tokens of the seed text by number (3, 5..8); or a template with blanks (春__，__人; \\_ is no
    blank)."""

    start: Literal["text", "masks", "noise"] = "text"
    """What is not kept starts as the seed text has it, or where there is none as masks; as masks; or as any tokens."""

    chains: int = 16
    """Texts that are drawn beside one another."""

    schedule: Schedule = "random"
    """Gibbs sampling, sites one by one as drawn (random), from left to right (sweep), or some masked together and drawn
    one after another (block); or masks are filled and that is all: in an order that is drawn (once), the surest first
    (confidence), where the least is open first (entropy), or all again and again, the surest kept (remask)."""

    sweeps: int = 100
    """Times that every token is drawn anew; 0: what the chains start with, each mask filled once."""

    burn_in: int | None = None
    """Sweeps of which nothing is kept; half of them if not given, and with anneal all but the last."""

    thin: int = 10
    """Sweeps from one text of a chain that is kept to the next."""

    steps: int = 0
    """Passes in which masks are filled, several at a time; 0: one mask a pass."""

    block: int = 0
    """Sites of a block (4 if not given); where masks are filled: of how many at a time, from left to right."""

    gumbel: float = 0.0
    """Gumbel noise on the order of a schedule that fills, times this; it falls to nothing by the last step."""

    temperature: float = 1.0
    """Above 1 evens out what is likely and what is not, below 1 sharpens it."""

    top_k: int = 0
    """Draw from so many likeliest tokens; 0 for all."""

    top_p: float = 1.0
    """Draw from the fewest likeliest tokens that hold this share of the probability."""

    correct: Literal["none", "raw", "normalised"] = "none"
    """Judge each draw by Metropolis and Hastings, so that chains reach exp(−energy), of raw logits or of logs of p."""

    anneal: float = 0.0
    """Temperature of the last sweep, reached in equal ratios; 0: it stays as it is."""

    edit: bool = False
    """Insert and delete tokens, too; what is kept must occur, in its order."""

    precision: Literal["fp32", "bf16"] = "fp32"
    """Arithmetic of the model."""

    seed: int = 1
    """The same seed draws the same texts; for `Gibbs` it may be a Generator of numpy or torch, which is drawn from."""

    def __post_init__(self) -> None:
        least = {"chains": 1, "sweeps": 0, "thin": 1, "block": 0, "steps": 0, "top_k": 0, "seed": 0}
        check(self, *((name, getattr(self, name) >= number, f"at least {number}") for name, number in least.items()))
        burnt = self.burn_in is None or 0 <= self.burn_in < max(self.sweeps, 1)
        check(self, ("burn_in", burnt, f"less than the {self.sweeps} sweeps, and at least 0"))
        if not 0 < self.temperature < inf or not 0 <= self.anneal < inf:
            wanted = "temperature must be positive and finite, and anneal too, or 0"
            raise BadInput(f"{wanted}; got {self.temperature} and {self.anneal}")
        check(self, ("top_p", 0 < self.top_p <= 1, "more than 0 and at most 1"))
        check(self, ("gumbel", 0 <= self.gumbel < inf, "finite and at least 0"))
        if (self.edit or self.correct != "none") and (self.top_k or self.top_p < 1):
            wanted = "what is accepted or rejected must be able to come back: all tokens are drawn from"
            raise BadInput(f"{wanted}; got top_k={self.top_k} and top_p={self.top_p}")
        if (self.edit or self.correct != "none") and self.schedule not in ("random", "sweep"):
            raise BadInput(
                f"one site is accepted or rejected at a time: schedule is random or sweep; got {self.schedule}"
            )
        if self.edit and self.schedule != "random":
            raise BadInput(f"sites to edit are drawn one by one: schedule is random; got {self.schedule}")
        if not self.fills and (self.steps or self.gumbel):
            raise BadInput(
                f"steps and gumbel are of schedules that fill masks, {', '.join(FILLS)}; got {self.schedule}"
            )
        if self.fills and self.anneal:
            raise BadInput(f"sweeps are annealed, and {self.schedule} makes none")
        if self.block and self.schedule in ("random", "sweep", "remask"):
            raise BadInput(f"blocks are of the schedules block, once, confidence and entropy; got {self.schedule}")

    @property
    def fills(self) -> bool:
        """Whether masks are filled, and nothing is drawn anew."""
        return self.schedule in FILLS


def plain(more: dict[str, Any]) -> dict[str, Any]:
    """Fields of `Sampling` as it has them, of what is as clear: a number for a length, two for its ends, one word to
    keep, a Generator for a seed.

    >>> plain({"length": (3, 8), "keep": "春", "seed": 7})
    {'length': '3..8', 'keep': ('春',), 'seed': 7}
    """
    found, length, keep, seed = dict(more), more.get("length"), more.get("keep"), more.get("seed")
    if isinstance(length, int | np.integer):
        found["length"] = str(length)
    elif isinstance(length, tuple | list):
        found["length"] = "..".join(map(str, length))
    if isinstance(keep, str):
        found["keep"] = (keep,)
    elif isinstance(keep, list):
        found["keep"] = tuple(keep)
    if isinstance(seed, np.random.Generator):
        found["seed"] = int(seed.integers(2**62))
    elif hasattr(seed, "initial_seed"):  # torch's, which options of a command do without
        import torch

        found["seed"] = int(torch.randint(2**62, (), generator=seed))  # type: ignore[arg-type]
    return found
