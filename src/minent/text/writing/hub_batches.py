"""Pairs as a model of Hugging Face that writes reads them: by its own tokenizer, with what that puts around a text.

Each target ends as the model is to end it. A decoder by itself reads the source and goes on with the target, as it does
when it writes.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from secrets import token_hex
from typing import Any

import numpy as np

from minent.data import Batches
from minent.data.ragged import Ragged
from minent.data.tables.texts import Joined
from minent.data.texts.pairs import Pairs
from minent.kernels import log
from minent.text.token_ids import TOGETHER, Cut, arrayed, together
from minent.text.writing.hub import LONGEST, HubWriter
from minent.training import defaults

MOST = 10**9  # tokens of a text, where nothing limits them
UNKNOWN = 0.05  # of the tokens, above which it is said


def batched(
    writer: HubWriter,
    pairs: Pairs,
    tokens: int | None,
    seed: int = 1,
    shuffle: bool = True,
    cuts: dict[str, Cut] | None = None,
) -> Batches:
    """Pairs as batches of numbers, cut to the places of the model, as `cuts` then tells; a target that is `cut` is
    closed as any other is, but its end is not to be learned. A decoder's are one sequence, of which the first `given`
    tokens are the source's."""
    cuts, how = cuts or cuts_of(writer), _how(writer)
    source = arrayed(pairs.sources, _read(writer, pairs.sources), f"{how} source")
    target = arrayed(pairs.targets, ended(writer, pairs.targets), f"{how} target")
    for read, written in ((source, False), (target, True)):
        for _, flat in read.parts():
            writer.check(flat, written)
    _tell_unknown(writer, {"source": source, "target": target})
    cuts["source"].count_all(source.lengths)
    if cuts["source"].cut:
        most = cuts["source"].longest
        source = arrayed(pairs.sources, _read(writer, pairs.sources, most), f"{how} source {most}")
    columns: dict[str, Any] = {"source": source, "target": target}
    if not writer.both:
        both = (np.concatenate([source[i], target[i]]) for i in range(len(source)))
        texts, read = Joined(pairs.sources, pairs.targets), f"{how} {cuts['source'].longest}"
        target = arrayed(texts, together(both), read)
    cuts["target"].count_all(target.lengths)
    if not writer.both:
        columns = {"tokens": target.cut(cuts["target"].longest), "given": source.lengths}
    elif cuts["target"].cut:
        most = cuts["target"].longest
        columns["target"] = arrayed(pairs.targets, ended(writer, pairs.targets, most), f"{how} target {most}")
        columns["cut"] = np.frombuffer(bytes(cuts["target"].which), bool)
    longest = max(int(column.lengths.max(initial=1)) for column in columns.values() if isinstance(column, Ragged))
    return Batches(
        columns, tokens=max(tokens or defaults.tokens_of(columns), longest), seed=seed, shuffle=shuffle, pad=writer.pad
    )


def cuts_of(writer: HubWriter) -> dict[str, Cut]:
    """What is read of a source, and of a target; of a decoder by itself, of both together."""
    most = min(writer.tokenizer.model_max_length, MOST)
    encoder, decoder = (min(writer.places(side) or MOST, most) for side in ("encoder", "decoder"))
    if writer.both:
        return {"source": Cut(encoder), "target": Cut(decoder)}
    return {"source": Cut(decoder - min(LONGEST, decoder // 2)), "target": Cut(decoder)}


def _how(writer: HubWriter) -> str:
    """What tells the tokens of a text from those of another tokenizer; slow ones do not tell."""
    own = writer.tokenizer
    told = own.backend_tokenizer.to_str() if getattr(own, "is_fast", False) else token_hex()
    return f"{told} {getattr(own, 'src_lang', '')} {getattr(own, 'tgt_lang', '')} {writer.ends} {writer.both}"


def _read(writer: HubWriter, texts: Sequence[str], most: int | None = None) -> Iterator[list[np.ndarray]]:
    """The ids of sources, some at a time, `most` of each."""
    blank = [writer.start if isinstance(writer.start, int) else writer.pad]
    for part in _parts(texts):
        found = writer.tokenizer(part, verbose=False, **_at_most(most))["input_ids"]
        yield [np.array(ids or blank, np.int32) for ids in found]


def ended(writer: HubWriter, texts: Sequence[str], most: int | None = None) -> Iterator[list[np.ndarray]]:
    """The ids of targets, some at a time, `most` of each; each has an end of the model's, the last but for what the
    tokenizer puts behind it, such as a language. One that is cut may have none."""
    for part in _parts(texts):
        options = {"add_special_tokens": writer.both, "verbose": False, **_at_most(most)}
        found = writer.tokenizer(text_target=part, **options)["input_ids"]
        ends = [[] if {*ids[-2:]} & {*writer.ends} else writer.ends[:1] for ids in found]
        yield [np.array([*ids, *end][:most], np.int32) for ids, end in zip(found, ends, strict=True)]


def _at_most(most: int | None) -> dict[str, Any]:
    return {} if most is None else {"truncation": True, "max_length": most}


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(texts)
    while part := list(islice(rest, TOGETHER)):
        yield part


def _tell_unknown(writer: HubWriter, read: dict[str, Ragged]) -> None:
    """Warn where the tokenizer does not know much of the texts: it is another language's."""
    unknown = writer.tokenizer.unk_token_id
    if unknown is None or unknown in writer.ends:
        return
    for name, ids in read.items():
        total = int(ids.lengths.sum())
        if (many := sum(int((flat == unknown).sum()) for _, flat in ids.parts())) > UNKNOWN * total:
            log.warning("%s: %d of %d tokens are unknown to the model", name, many, total)
