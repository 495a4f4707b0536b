"""How much of texts a model does not read: what is cut, and what its tokenizer does not know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int64

from minent.kernels import log

MANY = 0.1  # percent of unknown tokens: a rare sign that a tokenizer left out is no news


@dataclass
class Cut:
    """How many of so many texts are cut, and how many of so many tokens are lost with that; `longest` is what is read,
    and `unknown` of all tokens the tokenizer does not know.

    >>> from minent.text.token_ids import encode
    >>> from minent.text.tokenizer import train_tokenizer
    >>> cut = Cut(longest=2)
    >>> _ = encode(train_tokenizer(["a b"], kind="words"), ["a b a a", "a"], 2, cut=cut)
    >>> print(cut)
    1 of 2 texts is cut to 2 tokens: 40 % of all tokens are not read
    """

    longest: int
    tokens: int = 0
    lost: int = 0
    unknown: int = 0
    which: bytearray = field(default_factory=bytearray)
    """Of each text, whether it is cut: 1 or 0."""

    def count(self, tokens: int) -> bool:
        """One more text of so many tokens; whether it is cut."""
        self.tokens, self.lost = self.tokens + tokens, self.lost + max(0, tokens - self.longest)
        self.which.append(tokens > self.longest)
        return bool(self.which[-1])

    def count_all(self, tokens: Int64[np.ndarray, " texts"]) -> None:
        """Texts of so many tokens each."""
        self.tokens, self.lost = (
            self.tokens + int(tokens.sum()),
            self.lost + int(np.maximum(0, tokens - self.longest).sum()),
        )
        self.which += (tokens > self.longest).astype(np.uint8).tobytes()

    @property
    def texts(self) -> int:
        """How many were read."""
        return len(self.which)

    @property
    def cut(self) -> int:
        """How many of them are cut."""
        return sum(self.which)

    def sentences(self) -> list[str]:
        """What is to be told."""
        share = 100 * self.unknown / max(self.tokens, 1)
        unknown = f"{self.unknown:,} of {self.tokens:,} tokens ({share:.2g} %) are unknown to the tokenizer"
        return [str(self)] * bool(self.cut) + [unknown] * (share >= MANY)

    def __str__(self) -> str:
        are, share = "is" if self.cut == 1 else "are", 100 * self.lost / max(self.tokens, 1)
        cut = f"{self.cut:,} of {self.texts:,} texts {are} cut to {self.longest:,} tokens"
        return f"{cut}: {share:.{1 if share < 1 or share > 99 else 0}f} % of all tokens are not read"


def told(cuts: Mapping[str, Cut]) -> dict[str, Any]:
    """For a log: of what is cut the share of texts, and of tokens; and a warning, of unknown tokens too."""
    for name, cut in cuts.items():
        for sentence in cut.sentences():
            log.warning("%s: %s", name, sentence)
    cuts = {name: cut for name, cut in cuts.items() if cut.cut}
    shares = {name: {"texts": cut.cut / cut.texts, "tokens": cut.lost / cut.tokens} for name, cut in cuts.items()}
    return {"cut": shares} if shares else {}
