"""What a sampler has to know of a tokenizer, whether it is one of minent's, of tokenizers or of transformers: how texts
become token ids and back, what opens and closes a text, and which tokens are never drawn."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tokenizers import Tokenizer

from minent.errors import BadInput
from minent.text.masked.pieces import PIECE, SPACED, adds_blanks, broken, framing, reading_gaps
from minent.text.spelling import WIDE, spelled

MASKS, PADS = ("<mask>", "[MASK]"), ("<pad>", "[PAD]")
BLANK = re.compile(r"(?<!\\)_")  # a gap of a template
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
    """Never drawn, and nothing that a text could keep: masks, unknown ones, …"""

    encode: Callable[[str], tuple[list[int], Spans]] = lambda text: ([int(word) for word in text.split()], [])
    decode: Callable[[Sequence[int]], str] = lambda ids: " ".join(map(str, ids))
    parts: tuple[int, ...] = ()
    """Never drawn, but texts may hold them: bytes that spell a character together with others."""

    gapped: Callable[[Sequence[str]], list[int]] | None = None
    """The ids of parts of a text with masks between them, each part read where it stands; None: each by itself."""

    spaced: bool = False
    """Whether tokens begin with the space before them."""

    @property
    def never(self) -> tuple[int, ...]:
        """What is never drawn."""
        return self.special + self.parts

    def template(self, text: str) -> list[int]:
        """The ids of a text with a mask for each blank (春__，__人; \\_ is none). Where tokens begin with the space
        before them, that before a blank belongs to what fills it.

        >>> Vocabulary(4, mask=0, pad=1, encode=lambda text: ([3] * len(text), [])).template("__ab_")
        [0, 0, 3, 3, 0]
        """
        parts = [part.replace("\\_", "_") for part in BLANK.split(text)]
        if self.gapped is not None:
            return self.gapped(parts)
        read = [self.encode(part.rstrip(" "))[0] if part.strip() else [] for part in parts]
        return [*read[0], *(i for ids in read[1:] for i in (self.mask, *ids))]

    def gaps(self, text: str) -> bool:
        """Whether a text is a template: it has a blank, or a mask by its name."""
        return bool(BLANK.search(text)) or self.mask in self.template(text)

    def behind(self, word: str) -> list[int]:
        """The ids of a word that stands behind others: byte-level BPE has one number for pizza, another for its space
        and it, and sentencepiece begins only what begins a text with a space."""
        if self.gapped is None:
            return self.encode(word)[0]
        space = " " if self.spaced and word[:1].isalnum() and not re.match(WIDE, word) else ""
        return self.gapped(["", space + word])[1:]

    def within(self, size: int) -> "Vocabulary":
        """What of it a model of `size` tokens knows. Raises BadInput, here or where a text is read, for what it does
        not and would have to."""
        needed = {
            "masks": (self.mask,),
            "padding": (self.pad,),
            "what opens and closes a text": self.before + self.after,
        }
        for name, ids in needed.items():
            if ids and max(ids) >= size:
                raise BadInput(
                    f"the model knows {size:,} tokens, and the tokenizer's for {name} is number {max(ids):,}"
                )

        def known(ids: list[int]) -> list[int]:
            if ids and not 0 <= min(ids) <= max(ids) < size:
                odd = next(i for i in ids if not 0 <= i < size)
                raise BadInput(
                    f"the model knows {size:,} tokens; the tokenizer makes {odd:,}, {self.decode([odd])!r}, of a text"
                )
            return ids

        def encode(text: str) -> tuple[list[int], Spans]:
            ids, spans = self.encode(text)
            return known(ids), spans

        gapped = None if (read := self.gapped) is None else lambda parts: known(read(parts))
        special, parts = (tuple(i for i in ids if i < size) for ids in (self.special, self.parts))
        return replace(self, size=min(self.size, size), special=special, parts=parts, encode=encode, gapped=gapped)


def vocabulary_of(tokenizer: Any, mask: int | None = None, pad: int | None = None) -> Vocabulary:
    """What a tokenizer knows. Raises BadInput for one without masks or padding; those of one of transformers may be
    given by number.

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
        return _of_transformers(tokenizer, mask, pad)
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

    known = tokenizer.get_vocab()
    parts = {i for token, i in known.items() if PIECE.fullmatch(token)} | broken(known.values(), tokenizer)
    plain = [token for token in known if token not in special]
    before, after = framing(lambda text, added: tokenizer.encode(text, add_special_tokens=added).ids, plain)
    never = tuple(sorted(special.values()))
    return Vocabulary(
        max(known.values()) + 1, mask, pad, before, after, never, encode, spelled(tokenizer),
        tuple(sorted(parts - {*special.values()})),
        reading_gaps(
            lambda text: tokenizer.encode(text, add_special_tokens=False).ids, mask, tokenizer.id_to_token(mask), known
        ),
        any(map(SPACED.match, known)),
    )  # fmt: skip


def _of_transformers(tokenizer: Any, mask: int | None, pad: int | None) -> Vocabulary:
    mask = tokenizer.mask_token_id if mask is None else mask
    pad = tokenizer.pad_token_id if pad is None else pad
    if mask is None or pad is None:
        lacking = "masks" if mask is None else "padding"
        came = f"{type(tokenizer).__name__} without {lacking}"
        raise BadInput(f"a masked language model has tokens for masks and padding; got {came}")

    def encode(text: str) -> tuple[list[int], Spans]:
        if not tokenizer.is_fast:
            return tokenizer(text, add_special_tokens=False)["input_ids"], []
        encoding = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        return encoding["input_ids"], encoding["offset_mapping"]

    known = tokenizer.get_vocab()
    blanks = adds_blanks(tokenizer, known)

    def decode(ids: Sequence[int]) -> str:
        text = tokenizer.decode(list(ids))
        return re.sub(f"(?<={blanks}) +(?={blanks})", "", text) if blanks else text

    special = {*tokenizer.all_special_ids, *(i for i, t in tokenizer.added_tokens_decoder.items() if t.special)}
    plain = [token for token, i in known.items() if i not in special]
    before, after = framing(lambda text, added: tokenizer(text, add_special_tokens=added)["input_ids"], plain)
    unused = {i for token, i in known.items() if token.startswith("[unused")}
    parts = {i for token, i in known.items() if PIECE.fullmatch(token)}
    parts |= broken(known.values(), tokenizer.backend_tokenizer if tokenizer.is_fast else tokenizer)
    return Vocabulary(
        max(known.values()) + 1, mask, pad, before, after, tuple(sorted(special | unused)), encode, decode,
        tuple(sorted(parts - special)),
        reading_gaps(
            lambda text: tokenizer(text, add_special_tokens=False)["input_ids"], mask,
            tokenizer.convert_ids_to_tokens(mask), known,
        ),
        any(map(SPACED.match, known)),
    )  # fmt: skip
