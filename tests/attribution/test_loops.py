"""Loops as people have them: inputs by name, several outputs, models of transformers, its Trainer, accelerate."""

import sys
from collections import OrderedDict

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, Dataset, IterableDataset

from minent.attribution import Numbered, explain, mislabels, record, tracin
from minent.errors import BadInput
from minent.training.trajectory.trajectory import Trajectory

N, CLASSES = 12, 3


def body(width=5):
    return nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, width))


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = body()
        self.out = nn.Linear(5, CLASSES)

    def forward(self, x, scale=None):
        return self.out(self.body(x) * (1 if scale is None else scale))


class Several(nn.Module):
    """Scores and a number, in a tuple, a dict or what transformers give."""

    def __init__(self, kind):
        super().__init__()
        self.body, self.scores, self.number, self.kind = body(), nn.Linear(5, CLASSES), nn.Linear(5, 1), kind

    def forward(self, x):
        h = self.body(x)
        both = {"scores": self.scores(h), "number": self.number(h)}
        return {"tuple": tuple(both.values()), "dict": both, "ordered": OrderedDict(both)}[self.kind]


class Dropped(nn.Module):
    """Activations are dropped, and made again on the way back."""

    def __init__(self, reentrant):
        super().__init__()
        self.first, self.body, self.reentrant = nn.Linear(5, 5), body(CLASSES), reentrant

    def forward(self, x):
        return checkpoint(self.body, self.first(x), use_reentrant=self.reentrant)


@pytest.fixture
def data():
    torch.manual_seed(0)
    return torch.randn(N, 5, dtype=torch.float64), torch.randint(0, CLASSES, (N,))


def trained(folder, model, step, optimizer=None):
    """Two epochs; `step` gives the loss of some examples."""
    model.double().train()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2) if optimizer is None else optimizer
    with record(model, optimizer, folder) as r:
        for _ in range(2):
            for ids in torch.randperm(N).split(5):
                optimizer.zero_grad()
                step(ids).backward()
                r.batch(ids)
                optimizer.step()


def exact(parts):
    assert parts.verdict == "exact" and parts.relative_residual < 1e-12 and parts.off < 1e-12
    assert np.abs(parts.contributions).max() > 1e-4
    return True


def test_inputs_by_name_are_explained_as_those_by_place(tmp_path, data):
    (x, y), model, scale = data, Scaled(), torch.rand(N, 1, dtype=torch.float64)
    trained(tmp_path, model, lambda ids: F.cross_entropy(model(scale=scale[ids], x=x[ids]), y[ids]))
    named = explain(model, tmp_path, {"scale": scale[:3], "x": x[:3]}, train=({"scale": scale, "x": x}, y))
    assert exact(named)
    placed = explain(model, tmp_path, (x[:3], scale[:3]), train=((x, scale), y))
    np.testing.assert_allclose(named.contributions, placed.contributions, atol=1e-14)
    with pytest.raises(BadInput, match="called as those of train"):
        explain(model, tmp_path, {"x": x[:3]}, train=({"scale": scale, "x": x}, y))


@pytest.mark.parametrize("kind", ["tuple", "dict", "ordered"])
def test_a_loss_of_several_outputs_is_followed_by_all_of_them(tmp_path, data, kind):
    (x, y), model, z = data, Several(kind), torch.randn(N, 1, dtype=torch.float64)
    parts_of = (lambda said: said) if kind == "tuple" else (lambda said: (said["scores"], said["number"]))

    def loss(said, wanted):
        scores, number = parts_of(said)
        return F.cross_entropy(scores, wanted[0]) + F.mse_loss(number, wanted[1])

    trained(tmp_path, model, lambda ids: loss(model(x[ids]), (y[ids], z[ids])))
    asked = {"train": (x, (y, z)), "loss": loss}
    assert exact(explain(model, tmp_path, x[:3], **asked, outputs=lambda said: parts_of(said)[0]))
    assert exact(explain(model, tmp_path, x[:3], **asked, outputs=lambda said: parts_of(said)[1]))
    with pytest.raises(BadInput, match="choose numbers of it by outputs="):
        explain(model, tmp_path, x[:3], **asked)


def test_one_number_of_each_input_is_one_output(tmp_path, data):
    (x, y), model = data, nn.Sequential(body(1), nn.Flatten(0))
    trained(tmp_path, model, lambda ids: F.mse_loss(model(x[ids]), y[ids].double()))
    parts = explain(model, tmp_path, x[:3], train=(x, y.double()), loss=F.mse_loss)
    assert exact(parts) and parts.prediction.shape == (3, 1)


@pytest.mark.parametrize("reentrant", [False, True])
def test_activations_that_training_dropped_are_kept(tmp_path, data, reentrant):
    (x, y), model = data, Dropped(reentrant)
    trained(tmp_path, model, lambda ids: F.cross_entropy(model(x[ids]), y[ids]))
    assert exact(explain(model, tmp_path, x[:3], train=(x, y)))
    whole = nn.Sequential(model.first, model.body)
    points = [(dict(model.state_dict()), 1.0)], [(dict(whole.state_dict()), 1.0)]
    ours, theirs = (tracin(m, p, x[:3], y[:3], train=(x, y)) for m, p in zip((model, whole), points, strict=True))
    np.testing.assert_allclose(ours, theirs, atol=1e-14)
    assert np.abs(ours).max() > 1e-3


