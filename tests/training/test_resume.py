"""A run that was killed and resumed ends, bit for bit, as if it had not been; one that cannot be resumed says why."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from training import small_runs
from training.small_runs import Reader, Sentences, dev, end, surprise

from minent.errors import BadInput
from minent.training import checkpoint
from minent.training.checkpoint import State
from minent.training.loop import fit
from minent.training.recipe import Recipe
from minent.training.saved import Saved
from minent.training.trajectory import Trajectory
from minent.training.trajectory.shards import unfinished

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


@pytest.mark.parametrize("fused", [False, True])
def test_moments_are_laid_out_as_weights_and_counts_lie_where_torch_has_them(tmp_path, fused):
    """A device without numbers stands for a GPU."""

    def made(device):
        model = nn.Conv2d(2, 3, 3).to(device, memory_format=torch.channels_last)
        return model, torch.optim.AdamW(model.parameters())

    model, optimizer = made("cpu")
    model(torch.ones(1, 2, 4, 4)).sum().backward()
    optimizer.step()
    checkpoint.save(tmp_path, State(step=1), RECIPE, model, optimizer, None, {})
    model, optimizer = made("meta")
    optimizer.param_groups[0]["fused"] = fused
    checkpoint.load(tmp_path / "step-00000001", RECIPE, model, optimizer, None, {})
    state = optimizer.state[model.weight]
    assert state["exp_avg"].stride() == state["exp_avg_sq"].stride() == model.weight.stride()
    assert state["exp_avg"].device == model.weight.device
    assert state["step"].device.type == ("meta" if fused else "cpu")


def test_a_recorded_run_that_was_killed_before_its_first_checkpoint_begins_anew(tmp_path):
    recipe, folder = replace(RECIPE, accumulate=1, save_every=20), tmp_path / "run"

    def recorded(steps=None, **options):
        numbers = Numbers()
        records = fit(nn.Linear(2, 1), loss, numbers, recipe, folder=folder, trajectory=folder / "own", **options)
        taken = list(islice(records, steps))
        records.close()
        return taken

    def loss(model, batch):
        return model(batch["x"]).square().sum(), 4

    torch.manual_seed(0)
    recorded(3)
    assert unfinished(folder / "own") and not list(folder.glob("checkpoints/step*"))
    recorded()
    assert Trajectory.open(folder / "own").end == 21
    with pytest.raises(BadInput, match="holds a run already"):
        recorded()
    shutil.rmtree(folder / "checkpoints")
    with pytest.raises(BadInput, match="holds a trajectory already"):  # a whole one is somebody's own
        recorded()


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_models_are_kept_as_they_were(tmp_path, ema):
    class Line(Saved):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 1)

    def loss(model, batch):
        return model.layer(batch["x"]).square().sum(), 4

    def run(steps, **options):
        recipe = Recipe(steps=4, learning_rate=0.1, schedule="constant", keep_every=2, save_every=1, ema=ema)
        torch.manual_seed(0)
        model = Line()
        records = fit(model, loss, Numbers(), recipe, **options)
        list(islice(records, steps))
        records.close()
        return model

    whole = run(9, folder=tmp_path / "a")
    run(3, folder=tmp_path / "b")
    run(9, folder=tmp_path / "b", resume=True)
    for folder in ("a", "b"):
        kept = sorted(path.name for path in (tmp_path / folder / "snapshots").iterdir())
        assert kept == ["step-00000002", "step-00000004"]
        early, late = (Line.from_pretrained(tmp_path / folder / "snapshots" / name).layer.weight for name in kept)
        assert torch.equal(late, whole.layer.weight) and not torch.equal(early, late)
        assert torch.equal(early, Line.from_pretrained(tmp_path / "a" / "snapshots" / kept[0]).layer.weight)
    with pytest.raises(BadInput, match="keep_every wants a folder, and a model that is saved in one, or keep; got a L"):
        next(fit(nn.Linear(2, 1), loss, Numbers(), Recipe(keep_every=1), folder=tmp_path / "c"))


class Numbers:
    def epoch(self, number):
        for i in range(7):
            yield {"x": np.full((4, 2), i + number, np.float32), "id": np.arange(4)}

    def __len__(self):
        return 7


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


def test_steps_on_more_or_fewer_batches_are_refused(tmp_path):
    run(tmp_path, steps=5)
    with pytest.raises(BadInput, match=r"processes × accumulate was 2; got 1$"):
        run(tmp_path, replace(RECIPE, accumulate=1, steps=12), resume=True)


@pytest.mark.parametrize("frozen", [True, False])
def test_weights_that_were_trained_are_trained_further_and_no_others(tmp_path, frozen):
    before, now = Reader(), Reader()
    (now if frozen else before).hidden[0].requires_grad_(False)
    run(tmp_path, model=before, steps=5)
    said = "was trained, and is frozen now" if frozen else "was frozen, and is trained now"
    with pytest.raises(BadInput, match=f"'hidden.0.bias' {said}"):
        run(tmp_path, model=now, resume=True)


def test_layers_that_weights_do_not_tell_apart_are_told(tmp_path, caplog):
    run(tmp_path, steps=5)
    run(tmp_path, resume=True, steps=1)
    assert not caplog.messages
    run(tmp_path, model=Reader(dropout=0.5), resume=True)
    assert "Dropout(p=0.2, inplace=False) was there, (1): Dropout(p=0.5, inplace=False) is" in caplog.text


class Tower(Saved):
    def __init__(self, heads: int = 2):
        super().__init__()
        self.reader, self.heads = Reader(), heads

    def scores(self, tokens):
        return self.reader.scores(tokens)


def test_a_model_of_other_settings_is_refused_and_one_of_a_shorter_run_does_not_stay(tmp_path):
    tower = Tower()
    list(fit(tower, surprise, Sentences(), RECIPE, folder=tmp_path))
    tower.save_pretrained(tmp_path)
    longer = replace(RECIPE, epochs=5.0)
    with pytest.raises(BadInput, match="heads was 2; got 4"):
        run(tmp_path, longer, model=Tower(heads=4), resume=True)
    assert end(Tower.from_pretrained(tmp_path)) == end(tower)
    records = fit(Tower(), surprise, Sentences(), longer, folder=tmp_path, resume=True)
    assert [record.step for record in islice(records, 6)] == list(range(13, 19))
    records.close()
    assert end(Tower.from_pretrained(tmp_path)) != end(tower)


def test_batches_in_another_order_are_told(tmp_path, caplog):
    class Shuffled(Sentences):
        def epoch(self, number):
            yield from sorted(super().epoch(number), key=lambda batch: self.random.random())

    def go_on(seed, **options):
        batches = Shuffled()
        batches.random = np.random.default_rng(seed)
        records = fit(Reader(), surprise, batches, RECIPE, folder=tmp_path, dev=dev, **options)
        list(islice(records, 6))
        records.close()

    go_on(1)
    run(tmp_path, resume=True, steps=0)
    go_on(2, resume=True)
    assert "batches are others than when the run was stopped" in caplog.text


def test_a_log_that_was_begun_anew_repeats_no_step(tmp_path):
    run(tmp_path, steps=5)
    (tmp_path / "log.jsonl").unlink()
    for steps in (3, None):
        run(tmp_path, steps=steps, resume=True)
    assert [line["step"] for line in log(tmp_path)] == list(range(5, 13))


def test_patience_that_ended_a_run_is_told_where_more_is_asked_for(tmp_path, caplog):
    losses = iter([1.0, 2.0])
    options = {"folder": tmp_path, "dev": lambda model: {"loss": next(losses)}}
    recipe = replace(RECIPE, patience=1)
    list(fit(Reader(), surprise, Sentences(), recipe, **options))
    assert not caplog.messages
    assert list(fit(Reader(), surprise, Sentences(), replace(recipe, epochs=9.0), resume=True, **options)) == []
    assert "patience ended the run at step 8: it takes no more" in caplog.text


def test_batches_of_a_loader_are_tensors_by_name(tmp_path):
    line, rows = nn.Linear(2, 1), torch.utils.data.TensorDataset(torch.ones(8, 2), torch.ones(8, 1))
    loader = torch.utils.data.DataLoader(rows, batch_size=4)

    class Pairs:
        def epoch(self, number):
            yield from loader

        def __len__(self):
            return len(loader)

    class Named(Pairs):
        def epoch(self, number):
            yield from ({"x": x, "y": y} for x, y in loader)

    def squares(model, batch):
        return (model(batch["x"]) - batch["y"]).square().sum(), len(batch["x"])

    with pytest.raises(BadInput, match="by name, a dict of them; got a list"):
        list(fit(line, squares, Pairs(), Recipe(steps=2)))
    assert len(list(fit(line, squares, Named(), Recipe(steps=2), folder=tmp_path))) == 2
    assert len(list(fit(line, squares, Named(), Recipe(steps=3), folder=tmp_path, resume=True))) == 1


def test_frozen_batch_norms_in_evaluation_mode_keep_their_means():
    def means(frozen, dev=None):
        model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
        model[1].requires_grad_(not frozen).eval()

        class Ones:
            def epoch(self, number):
                yield {"x": torch.ones(4, 2)}

            def __len__(self):
                return 1

        list(fit(model, lambda m, b: (m(b["x"]).square().sum(), 4), Ones(), Recipe(steps=3), dev=dev))
        return model[1].running_mean.abs().sum()

    assert means(True, lambda model: {"loss": 1.0}) == 0 < means(False)
