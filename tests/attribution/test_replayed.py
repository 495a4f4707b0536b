"""What training drew at random, averaged over batches and scaled is made again: explanations of it are exact."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from minent.attribution import Numbered, explain, mislabels, record, tracin
from minent.errors import BadInput
from minent.training.trajectory import Trajectory

torch.manual_seed(0)
X = torch.randn(60, 5, dtype=torch.float64)
Y = (X[:, 0] > 0).long() + (X[:, 1] > 0).long()
IMAGES = torch.randn(60, 1, 6, 6, dtype=torch.float64)


def small(*between):
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(5, 12), nn.Tanh(), *between, nn.Linear(12, 3)).double()


class Attentive(nn.Module):
    def __init__(self, first=True):
        super().__init__()
        self.first, self.read, self.out = first, nn.Linear(1, 8), nn.Linear(8, 3)
        self.layer = nn.TransformerEncoderLayer(8, 2, 12, 0.2, batch_first=first)

    def forward(self, x):
        z = self.read(x[..., None])
        return self.out(self.layer(z).mean(1) if self.first else self.layer(z.transpose(0, 1)).mean(0))


class Recurrent(nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.cells, self.out = kind(1, 4, batch_first=True, **options), nn.LazyLinear(3)

    def forward(self, x):
        return self.out(self.cells(x[..., None])[0][:, -1])


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x * weight

    @staticmethod
    def backward(ctx, *grads):
        x, weight = ctx.saved_tensors
        return grads[0] * weight, (grads[0] * x).sum(0)


class Custom(nn.Module):
    def __init__(self):
        super().__init__()
        self.line, self.weight, self.out = nn.Linear(5, 6), nn.Parameter(torch.ones(6)), nn.Linear(6, 3)

    def forward(self, x):
        return self.out(Doubled.apply(self.line(x), self.weight))


def cnn():
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(0.2),
        nn.Conv2d(6, 4, 2), nn.BatchNorm2d(4, affine=False), nn.Dropout(0.1), nn.Flatten(), nn.Linear(16, 3),
    ).double()  # fmt: skip


def sgd(model):
    return torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)


def trained(folder, model, optimizer, x=X, sizes=(16,), scaler=None, steps=12):
    generator = torch.Generator().manual_seed(2)
    with record(model, optimizer, folder) as r:
        for number in range(steps):
            ids = torch.randperm(60, generator=generator)[: sum(sizes)]
            optimizer.zero_grad()
            for part in ids.split(list(sizes)):
                r.batch(part)
                loss = F.cross_entropy(model(x[part]), Y[part]) / len(sizes)
                (scaler.scale(loss) if scaler else loss).backward()
            if scaler and number == 3:
                for parameter in model.parameters():
                    parameter.grad.fill_(torch.inf)
            (scaler.step(optimizer), scaler.update()) if scaler else optimizer.step()
    return explain(model.eval(), folder, x[:7], train=(x, Y))


CASES = {
    "dropout": lambda: small(nn.Dropout(0.3)),
    "alpha dropout": lambda: small(nn.AlphaDropout(0.3)),
    "batch norm": lambda: small(nn.BatchNorm1d(12)),
    "batch norm, dropout": lambda: small(nn.BatchNorm1d(12), nn.Dropout(0.2)),
    "attention": lambda: Attentive().double(),
    "attention, positions first": lambda: Attentive(first=False).double(),
    "LSTM": lambda: Recurrent(nn.LSTM, num_layers=2, dropout=0.3).double(),
    "GRU": lambda: Recurrent(nn.GRU, bidirectional=True).double(),
    "RNN": lambda: Recurrent(nn.RNN).double(),
    "convolutions": cnn,
}


@pytest.mark.parametrize("sizes", [(16,), (8, 5, 3)])
@pytest.mark.parametrize("case", CASES)
def test_what_training_drew_and_averaged_is_exact(tmp_path, case, sizes):
    model, x = CASES[case](), IMAGES if case == "convolutions" else X
    model(x[:2])  # lazy layers
    parts = trained(tmp_path / "a", model, sgd(model), x, sizes)
    assert parts.verdict == "exact" and parts.relative_residual < 1e-12 and parts.off < 1e-12 and not parts.doubts
    assert ("running statistics" in parts.other) == ("norm" in case or case == "convolutions")


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("kind", ["SGD", "AdamW"])
def test_scaled_gradients_and_a_skipped_step_are_exact(tmp_path, kind, fused):
    model = small(nn.Dropout(0.2))
    optimizer = getattr(torch.optim, kind)(model.parameters(), 0.01, fused=fused)
    parts = trained(tmp_path / "a", model, optimizer, scaler=torch.amp.GradScaler("cpu", init_scale=1024.0))
    assert parts.relative_residual < 1e-12 and parts.off < 1e-12
    assert len(Trajectory.open(tmp_path / "a").steps) == 11


def test_a_compiled_model_is_explained_as_its_original(tmp_path):
    model = small(nn.Dropout(0.2))
    compiled = torch.compile(model, backend="eager")
    parts = trained(tmp_path / "a", compiled, sgd(model))
    assert parts.relative_residual < 1e-12
    assert tracin(compiled, tmp_path / "a", X[:2], Y[:2], train=(X, Y)).shape == (2, 60)


def test_a_function_with_its_own_backward_is_followed_and_noted(tmp_path):
    model = Custom().double()
    parts = trained(tmp_path / "a", model, sgd(model))
    assert parts.relative_residual < 1e-12
    assert any("Doubled" in note for note in parts.notes)


def test_batch_norm_that_was_frozen_stays_so(tmp_path):
    model = small(nn.BatchNorm1d(12).eval(), nn.Dropout(0.2))
    parts = trained(tmp_path / "a", model, sgd(model))
    assert parts.relative_residual < 1e-12 and "running statistics" not in parts.other


def test_evaluations_between_steps_are_no_passes_of_training(tmp_path):
    model, optimizer = small(nn.Dropout(0.3)), None
    optimizer = sgd(model)
    with record(model, optimizer, tmp_path / "a") as r:
        for ids in torch.arange(60).split(12):
            optimizer.zero_grad()
            F.cross_entropy(model(X[ids]), Y[ids]).backward()
            r.batch(ids)
            optimizer.step()
            model.eval()(X)  # with a graph that nobody needs
            model.train()
    assert explain(model, tmp_path / "a", X[:3], train=(X, Y)).relative_residual < 1e-12


def test_examples_may_come_from_a_shuffled_data_set(tmp_path):
    data, model = TensorDataset(X, Y), small()
    optimizer = sgd(model)
    loader = DataLoader(Numbered(data), batch_size=15, shuffle=True)
    with record(model, optimizer, tmp_path / "a") as r:
        for _ in range(3):
            for ids, x, y in loader:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y).backward()
                r.batch(ids)
                optimizer.step()
    parts = explain(model, tmp_path / "a", X[:3], train=(X, Y))
    for train in (data, loader, DataLoader(data)):
        other = explain(model, tmp_path / "a", X[:3], train=train)
        assert abs(other.contributions - parts.contributions).max() < 1e-12
    orders = [mislabels(model, tmp_path / "a", train=train).order.tolist() for train in (data, (X, Y))]
    assert orders[0] == orders[1]
    with pytest.raises(BadInput, match=r"a data set gives .input, target.; got 3 things"):
        explain(model, tmp_path / "a", X[:3], train=TensorDataset(X, X, Y))
