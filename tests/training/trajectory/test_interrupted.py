"""What was recorded before a loop was interrupted is kept, and gone on with."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from minent.attribution import explain, record
from minent.training.trajectory import Trajectory
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
    with record(model, optimizer, tmp_path / "a", after=3) as r:
        steps(r, 2)
    assert Trajectory.open(tmp_path / "a").end == 5
    assert explain(model, tmp_path / "a", x, train=(x, y)).relative_residual < 1e-12
