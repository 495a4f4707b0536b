"""Predictions are sums over training examples, to rounding, for every kind of model and step."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from attribution.runs import EXAMPLES, MODELS, OPTIMIZERS, examples, mlp, recorded
from naive.path_kernel import contributions
from torch import nn

from minent.attribution import explain, record
from minent.errors import BadInput
from minent.training.loop import fit
from minent.training.recipe import Recipe
from minent.training.trajectory.trajectory import Trajectory

EVERY_STEP = [(model, "SGD") for model in MODELS] + [
    *((model, optimizer) for model in ("relu", "tanh", "cnn") for optimizer in list(OPTIMIZERS)[1:]),
    *(("transformer", optimizer) for optimizer in ("momentum", "AdamW")),
]


@pytest.mark.parametrize(("model", "optimizer"), EVERY_STEP)
def test_initial_contributions_and_decay_add_up_to_the_prediction(model, optimizer, tmp_path):
    made, train = recorded(tmp_path, MODELS[model], OPTIMIZERS[optimizer])
    inputs, _ = examples(made, 4, seed=9)
    parts = explain(made, tmp_path, inputs, train=train)
    assert parts.relative_residual < 1e-12
    assert np.linalg.norm(parts.prediction - parts.initial) > 0.05  # training changed what is said
    assert parts.prediction == pytest.approx(made(inputs).detach().numpy(), abs=1e-12)
    assert (np.abs(parts.contributions) > 1e-6).any((0, 1)).all()  # every example did something


@pytest.mark.parametrize(
    ("model", "optimizer"), [("relu", "SGD"), ("tanh", "momentum"), ("cnn", "AdamW"), ("transformer", "momentum")]
)
def test_they_add_up_in_single_precision_too(model, optimizer, tmp_path):
    made, train = recorded(tmp_path, MODELS[model], OPTIMIZERS[optimizer], dtype=torch.float32)
    inputs, _ = examples(made, 4, torch.float32, seed=9)
    assert explain(made, tmp_path, inputs, train=train).relative_residual < 1e-5


@pytest.mark.parametrize("update", [("sgd", 0.5), ("momentum", 0.1, 0.9), ("adam", 0.02, 0.9, 0.99, 1e-8)])
@pytest.mark.parametrize("phi", ["relu", "tanh"])
def test_contributions_are_those_of_a_walk_that_keeps_every_examples_state(phi, update, tmp_path):
    decay = 0.1 if update[0] == "adam" else 0.0

    def optimize(parameters):
        if update[0] == "adam":
            return torch.optim.AdamW(parameters, update[1], update[2:4], update[4], weight_decay=decay)
        return torch.optim.SGD(parameters, update[1], momentum=update[2] if len(update) > 2 else 0.0)

    model, (x, y) = recorded(tmp_path, mlp({"relu": nn.ReLU, "tanh": nn.Tanh}[phi]), optimize, clip=1e9)
    inputs, _ = examples(model, 4, seed=9)
    trajectory = Trajectory.open(tmp_path)
    start = trajectory.weights(1)
    slopes = {"relu": lambda z: (z > 0).to(z.dtype), "tanh": lambda z: 1 - z.tanh() ** 2}
    found, decayed, initial, end = contributions(
        [start[f"{k}.weight"] for k in (0, 2, 4)], [start[f"{k}.bias"] for k in (0, 2, 4)], getattr(torch, phi),
        slopes[phi], x, y, inputs, [torch.from_numpy(step.ids) for step in trajectory.steps], update, decay=decay,
    )  # fmt: skip
    parts = explain(model, trajectory, inputs, train=(x, y))
    assert parts.prediction == pytest.approx(end.numpy(), abs=1e-9)
    assert parts.initial == pytest.approx(initial.numpy(), abs=1e-12)
    np.testing.assert_allclose(parts.contributions, found.numpy(), atol=1e-9)
    if decay:
        np.testing.assert_allclose(parts.other["weight decay"], decayed.numpy(), atol=1e-9)


def test_a_linear_model_needs_no_secant(tmp_path):
    model, train = recorded(tmp_path, MODELS["linear"], OPTIMIZERS["momentum"])
    inputs, _ = examples(model, 4, seed=9)
    ways = [explain(model, tmp_path, inputs, train=train, rule=rule) for rule in ("secant", "left", "gauss-legendre")]
    for parts in ways:
        assert parts.relative_residual < 1e-12
        np.testing.assert_allclose(parts.contributions, ways[0].contributions, atol=1e-13)


def test_quadrature_is_nearer_with_more_points_and_exact_in_none_but_the_secant(tmp_path):
    model, train = recorded(tmp_path, MODELS["tanh"], lambda p: torch.optim.SGD(p, 0.5), clip=1e9)
    inputs, _ = examples(model, 4, seed=9)
    left, midpoint, quadrature, secant = (
        explain(model, tmp_path, inputs, train=train, rule=rule).relative_residual
        for rule in ("left", "midpoint", "gauss-legendre", "secant")
    )
    assert left > 10 * midpoint > 100 * quadrature > 100 * secant


def test_thinned_trajectories_lose_the_sum_by_what_gradients_changed_between(tmp_path):
    lost = []
    for every in (1, 2, 5):
        model, train = recorded(tmp_path / str(every), MODELS["tanh"], OPTIMIZERS["AdamW"], every=every)
        inputs, _ = examples(model, 4, seed=9)
        parts = explain(model, tmp_path / str(every), inputs, train=train)
        lost.append(parts.relative_residual)
        assert bool(parts.notes) == (every > 1)
    assert lost[0] < 1e-12 < lost[1] < lost[2] < 0.5


class Shuffled:
    """Batches for the training loop."""

    def __init__(self, x, y):
        self.x, self.y = x.numpy(), y.numpy()

    def epoch(self, number):
        ids = np.random.default_rng(number).permutation(EXAMPLES)[:12]
        yield {"x": self.x[ids], "y": self.y[ids], "id": ids}

    def __len__(self):
        return 1


@pytest.mark.parametrize("model", ["relu", "cnn"])
def test_rounded_gradients_of_bf16_cost_some_hundredths_of_the_sum(model, tmp_path):
    lacking = {}
    for precision in ("fp32", "bf16"):
        torch.manual_seed(0)
        made = MODELS[model]().eval()
        made.train = lambda mode=True, made=made: made  # BatchNorm stays as it is
        x, y = examples(made, EXAMPLES, torch.float32)
        recipe = Recipe(epochs=20.0, learning_rate=0.02, precision=precision)
        for _ in fit(
            made, lambda m, b: (F.cross_entropy(m(b["x"]).float(), b["y"], reduction="sum"), len(b["y"])),
            Shuffled(x, y), recipe, trajectory=tmp_path / precision,
        ):  # fmt: skip
            pass
        parts = explain(made, tmp_path / precision, x[:5], train=(x, y))
        assert parts.prediction == pytest.approx(made(x[:5]).detach().double().numpy(), abs=1e-5)  # said in float32
        lacking[precision] = parts.relative_residual
    assert lacking["fp32"] < 1e-5 < 1e-4 < lacking["bf16"] < 0.05


def test_momentum_from_before_the_record_is_a_term_of_its_own(tmp_path):
    for optimize in (OPTIMIZERS["momentum"], OPTIMIZERS["Nesterov"], OPTIMIZERS["Adam"]):
        torch.manual_seed(0)
        model = MODELS["tanh"]().double()
        optimizer = optimize(model.parameters())
        x, y = examples(model, EXAMPLES)

        def step(r=None, model=model, optimizer=optimizer, x=x, y=y):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            if r is not None:
                r.batch(range(EXAMPLES))
            optimizer.step()

        for _ in range(3):
            step()
        folder = tmp_path / f"{type(optimizer).__name__}{optimizer.defaults.get('nesterov')}"
        with record(model, optimizer, folder) as r:
            for _ in range(4):
                step(r)
        parts = explain(model, folder, x[:3], train=(x, y))
        assert parts.relative_residual < 1e-12
        assert np.abs(parts.other["earlier steps"]).max() > 1e-3


@pytest.mark.parametrize("optimizer", ["momentum", "Nesterov", "Adam"])
def test_momentum_may_change_from_step_to_step(optimizer, tmp_path):
    torch.manual_seed(0)
    model = MODELS["tanh"]().double()
    optimize, (x, y) = OPTIMIZERS[optimizer](model.parameters()), examples(model, EXAMPLES)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimize, 0.05, total_steps=7, base_momentum=0.3)
    used = set()
    with record(model, optimize, tmp_path) as r:
        for _ in range(6):
            optimize.zero_grad()
            F.cross_entropy(model(x), y).backward()
            r.batch(range(EXAMPLES))
            group = optimize.param_groups[0]
            used.add(group["betas"][0] if "betas" in group else group["momentum"])
            optimize.step()
            schedule.step()
    assert len(used) > 4
    assert explain(model, tmp_path, x[:3], train=(x, y)).relative_residual < 1e-12


def test_a_layer_may_be_trained_from_a_later_step_on(tmp_path):
    torch.manual_seed(0)
    model = MODELS["tanh"]().double()
    optimizer, (x, y) = torch.optim.Adam(model.parameters(), 0.02), examples(model, EXAMPLES)
    with record(model, optimizer, tmp_path) as r:
        for step in range(6):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            r.batch(range(EXAMPLES))
            if step in (0, 1, 3):
                for parameter in model[0].parameters():
                    parameter.grad = None
            optimizer.step()
    counts = [one.late.get("0.weight", one.count) for one in Trajectory.open(tmp_path).steps if not one.idle]
    assert counts == [1, 2, 3]
    assert explain(model, tmp_path, x[:3], train=(x, y)).relative_residual < 1e-12


def test_parts_of_the_inputs_are_explained_as_all_at_once(tmp_path):
    model, train = recorded(tmp_path, MODELS["relu"], OPTIMIZERS["Adam"])
    inputs, _ = examples(model, 5, seed=9)
    whole = explain(model, tmp_path, inputs, train=train)
    little = explain(model, tmp_path, inputs, train=train, memory=1e-9)  # one at a time
    np.testing.assert_allclose(whole.contributions, little.contributions, atol=1e-13)


def test_outputs_may_be_chosen_by_place_by_height_or_by_a_function(tmp_path):
    model, train = recorded(tmp_path, MODELS["relu"], OPTIMIZERS["SGD"])
    inputs, _ = examples(model, 4, seed=9)
    whole = explain(model, tmp_path, inputs, train=train)
    best = whole.prediction.argmax(1)
    assert len(set(best)) > 1
    np.testing.assert_allclose(
        explain(model, tmp_path, inputs, train=train, outputs="predicted").contributions[:, 0],
        whole.contributions[np.arange(4), best], atol=1e-13,
    )  # fmt: skip
    np.testing.assert_allclose(
        explain(model, tmp_path, inputs, train=train, outputs=[2]).contributions, whole.contributions[:, 2:], atol=1e-13
    )
    log = explain(model, tmp_path, inputs, train=train, outputs=lambda out: out.log_softmax(1))
    assert log.relative_residual < 1e-12
    assert log.prediction == pytest.approx(model(inputs).log_softmax(1).detach().numpy())
    with pytest.raises(BadInput, match="choose by a function"):
        explain(model, tmp_path, inputs, train=train, outputs=lambda out: out.sum(1))


def test_what_an_example_added_ranks_as_training_without_it_does(tmp_path):
    torch.manual_seed(0)
    x, rows = torch.randn(24, 5).double(), torch.arange(24)
    y = (x @ torch.randn(5).double() > 0.3 * torch.randn(24).double()).long()
    inputs = torch.randn(6, 5).double()
    start = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2)).double().state_dict()

    def trained(weight, folder=None):
        model = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2)).double()
        model.load_state_dict(start)
        optimizer = torch.optim.SGD(model.parameters(), 0.5)
        context = record(model, optimizer, folder) if folder else None
        r = context.__enter__() if context else None
        for _ in range(5):
            optimizer.zero_grad()
            (F.cross_entropy(model(x), y, reduction="none") * weight).mean().backward()
            if r is not None:
                r.batch(rows)
            optimizer.step()
        if context:
            context.__exit__(None, None, None)
        return model

    model = trained(torch.ones(24).double(), tmp_path)
    parts = explain(model, tmp_path, inputs, train=(x, y), outputs=lambda out: out[:, 1:] - out[:, :1])
    whole = (model(inputs) @ torch.tensor([-1.0, 1.0]).double()).detach()
    effect = torch.stack([
        whole - trained((rows != i).double())(inputs).detach() @ torch.tensor([-1.0, 1.0]).double() for i in range(24)
    ], 1).numpy()  # fmt: skip
    ours = parts.contributions[:, 0]
    ranks = [np.corrcoef(a.argsort().argsort(), b.argsort().argsort())[0, 1] for a, b in zip(ours, effect, strict=True)]
    assert np.mean(ranks) > 0.9
    large = abs(effect) > np.median(abs(effect))
    assert (np.sign(ours) == np.sign(effect))[large].mean() > 0.9


def test_models_whose_examples_meet_are_refused(tmp_path):
    class Meeting(nn.Module):
        def __init__(self):
            super().__init__()
            self.line = nn.Linear(16, 3)

        def forward(self, x):
            return self.line(x - 3 * x.mean(0))

    model, train = recorded(tmp_path, Meeting, OPTIMIZERS["SGD"])
    with pytest.raises(BadInput, match="not meet"):
        explain(model, tmp_path, train[0][:2], train=train)


def test_other_models_ids_and_rules_are_refused(tmp_path):
    model, (x, y) = recorded(tmp_path, MODELS["relu"], OPTIMIZERS["SGD"])
    with pytest.raises(BadInput, match=r"another model's: '0\.bias' is \(14,\) there, and nowhere in this one"):
        explain(MODELS["linear"](), tmp_path, x, train=(x, y))
    with pytest.raises(BadInput, match="ids are rows of the 9 training examples"):
        explain(model, tmp_path, x, train=(x[:9], y[:9]))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda x, y: {"inputs": x[:0]}, "inputs to explain; got none"),
        (lambda x, y: {"inputs": x[0]}, r"examples first: \(18, 16\); got \(16,\)"),
        (lambda x, y: {"train": (x, y.tolist())}, "tensors; got list"),
        (lambda x, y: {"train": (x, y[:9])}, "a target for each of 18 inputs; got 9"),
        (lambda x, y: {"outputs": [0, 3]}, "has 3 outputs, from 0; got 3 among outputs"),
    ],
)
def test_what_is_not_like_the_training_examples_is_refused_in_a_sentence(wrong, told, tmp_path):
    model, (x, y) = recorded(tmp_path, MODELS["relu"], OPTIMIZERS["SGD"], steps=1)
    with pytest.raises(BadInput, match=told):
        explain(model, tmp_path, **{"inputs": x, "train": (x, y), **wrong(x, y)})
