"""What a model reads of texts: their first so many token ids, and how much is lost with the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int32
from tokenizers import Tokenizer

from minent.errors import BadInput
from minent.kernels import log
from minent.text.tokenizer import blank_of

TOGETHER = 4096  # texts: what a tokenizer says of one takes kilobytes


@dataclass
class Cut:
    """How many of so many texts are cut, and how many of so many tokens are lost with that; `longest` is what is read.

    >>> from minent.text.tokenizer import train_tokenizer
    >>> cut = Cut(longest=2)
    >>> _ = encode(train_tokenizer(["a b"], kind="words"), ["a b a a", "a"], 2, cut=cut)
    >>> print(cut)
    1 of 2 texts is cut to 2 tokens: 40 % of all tokens are not read
    """

    longest: int
    tokens: int = 0
    lost: int = 0
    which: list[bool] = field(default_factory=list)
    """Of each text, whether it is cut."""

    def count(self, tokens: int) -> bool:
        """One more text of so many tokens; whether it is cut."""
        self.tokens, self.lost = self.tokens + tokens, self.lost + max(0, tokens - self.longest)
        self.which.append(tokens > self.longest)
        return self.which[-1]

    @property
    def texts(self) -> int:
        """How many were read."""
        return len(self.which)

    @property
    def cut(self) -> int:
        """How many of them are cut."""
        return sum(self.which)

    def __str__(self) -> str:
        are, share = "is" if self.cut == 1 else "are", 100 * self.lost / max(self.tokens, 1)
        cut = f"{self.cut:,} of {self.texts:,} texts {are} cut to {self.longest:,} tokens"
        return f"{cut}: {share:.{1 if share < 1 or share > 99 else 0}f} % of all tokens are not read"


def told(cuts: Mapping[str, Cut]) -> dict[str, Any]:
    """For a log: of what is cut the share of texts, and of tokens; and a warning."""
    cuts = {name: cut for name, cut in cuts.items() if cut.cut}
    for name, cut in cuts.items():
        log.warning("%s: %s", name, cut)
    shares = {name: {"texts": cut.cut / cut.texts, "tokens": cut.lost / cut.tokens} for name, cut in cuts.items()}
    return {"cut": shares} if shares else {}


def most(tokenizer: Tokenizer, texts: Sequence[str], *, special: bool = False) -> int:
    """How many tokens the longest of the texts has."""
    return max(map(len, encode(tokenizer, texts, special=special)), default=1)


def sequences(
    tokenizer: Tokenizer | None, texts: Sequence[str], longest: int, cut: Cut | None = None
) -> list[Int32[np.ndarray, " tokens"]]:
    """What a model reads of each text: its first `longest` token ids; an unknown one where it has none. `cut` counts
    what is lost with that.

    Raises BadInput where there is no tokenizer."""
    if tokenizer is None:
        raise BadInput("a model reads and writes with its tokenizer; this one has none: set model.tokenizer")
    found = encode(tokenizer, texts, longest, cut=cut)
    return [ids if len(ids) else np.array([blank_of(tokenizer)], np.int32) for ids in found]


def encode(
    tokenizer: Tokenizer,
    texts: Sequence[str],
    longest: int | None = None,
    *,
    special: bool = False,
    cut: Cut | None = None,
) -> list[Int32[np.ndarray, " tokens"]]:
    """The token ids of each text, the first `longest` of them; with `special` among those that open and close a text.
    `cut` counts what is lost.

    Without `special`, tokenizers of bytes and characters spell out a <s> that stands in a text. Raises BadInput.

    >>> from minent.text.tokenizer import train_tokenizer
    >>> tokenizer = train_tokenizer(["[MAX 2 9 ]"], kind="words")
    >>> encode(tokenizer, ["[MAX 9 8 ]", "2"], longest=3)
    [array([7, 6, 1], dtype=int32), array([5], dtype=int32)]
    """
    if isinstance(texts, str):
        raise BadInput(f"texts must be a list of texts; got one text, {texts[:40]!r}")
    added = tokenizer.num_special_tokens_to_add(False) if special else 0
    if longest is not None and longest <= added:
        raise BadInput(f"longest must be more than {added}; got {longest}")
    before, tokenizer.encode_special_tokens = tokenizer.encode_special_tokens, not special
    found: list[Int32[np.ndarray, " tokens"]] = []
    try:
        for start in range(0, len(texts), TOGETHER):
            for encoding in tokenizer.encode_batch_fast(
                list(texts[start : start + TOGETHER]), add_special_tokens=False
            ):
                whole = len(encoding)
                if longest is not None:
                    encoding.truncate(longest - added)
                if cut is not None:
                    cut.tokens, cut.lost = cut.tokens + whole, cut.lost + whole - len(encoding)
                    cut.which.append(whole > len(encoding))
                found.append(np.array((tokenizer.post_process(encoding) if special else encoding).ids, np.int32))
    finally:
        tokenizer.encode_special_tokens = before
    return found
