"""What an explanation of a training that did otherwise than its examples say is told, and refused; what is skipped and
what comes in parts is explained exactly."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from minent.attribution import explain, record
from minent.errors import BadInput
from minent.training.trajectory import Trajectory

torch.manual_seed(0)
X = torch.randn(60, 5, dtype=torch.float64)
Y = (X[:, 0] > 0).long() + (X[:, 1] > 0).long()


def small(*between):
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(5, 12), nn.Tanh(), *between, nn.Linear(12, 3)).double()


def trained(folder, model, before=lambda model: None, after=lambda model: None, named=lambda ids: ids):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    generator = torch.Generator().manual_seed(2)
    with record(model, optimizer, folder) as r:
        for _ in range(25):
            ids = torch.randperm(60, generator=generator)[:16]
            optimizer.zero_grad()
            F.cross_entropy(model(X[ids]), Y[ids]).backward()
            before(model)
            r.batch(named(ids))
            optimizer.step()
            after(model)
    return explain(model.eval(), folder, X, train=(X, Y))


def clamped(model):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.clamp_(-0.2, 0.2)


def test_what_training_did_is_exact(tmp_path):
    parts = trained(tmp_path / "plain", small())
    assert parts.verdict == "exact" and parts.off < 1e-12 and not parts.doubts
    norm = trained(tmp_path / "norm", small(), lambda model: nn.utils.clip_grad_norm_(model.parameters(), 0.1))
    assert norm.verdict == "exact" and norm.relative_residual < 1e-12  # the direction is the same


@pytest.mark.parametrize(("between", "changes", "why"), [
    ([nn.Dropout(0.8)], {"before": lambda m: m(X[:3])}, r"on in training, .* what it drew is not known: Dropout 2"),
    ([], {"before": lambda m: nn.utils.clip_grad_value_(m.parameters(), 0.01)}, r"25 of 25 .*clipped by value"),
    ([], {"after": clamped}, r"weights moved otherwise"),
    ([], {"named": lambda ids: (ids + 1) % 60}, r"gradients are not those that were followed .* other examples"),
])  # fmt: skip
def test_what_training_did_not_do_is_refused_with_its_reason(tmp_path, between, changes, why):
    parts = trained(tmp_path / "a", small(*between), **changes)
    assert parts.verdict == "not to be trusted" and parts.relative_residual > 0.1
    with pytest.raises(BadInput, match=f"not to be trusted, for the sum lacks .*{why}"):
        parts.mislabels(Y.numpy())
    assert len(parts.mislabels(Y.numpy(), anyway=True)[0]) == 60


def by_hand(model, optimizer):
    for parameter in model.parameters():
        parameter.grad = None


CLEARING = {
    "none": lambda model, optimizer: optimizer.zero_grad(),
    "zeros": lambda model, optimizer: optimizer.zero_grad(set_to_none=False),
    "model": lambda model, optimizer: model.zero_grad(),
    "hand": by_hand,
}


@pytest.mark.parametrize("clear", CLEARING)
@pytest.mark.parametrize("first", [True, False])
def test_examples_of_a_step_that_is_not_taken_are_passed_over(tmp_path, clear, first):
    model = small()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    batches = torch.arange(60).split(10)
    with record(model, optimizer, tmp_path / "a") as r:
        for number, ids in enumerate(batches):
            if first:
                r.batch(ids)
            CLEARING[clear](model, optimizer)
            F.cross_entropy(model(X[ids]), Y[ids]).backward()
            if not first:
                r.batch(ids)
            if number not in (0, 3):
                optimizer.step()
    taken = [step.ids.tolist() for step in Trajectory.open(tmp_path / "a").steps]
    assert taken == [batches[k].tolist() for k in (1, 2, 4, 5)]
    assert explain(model, tmp_path / "a", X, train=(X, Y)).relative_residual < 1e-12
    assert "zero_grad" not in vars(optimizer) and "zero_grad" not in vars(model)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("means", [True, False])
def test_parts_of_a_step_of_unequal_size_are_exact(tmp_path, first, means):
    model = small()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.5)
    with record(model, optimizer, tmp_path / "a") as r:
        for _ in range(6):
            optimizer.zero_grad()
            for ids in torch.randperm(60)[:30].split([20, 8, 2]):
                if first:
                    r.batch(ids)
                loss = F.cross_entropy(model(X[ids]), Y[ids])
                (loss / 3 if means else loss * len(ids) / 30).backward()
                if not first:
                    r.batch(ids)
            optimizer.step()
    parts = explain(model, tmp_path / "a", X, train=(X, Y))
    assert parts.relative_residual < 1e-12 and parts.off < 1e-12
    assert Trajectory.open(tmp_path / "a").steps[0].parts == (20, 8, 2)


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_parts_of_equal_size_tell_nothing_of_others(tmp_path, kind):
    model, x = small().to(kind), X.to(kind)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    sizes = [(20, 2), (12, 12), (15, 3), (10, 10)]  # the walk begins with the last
    with record(model, optimizer, tmp_path / "a") as r:
        for each in sizes:
            optimizer.zero_grad()
            for ids in torch.randperm(60)[: sum(each)].split(list(each)):
                (F.cross_entropy(model(x[ids]), Y[ids]) / 2).backward()
                r.batch(ids)
            optimizer.step()
    parts = explain(model, tmp_path / "a", x, train=(x, Y))
    assert parts.verdict == "exact" and parts.relative_residual < (1e-5 if kind == torch.float32 else 1e-12)


def test_losses_of_two_passes_on_one_batch_have_one_name(tmp_path):
    model = small()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, tmp_path / "a") as r:
        for number, ids in enumerate(torch.arange(60).split(20)):
            optimizer.zero_grad()
            said = model(X[ids])
            F.cross_entropy(said, Y[ids]).backward(retain_graph=True)
            (0.5 * said.square().mean()).backward()
            r.batch(ids)
            if number != 1:
                optimizer.step()
    assert [step.ids[0] for step in Trajectory.open(tmp_path / "a").steps] == [0, 40]


@pytest.mark.parametrize("ids", [np.array([True]), np.array([1.5]), np.array(["3"]), [-1], torch.tensor([True])])
def test_ids_are_whole_numbers(tmp_path, ids):
    model = small()
    with (
        pytest.raises(BadInput, match="ids are rows of the training examples, whole numbers from 0; got"),
        record(model, torch.optim.SGD(model.parameters(), lr=0.1), tmp_path / "a") as r,
    ):
        r.batch(ids)


def test_an_embedding_that_shortens_its_rows_is_refused(tmp_path):
    model = nn.Sequential(nn.Embedding(60, 3, max_norm=0.5), nn.Flatten()).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    ids = torch.arange(60)
    with record(model, optimizer, tmp_path / "a") as r:
        F.cross_entropy(model(ids), Y).backward()
        r.batch(ids)
        optimizer.step()
    with pytest.raises(BadInput, match="max_norm shortens rows"):
        explain(model, tmp_path / "a", ids, train=(ids, Y))
    assert np.isfinite(model(ids).detach().numpy()).all()
