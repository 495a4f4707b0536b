"""TracIn is its definition, by any route."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from attribution.runs import MODELS, OPTIMIZERS, examples, recorded

from minent.attribution import explain, self_influence, tracin
from minent.errors import BadInput
from minent.training.trajectory.trajectory import Trajectory


def gradients(model, weights, x, y, names):
    model.load_state_dict(weights)
    rows = []
    for i in range(len(x)):
        model.zero_grad()
        F.cross_entropy(model(x[i : i + 1]), y[i : i + 1]).backward()
        rows.append(torch.cat([p.grad.flatten() for name, p in model.named_parameters() if name in names]))
    return torch.stack(rows)


def checkpoints(model):
    torch.manual_seed(4)
    return [
        ({n: p + 0.1 * torch.randn_like(p) if "num_" not in n else p for n, p in model.state_dict().items()}, rate)
        for rate in (0.1, 0.05)
    ]


@pytest.mark.parametrize("name", ["relu", "cnn", "transformer", "tied"])
def test_it_is_the_sum_over_checkpoints_of_products_of_gradients(name):
    model = MODELS[name]().double().eval()
    (x, y), (test, truth) = examples(model, 6), examples(model, 4, seed=8)
    points = checkpoints(model)
    if name == "cnn":
        points = [({**w, "2.running_var": w["2.running_var"].abs()}, rate) for w, rate in points]
    for layers in (None, [list(dict(model.named_parameters()))[-2].rsplit(".", 1)[0]]):  # all, and TracIn-last
        names = [n for n, _ in model.named_parameters() if layers is None or n.startswith(layers[0])]
        wanted = sum(
            rate * gradients(model, w, test, truth, names) @ gradients(model, w, x, y, names).T for w, rate in points
        )
        ours = tracin(model, points, test, truth, train=(x, y), layers=layers, batch=3)
        np.testing.assert_allclose(ours, wanted.numpy(), rtol=1e-9, atol=1e-12)
        own = sum(rate * gradients(model, w, x, y, names).square().sum(1) for w, rate in points)
        np.testing.assert_allclose(self_influence(model, points, train=(x, y), layers=layers), own.numpy(), rtol=1e-9)
        assert np.linalg.matrix_rank(ours) > 1


def test_it_is_the_left_path_kernel_of_the_loss_where_each_step_sees_all(tmp_path):
    model, (x, y) = recorded(tmp_path, MODELS["tanh"], lambda p: torch.optim.SGD(p, 0.1), clip=1e9, steps=1)
    trajectory = Trajectory.open(tmp_path)
    (step,) = trajectory.steps
    test, truth = examples(model, 4, seed=8)

    def losses(out):
        return -out.log_softmax(1)[torch.arange(4), truth][:, None]

    parts = explain(model, trajectory, test, train=(x, y), outputs=losses, rule="left").contributions[:, 0]
    by_hand = tracin(model, trajectory, test, truth, train=(x, y))
    np.testing.assert_allclose(parts[:, step.ids], -by_hand[:, step.ids] / len(step.ids), atol=1e-12)


def test_a_function_that_holds_the_targets_of_all_inputs_is_asked_of_all_at_once(tmp_path):
    model, (x, y) = recorded(tmp_path, MODELS["tanh"], lambda p: torch.optim.SGD(p, 0.1), clip=1e9, steps=3)
    test, truth = examples(model, 4, seed=8)

    def losses(out):  # of fewer rows it would say something else, and nothing of it
        return -out.log_softmax(1).gather(1, truth[: len(out), None])

    with torch.no_grad():
        scores = model(test)
    for memory in (1.0, 1e-9):
        parts = explain(model, tmp_path, test, train=(x, y), outputs=losses, memory=memory)
        np.testing.assert_allclose(parts.prediction, losses(scores), atol=1e-9)
        assert parts.relative_residual < 1e-9


def test_groups_of_a_trajectory_have_their_own_rates(tmp_path):
    def two(parameters):
        first, *rest = parameters
        return torch.optim.SGD([{"params": [first], "lr": 0.4}, {"params": rest}], 0.1)

    model, (x, y) = recorded(tmp_path, MODELS["tanh"], two, clip=1e9, steps=1)
    trajectory = Trajectory.open(tmp_path)
    weights, name = trajectory.weights(1), trajectory.parameters[0][0]
    tenth, added = (
        tracin(model, [(weights, rate)], x, y, train=(x, y), layers=layers)
        for rate, layers in ((0.1, None), (0.3, [name]))
    )
    np.testing.assert_allclose(tracin(model, trajectory, x, y, train=(x, y)), tenth + added, atol=1e-12)
    assert np.abs(added).max() > 1e-3


def test_layers_that_are_not_there_are_refused():
    model = MODELS["relu"]()
    x, y = examples(model, 3, torch.float32)
    with pytest.raises(BadInput, match="layers must be modules"):
        tracin(model, [(model.state_dict(), 1.0)], x, y, train=(x, y), layers=["7"])


@pytest.mark.filterwarnings("ignore:Input Tensor:UserWarning")
def test_captum_gives_the_same():
    captum = pytest.importorskip("captum.influence", reason="captum is not installed")
    assert captum is not None and OPTIMIZERS
    model = MODELS["relu"]().double()
    (x, y), (test, truth) = examples(model, 6), examples(model, 4, seed=8)
    points = checkpoints(model)

    def load(model, at):
        model.load_state_dict(points[at][0])
        return points[at][1]

    theirs = captum.TracInCP(
        model, torch.utils.data.TensorDataset(x, y), [0, 1], load, loss_fn=torch.nn.CrossEntropyLoss(reduction="sum"),
        batch_size=6, sample_wise_grads_per_batch=True,
    )  # fmt: skip
    found = theirs.influence((test, truth))
    np.testing.assert_allclose(tracin(model, points, test, truth, train=(x, y)), found.numpy(), rtol=1e-6, atol=1e-9)
