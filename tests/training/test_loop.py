"""The loop does what its records say, and ends where its docstring says."""

import json
import math
from dataclasses import replace
from itertools import chain, pairwise

import numpy as np
import pytest
import torch
from torch import nn
from training.small_runs import Reader, Sentences, dev, end, surprise

from minent.errors import BadInput
from minent.training.loop import fit
from minent.training.recipe import Recipe
from minent.training.schedule import factor
from minent.training.weights import read

SENTENCES = Sentences()
RECIPE = Recipe(epochs=4.0, learning_rate=0.03, warmup=3, accumulate=2)


def train(recipe=RECIPE, model=None, batches=SENTENCES, **options):
    model = model or Reader()
    return model, list(fit(model, surprise, batches, recipe, **options))


def test_records_tell_the_steps_the_schedule_and_a_falling_loss():
    model, records = train(dev=dev)
    assert [record.step for record in records] == list(range(1, 17))
    assert [record.epoch for record in records] == sorted([1, 2, 3, 4] * 4)  # 7 batches, 2 a step
    rates = [0.03 * factor("cosine", step, 3, 16) for step in range(1, 17)]
    assert [record.learning_rate for record in records] == pytest.approx(rates)
    assert [record.step for record in records if record.dev] == [4, 8, 12, 16]
    assert records[0].loss > records[-1].loss > 1
    assert records[0].loss == pytest.approx(math.log(12), abs=1.5)
    assert not model.training


def test_loss_is_the_mean_over_targets_before_the_step_and_matrices_alone_decay():
    recipe = Recipe(steps=1, learning_rate=1e-9, weight_decay=0.5e9)
    before, _ = Reader(0.0), None
    model, (record,) = train(recipe, Reader(0.0))
    lost, number = surprise(before, {"tokens": torch.tensor(next(Sentences().epoch(1))["tokens"])})
    assert record.loss == pytest.approx(lost.item() / number.item(), rel=1e-6)
    torch.testing.assert_close(model.output.weight, before.output.weight / 2)
    torch.testing.assert_close(model.hidden[0].bias, before.hidden[0].bias)


def test_the_moment_before_a_step_has_the_parameters_that_the_gradients_were_taken_at():
    seen, weights = [], []

    def before_step(moment):
        weights.append(torch.nn.utils.parameters_to_vector(moment.model.parameters()).clone())
        gradients = [parameter.grad.clone() for parameter in moment.model.parameters()]
        seen.append((moment.step, moment.learning_rate, moment.ids.tolist(), moment.targets))
        moment.model.zero_grad()
        batches = list(Sentences().epoch(1))[2 * moment.step - 2 : 2 * moment.step]
        pairs = [surprise(moment.model, {"tokens": torch.tensor(batch["tokens"])}) for batch in batches]
        (sum(lost for lost, _ in pairs) / moment.targets).backward()
        for parameter, gradient in zip(moment.model.parameters(), gradients, strict=True):
            if parameter.grad is not None:
                torch.testing.assert_close(parameter.grad, gradient)
            parameter.grad = gradient

    _, records = train(replace(RECIPE, epochs=1.0, clip=0.0), Reader(0.0), before_step=before_step)
    assert [step for step, *_ in seen] == [1, 2, 3, 4]
    assert [rate for _, rate, *_ in seen] == [record.learning_rate for record in records]
    assert [len(ids) for _, _, ids, _ in seen] == [6, 6, 6, 3]
    assert list(chain.from_iterable(ids for _, _, ids, _ in seen)) == list(range(21))
    assert all((one != other).any() for one, other in pairwise(weights))


