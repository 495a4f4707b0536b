"""What was recorded before a loop was interrupted is kept, and gone on with."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from minent.attribution import explain, record
from minent.training.trajectory import Trajectory
from minent.training.trajectory.moments import KNOWN
from minent.training.trajectory.shards import read_steps, shards


def test_steps_before_an_interruption_are_kept(tmp_path):
    torch.manual_seed(0)
    x, y = torch.randn(12, 3, dtype=torch.float64), torch.arange(12) % 2
    model = nn.Linear(3, 2).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def steps(r, number):
        for _ in range(number):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            r.batch(range(12))
            optimizer.step()

    with pytest.raises(KeyboardInterrupt), record(model, optimizer, tmp_path / "a") as r:
        steps(r, 3)
        raise KeyboardInterrupt
    assert [step.number for shard in shards(tmp_path / "a") for step in read_steps(shard)] == [1, 2, 3]
    assert Trajectory.open(tmp_path / "a").end == 3  # whole as far as it goes
    assert explain(model, tmp_path / "a", x, train=(x, y)).relative_residual < 1e-12
    with record(model, optimizer, tmp_path / "a", after=3) as r:
        steps(r, 2)
    assert Trajectory.open(tmp_path / "a").end == 5
    assert explain(model, tmp_path / "a", x, train=(x, y)).relative_residual < 1e-12


class Stopped(torch.optim.SGD):
    """Its third step is interrupted when one parameter has moved and the other has not."""

    taken = 0

    def _init_group(self, group, params, *others):
        self.taken += 1
        if self.taken == 3:
            group["params"][0].data.add_(1.0)
            raise KeyboardInterrupt
        return super()._init_group(group, params, *others)


def test_a_step_that_was_interrupted_is_left_out(tmp_path, monkeypatch):
    torch.manual_seed(0)
    x, y = torch.randn(12, 3, dtype=torch.float64), torch.arange(12) % 2
    model = nn.Linear(3, 2).double()
    monkeypatch.setitem(KNOWN, Stopped, "SGD")
    optimizer = Stopped(model.parameters(), lr=0.1)
    with pytest.raises(KeyboardInterrupt), record(model, optimizer, tmp_path / "a") as r:
        while True:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            r.batch(range(12))
            optimizer.step()
    assert Trajectory.open(tmp_path / "a").end == 2
    assert explain(model, tmp_path / "a", x, train=(x, y)).relative_residual < 1e-12


def test_what_is_not_trained_is_written_once(tmp_path):
    torch.manual_seed(0)
    x, y = torch.randn(12, 30, dtype=torch.float64), torch.arange(12) % 2
    model = nn.Sequential(nn.Linear(30, 200), nn.BatchNorm1d(200), nn.Linear(200, 2)).double()
    model[0].requires_grad_(False)
    optimizer = torch.optim.SGD(model[2].parameters(), lr=0.1)
    with record(model, optimizer, tmp_path / "a") as r:
        for number in range(6):
            model[1].train(number == 3)  # its statistics move by this step alone
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            r.batch(range(12))
            optimizer.step()
    with torch.no_grad():
        model[0].bias.data.add_(1.0)  # too late to matter
    trajectory = Trajectory.open(tmp_path / "a")
    assert {name: [step for step, _ in places] for name, places in trajectory.fixed.items()} == {
        **{name: [1] for name in ("0.weight", "0.bias", "1.weight", "1.bias")},
        **{name: [1, 4] for name in ("1.running_mean", "1.running_var", "1.num_batches_tracked")},
    }
    before, after = trajectory.weights(3), trajectory.weights(4)
    assert not torch.equal(before["1.running_mean"], after["1.running_mean"])
    assert torch.equal(after["1.running_mean"], trajectory.weights(7)["1.running_mean"])
    assert torch.equal(after["0.bias"] + 1, model[0].bias)
