"""Two processes that share the steps train as one does that takes all batches."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace

import pytest
import torch
from training import small_runs
from training.small_runs import Reader, Sentences, dev, surprise

from minent.errors import BadInput
from minent.training.loop import fit
from minent.training.processes import found
from minent.training.recipe import Recipe
from minent.training.weights import read


@pytest.mark.parametrize("accumulate", [1, 3])
def test_two_processes_are_one_with_twice_the_batches(tmp_path, accumulate):
    """Bit for bit where each has one batch of a step; of more, sums are made in another order."""
    recipe = Recipe(epochs=2.0, learning_rate=0.02, accumulate=accumulate)  # 7 batches: of the last group 1 and none
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    subprocess.run(
        [*launch, small_runs.__file__, tmp_path / "two", json.dumps(asdict(recipe))],
        check=True,
        capture_output=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    double = replace(recipe, accumulate=2 * accumulate)
    records = list(fit(Reader(), surprise, Sentences(), double, dev=dev, folder=tmp_path / "one"))
    lines = [json.loads(line) for line in (tmp_path / "two" / "log.jsonl").read_text().splitlines()]
    steps = {1: 8, 3: 4}[accumulate]
    assert len(lines) == len(records) == steps
    for key in ("loss", "gradient_norm"):
        assert [line[key] for line in lines] == pytest.approx([getattr(record, key) for record in records], rel=1e-6)
    two, one = (read(tmp_path / name / f"checkpoints/step-{steps:08d}/weights.safetensors") for name in ("two", "one"))
    for name, tensor in one.items():
        bound = {"rtol": 0, "atol": 0} if accumulate == 1 else {"rtol": 1e-4, "atol": 1e-5}
        torch.testing.assert_close(two[name], tensor, **bound)


def test_processes_that_accelerate_does_not_find_are_refused(monkeypatch):
    found()
    monkeypatch.setenv("WORLD_SIZE", "2")  # found once, in this process, accelerate's answer stays: one
    with pytest.raises(BadInput, match="torchrun started 2 processes; accelerate, asked before, found 1"):
        found()
