"""A run is trained again without examples, by which attributions are judged; and what all of it costs, told before."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from minent.attribution import (
    Again,
    brittleness,
    cost,
    explain,
    lds,
    mislabels,
    record,
    removal,
    self_confidence,
)
from minent.attribution.walk.averaged import apart
from minent.errors import BadInput

N = 40


def data():
    torch.manual_seed(0)
    y = torch.arange(N) % 2
    x = torch.randn(N, 4, dtype=torch.float64)
    x[:, 0] += 5 * y - 2.5
    return x, y


def plain(ids, model, optimizer, x, y, loss):
    optimizer.zero_grad()
    loss(model(x[ids]), y[ids]).backward()
    optimizer.step()


def trained(folder, optimize, without=(), loss=F.cross_entropy, dropout=0.0):
    """By hand, batch by batch without these examples; recorded where there is a folder."""
    torch.manual_seed(1)
    x, y = data()
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(dropout), nn.Tanh(), nn.Linear(8, 2)).double()
    optimizer, rng = optimize(model.parameters()), torch.Generator().manual_seed(2)
    batches = [ids for _ in range(6) for ids in torch.randperm(N, generator=rng).split(8)]
    if folder is None:
        for ids in batches:
            plain(ids[~torch.isin(ids, torch.tensor(list(without), dtype=torch.long))], model, optimizer, x, y, loss)
        return model
    with record(model, optimizer, folder) as r:
        for ids in batches:
            r.batch(ids)
            plain(ids, model, optimizer, x, y, loss)
    return model


OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, 0.2, momentum=0.9, nesterov=True, weight_decay=0.01),
    "Adam": lambda p: torch.optim.Adam(p, 1e-2, weight_decay=0.1),
    "AdamW": lambda p: torch.optim.AdamW(p, 1e-2, weight_decay=0.1, amsgrad=True),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_without_examples_it_is_training_without_them(tmp_path, optimizer):
    model = trained(tmp_path / "run", OPTIMIZERS[optimizer])
    again, gone = Again(model, tmp_path / "run", train=data()), (0, 3, 17, 39)
    wanted = trained(None, OPTIMIZERS[optimizer], gone).state_dict()
    assert again.off < (1e-12 if optimizer != "AdamW" else 0.1)  # amsgrad is not recorded
    found, start = again.weights(gone), again.run.weights(1)
    if optimizer != "AdamW":
        assert apart(found, wanted, start) < 1e-12
    assert apart(found, model.state_dict(), start) > 1e-3


def test_a_loss_that_is_a_sum_is_scaled_as_it_was_and_dropout_is_told(tmp_path):
    def loss(out, y):
        return F.cross_entropy(out, y, reduction="sum")

    model = trained(tmp_path / "sum", lambda p: torch.optim.SGD(p, 0.01), loss=loss)
    assert Again(model, tmp_path / "sum", train=data()).off < 1e-12
    model = trained(tmp_path / "dropped", OPTIMIZERS["AdamW"], dropout=0.3)
    assert Again(model, tmp_path / "dropped", train=data()).off > 0.01


def test_what_removal_tells_is_what_training_by_hand_says(tmp_path):
    def optimize(p):
        return torch.optim.SGD(p, 0.3)

    model, (x, y) = trained(tmp_path / "run", optimize), data()
    again, asked = Again(model, tmp_path / "run", train=(x, y)), 0.2 * x[:6]  # near the border
    labels = model(asked).argmax(1)
    scores = (y[None] == labels[:, None]).double().numpy()  # of two labels, that which is said
    wanted = {
        k: [
            bool(trained(None, optimize, np.argsort(-each, kind="stable")[:k])(one[None]).argmax(1) != label)
            for one, label, each in zip(asked, labels, scores, strict=True)
        ]
        for k in (1, 18)
    }
    assert any(wanted[18]) and not all(wanted[1])
    for k, flipped in wanted.items():
        assert removal(again, asked, scores, k).tolist() == flipped
    least = [1 if one else 18 if many else np.inf for one, many in zip(wanted[1], wanted[18], strict=True)]
    assert brittleness(again, asked, scores, (1, 18)).tolist() == least


def test_contributions_rank_subsets_and_noise_does_not(tmp_path):
    model = trained(tmp_path / "run", lambda p: torch.optim.SGD(p, 0.1))
    (x, y), again = data(), Again(model, tmp_path / "run", train=data())
    parts = explain(model, tmp_path / "run", x[:8], train=(x, y), outputs="margin").contributions[:, 0]
    noise = np.random.default_rng(0).normal(size=parts.shape)
    assert lds(again, x[:8], parts, subsets=12) > 0.3 > lds(again, x[:8], noise, subsets=12)
    for wrong, told in ((parts[:, 1:], "each input by each training example"), (parts[:3], "scores are of each")):
        with pytest.raises(BadInput, match=told):
            lds(again, x[:8], wrong)
    with pytest.raises(BadInput, match="3 subsets at least"):
        lds(again, x[:8], parts, subsets=1)
    with pytest.raises(BadInput, match="all of them to do without"):
        again.says(x, range(N))


def test_those_who_did_not_learn_a_wrong_label_doubt_it(tmp_path):
    model = trained(tmp_path / "run", OPTIMIZERS["Adam"])
    x, y = data()
    wrong = y.clone()
    wrong[:4] = 1 - wrong[:4]
    doubt = self_confidence(Again(model, tmp_path / "run", train=(x, wrong)), wrong.numpy())
    assert set(np.argsort(-doubt)[:4]) == {0, 1, 2, 3} and doubt.min() < 0.2
    found = mislabels(model, tmp_path / "run", train=(x, y))
    beside = found.beside(Again(model, tmp_path / "run", train=(x, y)), y.numpy(), 4)
    frame = beside.to_frame()
    assert list(frame) == ["example", "score", "loss", "margin", "doubt", "cross-validated"]
    assert frame.example.tolist() == found.order.tolist() and "cross-validated" in beside.seconds
    with pytest.raises(BadInput, match="folds are 2 at least"):
        self_confidence(Again(model, tmp_path / "run", train=(x, y)), y.numpy(), 1)


def test_what_a_run_costs_is_told_before_it_starts(tmp_path):
    x, y = data()
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2)).double()
    before = {name: one.clone() for name, one in model.state_dict().items()}
    optimizer = torch.optim.Adam(model.parameters())
    told = cost(model, optimizer, (x[:8], y[:8]), steps=30, examples=N, inputs=10)
    assert told.disk == 30 * 2 * 58 * 8 and told.at_a_time > 10
    assert all(one.equal(before[name]) for name, one in model.state_dict().items()) and not optimizer.state
    assert told.explain > told.training > 0 and told.mislabels > 0 and "CPU s" in str(told)
    with pytest.raises(BadInput, match="1 at least; got 0"):
        cost(model, optimizer, (x, y), steps=0, examples=N)
