"""What a sampler has to know of a tokenizer, whether it is one of minent's, of tokenizers or of transformers: how texts
become token ids and back, what opens and closes a text, and which tokens are never drawn."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tokenizers import Tokenizer

from minent.errors import BadInput

MASKS, PADS = ("<mask>", "[MASK]"), ("<pad>", "[PAD]")
WIDE = "[\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U000323af]"
BETWEEN = re.compile(f"(?<={WIDE}) +(?={WIDE})")
PIECE = re.compile("<0x[0-9A-F]{2}>")  # a byte, which spells rare characters together with others
Spans = list[tuple[int, int]]


@dataclass(frozen=True)
class Vocabulary:
    """Token ids by their meaning. `encode(text)` gives ids and, of each, where it begins and ends in the text."""

    size: int
    mask: int
    pad: int
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    special: tuple[int, ...] = ()
    encode: Callable[[str], tuple[list[int], Spans]] = lambda text: ([int(word) for word in text.split()], [])
    decode: Callable[[Sequence[int]], str] = lambda ids: " ".join(map(str, ids))


def vocabulary_of(tokenizer: Any) -> Vocabulary:
    """What a tokenizer knows. Raises BadInput for one without masks or padding.

    >>> from minent.text.tokenizer import train_tokenizer
    >>> vocabulary = vocabulary_of(train_tokenizer(["道可道，非常道。"], kind="characters"))
    >>> ids, spans = vocabulary.encode("非常道")
    >>> vocabulary.mask, vocabulary.before, vocabulary.after, vocabulary.decode(ids)
    (4, (2,), (3,), '非常道')
    """
    if isinstance(tokenizer, Vocabulary):
        return tokenizer
    if isinstance(tokenizer, Tokenizer):
        return _of_tokenizers(tokenizer)
    if hasattr(tokenizer, "mask_token_id"):
        return _of_transformers(tokenizer)
    raise BadInput(f"texts are drawn with a tokenizer of minent, tokenizers or transformers; got {type(tokenizer)}")


def _of_tokenizers(tokenizer: Tokenizer) -> Vocabulary:
    special = {token.content: i for i, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    mask, pad = (next((special[name] for name in names if name in special), None) for names in (MASKS, PADS))
    if mask is None or pad is None:
        came = ", ".join(special) or "no special tokens"
        raise BadInput(f"a masked language model has tokens for masks and padding, <mask> and <pad>; got {came}")

    def encode(text: str) -> tuple[list[int], Spans]:
        before, tokenizer.encode_special_tokens = tokenizer.encode_special_tokens, True
        try:
            encoding = tokenizer.encode(text, add_special_tokens=False)
        finally:
            tokenizer.encode_special_tokens = before
        return encoding.ids, encoding.offsets

    framed, bare = (tokenizer.encode("a", add_special_tokens=added).ids for added in (True, False))
    known = tokenizer.get_vocab()
    never = {*special.values(), *(i for token, i in known.items() if PIECE.fullmatch(token))}
    return _framed(framed, bare, max(known.values()) + 1, mask, pad, never, encode, tokenizer.decode)


def _of_transformers(tokenizer: Any) -> Vocabulary:
    mask, pad = tokenizer.mask_token_id, tokenizer.pad_token_id
    if mask is None or pad is None:
        lacking = "masks" if mask is None else "padding"
        came = f"{type(tokenizer).__name__} without {lacking}"
        raise BadInput(f"a masked language model has tokens for masks and padding; got {came}")

    def encode(text: str) -> tuple[list[int], Spans]:
        if not tokenizer.is_fast:
            return tokenizer(text, add_special_tokens=False)["input_ids"], []
        encoding = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        return encoding["input_ids"], encoding["offset_mapping"]

    def decode(ids: Sequence[int]) -> str:
        return BETWEEN.sub("", tokenizer.decode(list(ids)))

    framed, bare = (tokenizer("a", add_special_tokens=added)["input_ids"] for added in (True, False))
    special = {*tokenizer.all_special_ids, *(i for i, t in tokenizer.added_tokens_decoder.items() if t.special)}
    unused = {i for token, i in tokenizer.get_vocab().items() if token.startswith("[unused")}
    size = max(tokenizer.get_vocab().values()) + 1
    return _framed(framed, bare, size, mask, pad, special | unused, encode, decode)


def _framed(
    framed: list[int], bare: list[int], size: int, mask: int, pad: int, special: set[int], encode: Any, decode: Any
) -> Vocabulary:
    """With what stands before and after a text, told from one that is read with it and without."""
    start = next(i for i in range(len(framed)) if framed[i : i + len(bare)] == bare)
    before, after = tuple(framed[:start]), tuple(framed[start + len(bare) :])
    return Vocabulary(size, mask, pad, before, after, tuple(sorted(special)), encode, decode)
