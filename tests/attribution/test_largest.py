"""Of each number the largest contributions alone, and explanations on disk."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import torch
from attribution.runs import EXAMPLES, MODELS, OPTIMIZERS, examples, recorded
from torch import nn

from minent.attribution import because, explain, read_explanation, write_explanation
from minent.errors import BadInput


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    model, train = recorded(folder, MODELS["tanh"], OPTIMIZERS["AdamW"])
    inputs, _ = examples(model, 4, seed=9)
    return model, folder, inputs, train


@pytest.fixture(scope="module")
def whole(run):
    model, folder, inputs, train = run
    return explain(model, folder, inputs, train=train)


@pytest.mark.parametrize("memory", [1.0, 1e-9])
def test_the_largest_are_those_of_the_whole_and_the_others_one_term(run, whole, memory):
    model, folder, inputs, train = run
    few = explain(model, folder, inputs, train=train, first=3, memory=memory)
    assert few.contributions.shape == (4, 3, 6) and EXAMPLES > 6
    for i, o in np.ndindex(4, 3):
        for ours, theirs in zip(few.top(i, o, 3), whole.top(i, o, 3), strict=True):
            assert [one for one, _ in ours] == [one for one, _ in theirs] and ours
            np.testing.assert_allclose([part for _, part in ours], [part for _, part in theirs], rtol=1e-9)
    np.testing.assert_allclose(few.residual, whole.residual, atol=1e-13)
    np.testing.assert_allclose(few.other["other examples"], whole.contributions.sum(2) - few.contributions.sum(2))
    assert np.abs(few.other["other examples"]).max() > 1e-3
    assert set(few.to_frame().example) <= set(range(EXAMPLES))
    with pytest.raises(BadInput, match="contributions of all training examples"):
        few.graph()
    with pytest.raises(BadInput, match="1 or more; got 0"):
        explain(model, folder, inputs, train=train, first=0)


def test_of_few_examples_all_are_the_largest(run, whole):
    model, folder, inputs, train = run
    all_ = explain(model, folder, inputs, train=train, first=EXAMPLES)
    assert all_.top(0, 1, EXAMPLES) == whole.top(0, 1, EXAMPLES)
    np.testing.assert_allclose(all_.other["other examples"], 0, atol=1e-12)


def test_the_largest_of_several_runs_are_those_of_their_mean(run, tmp_path):
    model, folder, inputs, train = run
    recorded(tmp_path, MODELS["tanh"], OPTIMIZERS["SGD"])
    mean = explain(model, [folder, tmp_path], inputs, train=train)
    few = explain(model, [folder, tmp_path], inputs, train=train, first=2)
    assert few.top(2, 0, 2) == mean.top(2, 0, 2)


def test_the_highest_of_several_runs_is_that_of_their_mean(run, tmp_path):
    model, folder, _, train = run
    inputs, _ = examples(model, 30, seed=5)
    recorded(tmp_path, MODELS["tanh"], lambda p: torch.optim.SGD(p, 3.0))
    each = [explain(model, one, inputs, train=train) for one in (folder, tmp_path)]
    first, second = (one.prediction.argmax(1) for one in each)
    best = np.mean([one.prediction for one in each], 0).argmax(1)
    assert (first != second).any()
    mean = explain(model, [folder, tmp_path], inputs, train=train, outputs="predicted")
    rows = np.arange(len(inputs))
    wanted = np.mean([one.contributions[rows, best] for one in each], 0)
    np.testing.assert_allclose(mean.contributions[:, 0], wanted, atol=1e-12)


def test_the_page_of_the_largest_adds_up(run):
    model, folder, inputs, train = run
    few = explain(model, folder, inputs, train=train, first=3)
    page = because(few, str, str, labels=["a", "b", "c"])
    numbers = [float(one.replace("−", "-")) for one in re.findall(r"<td class=number>([+−][\d.]+)", page)]
    sections, total = page.split("<section>")[1:], 0
    for section in sections:
        *bars, said = [float(one.replace("−", "-")) for one in re.findall(r"class=number>([+−][\d.]+)", section)]
        assert sum(bars) == pytest.approx(said, abs=1e-3)
        total += len(bars) + 1
    assert len(sections) == 4 and total == len(numbers)


def test_the_margin_is_the_log_odds_of_what_is_said(run):
    model, folder, inputs, train = run
    parts = explain(model, folder, inputs, train=train, outputs="margin", memory=1e-9)
    chance = model(inputs).softmax(1).max(1).values.detach()
    np.testing.assert_allclose(parts.prediction[:, 0], (chance / (1 - chance)).log(), rtol=1e-10)
    assert parts.relative_residual < 1e-12


@pytest.mark.parametrize("first", [None, 3])
def test_an_explanation_is_read_as_it_was_written(run, tmp_path, first):
    model, folder, inputs, train = run
    parts = explain(model, folder, inputs, train=train, first=first)
    write_explanation(parts, tmp_path / "parts.parquet")
    again = read_explanation(tmp_path / "parts.parquet")
    for name in ("prediction", "initial", "contributions", "examples", "off", "notes", "doubts"):
        np.testing.assert_array_equal(getattr(again, name), getattr(parts, name))
    assert repr(again) == repr(parts) and list(again.other) == list(parts.other)
    assert all((again.other[name] == one).all() for name, one in parts.other.items())
    assert len(pd.read_parquet(tmp_path / "parts.parquet")) == np.count_nonzero(parts.contributions)


def test_what_is_no_explanation_is_refused(tmp_path, whole):
    pd.DataFrame({"input": [1]}).to_parquet(tmp_path / "other.parquet")
    (tmp_path / "text.parquet").write_text(json.dumps({}))
    for name, told in (("other", "is no explanation"), ("text", "is no Parquet"), ("none", "there is no")):
        with pytest.raises(BadInput, match=told):
            read_explanation(tmp_path / f"{name}.parquet")
    with pytest.raises(BadInput, match=r"as \.parquet"):
        write_explanation(whole, tmp_path / "parts.csv")


def test_memory_that_is_told_is_what_convolutions_take(run):
    """What one input more takes is told by two, and grows with the size of the image."""
    from minent.attribution.walk.room import room

    def net():
        return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))

    model = net()
    asked = dict(model.state_dict()), set(dict(model.named_parameters()))
    with torch.no_grad():
        small, large = (
            room(model, asked[0], torch.randn(2, 1, size, size), asked[1], lambda _: lambda out: out)
            for size in (18, 34)
        )
    places = 16 * 16
    # of each place: patches' and gradients' numbers (4 channels by 3 outputs at least), four bytes each
    assert places * 4 * 4 * 3 <= small < large and 3 < large / small < 5
