"""Texts as a masked language model reads them to learn: in pieces of its longest, framed, in batches."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from minent import kernels
from minent.data import Batches
from minent.data.ragged import Ragged
from minent.errors import BadInput
from minent.nn.evaluating import evaluating
from minent.text.cut import Cut, told
from minent.text.hub_tokens import told_apart
from minent.text.masked.asked import longest_text, tokens_known
from minent.text.masked.model import MaskedLM
from minent.text.masked.vocabulary import Vocabulary
from minent.text.token_ids import arrayed, count_of, there, together, token_array
from minent.text.tokenizer import unknown_of
from minent.training import defaults

LONGEST = 512  # tokens that a model reads at least, where it is not said: what it draws may be longer than its texts


def batched(
    model: Any,
    texts: Sequence[str],
    tokens: int | None,
    vocabulary: Vocabulary,
    seed: int = 1,
    shuffle: bool = True,
    tokenizer: Any = None,
) -> Batches:
    """Texts as batches of numbers, with what opens and closes them, in pieces of the model's longest; those without a
    token, or with unknown ones only, have nothing to guess and are left out. Raises BadInput where no other is left."""
    none, kind = set(vocabulary.special), tokenizer_with(model, tokenizer)
    if isinstance(kind, Tokenizer):
        read, how, unknown = token_array(kind, texts), kind.to_str(), unknown_of(kind)
    else:
        vocabulary = vocabulary.within(tokens_known(model))
        how = f"{vocabulary.size} {told_apart(kind)}"
        unknown = kind.unk_token_id
        read = arrayed(texts, together(np.array(vocabulary.encode(text)[0], np.int32) for text in texts), how)
    if shuffle:  # to learn from
        told({"text": Cut(10**9, int(read.lengths.sum()), unknown=count_of(unknown, read))})
    reads = longest(model, vocabulary.pad)
    room = reads - len(vocabulary.before) - len(vocabulary.after)
    if room < 1:
        raise BadInput(f"the model reads {reads} tokens, and none of a text among what frames it")
    frame = vocabulary.before, vocabulary.after
    kept = (ids for ids in _pieces(read, room) if not none.issuperset(ids))
    framed = (np.array([*frame[0], *ids, *frame[1]], np.int32) for ids in kept)
    rows = arrayed(texts, together(framed), f"{how} {room} {frame} {vocabulary.special}")
    if not len(rows):
        raise BadInput(f"a masked language model learns from texts; got {len(texts)} without a token that it knows")
    if (pieces := int((-(-read.lengths // room)).sum())) > len(read):
        kernels.log.warning("%d texts are read in %d pieces of at most %d tokens", len(read), pieces, room)
    columns = {"tokens": rows}
    tokens = max(tokens or defaults.tokens_of(columns), reads)
    return Batches(columns, tokens=tokens, seed=seed, shuffle=shuffle, pad=vocabulary.pad)


def _pieces(read: Ragged, room: int) -> Iterator[list[int]]:
    for lengths, flat in read.parts():
        end = 0
        for length in lengths.tolist():
            start, end = end, end + length
            yield from (flat[i : min(i + room, end)].tolist() for i in range(start, end, room))


def longest(model: Any, pad: int) -> int:
    """The most tokens of a piece, with what frames it: what the model reads, or LONGEST where it reads any number."""
    if isinstance(model, MaskedLM):
        return model.shape.longest
    with evaluating(model):
        return longest_text(model, tokens_known(model), pad) or LONGEST


def tokenizer_with(model: Any, tokenizer: Any = None) -> Any:
    """The tokenizer of a model, or the one given. Raises BadInput where there is none."""
    return there(getattr(model, "tokenizer", None) if tokenizer is None else tokenizer)
