"""A folder that holds a model that writes, minent's or Hugging Face's, and pairs of texts as that model reads them."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from minent.data.texts.pairs import Pairs
from minent.text.cut import Cut, told
from minent.text.exposure.hub_reads import IGNORED
from minent.text.exposure.reads import Batch
from minent.text.hub_folder import is_hub
from minent.text.hub_tokens import unknown_to
from minent.text.writing.hub import LONGEST, HubWriter
from minent.text.writing.language import as_target, opened_by, settle
from minent.text.writing.load import pretrained
from minent.text.writing.seq2seq import Seq2Seq
from minent.text.writing.training import batched

TOKENS = 4096  # of a batch, about


def opened(folder: str | Path, pairs: Pairs) -> tuple[nn.Module, Iterator[dict[str, Any]]]:
    """The model, and the pairs in batches such as an objective takes. Raises BadInput for another kind of folder."""
    if is_hub(folder, Seq2Seq.__name__):
        model, tokenizer = pretrained(folder)
        if model.config.is_encoder_decoder:  # what it writes itself is opened so, too
            model.generation_config.forced_bos_token_id = opened_by(model, tokenizer)
        return model, hub_batches(model, tokenizer, pairs)
    model = Seq2Seq.from_pretrained(folder)
    cuts = {"source": Cut(model.shape.longest), "target": Cut(model.shape.written)}
    batches = batched(model, pairs, TOKENS, shuffle=False, cuts=cuts)
    told(cuts)
    return model, batches.epoch(1)


def hub_batches(
    model: Any, tokenizer: Any, pairs: Pairs, examples: int = 16, cuts: dict[str, Cut] | None = None
) -> Iterator[Batch]:
    """Pairs as a Hugging Face model reads them, with their numbers; a decoder reads source, target and the end in one
    sequence. `cuts` count what is not read. Raises BadInput where several languages may be written and none is said."""
    settle(model, tokenizer)
    pad = tokenizer.pad_token_id or 0
    places = getattr(model.config, "max_position_embeddings", None) or LONGEST
    longest = min(
        places if model.config.is_encoder_decoder else (places - 1) // 2, LONGEST
    )  # of each side, and the end
    cuts = cuts or {"source": Cut(longest), "target": Cut(longest)}
    opened = model.config.is_encoder_decoder  # within one sequence nothing opens a target
    unknown = unknown_to(tokenizer)
    sources = _read(lambda *texts, **how: tokenizer(*texts, **how)["input_ids"], pairs.sources, longest, cuts["source"])
    target = partial(as_target, tokenizer, add_special_tokens=opened)
    targets = _read(target, pairs.targets, longest, cuts["target"])
    writer = HubWriter(model, tokenizer)
    for side, cut in ((sources, cuts["source"]), (targets, cuts["target"])):
        for ids in side:
            writer.check(ids, written=side is targets)
        cut.unknown = 0 if unknown is None else sum(ids.count(unknown) for ids in side)
    told(cuts)
    order = sorted(range(len(pairs)), key=lambda i: len(targets[i]))
    for start in range(0, len(pairs), examples):
        chosen = order[start : start + examples]
        read, labels = ([side[i] for i in chosen] for side in (sources, targets))
        if not model.config.is_encoder_decoder:
            end = tokenizer.eos_token_id
            labels = [one if end is None or one[-1:] == [end] else [*one, end] for one in labels]
            both = zip(read, labels, strict=True)
            read, labels = zip(*[([*a, *b], [IGNORED] * len(a) + b) for a, b in both], strict=True)
        yield {
            "input_ids": _padded(read, pad),
            "attention_mask": _padded([[1] * len(one) for one in read], 0),
            "labels": _padded(labels, IGNORED),
            "id": torch.tensor(chosen),
        }


def _read(tokens: Callable[..., list[list[int]]], texts: Sequence[str], longest: int, cut: Cut) -> list[list[int]]:
    """The first tokens of texts, with the special ones that the tokenizer adds."""
    whole, cut.longest = tokens(texts, verbose=False), longest
    for ids in whole:
        cut.count(len(ids))
    return tokens(texts, truncation=True, max_length=longest) if cut.cut else whole


def _padded(rows: Any, pad: int) -> torch.Tensor:
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=pad)
