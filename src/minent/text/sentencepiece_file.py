"""A tokenizer that SentencePiece trained (Kudo & Richardson 2018, arXiv:1808.06226), read from its .model file.

The file is a message of protocol buffers: pieces with their scores and kinds, how they were trained, and how texts are
normalised. Of a unigram model scores are log p; of one by pairs (BPE) they are the order in which pieces are merged.
"""

import struct
from collections.abc import Iterator
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from minent.errors import BadInput, some
from minent.kernels import log

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)  # kinds of pieces
UNIGRAM, BPE, WORD, CHAR = range(1, 5)  # kinds of models
BLANK = "▁"
NEVER = 100.0  # below the lowest score: no text is cut into these, as long as their characters are known


def sentencepiece_tokenizer(data: bytes, name: str) -> Tokenizer:
    """The tokenizer in the bytes of a .model file, which is called `name` where it cannot be read. Ids are those of
    the file. Raises BadInput."""
    try:
        pieces, (kind, bytewise, suffixed), spec = _read(data)
    except (IndexError, ValueError, struct.error):
        raise BadInput(f"{name!r} is no tokenizer.json, and no whole model of SentencePiece") from None
    unknown = next((i for i, (_, _, of) in enumerate(pieces) if of == UNKNOWN), None)
    if unknown is None:
        raise BadInput(f"a model of SentencePiece has an unknown piece; {name!r} has none")
    if kind not in (UNIGRAM, BPE, CHAR) or suffixed:
        raise BadInput(f"of SentencePiece, models of unigrams, pairs and characters are read; {name!r} is another")
    vocabulary = {piece: i for i, (piece, _, _) in enumerate(pieces)}
    unk = pieces[unknown][0]
    if kind == UNIGRAM:
        never = min(score for _, score, _ in pieces) - NEVER
        scores = [(piece, score if of in (NORMAL, USER_DEFINED) else never) for piece, score, of in pieces]
        tokenizer = Tokenizer(models.Unigram(scores, unk_id=unknown, byte_fallback=bytewise))
    else:
        merges = _merges(pieces) if kind == BPE else []
        tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token=unk, fuse_unk=True, byte_fallback=bytewise))
    prefixed, trimmed = spec.get(3, 1), spec.get(4, 1)
    steps: list[normalizers.Normalizer] = [normalizers.Precompiled(spec[2])] if spec.get(2) else []
    if trimmed:
        steps += [normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip()]
    steps += [normalizers.Prepend(" ")] * bool(prefixed)
    if steps:
        tokenizer.normalizer = normalizers.Sequence(steps)
    apart = not any(BLANK in piece[1:].lstrip(BLANK) for piece, _, _ in pieces)  # else pieces hold several words
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(BLANK, prepend_scheme="never", split=apart)
    first = [decoders.Strip(" ", 1, 0)] if prefixed else []
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace(BLANK, " "), decoders.ByteFallback(), decoders.Fuse(), *first]
    )
    control = [piece for piece, _, of in pieces if of in (UNKNOWN, CONTROL)]
    tokenizer.add_special_tokens([AddedToken(piece, normalized=False, special=True) for piece in control])
    defined = [piece for piece, _, of in pieces if of == USER_DEFINED and kind != UNIGRAM]  # there log p is 0: they win
    tokenizer.add_tokens([AddedToken(piece, normalized=False, special=False) for piece in defined])
    if defined:
        log.warning("%s: blanks beside %s may be other pieces than SentencePiece makes of them", name, some(defined))
    if {"<s>", "</s>"} <= {*control}:
        named = [(piece, vocabulary[piece]) for piece in ("<s>", "</s>")]
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=named
        )
    return tokenizer


def _merges(pieces: list[tuple[str, float, int]]) -> list[tuple[str, str]]:
    """Pairs of pieces in the order in which they are merged: that of the scores of what they make."""
    known = {piece: i for i, (piece, _, of) in enumerate(pieces) if of in (NORMAL, USER_DEFINED)}
    found = []
    for piece in known:
        parts = ((piece[:at], piece[at:]) for at in range(1, len(piece)))
        pairs = [pair for pair in parts if pair[0] in known and pair[1] in known]
        found += [(-pieces[known[piece]][1], known[piece], known[a], known[b], (a, b)) for a, b in pairs]
    return [pair for *_, pair in sorted(found)]


def _read(data: bytes) -> tuple[list[tuple[str, float, int]], tuple[int, bool, bool], dict[int, Any]]:
    """Pieces, each with its score and kind; the kind of model, whether what no piece covers is spelt in bytes, and
    whether blanks end pieces; and how texts are normalised, by the numbers of the fields."""
    pieces: list[tuple[str, float, int]] = []
    trained: dict[int, Any] = {}
    spec: dict[int, Any] = {}
    for field, value in _fields(data):
        if field == 1:
            one: dict[int, Any] = dict(_fields(value))
            (score,) = struct.unpack("<f", one.get(2, bytes(4)))
            pieces.append((one.get(1, b"").decode(), score, one.get(3, NORMAL)))
        elif field == 2:
            trained = dict(_fields(value))
        elif field == 3:
            spec = dict(_fields(value))
    if not pieces:
        raise ValueError("no pieces")
    return pieces, (trained.get(3, UNIGRAM), bool(trained.get(35)), bool(trained.get(24))), spec


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message by number: whole numbers, and bytes."""
    at = 0
    while at < len(data):
        key, at = _number(data, at)
        if key & 7 == 0:
            value, at = _number(data, at)
            yield key >> 3, value
            continue
        if key & 7 == 2:
            size, at = _number(data, at)
        elif key & 7 in (1, 5):
            size = 8 if key & 7 == 1 else 4
        else:
            raise ValueError(f"no kind of field: {key & 7}")
        if at + size > len(data):
            raise ValueError("cut short")
        yield key >> 3, data[at : at + size]
        at += size


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A whole number in groups of seven bits, the lowest first, and where it ends."""
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at
