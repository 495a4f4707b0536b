"""Small models of all kinds, and recorded runs of them.

As a program: python runs.py FOLDER explains the run of a transformer that is recorded there, and writes what it found.
"""

import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from minent.attribution import explain, record
from minent.nn.shape import Shape
from minent.nn.transformer import Encoder
from minent.training.trajectory.trajectory import Trajectory

EXAMPLES, BATCH, STEPS = 18, 7, 8


class Reader(nn.Module):
    """A transformer over tokens: minent's, or PyTorch's with examples first, or with positions first."""

    def __init__(self, kind="minent"):
        super().__init__()
        self.kind, self.tokens, self.places = kind, nn.Embedding(11, 8), nn.Parameter(torch.randn(6, 8) * 0.1)
        if kind == "minent":
            self.encoder = Encoder(Shape(dim=8, heads=2, layers=1, hidden=12, dropout=0.0))
        else:
            layer = nn.TransformerEncoderLayer(8, 2, 12, 0.0, batch_first=kind == "examples first", norm_first=True)
            self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.out = nn.Linear(8, 3)

    def forward(self, tokens):
        vectors, last = self.tokens(tokens) + self.places, self.kind == "positions first"
        if last:
            return self.out(self.encoder(vectors.transpose(0, 1)).mean(0))
        return self.out(self.encoder(vectors).mean(1))


class Tied(nn.Module):
    """One matrix reads tokens and scores them."""

    def __init__(self):
        super().__init__()
        self.table, self.hidden = nn.Parameter(torch.randn(11, 8) * 0.5), nn.Linear(8, 8)

    def forward(self, tokens):
        return torch.tanh(self.hidden(F.embedding(tokens, self.table).mean(1))) @ self.table.T[:, :3]


def mlp(phi):
    return lambda: nn.Sequential(nn.Linear(16, 14), phi(), nn.Linear(14, 12), phi(), nn.Linear(12, 3))


MODELS = {
    "linear": lambda: nn.Linear(16, 3),
    "relu": mlp(nn.ReLU),
    "tanh": mlp(nn.Tanh),
    "cnn": lambda: nn.Sequential(
        nn.Unflatten(1, (1, 4, 4)), nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(inplace=True),
        nn.MaxPool2d(2, padding=1), nn.Conv2d(6, 8, 2, groups=2), nn.GELU(), nn.AvgPool2d(2), nn.Flatten(),
        nn.LayerNorm(8), nn.Linear(8, 3),
    ),
    "cnn of rows": lambda: nn.Sequential(
        nn.Unflatten(1, (1, 16)), nn.Conv1d(1, 4, 3, padding="same"), nn.PReLU(4), nn.MaxPool1d(2),
        nn.GroupNorm(2, 4), nn.Flatten(), nn.Linear(32, 3),
    ),
    "transformer": Reader,
    "PyTorch's transformer": lambda: Reader("examples first"),
    "PyTorch's transformer, positions first": lambda: Reader("positions first"),
    "tied": Tied,
}  # fmt: skip
OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, 0.3),
    "momentum": lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, dampening=0.1, weight_decay=0.01),
    "Nesterov": lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=True),
    "Adam": lambda p: torch.optim.Adam(p, 1e-2, weight_decay=0.01),
    "AdamW": lambda p: torch.optim.AdamW(p, 1e-2, weight_decay=0.1, amsgrad=True),
}


def examples(model, number, dtype=torch.float64, seed=3):
    """Inputs that the model reads, and labels."""
    rng = torch.Generator().manual_seed(seed)
    reads = isinstance(model, Reader | Tied)
    inputs = torch.randint(0, 11, (number, 6), generator=rng) if reads else torch.randn(number, 16, generator=rng)
    return inputs if reads else inputs.to(dtype), torch.randint(0, 3, (number,), generator=rng)


def recorded(folder, make, optimize, *, dtype=torch.float64, clip=0.8, steps=STEPS, **options):
    """A model trained and recorded in a folder, and what it was trained on."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = make().to(dtype).eval()
    x, y = examples(model, EXAMPLES, dtype)
    optimizer, rng = optimize(model.parameters()), torch.Generator().manual_seed(1)
    with record(model, optimizer, folder, **options) as r:
        for _ in range(steps):
            ids = torch.randperm(EXAMPLES, generator=rng)[:BATCH]
            optimizer.zero_grad()
            F.cross_entropy(model(x[ids]), y[ids]).backward()
            nn.utils.clip_grad_norm_(model.parameters(), clip)
            r.batch(ids)
            optimizer.step()
    return model, (x, y)


def explained(folder):
    """Five inputs, by a walk for each."""
    model, trajectory = MODELS["transformer"]().double(), Trajectory.open(folder)
    model.load_state_dict(trajectory.weights(trajectory.end + 1))
    inputs, _ = examples(model, 5, seed=9)
    return explain(model, folder, inputs, train=examples(model, EXAMPLES), memory=1e-9)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    parts = asdict(explained(folder))
    np.savez(folder / f"rank{torch.distributed.get_rank()}.npz", **parts.pop("other"), **parts)
    torch.distributed.destroy_process_group()
