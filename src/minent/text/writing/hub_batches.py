"""Pairs as a model of Hugging Face that writes reads them: by its own tokenizer, with what that puts around a text.

Each target ends as the model is to end it. A decoder by itself reads the source and goes on with the target, as it does
when it writes.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from minent.data import Batches
from minent.data.ragged import Ragged
from minent.data.tables.texts import Joined
from minent.data.texts.pairs import Pairs
from minent.text.cut import Cut
from minent.text.hub_tokens import MOST, at_most, hub_array, told_apart, unknown_to
from minent.text.token_ids import arrayed, count_of, together
from minent.text.writing.hub import LONGEST, HubWriter
from minent.text.writing.language import as_target, settle
from minent.training import defaults


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
    if writer.both:
        settle(writer.model, writer.tokenizer)
    cuts, how = cuts or cuts_of(writer), f"{told_apart(writer.tokenizer)} {writer.ends} {writer.both}"
    blank = writer.start if isinstance(writer.start, int) else writer.pad
    source = hub_array(writer.tokenizer, pairs.sources, cuts["source"], blank)
    target = arrayed(pairs.targets, ended(writer, pairs.targets), f"{how} target")
    for read, written in ((source, False), (target, True)):
        for _, flat in read.parts():
            writer.check(flat, written)
    cuts["target"].unknown += count_of(unknown_to(writer.tokenizer), target)
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


def ended(writer: HubWriter, texts: Sequence[str], most: int | None = None) -> Iterator[list[np.ndarray]]:
    """The ids of targets, some at a time, `most` of each; each has an end of the model's, the last but for what the
    tokenizer puts behind it, such as a language. One that is cut may have none."""
    for part in together(texts):
        options = {"add_special_tokens": writer.both, "verbose": False, **at_most(most)}
        found = as_target(writer.tokenizer, part, **options)
        ends = [[] if {*ids[-2:]} & {*writer.ends} else writer.ends[:1] for ids in found]
        yield [np.array([*ids, *end][:most], np.int32) for ids, end in zip(found, ends, strict=True)]
