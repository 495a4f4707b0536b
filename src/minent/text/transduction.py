"""A sequence-to-sequence model learns from pairs by the cross entropy −log p(y_t | y_<t, x) of every target token."""

import math
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from torch import nn

from minent.data import Batches
from minent.data.pairs import Pairs
from minent.nn.shape import Shape
from minent.text.options import Reading, Writing
from minent.text.seq2seq import Seq2Seq, alone, loss
from minent.text.tokenizer import end_of, sequences, tokenizer_of
from minent.text.two_pass import wrote
from minent.training.loop import fit
from minent.training.recipe import Recipe
from minent.training.record import Record

SAMPLE = 200  # development pairs that are written out at each evaluation


def new_seq2seq(train: Pairs, shape: Shape, reading: Reading, writing: Writing, seed: int = 1) -> Seq2Seq:
    """An untrained model, with one tokenizer for both sides, trained on `train` or given."""
    tokenizer = tokenizer_of([*train.sources, *train.targets], reading)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Seq2Seq(
            tokenizer.get_vocab_size(), shape, writing.decoder, writing.interaction, writing.fusion, writing.copy,
            end_of(tokenizer),
        )  # fmt: skip
    model.tokenizer = tokenizer
    return model


def train_seq2seq(
    model: Seq2Seq,
    train: Pairs,
    dev: Pairs | None = None,
    recipe: Recipe | None = None,
    *,
    smoothing: float = 0.1,
    two_pass: float = 0.0,
    tokens: int = 8192,
    folder: str | Path | None = None,
    resume: bool = False,
    log: Callable[[dict[str, Any]], object] | None = None,
) -> Iterator[Record]:
    """Train on batches of about `tokens` tokens a side, one record a step (see `minent.training.loop.fit`); with a
    folder, the model is saved there at the end. `dev` gives the loss given gold histories, and BLEU and ROUGE-L of what
    is written greedily for the first SAMPLE of its sources. `two_pass`: the share of the steps that a second pass takes
    (see `minent.text.two_pass`), at half the learning rate, its files in the folder second-pass; without one,
    directions read each other's gold histories from the start."""
    recipe = recipe or Recipe()
    batches = batched(model, train, tokens, seed=recipe.seed)
    held = None if dev is None else batched(model, dev, tokens, shuffle=False)
    score = None if held is None or dev is None else lambda one: evaluate(one, held, dev)
    objective = partial(loss, smoothing=smoothing)
    with alone(model) if two_pass else nullcontext():
        yield from fit(model, objective, batches, recipe, dev=score, folder=folder, resume=resume, log=log)
    if two_pass:
        batches = batched(model, train, tokens, seed=recipe.seed, more=wrote(model, train))
        steps = math.ceil(two_pass * (recipe.steps or recipe.epochs * len(batches) / recipe.accumulate))
        second = replace(recipe, steps=steps, warmup=steps // 10, learning_rate=recipe.learning_rate / 2)
        apart = None if folder is None else Path(folder) / "second-pass"
        yield from fit(model, objective, batches, second, dev=score, folder=apart, resume=resume, log=log)
    if folder is not None and PartialState().is_main_process:
        model.save_pretrained(folder)


def batched(
    model: Seq2Seq,
    pairs: Pairs,
    tokens: int,
    seed: int = 1,
    shuffle: bool = True,
    more: dict[str, list[np.ndarray]] | None = None,
) -> Batches:
    """Pairs, and more columns, as batches of numbers, cut to the model's longest; an empty text is an unknown token."""
    columns = {
        name: sequences(model.tokenizer, texts, model.shape.longest)
        for name, texts in (("source", pairs.sources), ("target", pairs.targets))
    }
    return Batches({**columns, **(more or {})}, tokens=max(tokens, model.shape.longest), seed=seed, shuffle=shuffle)


def evaluate(model: nn.Module, batches: Batches, pairs: Pairs) -> dict[str, float]:
    """The mean cross entropy of a token given gold histories; and, where the extra "score" is installed, BLEU and
    ROUGE-L of what is written greedily."""
    total, count = 0.0, 0
    device = next(model.parameters()).device
    for batch in batches.epoch(1):
        tensors = {name: torch.from_numpy(array).to(device) for name, array in batch.items()}
        one, many = loss(model, tensors)  # type: ignore[arg-type]
        total, count = total + float(one), count + int(many)
    scores = {"loss": total / count}
    if find_spec("sacrebleu") and find_spec("rouge_score"):
        from minent.text.score import score

        found = model.write(pairs.sources[:SAMPLE], beam=1)  # type: ignore[operator]
        found_scores = score(found, pairs.targets[:SAMPLE])
        scores |= {"bleu": found_scores.bleu, "rouge_l": found_scores.rouge_l}
    return scores
