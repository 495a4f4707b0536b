"""Where things are computed is asked for by name, and what a machine has not is refused in a sentence."""

import json

import numpy as np
import pytest
import torch
from accelerate import PartialState
from torch import nn

from minent.errors import BadInput
from minent.training.devices import arithmetic, device_of
from minent.training.loop import fit
from minent.training.processes import found
from minent.training.recipe import Recipe

HERE = torch.cuda.is_available()


class Points:
    def __init__(self, slope=1.0):
        self.slope = slope

    def epoch(self, number):
        yield {"x": np.full((4, 1), self.slope, np.float32)}

    def __len__(self):
        return 1


def squares(model, batch):
    return (model(batch["x"]).float() - 2).square().sum(), 4


@pytest.mark.parametrize(
    "name, told",
    [
        ("gpu", "auto, cpu, cuda, cuda:1"),
        ("cuda:x", "auto, cpu, cuda, cuda:1"),
        ("xpu", "auto, cpu, cuda, cuda:1"),
        ("meta", "auto, cpu, cuda, cuda:1"),
        ("cuda:99", "finds"),
        pytest.param("cuda", "no CUDA GPU on this machine", marks=pytest.mark.skipif(HERE, reason="there is a GPU")),
        pytest.param("mps", "no Apple GPU", marks=pytest.mark.skipif(torch.backends.mps.is_available(), reason="one")),
    ],
)
def test_a_device_that_is_not_there_is_refused_by_name(name, told):
    with pytest.raises(BadInput, match=told):
        device_of(name)
    with pytest.raises(BadInput, match=told):
        next(fit(nn.Linear(1, 1), squares, Points(), Recipe(steps=1, device=name)))


def test_auto_is_the_gpu_where_there_is_one():
    assert device_of("auto").type == device_of().type == ("cuda" if HERE else "cpu")
    assert found("cpu").device == torch.device("cpu") == PartialState().device


def test_a_run_may_go_on_elsewhere_but_not_in_other_numbers(tmp_path):
    def run(**options):
        torch.manual_seed(0)
        return list(fit(nn.Linear(1, 1), squares, Points(), Recipe(**options), folder=tmp_path, resume=True))

    run(steps=2, device="cpu", save_every=1)
    assert len(run(steps=4, device="auto", save_every=1)) == 2
    with pytest.raises(BadInput, match="precision was 'fp32'"):
        run(steps=6, precision="tf32", save_every=1)


def test_float16_leaves_out_steps_beyond_its_range_and_finds_a_scale(tmp_path):
    torch.manual_seed(0)
    model = nn.Linear(1, 1)
    before = model.weight.detach().clone()
    recipe = Recipe(steps=99, precision="fp16", device="cpu", learning_rate=0.01, evaluate_every=99, clip=0.0)
    records = fit(model, squares, Points(300.0), recipe, folder=tmp_path)
    assert next(records).gradient_norm == 0.0  # 65536 · 2 · 300 · … is beyond float16
    assert model.weight.equal(before)
    rest = list(records)
    state = json.loads((tmp_path / "checkpoints" / "step-00000099" / "state.json").read_text())["state"]
    left_out = 1 + sum(record.gradient_norm == 0.0 for record in rest)
    assert state["scale"] == 2.0 ** (16 - left_out)
    assert rest[-1].loss < 0.1 * rest[0].loss


def test_float16_learns_what_float32_learns():
    def learned(precision):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
        recipe = Recipe(steps=60, precision=precision, device="cpu", learning_rate=0.01, schedule="constant")
        return [record.loss for record in fit(model, squares, Points(), recipe) if record.gradient_norm]

    whole, half = learned("fp32"), learned("fp16")
    assert whole[-1] < 0.1 * whole[0] and len(half) > 50
    assert np.allclose(whole[: len(half)], half, rtol=0.05, atol=2e-2)


def test_float16_is_resumed_bit_for_bit_with_its_scale(tmp_path):
    def weights(name, *lengths):
        for steps in lengths:
            torch.manual_seed(0)
            model = nn.Linear(1, 1)
            recipe = Recipe(
                steps=steps, precision="fp16", device="cpu", learning_rate=0.1, save_every=1, schedule="constant"
            )
            list(fit(model, squares, Points(500.0), recipe, folder=tmp_path / name, resume=steps != lengths[0]))
        return model.weight.detach().clone()

    assert weights("whole", 12).equal(weights("broken", 5, 12))


def test_what_cannot_be_is_refused(tmp_path):
    from minent.gan.options import Playing

    with pytest.raises(BadInput, match="recorded in fp32"):
        options = {"folder": tmp_path, "trajectory": tmp_path / "t"}
        next(fit(nn.Linear(1, 1), squares, Points(), Recipe(steps=1, precision="fp16", device="cpu"), **options))
    with pytest.raises(BadInput, match="float16"):
        Playing(precision="fp16")


@pytest.mark.parametrize(
    "precision, dtype", [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)]
)
def test_layers_compute_in_the_numbers_asked_for(precision, dtype):
    with arithmetic(torch.device("cpu"), precision):
        assert nn.Linear(2, 2)(torch.ones(1, 2)).dtype == dtype