def test_groups_of_parameters_that_come_late_are_refused(tmp_path, data):
    (x, y), model = data, Scaled().double()
    optimizer = torch.optim.AdamW(model.out.parameters())
    with (
        pytest.raises(BadInput, match="groups of parameters changed before step 2"),
        record(model, optimizer, tmp_path) as r,
    ):
        for _ in range(2):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            r.batch(range(N))
            optimizer.step()
            optimizer.add_param_group({"params": list(model.body.parameters())})


def test_a_data_set_without_numbers_is_refused(tmp_path, data):
    class Endless(IterableDataset):
        def __iter__(self):
            return iter(())

    (x, y), model = data, Scaled()
    trained(tmp_path, model, lambda ids: F.cross_entropy(model(x[ids]), y[ids]))
    with pytest.raises(BadInput, match="items have numbers, or its DataLoader; got Endless"):
        explain(model, tmp_path, x[:3], train=DataLoader(Endless()))


def test_an_optimiser_that_accelerate_wraps_is_recorded(tmp_path, data):
    accelerate = pytest.importorskip("accelerate")
    (x, y), model = data, Scaled().double()
    prepared, optimizer = accelerate.Accelerator(cpu=True).prepare(model, torch.optim.AdamW(model.parameters(), 1e-2))
    trained(tmp_path, prepared, lambda ids: F.cross_entropy(prepared(x[ids]), y[ids]), optimizer)
    assert exact(explain(model, tmp_path, x[:3], train=(x, y)))


class Texts(Dataset):
    """Dicts, as data sets of transformers give them, of texts of unequal lengths."""

    def __init__(self):
        torch.manual_seed(0)
        self.items = [torch.randint(3, 20, (3 + i % 4,)) for i in range(N)]

    def __len__(self):
        return N

    def __getitem__(self, i):
        return {"input_ids": self.items[i], "labels": i % CLASSES}


def padded(items):
    ids = nn.utils.rnn.pad_sequence([item["input_ids"] for item in items], batch_first=True)
    batch = {"input_ids": ids, "attention_mask": (ids > 0).long()}
    batch["labels"] = torch.tensor([item["labels"] for item in items])
    return batch if "id" not in items[0] else {**batch, "id": torch.tensor([item["id"] for item in items])}


def bert():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    shape = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 12}
    return transformers.BertForSequenceClassification(
        transformers.BertConfig(vocab_size=20, max_position_embeddings=8, num_labels=CLASSES, **shape)
    )


def test_a_model_of_transformers_is_explained_by_its_logits_with_dropout_and_padding(tmp_path):
    model, loader = bert().double(), DataLoader(Numbered(Texts()), batch_size=5, shuffle=True, collate_fn=padded)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    model.train()
    with record(model, optimizer, tmp_path) as r:
        for _ in range(2):
            for batch in loader:
                r.batch(batch.pop("id"))
                optimizer.zero_grad()
                model(**batch).loss.backward()
                optimizer.step()
    asked = padded([Texts()[i] for i in range(3)])
    asked.pop("labels")
    assert exact(explain(model, tmp_path, asked, train=loader))
    found = mislabels(model, tmp_path, train=loader)
    assert found.checked.verdict == "exact" and len(found.score) == N


@pytest.mark.skipif(sys.platform == "darwin", reason="the Trainer takes another device there")
def test_the_trainer_of_transformers_is_recorded_by_what_its_batches_are_called(tmp_path):
    transformers = pytest.importorskip("transformers")
    model = bert().double()

    class Recording(transformers.Trainer):
        def training_step(self, model, inputs, *more, **named):
            self.recording.batch(inputs.pop("id"))
            return super().training_step(model, inputs, *more, **named)

    arguments = transformers.TrainingArguments(
        str(tmp_path / "out"), per_device_train_batch_size=3, gradient_accumulation_steps=2, num_train_epochs=2,
        report_to=[], save_strategy="no", remove_unused_columns=False, use_cpu=True, disable_tqdm=True,
        logging_strategy="no", learning_rate=1e-2,
    )  # fmt: skip
    trainer = Recording(model, arguments, train_dataset=Numbered(Texts()), data_collator=padded)
    trainer.create_optimizer()
    with record(model, trainer.optimizer, tmp_path / "run") as trainer.recording:
        trainer.train()
    assert {step.parts for step in Trajectory.open(tmp_path / "run").steps} == {(3, 3)}
    asked = padded([Texts()[i] for i in range(3)])
    asked.pop("labels")
    parts = explain(model, tmp_path / "run", asked, train=DataLoader(Texts(), collate_fn=padded))
    assert parts.verdict == "exact" and parts.relative_residual < 1e-10
