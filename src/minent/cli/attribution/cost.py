"""`minent attribution cost`: before anything is recorded."""

import math
from pathlib import Path
from typing import Any, Literal

from minent.cli.attribution.asked import at_least_one
from minent.cli.attribution.recorded import made, trained_on
from minent.cli.computing import Device
from minent.errors import require


def cost(
    *,
    train: Path,
    model: str,
    labels: str | None = None,
    optimizer: Literal["sgd", "momentum", "adam"] = "adam",
    batch: int = 32,
    epochs: float = 3.0,
    inputs: int = 20,
    memory: float = 1.0,
    device: Device = "auto",
) -> None:
    """What it will cost to record a run and to explain it: time is measured on three steps, and multiplied.

    Parameters
    ----------
    train
        What the model will learn from: .npz (x, y) or .csv (numbers, label).
    model
        A function that makes the model, as file.py:function or module:function.
    labels
        What the outputs of --model stand for, in their order, where labels are names: cat,bird,ant.
    optimizer
        Momentum and Adam remember gradients, which costs more.
    batch
        Examples a step.
    epochs
        How often each is seen.
    inputs
        How many will be explained.
    memory
        GiB for what grows with the number of inputs.
    """
    for name, number in (("batch", batch), ("inputs", inputs)):
        at_least_one(name, number)
    require("torch", "torch", "explain models")
    import torch

    from minent.attribution import cost
    from minent.training.devices import device_of

    there, network = device_of(device), made(model)
    _, _, (x, y), loss = trained_on(train, labels, network, model)
    kind: Any = torch.optim.AdamW if optimizer == "adam" else torch.optim.SGD
    options = {"momentum": 0.9} if optimizer == "momentum" else {}
    steps = max(1, math.ceil(epochs * math.ceil(len(y) / batch)))
    some = slice(min(batch, len(y)))
    network.to(there)
    found = cost(
        network, kind(network.parameters(), lr=1e-3, **options), (x[some].to(there), y[some].to(there)), steps=steps,
        examples=len(y), inputs=inputs, loss=loss, memory=memory,
    )  # fmt: skip
    print(f"{steps:,} steps of {batch} of {len(y):,} examples; {inputs:,} inputs to explain\n{found}")
