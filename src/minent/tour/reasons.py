"""Reasons: a classifier of digits explains a mistake as a sum over its training examples, and finds false labels."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from minent.attribution import because, explain, record
from minent.attribution.page import sections
from minent.errors import require
from minent.plot.picture import picture
from minent.plot.speaking import Say
from minent.tour.page import Section, table

ASKED = """A small network learns 400 of scikit-learn's digits, five of them with a false label on purpose; its training
is recorded. What it says of a new digit is then a sum over the training examples: which of them led it to its most
confident mistake? And which training examples do the others contradict?"""
LEARNED, PLANTED, EPOCHS, BATCH = 400, 5, 10, 40
log = logging.getLogger(__name__)


def reasons(folder: Path, say: Say) -> Section:
    """Train, explain, list; the trajectory and the page of the mistake go to `folder`."""
    images, labels, taught, planted = digits()
    run = folder / "digits-trajectory"
    model = trained(images[:LEARNED], taught, run)
    with torch.no_grad():
        scores = model(images[LEARNED:]).softmax(1)
    wrong = scores.argmax(1) != labels[LEARNED:]
    mistake = LEARNED + int((scores.amax(1) * wrong).argmax())
    log.info("explaining a mistake")
    parts = explain(model, run, images[mistake : mistake + 1], train=(images[:LEARNED], taught))
    names = [str(digit) for digit in range(10)]
    asked: dict[str, Any] = {
        "inputs": lambda i: shown(images[mistake]), "examples": lambda i: shown(images[i]), "labels": names,
        "truth": [names[labels[mistake]]], "taught": [names[i] for i in taught], "language": say("en"),
    }  # fmt: skip
    because(parts, title=say("a mistake, explained"), **asked).write(folder / "reasons.html")
    log.info("looking for false labels")
    whole = explain(model, run, images[:LEARNED], train=(images[:LEARNED], taught))
    order, _ = whole.mislabels(taught.numpy())
    found = len(set(order[: 2 * PLANTED].tolist()) & set(planted))
    others = whole.others().argmax(1)
    rows = [
        (str(i), str(int(taught[i])), str(others[i]), say("planted") if i in planted else "")
        for i in order[: 2 * PLANTED].tolist()
    ]
    accuracy = 100 * (1 - wrong.double().mean().item())
    command = (
        "with minent.attribution.record(model, optimizer, run) as r: …  # in your own loop\n"
        "minent attribution explain run --data test.npz --train train.npz --model net.py:make -o because.html\n"
        "minent attribution mislabels run --train train.npz --model net.py:make"
    )
    facts = [
        (f"{found} / {PLANTED}", say("false labels among the first {} suspects").format(2 * PLANTED)),
        (f"{parts.relative_residual:.0e}", say("is what the sum lacks of what training changed")),
        (f"{accuracy:.1f} %", say("of {:,} new digits right").format(len(wrong))),
    ]
    heads = [say("example"), say("taught as"), say("the others say"), ""]
    told = (
        f'<h3>{say("Its most confident mistake, as a sum")}</h3><div class="reasons">{sections(parts, **asked)}</div>'
    )
    html = f"{told}<h3>{say('Whom the others contradict')}</h3>{table(heads, rows)}"
    return Section(say("The examples that made a prediction"), say(ASKED), command, facts, html, "attribution.md")


def digits() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, list[int]]:
    """Images in a drawn order, their labels, what is taught of the first of them, and which of these are false."""
    data = require("sklearn.datasets", "knn", "read the digits").load_digits()
    random = np.random.default_rng(1)
    order = random.permutation(len(data.target))
    images = torch.tensor(data.images[order] / 16, dtype=torch.float32)[:, None]
    labels = torch.tensor(data.target[order])
    planted = random.choice(LEARNED, PLANTED, replace=False).tolist()
    taught = labels[:LEARNED].clone()
    taught[planted] = (taught[planted] + torch.tensor(random.integers(1, 10, PLANTED))) % 10
    return images, labels, taught, planted


def trained(images: torch.Tensor, taught: torch.Tensor, run: Path) -> nn.Module:
    """A network of two layers, its training recorded in `run`."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer, random = torch.optim.Adam(model.parameters(), lr=3e-3), np.random.default_rng(2)
    with record(model, optimizer, run) as recording:
        for epoch in range(EPOCHS):
            log.info("epoch %d of %d", epoch + 1, EPOCHS)
            for ids in random.permutation(len(taught)).reshape(-1, BATCH):
                optimizer.zero_grad()
                F.cross_entropy(model(images[ids]), taught[ids]).backward()
                recording.batch(ids)
                optimizer.step()
    return model


def shown(image: torch.Tensor) -> str:
    return f'<img src="{picture(image.numpy())}" alt="a digit">'