def test_the_best_is_that_by_the_score_asked_for(tmp_path):
    said = iter([0.2, 0.9, 0.4, 0.3])

    def judge(model):
        return {"loss": dev(model)["loss"], "bleu": next(said)}

    model, _ = train(replace(RECIPE, best="bleu"), dev=judge, folder=tmp_path)
    checkpoints = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert checkpoints == ["step-00000008", "step-00000016"]  # the best, and the last to go on from
    held = read(tmp_path / "checkpoints" / "step-00000008" / "weights.safetensors")
    assert all(tensor.equal(held[name]) for name, tensor in model.state_dict().items() if name in held)
    with pytest.raises(BadInput, match="one of the scores on dev, loss, bleu; got 'accuracy'"):
        said = iter([0.1])
        train(replace(RECIPE, best="accuracy"), dev=judge)
    with pytest.raises(BadInput, match="best wants dev"):
        train(replace(RECIPE, best="bleu"))


def test_training_stops_after_patience_and_ends_with_the_best_on_dev():
    losses, bits = iter([5.0, 3.0, 4.0, 3.5, 2.0]), []

    def wavering(model):
        bits.append(end(model))
        return {"loss": next(losses)}

    model, records = train(replace(RECIPE, patience=2), dev=wavering)
    assert [record.dev["loss"] for record in records if record.dev] == [5, 3, 4, 3.5]
    assert records[-1].step == 16
    assert end(model) == bits[1] != bits[3]
    with pytest.raises(BadInput, match="patience wants dev"):
        train(replace(RECIPE, patience=2))


def test_model_ends_with_the_mean_of_the_checkpoints_that_are_kept(tmp_path):
    losses, seen = iter([3.0, 1.0, 4.0, 2.0]), []

    def wavering(model):
        seen.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        return {"loss": next(losses)}

    recipe = replace(RECIPE, keep=2)
    model, _ = train(recipe, dev=wavering, folder=tmp_path)
    mean = (seen[1]["output.weight"].double() + seen[3]["output.weight"].double()) / 2
    assert model.output.weight.detach().equal(mean.float())
    assert [path.name for path in sorted((tmp_path / "checkpoints").iterdir())] == ["step-00000008", "step-00000016"]
    assert not (tmp_path / "checkpoints" / "step-00000008" / "optimizer.safetensors").exists()
    last, _ = train(recipe)
    mean = (seen[2]["output.weight"].double() + seen[3]["output.weight"].double()) / 2
    assert last.output.weight.detach().equal(mean.float())


def test_dev_sees_and_the_model_ends_with_the_moving_average(tmp_path):
    recipe, bits = replace(RECIPE, ema=0.9), []
    model, records = train(recipe, folder=tmp_path, dev=lambda model: bits.append(end(model)) or {"loss": -len(bits)})
    final = tmp_path / "checkpoints" / "step-00000016"
    assert end(model) == bits[-1]
    average, raw = read(final / "average.safetensors"), read(final / "weights.safetensors")
    assert end(model) == {name: tensor.numpy().tobytes() for name, tensor in average.items()}
    assert not average["embedding.weight"].equal(raw["embedding.weight"])
    plain, plain_records = train()
    assert end(plain) == {name: tensor.numpy().tobytes() for name, tensor in raw.items()}
    assert [record.loss for record in records] == [record.loss for record in plain_records]
    assert end(train(recipe)[0]) == end(model)


def test_bfloat16_trains_almost_alike_with_weights_in_float32():
    kinds = set()

    def watched(model, batch):
        tokens = model.scores(batch["tokens"])
        kinds.add((tokens.dtype, model.output.weight.dtype))
        return surprise(model, batch)

    records = list(fit(Reader(0.0), watched, Sentences(), replace(RECIPE, precision="bf16")))
    assert kinds == {(torch.bfloat16, torch.float32)}
    losses = [record.loss for record in train(model=Reader(0.0))[1]]
    assert [record.loss for record in records] == pytest.approx(losses, rel=0.05)
    assert [record.loss for record in records] != losses


