"""A classifier learns from texts with labels by the cross entropy −log p(label | text)."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import PartialState
from torch import Tensor, nn

from minent.data import Batches, Labelled
from minent.data.natural import in_order
from minent.errors import BadInput
from minent.files import whole_file
from minent.nn.shape import Shape
from minent.text.classification.classifier import Classifier
from minent.text.classification.hub import HubClassifier
from minent.text.cut import Cut, told
from minent.text.hub_folder import hub_run
from minent.text.options import Reading
from minent.text.token_ids import most
from minent.text.tokenizer import tokenizer_of
from minent.training import defaults
from minent.training.loop import fit
from minent.training.recipe import Recipe
from minent.training.records import Record


def new_classifier(train: Labelled, shape: Shape, reading: Reading, seed: int = 1) -> Classifier:
    """An untrained classifier for the labels of `train`, with a tokenizer trained on its texts or given.

    Raises BadInput for texts without labels, or of one label only."""
    labels = labels_of(train)
    tokenizer = tokenizer_of(train.texts, reading)
    shape = shape if shape.longest else shape.settled(most(tokenizer, train.texts))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        classifier = Classifier(tokenizer.get_vocab_size(), labels, shape)
    classifier.tokenizer = tokenizer
    return classifier


def labels_of(train: Labelled) -> list[str]:
    """The labels of texts, in their order. Raises BadInput for fewer than two."""
    labels = in_order(set(train.labels or []))
    if len(labels) < 2:
        raise BadInput(f"a classifier learns to tell labels apart; the training texts have {len(labels)} of them")
    return labels


def train_classifier(
    classifier: Classifier | HubClassifier,
    train: Labelled,
    dev: Labelled | None = None,
    recipe: Recipe | None = None,
    *,
    tokens: int | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
    log: Callable[[dict[str, Any]], object] | None = None,
    record: int = 0,
) -> Iterator[Record]:
    """Train on batches of about `tokens` tokens (None: see `minent.training.defaults`), one record a step (see
    `minent.training.loop.fit`); with a folder, the classifier is saved there at the end. `dev` gives loss and accuracy.
    `record`: the weights before every so many steps are recorded in folder/trajectory, with the texts, for
    `minent.attribution`.

    Raises BadInput for labels that the classifier does not know, and as `fit` does."""
    recipe = recipe or Recipe()
    cut = Cut(classifier.longest)
    batches = batched(classifier, train, tokens, seed=recipe.seed, cut=cut)
    held = None if dev is None else batched(classifier, dev, tokens or defaults.MOST, shuffle=False)
    score = None if held is None else lambda model: evaluate(model, held)
    trajectory = None
    if record:
        if isinstance(classifier, HubClassifier):
            raise BadInput("what is recorded is explained with a classifier of minent; got one of Hugging Face")
        if folder is None:
            raise BadInput("record wants a folder to record the run in; got None")
        trajectory = Path(folder) / "trajectory"
    run = partial(
        fit, classifier, loss, batches, recipe, dev=score, folder=folder, resume=resume, log=log, trajectory=trajectory,
        every=max(record, 1), told=told({"text": cut}),
        about={"labels": classifier.labels, "dev data": held and held.fingerprint()["data"]},
    )  # fmt: skip
    if isinstance(classifier, HubClassifier):
        yield from hub_run(run, classifier.model, classifier.tokenizer, folder)
        return
    yield from run()
    if trajectory is not None and PartialState().is_main_process:
        write_examples(trajectory / "train.jsonl", train)
    if folder is not None and PartialState().is_main_process:
        classifier.save_pretrained(folder)


def write_examples(path: Path, train: Labelled) -> None:
    """Write the texts with their labels, and the row of each, as JSON lines."""
    rows = range(len(train)) if train.rows is None else train.rows
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for row, text, label in zip(rows, train.texts, train.labels or [], strict=True):
            place = int(row) if train.plan is None else train.plan.place(int(row))
            file.write(json.dumps({"row": place, "text": text, "label": label}, ensure_ascii=False) + "\n")


def batched(
    classifier: Classifier | HubClassifier,
    texts: Labelled,
    tokens: int | None,
    seed: int = 1,
    shuffle: bool = True,
    cut: Cut | None = None,
) -> Batches:
    """Texts and labels as batches of numbers; `cut` counts what is lost. Raises BadInput for an unknown label."""
    known = {label: i for i, label in enumerate(classifier.labels)}
    if texts.labels is None:
        raise BadInput("a classifier learns from texts with labels; these have none")
    if unknown := sorted(set(texts.labels) - set(known)):
        raise BadInput(f"the classifier knows the labels {', '.join(known)}; got {unknown[0]!r}")
    columns = {
        "tokens": (rows := classifier.token_array(texts.texts, cut)),
        "label": np.fromiter((known[label] for label in texts.labels), np.int64, len(texts)),
    }
    most = max(tokens or defaults.tokens_of(columns), int(rows.lengths.max(initial=1)))
    return Batches(columns, tokens=most, seed=seed, shuffle=shuffle, pad=classifier.pad)


def loss(model: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, int]:
    """The cross entropies of a batch, summed, and how many they are."""
    scores = model(batch["tokens"], batch["tokens_mask"])
    return F.cross_entropy(scores, batch["label"], reduction="sum"), len(scores)


def evaluate(model: nn.Module, batches: Batches) -> dict[str, float]:
    """The mean cross entropy, and the share of texts whose likeliest label is theirs."""
    total, right, count = 0.0, 0, 0
    device = next(model.parameters()).device
    for batch in batches.epoch(1):
        tokens, mask, label = (torch.from_numpy(batch[name]).to(device) for name in ("tokens", "tokens_mask", "label"))
        scores = model(tokens, mask)
        total += float(F.cross_entropy(scores.float(), label, reduction="sum"))
        right += int((scores.argmax(1) == label).sum())
        count += len(label)
    return {"loss": total / count, "accuracy": right / count}
