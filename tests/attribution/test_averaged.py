"""Means of weights are explained as such: moving averages, means of all steps and of some checkpoints."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from minent.attribution import explain, record
from minent.errors import BadInput

N = 12


def data(width=6):
    torch.manual_seed(0)
    x = torch.randn(N, width, dtype=torch.float64)
    return x, (x[:, 0] > 0).long()


def trained(folder, model, optimizer, x, y, after, epochs=3):
    with record(model, optimizer, folder) as r:
        for _ in range(epochs):
            for ids in torch.randperm(N).split(4):
                optimizer.zero_grad()
                F.cross_entropy(model(x[ids]), y[ids]).backward()
                r.batch(ids)
                optimizer.step()
                after()


def network():
    return nn.Sequential(nn.Linear(6, 7), nn.BatchNorm1d(7), nn.Tanh(), nn.Linear(7, 2)).double()


OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, 0.1),
    "momentum, decay": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.01),
    "AdamW": lambda p: torch.optim.AdamW(p, 1e-2),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("kind", ["PyTorch's", "from the first weights", "warmed up", "of all steps", "of three steps"])
def test_the_sum_is_what_the_mean_of_weights_says(tmp_path, optimizer, kind):
    (x, y), model = data(), network()
    averages = {
        "PyTorch's": 0.8, "from the first weights": 0.8, "warmed up": lambda step: min(0.9, (1 + step) / (10 + step)),
        "of all steps": lambda step: (step - 1) / step, "of three steps": [4, 7, 9],
    }  # fmt: skip
    average, taken, checkpoints = averages[kind], [0], []
    how = get_ema_multi_avg_fn(0.8) if kind == "PyTorch's" else None
    mean = AveragedModel(model, multi_avg_fn=how) if kind in ("PyTorch's", "of all steps") else copy.deepcopy(model)

    def after():
        taken[0] += 1
        if isinstance(mean, AveragedModel):
            mean.update_parameters(model)
        elif kind != "of three steps":
            kept = average if isinstance(average, float) else average(taken[0])
            for own, new in zip(mean.parameters(), model.parameters(), strict=True):
                own.data.lerp_(new.data, 1 - kept)
        elif taken[0] in average:
            checkpoints.append([p.detach().clone() for p in model.parameters()])

    trained(tmp_path / "run", model, OPTIMIZERS[optimizer](model.parameters()), x, y, after)
    for own, several in zip(mean.parameters(), zip(*checkpoints, strict=True), strict=False):
        own.data = torch.stack(several).mean(0)
    parts = explain(mean, tmp_path / "run", x[:3], train=(x, y), average=average)
    mean.eval()
    np.testing.assert_allclose(parts.prediction, mean(x[:3]).detach().numpy(), atol=1e-12)
    assert np.abs(parts.prediction - model.eval()(x[:3]).detach().numpy()).max() > 1e-3
    # Adam divides a gradient of 0, that of a bias before normalisation, by one that is all but 0
    assert parts.verdict == "exact" and parts.relative_residual < (1e-8 if optimizer == "AdamW" else 1e-12)
    assert not [note for note in parts.notes if "other weights" in note]


def test_an_example_has_as_much_of_what_it_did_as_the_mean_has_of_its_step(tmp_path):
    (x, y), model = data(), nn.Linear(6, 2).double()
    optimizer, order = torch.optim.SGD(model.parameters(), 0.1), []
    with record(model, optimizer, tmp_path / "run") as r:
        for ids in torch.randperm(N).split(4):
            optimizer.zero_grad()
            F.cross_entropy(model(x[ids]), y[ids]).backward()
            r.batch(ids)
            optimizer.step()
            order.append(ids)
    whole = explain(model, tmp_path / "run", x, train=(x, y)).contributions
    mean = explain(model, tmp_path / "run", x, train=(x, y), average=0.5).contributions
    for step, ids in enumerate(order):  # of a linear model, gradients are the same everywhere
        np.testing.assert_allclose(mean[:, :, ids], (1 - 0.5 ** (3 - step)) * whole[:, :, ids], atol=1e-14)


def test_a_model_that_holds_other_weights_than_are_explained_is_told(tmp_path):
    (x, y), model = data(), nn.Linear(6, 2).double()
    trained(tmp_path / "run", model, torch.optim.SGD(model.parameters(), 0.1), x, y, lambda: None)
    assert explain(model, tmp_path / "run", x, train=(x, y)).notes == ()
    other = nn.Linear(6, 2).double()
    (note,) = explain(other, tmp_path / "run", x, train=(x, y)).notes
    assert "other weights" in note and "run's last" in note
    (note,) = explain(model, tmp_path / "run", x, train=(x, y), average=0.9).notes
    assert "that mean" in note


def test_what_is_no_mean_is_refused(tmp_path):
    (x, y), model = data(), nn.Linear(6, 2).double()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for every in (1, 2):
        with record(model, optimizer, tmp_path / f"{every}", every=every) as r:
            for _ in range(3):
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                r.batch(range(N))
                optimizer.step()
    for every, average, told in (
        (2, 0.5, "every step kept"), (1, 1.5, "less than 1"), (1, [0], "steps from 1"), (1, [], "steps from 1")
    ):  # fmt: skip
        with pytest.raises(BadInput, match=told):
            explain(model, tmp_path / f"{every}", x, train=(x, y), average=average)
