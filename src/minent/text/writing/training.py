"""A sequence-to-sequence model learns from pairs by an objective, such as the cross entropy −log p(y_t | y_<t, x) of
every target token."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from accelerate import PartialState
from tokenizers import Tokenizer
from torch import Tensor, nn

from minent.data import Batches
from minent.data.tables.texts import Joined
from minent.data.texts.pairs import Pairs
from minent.errors import BadInput
from minent.nn.shape import Shape
from minent.text.cut import Cut, told
from minent.text.options import Reading, Search, Writing
from minent.text.token_ids import most, token_array
from minent.text.tokenizer import end_of, tokenizer_of
from minent.text.writing.hub import HubWriter
from minent.text.writing.hub_training import train_hub
from minent.text.writing.judging import mean_loss, wrote_well
from minent.text.writing.loss import loss
from minent.text.writing.model import alone
from minent.text.writing.seq2seq import Seq2Seq
from minent.text.writing.two_pass import wrote
from minent.text.writing.write import n_best
from minent.training import checkpoint, defaults
from minent.training.loop import fit
from minent.training.processes import found
from minent.training.recipe import Recipe
from minent.training.records import Record


@runtime_checkable
class Objective(Protocol):
    """What a model is to lose, such as those of `minent.text.exposure`."""

    def check(self, model: Any) -> None:
        """Raises BadInput for a model that cannot learn by it."""

    def loss(self, model: Any, batch: dict[str, Tensor], smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
        """The losses of a batch, summed, and how many they are."""
        ...


def new_seq2seq(train: Pairs, shape: Shape, reading: Reading, writing: Writing, seed: int = 1) -> Seq2Seq:
    """An untrained model, with one tokenizer for both sides, or one for each, trained on `train` or given."""
    own = None if reading.sources is None else tokenizer_of(train.sources, reading.sources)
    texts = train.targets if own else Joined(train.sources, train.targets)
    tokenizer = tokenizer_of(texts, replace(reading, source_tokenizer="", source_vocabulary=0))
    if not shape.longest:
        shape = shape.settled(most(own or tokenizer, train.sources), most(tokenizer, train.targets))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Seq2Seq(
            known(tokenizer), shape, writing.decoder, writing.interaction, writing.fusion, writing.copy,
            end_of(tokenizer), writing.shared(shape.dim), writing.interaction_dropout, known(own) if own else 0,
        )  # fmt: skip
    model.tokenizer, model.source_tokenizer = tokenizer, own
    return model


def known(tokenizer: Tokenizer) -> int:
    """Ids of a tokenizer; those of others may leave some out."""
    return max(tokenizer.get_vocab().values()) + 1


def train_seq2seq(
    model: Seq2Seq | HubWriter,
    train: Pairs,
    dev: Pairs | None = None,
    recipe: Recipe | None = None,
    *,
    objective: Objective | None = None,
    smoothing: float = 0.1,
    two_pass: float = 0.0,
    tokens: int | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
    log: Callable[[dict[str, Any]], object] | None = None,
) -> Iterator[Record]:
    """Train on batches of about `tokens` tokens a side (None: see `minent.training.defaults`), one record a step (see
    `minent.training.loop.fit`); with a folder, the model is saved there at the end. What is cut of long texts is told,
    and of a target that is cut no end is taught. `objective`: see `minent.text.exposure`; teacher forcing if not given.
    `dev` gives the loss given gold histories, and BLEU and ROUGE-L of what is written greedily for some of its
    sources, drawn, the same each time. `two_pass`: the share of the steps taken that a second pass takes (see
    `minent.text.writing.two_pass`), at half the learning rate, its files in the folder second-pass; without one,
    directions read each other's gold histories from
    the start."""
    recipe = recipe or Recipe()
    if two_pass and model.direction != "bidirectional":
        raise BadInput(f"two passes are for a bidirectional model; got one that is {model.direction}")
    if objective is not None:
        objective.check(model.model if isinstance(model, HubWriter) else model)
    if isinstance(model, HubWriter):
        yield from train_hub(model, train, dev, recipe, objective, smoothing, tokens, folder, resume=resume, log=log)
        return
    apart = None if folder is None else Path(folder) / "second-pass"
    cuts = {"source": Cut(model.shape.longest), "target": Cut(model.shape.written)}
    batches = batched(model, train, tokens, seed=recipe.seed, cuts=cuts)
    held = None if dev is None else batched(model, dev, tokens or defaults.MOST, shuffle=False)
    judge = None if held is None or dev is None else lambda one: evaluate(one, held, dev)
    learned = partial(loss if objective is None else objective.loss, smoothing=smoothing)
    first: list[Any] = [by_itself(part) if two_pass and part else part for part in (learned, judge)]
    about = {"objective": repr(objective), "smoothing": smoothing, "dev data": held and held.fingerprint()["data"]}
    about["two_pass"] = two_pass
    options: dict[str, Any] = {"resume": resume, "log": log, "about": about, "told": told(cuts)}
    begun, taken = bool(two_pass) and apart is not None and apart.exists(), 0
    for record in fit(model, first[0], batches, recipe, dev=first[1], folder=folder, **options):
        if begun and resume:
            raise BadInput(
                f"the second pass in {str(apart)!r} has begun, the first cannot be longer; got {record.steps} steps"
            )
        taken = record.step  # fewer than the recipe has, where patience ends the pass
        yield record
    if two_pass:
        together = recipe.accumulate * found(recipe.device).num_processes
        if not taken and folder is not None and (last := checkpoint.newest(Path(folder) / "checkpoints")):
            taken = checkpoint.told(last)[0].step  # the first pass was done before
        steps = math.ceil(two_pass * taken)
        read = train.at(drawn(batches, steps * together))
        batches = batched(model, read, batches.tokens, seed=recipe.seed, more=wrote(model, read))
        rate = defaults.rate_of(recipe, model) / 2
        second = replace(recipe, steps=steps, warmup=steps // 10, learning_rate=rate)
        yield from fit(model, learned, batches, second, dev=judge, folder=apart, **options)
    if folder is not None and PartialState().is_main_process:
        model.save_pretrained(folder)


def drawn(batches: Batches, few: int) -> list[int]:
    """The examples of the first few batches, so that no more is written for a second pass than it can read."""
    return np.unique(np.concatenate([one["id"] for one in islice(batches.epoch(1), few)])).tolist()


def by_itself(objective: Callable[..., Any]) -> Callable[..., Any]:
    """The same of a model whose directions know nothing of each other."""

    def of(model: Any, *batch: Any) -> Any:
        with alone(model):
            return objective(model, *batch)

    return of


def batched(
    model: Seq2Seq,
    pairs: Pairs,
    tokens: int | None,
    seed: int = 1,
    shuffle: bool = True,
    more: dict[str, list[np.ndarray]] | None = None,
    cuts: dict[str, Cut] | None = None,
) -> Batches:
    """Pairs, and more columns, as batches of numbers, cut to the model's longest, as `cuts` then tells of both sides;
    an empty text is an unknown token."""
    cuts = cuts or {"source": Cut(model.shape.longest), "target": Cut(model.shape.written)}
    columns: dict[str, Any] = {
        name: token_array(tokenizer, texts, cuts[name])
        for name, tokenizer, texts in (
            ("source", model.reader, pairs.sources),
            ("target", model.tokenizer, pairs.targets),
        )
    }
    if cuts["target"].cut:
        columns["cut"] = np.frombuffer(bytes(cuts["target"].which), bool)
    tokens = max(tokens or defaults.tokens_of(columns), model.shape.longest, model.shape.written)
    return Batches({**columns, **(more or {})}, tokens=tokens, seed=seed, shuffle=shuffle)


def evaluate(model: nn.Module, batches: Batches, pairs: Pairs) -> dict[str, float]:
    """The mean cross entropy of a token given gold histories, of each direction by itself, for gold histories of the
    other give it away; and, where the extra "score" is installed, BLEU and ROUGE-L of what is written greedily, of at
    most twice as many tokens as the longest target has."""
    lost = by_itself(loss) if getattr(model, "direction", "") == "bidirectional" else loss

    def write(some: Pairs) -> list[str]:
        longest = min(2 * most(model.tokenizer, some.targets), model.shape.written)  # type: ignore[arg-type, union-attr]
        found = n_best(model, some.sources, Search(beam=1, longest=longest), cut=Cut(0))  # type: ignore[arg-type]
        return [one[0].text if one else "" for one in found]

    return {"loss": mean_loss(model, batches, lost), **wrote_well(pairs, write)}