def test_a_loss_that_is_not_finite_is_refused_before_it_reaches_the_weights():
    bits = []

    def explosive(model, batch):
        lost, number = surprise(model, batch)
        bits.append(end(model))
        return (lost / 0 if len(bits) == 4 else lost), number

    model = Reader()
    with pytest.raises(BadInput, match=r"got a loss of inf over \d+ targets .* at step 2"):
        list(fit(model, explosive, Sentences(), RECIPE))
    assert end(model) == bits[3] != bits[0]
    with pytest.raises(BadInput, match="over 0 targets"):
        list(fit(Reader(), lambda model, batch: (surprise(model, batch)[0], 0), Sentences(), RECIPE))
    with pytest.raises(BadInput, match=r"dev must say a finite 'loss'; got \{'loss': nan\} at step 4"):
        train(dev=lambda model: {"loss": math.nan})


def test_weights_of_16_bits_are_told(caplog):
    line = nn.Linear(3, 1)
    squares = lambda model, batch: (model(torch.ones(4, 3).to(model.weight)).float().square().sum(), 4)  # noqa: E731
    list(fit(line, squares, Sentences(), Recipe(steps=1)))
    assert not caplog.text
    list(fit(line.bfloat16(), squares, Sentences(), Recipe(steps=1)))
    assert "weights in bfloat16 are trained as they are, and small steps are rounded away" in caplog.text


def test_what_cannot_be_trained_is_refused():
    with pytest.raises(BadInput, match=r"sum of the losses of a batch and how many they are; got a Tensor"):
        list(fit(Reader(), lambda model, batch: surprise(model, batch)[0], Sentences(), RECIPE))
    with pytest.raises(BadInput, match="of this one all are frozen"):
        list(fit(Reader().requires_grad_(False), surprise, Sentences(), RECIPE))
    with pytest.raises(BadInput, match="an epoch must have a batch; got none in epoch 1"):
        train(batches=Sentences(0), recipe=Recipe())
    with pytest.raises(BadInput, match="warmup must be shorter than the run of 16 steps; got 16"):
        train(replace(RECIPE, warmup=16))
    with pytest.raises(BadInput, match="resume wants the folder"):
        train(resume=True)


def test_what_a_caller_does_between_steps_changes_nothing():
    quiet, restless = Reader(), Reader()
    for _ in fit(quiet, surprise, Sentences(), RECIPE):
        pass
    for _ in fit(restless, surprise, Sentences(), RECIPE):
        torch.rand(3)
        restless.eval()
    assert end(quiet) == end(restless)


def test_seed_decides_dropout():
    assert end(train()[0]) == end(train()[0]) != end(train(replace(RECIPE, seed=2))[0])


def test_log_has_a_line_a_record_or_goes_where_it_is_told(tmp_path):
    told: list[dict] = []
    _, records = train(folder=tmp_path / "a", dev=dev)
    lines = [json.loads(line) for line in (tmp_path / "a" / "log.jsonl").read_text().splitlines()]
    assert lines == [vars(record) for record in records]
    train(folder=tmp_path / "b", log=told.append)
    assert [line["step"] for line in told] == list(range(1, 17))
    assert not (tmp_path / "b" / "log.jsonl").exists()


def test_linear_regression_reaches_the_solution_of_the_normal_equations():
    rng = np.random.default_rng(1)
    x, noise = rng.normal(size=(64, 3)).astype(np.float32), rng.normal(size=(64, 1)).astype(np.float32)

    class Points:
        def epoch(self, number):
            yield {"x": x, "y": x @ np.float32([[1], [2], [3]]) + noise}

        def __len__(self):
            return 1

    line = nn.Linear(3, 1, bias=False)
    recipe = Recipe(steps=600, learning_rate=0.05, weight_decay=0.0)
    for _ in fit(line, lambda model, batch: ((model(batch["x"]) - batch["y"]).square().sum(), 64), Points(), recipe):
        pass
    solution = np.linalg.lstsq(x, next(Points().epoch(1))["y"], rcond=None)[0]
    assert pytest.approx(solution, abs=1e-3) == line.weight.detach().numpy().T
