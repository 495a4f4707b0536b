"""Own contributions, and labels that the others contradict, at the cost of a run."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from attribution.runs import EXAMPLES, MODELS, OPTIMIZERS, recorded
from torch import nn

from minent.attribution import explain, mislabels, record
from minent.errors import BadInput


@pytest.mark.parametrize("name", ["relu", "cnn", "transformer", "tied"])
def test_own_contributions_of_sgd_are_those_of_the_whole_explanation(tmp_path, name):
    model, train = recorded(tmp_path / "a", MODELS[name], OPTIMIZERS["SGD"])
    parts = explain(model, tmp_path / "a", train[0], train=train)
    found = mislabels(model, tmp_path / "a", train=train)
    rows = np.arange(EXAMPLES)
    assert abs(found.own).max() > 1e-3
    np.testing.assert_allclose(found.own, parts.contributions[rows, :, rows], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.score, parts.mislabels(train[1].numpy())[1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("optimizer", ["momentum", "Nesterov", "Adam", "AdamW"])
def test_own_contributions_along_single_stretches_of_one_step_are_exact(tmp_path, optimizer, monkeypatch):
    """One step outlasts nothing; where there is only one, own contributions are exact too."""
    model, train = recorded(tmp_path / "a", MODELS["tanh"], OPTIMIZERS[optimizer], steps=1)
    parts, rows = explain(model, tmp_path / "a", train[0], train=train), np.arange(EXAMPLES)
    found = mislabels(model, tmp_path / "a", train=train)
    np.testing.assert_allclose(found.own, parts.contributions[rows, :, rows], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("optimizer", ["momentum", "Nesterov", "Adam", "AdamW"])
def test_of_optimisers_that_remember_they_are_nearly_those(tmp_path, optimizer):
    model, train = recorded(tmp_path / "a", MODELS["tanh"], OPTIMIZERS[optimizer], steps=80)
    parts = explain(model, tmp_path / "a", train[0], train=train)
    found = mislabels(model, tmp_path / "a", train=train)
    assert np.corrcoef(found.score, parts.mislabels(train[1].numpy())[1])[0, 1] > 0.9  # few and large steps


def test_wrong_labels_come_first_by_every_score(tmp_path):
    torch.manual_seed(0)
    x = torch.randn(80, 4, dtype=torch.float64)
    y = (x[:, 0] > 0).long()
    wrong = [3, 17, 40]
    y[wrong] = 1 - y[wrong]
    for outputs in (1, 2):
        model = nn.Linear(4, outputs).double()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.3)

        def loss(said, target, outputs=outputs):
            if outputs > 1:
                return F.cross_entropy(said, target)
            return F.binary_cross_entropy_with_logits(said[:, 0], target.double())

        with record(model, optimizer, tmp_path / str(outputs)) as r:
            for _ in range(20):
                optimizer.zero_grad()
                loss(model(x), y).backward()
                r.batch(range(80))
                optimizer.step()
        found = mislabels(model, tmp_path / str(outputs), train=(x, y), loss=loss)
        assert found.checked.verdict == "exact" and found.fitted < 1
        assert len({*found.order[:6].tolist()} & {*wrong}) >= 2
        for score in found.cheap.values():
            assert len({*np.argsort(-score)[:6].tolist()} & {*wrong}) >= 2
        with pytest.raises(BadInput, match="targets are labels, whole numbers from 0 to 1: a regression has none"):
            mislabels(model, tmp_path / str(outputs), train=(x, y * 2), loss=loss, anyway=True)


def test_runs_that_are_not_to_be_trusted_are_refused(tmp_path):
    model, train = recorded(tmp_path / "a", MODELS["relu"], OPTIMIZERS["SGD"])
    other = train[0], (train[1] + 1) % 3
    with pytest.raises(BadInput, match="not to be trusted"):
        mislabels(model, tmp_path / "a", train=other)
    assert len(mislabels(model, tmp_path / "a", train=other, anyway=True).score) == EXAMPLES
