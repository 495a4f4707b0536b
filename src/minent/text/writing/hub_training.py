"""A model of Hugging Face that writes learns from pairs, by −log p(y_t | y_<t, x) of each token of a target, its end
among them. A decoder by itself loses nothing for the source that it reads before."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from minent.data import Batches
from minent.data.texts.pairs import Pairs
from minent.errors import BadInput
from minent.kernels import log
from minent.nn.cross_entropy import cross_entropy
from minent.text.cut import told
from minent.text.hub_folder import hub_run
from minent.text.options import Search
from minent.text.writing.hub import HubWriter
from minent.text.writing.hub_batches import batched, cuts_of, ended
from minent.text.writing.judging import mean_loss, wrote_well
from minent.text.writing.write import written
from minent.training import defaults
from minent.training.loop import fit
from minent.training.recipe import Recipe
from minent.training.records import Record

IGNORED = -100  # a label that no loss counts


def train_hub(
    writer: HubWriter,
    train: Pairs,
    dev: Pairs | None,
    recipe: Recipe,
    objective: Any,
    smoothing: float,
    tokens: int | None,
    folder: str | Path | None,
    **options: Any,
) -> Iterator[Record]:
    """Train the model of `writer` as `train_seq2seq` does one of minent's; the folder is then one of transformers,
    with the tokenizer, and adapters of peft's are added to the matrices."""
    if not writer.ends:
        log.warning("the model has no token that ends a text: what it writes goes on to --longest")
    cuts = cuts_of(writer)
    batches = batched(writer, train, tokens, seed=recipe.seed, cuts=cuts)
    held = None if dev is None else batched(writer, dev, tokens or defaults.MOST, shuffle=False)
    judge = None if held is None or dev is None else lambda model: evaluate(writer, held, dev)
    learned = partial(loss, lost=None if objective is None else objective.loss, smoothing=smoothing, ends=writer.ends)
    about = {"objective": repr(objective), "smoothing": smoothing, "dev data": held and held.fingerprint()["data"]}
    options |= {"dev": judge, "folder": folder, "about": about, "told": told(cuts)}
    run = partial(fit, writer.model, learned, batches, recipe, **options)
    yield from hub_run(run, writer.model, writer.tokenizer, folder)


def named(model: Any, batch: dict[str, Tensor], ends: Sequence[int] = ()) -> dict[str, Tensor]:
    """A batch by the names that transformers has; what is not to be learned is IGNORED: the `ends` of what is cut."""
    given = {"progress": batch["progress"]} if "progress" in batch else {}
    if "tokens" in batch:
        ids, mask = batch["tokens"].long(), batch["tokens_mask"]
        read = torch.arange(ids.shape[1], device=ids.device) < batch["given"][:, None]
        labels = ids.masked_fill(~mask | read, IGNORED)
        return {**given, "input_ids": ids, "attention_mask": mask.long(), "labels": labels}
    labels = batch["target"].long().masked_fill(~batch["target_mask"], IGNORED)
    given |= {"input_ids": batch["source"].long(), "attention_mask": batch["source_mask"].long()}
    given["decoder_input_ids"] = moved(model, labels)
    if "cut" in batch:
        end = torch.isin(labels, torch.tensor(ends, device=labels.device))
        labels = labels.masked_fill(end & batch["cut"][:, None], IGNORED)
    return {**given, "labels": labels}


def loss(
    model: Any,
    batch: dict[str, Tensor],
    lost: Callable[..., Any] | None = None,
    smoothing: float = 0.0,
    ends: Sequence[int] = (),
) -> tuple[Tensor, Tensor]:
    """The losses of the tokens of the targets, summed, and how many they are; `lost` is that of an objective."""
    read = named(model, batch, ends)
    if lost is not None:
        return lost(model, read, smoothing)
    labels = read.pop("labels")
    read.pop("progress", None)
    scores = model(**read, use_cache=False).logits
    if "tokens" in batch:
        scores, labels = scores[:, :-1], labels[:, 1:]
    at = (labels != IGNORED).flatten().nonzero()[:, 0]
    rows, wanted = scores.flatten(0, 1).index_select(0, at), labels.flatten().index_select(0, at)
    return cross_entropy(rows, wanted, smoothing), (labels != IGNORED).sum()


def moved(model: Any, labels: Tensor) -> Tensor:
    """What a decoder reads to write the labels: its start and all labels but the last, as the model's own loss has it.
    Raises BadInput where the model says no start."""
    if hasattr(model, "prepare_decoder_input_ids_from_labels"):
        return model.prepare_decoder_input_ids_from_labels(labels=labels.clone())  # FSMT writes into it
    start = model.config.decoder_start_token_id
    if start is None:
        raise BadInput("without decoder_input_ids, a model's config has a decoder_start_token_id; this one has none")
    before = torch.cat([torch.full_like(labels[:, :1], start), labels[:, :-1]], dim=1)
    return before.masked_fill(before == IGNORED, model.config.pad_token_id or 0)


def evaluate(writer: HubWriter, batches: Batches, pairs: Pairs) -> dict[str, float]:
    """The mean cross entropy of a token given gold histories; and how well is written, see `wrote_well`."""

    def write(some: Pairs) -> list[str]:
        longest = max((len(ids) for part in ended(writer, some.targets) for ids in part), default=1)
        search = Search(beam=1, longest=2 * longest)
        search = replace(search, longest=writer.longest(search))
        return [
            writer.spell(one[0].tokens) if one else ""
            for one in written(writer, writer.read(some.sources, search), search)
        ]

    lost = mean_loss(writer.model, batches, partial(loss, ends=writer.ends))
    return {"loss": lost, **wrote_well(pairs, write)}
