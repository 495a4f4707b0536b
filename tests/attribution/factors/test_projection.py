"""Projected gradients have nearly the products of whole ones."""

import numpy as np
import pytest
import torch
from attribution.runs import OPTIMIZERS, examples, recorded
from torch import nn

from minent.attribution import explain
from minent.attribution.factors.projection import Projection
from minent.errors import BadInput


def wide():
    return nn.Sequential(nn.Linear(16, 60), nn.Tanh(), nn.Linear(60, 60), nn.Tanh(), nn.Linear(60, 3))


def test_products_are_right_in_the_mean_and_vary_as_is_said():
    torch.manual_seed(0)
    a, b = torch.randn(2, 1, 40, 50).double()
    b = b + 0.5 * a
    wanted, scale = float((a * b).sum()), float(a.norm() * b.norm())
    found = []
    for seed in range(400):
        project = Projection({"w": a.shape[1:]}, 100, seed)
        found.append(float((project("w", a) * project("w", b)).sum()))
    spread = np.std(found) / scale
    assert np.mean(found) == pytest.approx(wanted, abs=4 * np.std(found) / 20)
    assert 0.7 * 100**-0.5 < spread < 1.4 * 100**-0.5


def test_projected_contributions_are_near_the_exact_ones_and_the_seed_decides(tmp_path):
    model, train = recorded(tmp_path, wide, OPTIMIZERS["momentum"])
    inputs, _ = examples(model, 8, seed=9)
    exact = explain(model, tmp_path, inputs, train=train)
    near, same, other = (explain(model, tmp_path, inputs, train=train, project=512, seed=s) for s in (0, 0, 1))
    assert np.corrcoef(near.contributions.ravel(), exact.contributions.ravel())[0, 1] > 0.98
    assert 1e-6 < near.relative_residual < 0.3
    assert exact.relative_residual < 1e-12
    np.testing.assert_array_equal(near.contributions, same.contributions)
    assert np.abs(near.contributions - other.contributions).max() > 1e-6
    assert any("projected" in note for note in near.notes)
    whole = explain(model, tmp_path, inputs, train=train, project=4000)  # no parameter has more
    np.testing.assert_allclose(whole.contributions, exact.contributions, atol=1e-13)


def test_adam_and_no_numbers_are_refused(tmp_path):
    model, train = recorded(tmp_path, wide, OPTIMIZERS["SGD"], steps=1)
    with pytest.raises(BadInput, match="got 0"):
        explain(model, tmp_path, train[0], train=train, project=0)
    model, train = recorded(tmp_path / "adam", wide, OPTIMIZERS["AdamW"], steps=1)
    with pytest.raises(BadInput, match=r"got Adam, .* correlate \.69 .* leave it out"):
        explain(model, tmp_path / "adam", train[0], train=train, project=512)
