"""A trajectory is what training was, whatever stopped it on the way."""

import json

import pytest
import torch
from torch import nn
from training.small_runs import Reader, Sentences, surprise

from minent.errors import BadInput
from minent.training.loop import fit
from minent.training.recipe import Recipe
from minent.training.trajectory.recorder import Recorder
from minent.training.trajectory.recording import record
from minent.training.trajectory.trajectory import Trajectory
from minent.training.weights import weights

RECIPE = Recipe(epochs=2.0, learning_rate=0.03, accumulate=2, weight_decay=0.1)


def train(folder, recipe=RECIPE, steps=None, **options):
    model = Reader(0.0)
    records = fit(model, surprise, Sentences(), recipe, folder=folder, trajectory=folder / "trajectory", **options)
    for one in records:
        if one.step == steps:
            break
    return model


def test_it_holds_the_weights_rates_and_examples_of_every_step(tmp_path):
    seen = []

    def before_step(moment):
        grads = [p.grad for p in moment.model.parameters()]
        copy = {name: tensor.clone() for name, tensor in weights(moment.model).items()}
        seen.append((copy, moment.learning_rate, moment.ids.tolist(), float(nn.utils.get_total_norm(grads))))

    model = train(tmp_path, before_step=before_step)
    trajectory = Trajectory.open(tmp_path)
    assert len(seen) == trajectory.end == 8
    for step, (held, rate, ids, norm) in zip(trajectory.steps, seen, strict=True):
        assert step.ids.tolist() == ids and len(ids) > 0
        assert step.groups[0]["lr"] == rate
        assert step.gradient_norm == pytest.approx(norm, rel=1e-6)
        for name, tensor in trajectory.weights(step.number).items():
            assert torch.equal(tensor, held[name])
    for name, tensor in trajectory.weights(9).items():
        assert torch.equal(tensor, weights(model)[name])


def test_second_moments_are_those_that_the_step_divides_by(tmp_path):
    model = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters(), 0.1, weight_decay=0.1, amsgrad=True, maximize=True)
    told = []
    with record(model, optimizer, tmp_path) as r:
        for scale in (3.0, 1.0, 0.1):
            optimizer.zero_grad()
            (model(torch.eye(3)) * scale).square().sum().backward()
            r.batch([0, 1, 2])
            optimizer.step()
            told.append({name: optimizer.state[p]["max_exp_avg_sq"].clone() for name, p in model.named_parameters()})
    trajectory = Trajectory.open(tmp_path)
    for step, moments in enumerate(told, 1):
        for name, moment in trajectory.second_moments(step).items():
            torch.testing.assert_close(moment, moments[name])


def test_a_run_that_was_stopped_and_resumed_has_the_same_trajectory(tmp_path):
    train(tmp_path / "whole")
    train(tmp_path / "broken", steps=6)
    with pytest.raises(BadInput, match="has not ended"):
        Trajectory.open(tmp_path / "broken")
    train(tmp_path / "broken", resume=True)
    whole, broken = Trajectory.open(tmp_path / "whole"), Trajectory.open(tmp_path / "broken")
    assert len(whole.steps) == len(broken.steps) == 8
    for step, other in zip(whole.steps, broken.steps, strict=True):
        assert step.ids.tolist() == other.ids.tolist() and step.groups == other.groups
        for name, tensor in whole.weights(step.number).items():
            assert torch.equal(tensor, broken.weights(step.number)[name])


def test_a_resumed_run_drops_what_was_recorded_after_its_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr("minent.training.trajectory.recorder.SHARD_BYTES", 1)  # each step a shard
    train(tmp_path, steps=6)  # the checkpoint is of step 4
    assert len(list((tmp_path / "trajectory").glob("steps-*"))) == 6
    train(tmp_path, resume=True)
    assert [step.number for step in Trajectory.open(tmp_path).steps] == list(range(1, 9))


def test_thinning_keeps_every_kth_step_and_what_the_run_may_end_with(tmp_path):
    best = iter([1.0, 2.0])

    def dev(model):
        return {"loss": next(best)}

    model = train(tmp_path, every=3, dev=dev)
    trajectory = Trajectory.open(tmp_path)
    assert [step.number for step in trajectory.steps if step.kept] == [1, 4, 5, 7]
    assert trajectory.end == 4  # after which dev was lowest
    assert trajectory.segments() == [(1, 4), (4, 5)]
    for name, tensor in trajectory.weights(5).items():
        assert torch.equal(tensor, weights(model)[name])
    with pytest.raises(BadInput, match="were not kept: every 3th was"):
        trajectory.weights(2)


def test_other_optimisers_are_refused_by_name(tmp_path):
    model = nn.Linear(2, 1)
    with (
        pytest.raises(BadInput, match="SGD, Adam, AdamW can be told apart by example; got RMSprop"),
        record(model, torch.optim.RMSprop(model.parameters()), tmp_path),
    ):
        pass


def test_steps_want_names_and_folders_are_not_overwritten(tmp_path):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(BadInput, match="name the examples"), record(model, optimizer, tmp_path / "a") as r:
        model(torch.ones(1, 2)).sum().backward()
        r.batch([0])
        optimizer.step()
        optimizer.step()
    assert json.loads((tmp_path / "a" / "trajectory.json").read_text())["end"] == 1
    with pytest.raises(BadInput, match="holds a trajectory already"):
        Recorder(tmp_path / "a", model, optimizer)
    optimizer.step()  # no hook is left behind
    with pytest.raises(BadInput, match="there is no"):
        Trajectory.open(tmp_path / "b")


def test_a_file_that_is_not_whole_is_named(tmp_path):
    (tmp_path / "trajectory.json").write_text('{"format": 3, "end": 1, "parameters": []}')
    (tmp_path / "steps-00000001.safetensors").write_bytes(b"123")
    with pytest.raises(BadInput, match=r"steps-00000001\.safetensors .* is not a whole safetensors file"):
        Trajectory.open(tmp_path)
    (tmp_path / "trajectory.json").write_text("[]")
    with pytest.raises(BadInput, match=r"trajectory\.json' is not whole, or not a trajectory: it holds a list"):
        Trajectory.open(tmp_path)


def test_gradients_that_a_closure_makes_within_the_step_are_refused(tmp_path):
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(BadInput, match="without a closure"), record(model, optimizer, tmp_path) as r:
        r.batch([0])
        optimizer.step(lambda: model(torch.ones(1, 2)).sum())
    optimizer.step(None)  # the hook is gone


def test_a_disk_that_is_too_small_is_told_before_it_starts(tmp_path):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters())
    with pytest.raises(BadInput, match="record fewer steps"):
        Recorder(tmp_path, model, optimizer, steps=10**18)
    assert not list(tmp_path.iterdir())
