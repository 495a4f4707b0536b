"""A run that was killed and resumed ends, bit for bit, as if it had not been; one that cannot be resumed says why."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path

import pytest
from training import small_runs
from training.small_runs import Reader, Sentences, dev, end, surprise

from minent.errors import BadInput
from minent.training.loop import fit
from minent.training.recipe import Recipe

RECIPE = Recipe(epochs=3.0, learning_rate=0.02, warmup=2, accumulate=2, save_every=3)  # 12 steps, 4 an epoch


def run(folder, recipe=RECIPE, *, steps=None, model=None, **options):
    """Train until the end, or until whoever asks for records goes away after `steps`."""
    model = model or Reader()
    records = fit(model, surprise, Sentences(), recipe, folder=folder, dev=dev, **options)
    taken = list(islice(records, steps))
    records.close()
    return model, taken


def log(folder: Path) -> list[dict]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "tokens_per_second"} for line in lines]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.glob("checkpoints/*/*"))}


@pytest.mark.parametrize("stopped", [1, 5, 11])
@pytest.mark.parametrize(
    "recipe",
    [
        RECIPE,
        replace(RECIPE, schedule="linear", ema=0.9),
        replace(RECIPE, schedule="inverse-sqrt", keep=2, patience=3, evaluate_every=5),
    ],
    ids=["cosine", "moving average", "kept"],
)
def test_resumed_run_is_the_uninterrupted_one(tmp_path, recipe, stopped):
    whole, records = run(tmp_path / "whole", recipe)
    assert len(records) == 12
    assert len({record.loss for record in records}) == 12
    run(tmp_path / "broken", recipe, steps=stopped)
    resumed, rest = run(tmp_path / "broken", recipe, resume=True)
    assert len(rest) < 12 or stopped == 1
    assert end(resumed) == end(whole) != end(Reader())
    assert log(tmp_path / "broken") == log(tmp_path / "whole")
    assert files(tmp_path / "broken") == files(tmp_path / "whole") != {}


def test_killed_run_is_resumed_bit_for_bit(tmp_path):
    recipe = asdict(replace(RECIPE, epochs=5.0))
    program = [sys.executable, small_runs.__file__]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [*program, tmp_path / "killed", json.dumps(recipe), "0.1"], stdout=subprocess.PIPE, env=environment
    )
    with process:
        assert process.stdout is not None
        while process.stdout.readline().strip() != b"10":
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert 10 <= len(log(tmp_path / "killed")) < 20
    with (tmp_path / "killed" / "log.jsonl").open("a") as file:
        file.write('{"step": 1')  # a line that was cut in half
    (tmp_path / "killed" / "checkpoints" / "half").mkdir()  # and a checkpoint
    (tmp_path / "killed" / "checkpoints" / "half" / "weights.safetensors").write_bytes(b"half")
    again = subprocess.run([*program, tmp_path / "killed", json.dumps(recipe)], check=True, env=environment, stdout=-1)
    steps = [int(step) for step in again.stdout.split()]
    assert 10 <= steps[0] < 20 == steps[-1]
    run(tmp_path / "whole", Recipe(**recipe))
    assert log(tmp_path / "killed") == log(tmp_path / "whole")
    assert files(tmp_path / "killed") == files(tmp_path / "whole") != {}


def test_finished_run_resumes_to_its_end_and_goes_on_when_told_to(tmp_path):
    model, _ = run(tmp_path)
    same, records = run(tmp_path, resume=True)
    assert (end(same), records) == (end(model), [])
    _, records = run(tmp_path, replace(RECIPE, epochs=4.0), resume=True)
    assert [record.step for record in records] == [13, 14, 15, 16]
    with pytest.raises(BadInput, match="is 16 steps long already; got 12"):
        run(tmp_path, resume=True)


def test_run_that_stopped_early_stays_stopped(tmp_path):
    losses = iter([1.0, 2.0])
    options = {"folder": tmp_path, "dev": lambda model: {"loss": next(losses)}}
    list(fit(Reader(), surprise, Sentences(), replace(RECIPE, patience=1), **options))
    assert len(log(tmp_path)) == 8
    assert list(fit(Reader(), surprise, Sentences(), replace(RECIPE, patience=1), resume=True, **options)) == []


def test_resume_starts_where_there_is_nothing_and_start_refuses_where_there_is(tmp_path):
    _, records = run(tmp_path, resume=True)
    assert len(records) == 12
    before = files(tmp_path)
    with pytest.raises(BadInput, match="holds a run already"):
        run(tmp_path)
    assert files(tmp_path) == before


@pytest.mark.parametrize(("name", "value"), [("learning_rate", 0.1), ("schedule", "linear"), ("seed", 2)])
def test_another_recipe_is_refused_by_the_field_that_differs(tmp_path, name, value):
    run(tmp_path, steps=5)
    with pytest.raises(BadInput, match=f"own recipe: {name} was .*; got {value!r}"):
        run(tmp_path, replace(RECIPE, **{name: value}), resume=True)


@pytest.mark.parametrize("name", ["state.json", "weights.safetensors", "optimizer.safetensors"])
@pytest.mark.parametrize("harm", ["gone", "cut", "empty"])
def test_damaged_checkpoint_is_refused_by_name(tmp_path, name, harm):
    run(tmp_path, steps=5)
    path = tmp_path / "checkpoints" / "step-00000004" / name
    whole = path.read_bytes()
    path.unlink() if harm == "gone" else path.write_bytes(whole[: len(whole) // 2] if harm == "cut" else b"")
    with pytest.raises(BadInput, match=r"(?s)(?=.*step-00000004)(?=.*" + name + ")"):
        run(tmp_path, resume=True)


def test_checkpoint_of_another_model_is_refused(tmp_path):
    run(tmp_path, steps=5)
    model = Reader()
    model.output = type(model.output)(8, 13)
    with pytest.raises(BadInput, match=r"step-00000004.*another model: tensor 'output.bias' has shape \(12,\), not"):
        run(tmp_path, model=model, resume=True)
