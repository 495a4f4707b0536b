"""What a model reads of texts: their first so many token ids."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from importlib.metadata import version
from itertools import islice
from typing import TypeVar

import numpy as np
from jaxtyping import Int32
from tokenizers import Tokenizer

from minent.data.ragged import Ragged, read_ragged, write_ragged
from minent.data.tables.texts import place_of
from minent.errors import BadInput
from minent.once import once
from minent.text.cut import Cut
from minent.text.tokenizer import blank_of, unknown_of

T = TypeVar("T")
TOGETHER = 4096  # texts: what a tokenizer says of one takes kilobytes


def most(tokenizer: Tokenizer, texts: Sequence[str], *, special: bool = False) -> int:
    """How many tokens the longest of the texts has."""
    if place_of(texts) is not None and not special:
        return int(token_array(tokenizer, texts).lengths.max(initial=1))
    return max((len(ids) for part in _encoded(tokenizer, texts, special=special) for ids in part), default=1)


def there(tokenizer: T | None) -> T:
    """The tokenizer of a model. Raises BadInput where it has none."""
    if tokenizer is None:
        raise BadInput("a model reads and writes with its tokenizer; this one has none: set model.tokenizer")
    return tokenizer


def _never_empty(found: Sequence[np.ndarray], tokenizer: Tokenizer) -> list[np.ndarray]:
    """An unknown token in place of texts without any."""
    blank = np.array([blank_of(tokenizer)], np.int32)
    return [ids if len(ids) else blank for ids in found]


def token_array(tokenizer: Tokenizer | None, texts: Sequence[str], cut: Cut | None = None) -> Ragged:
    """The token ids of each text, an unknown one where it has none, end to end in one array: in memory, or on disk
    where the texts lie there; of each the first `cut.longest`, and `cut` counts what is lost.

    Raises BadInput where there is no tokenizer."""
    known = there(tokenizer)

    def parts() -> Iterator[list[np.ndarray]]:
        for part in _encoded(known, texts):
            yield _never_empty(part, known)

    found = arrayed(texts, parts(), known.to_str())
    if cut is None:
        return found
    cut.count_all(found.lengths)
    cut.unknown += count_of(unknown_of(known), found)
    return found.cut(cut.longest)


def count_of(token: int | None, sequences: Ragged) -> int:
    """How often a token occurs."""
    return 0 if token is None else sum(int((flat == token).sum()) for _, flat in sequences.parts())


def together(several: Iterable[T]) -> Iterator[list[T]]:
    """Texts or sequences, some at a time."""
    rest = iter(several)
    while part := list(islice(rest, TOGETHER)):
        yield part


def arrayed(texts: Sequence[str], parts: Iterator[list[np.ndarray]], how: str) -> Ragged:
    """Sequences of ids that were made of texts, some at a time: in memory, or on disk where the texts lie there. Those
    that were made of the same texts before, as `how` says, are there already, and none is asked for."""
    if (place := place_of(texts)) is None:
        found = [(np.fromiter(map(len, part), np.int64, len(part)), np.concatenate(part)) for part in parts if part]
        lengths, flat = map(np.concatenate, zip((np.empty(0, np.int64), np.empty(0, np.int32)), *found, strict=True))
        return Ragged(flat, np.concatenate([[0], np.cumsum(lengths)]))
    key = blake2b(f"{version('minent')} {place[1]} {how}".encode(), digest_size=16).hexdigest()
    folder = once(place[0] / key, lambda half: write_ragged(half, ["ids"], np.int32, ([part] for part in parts)))
    return read_ragged(folder, "ids", np.int32)


def sequences(
    tokenizer: Tokenizer | None, texts: Sequence[str], longest: int, cut: Cut | None = None
) -> list[Int32[np.ndarray, " tokens"]]:
    """What a model reads of each text: its first `longest` token ids; an unknown one where it has none. `cut` counts
    what is lost with that.

    Raises BadInput where there is no tokenizer."""
    known = there(tokenizer)
    return _never_empty(encode(known, texts, longest, cut=cut), known)


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
    return [ids for part in _encoded(tokenizer, texts, longest, special=special, cut=cut) for ids in part]


def _encoded(
    tokenizer: Tokenizer,
    texts: Sequence[str],
    longest: int | None = None,
    *,
    special: bool = False,
    cut: Cut | None = None,
) -> Iterator[list[Int32[np.ndarray, " tokens"]]]:
    """The same, some texts at a time."""
    if isinstance(texts, str):
        raise BadInput(f"texts must be a list of texts; got one text, {texts[:40]!r}")
    added = tokenizer.num_special_tokens_to_add(False) if special else 0
    if longest is not None and longest <= added:
        raise BadInput(f"longest must be more than {added}; got {longest}")
    unknown = None if cut is None else unknown_of(tokenizer)
    for part in together(texts):
        before, tokenizer.encode_special_tokens = tokenizer.encode_special_tokens, not special
        try:
            encodings = tokenizer.encode_batch_fast(part, add_special_tokens=False)
        finally:
            tokenizer.encode_special_tokens = before
        found = []
        for encoding in encodings:
            whole = len(encoding)
            if cut is not None and unknown is not None:
                cut.unknown += encoding.ids.count(unknown)
            if longest is not None:
                encoding.truncate(longest - added)
            if cut is not None:
                cut.tokens, cut.lost = cut.tokens + whole, cut.lost + whole - len(encoding)
                cut.which.append(whole > len(encoding))
            found.append(np.array((tokenizer.post_process(encoding) if special else encoding).ids, np.int32))
        yield found
