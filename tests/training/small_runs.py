"""Small runs of everything that a resumed one can trip on: dropout, tied weights, ragged targets, ragged epochs.

As a program: python small_runs.py FOLDER RECIPE [SECONDS] trains there, resuming, prints each step and waits after it.
"""

import json
import sys
import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from minent.training.loop import fit
from minent.training.recipe import Recipe
from minent.training.weights import weights


class Reader(nn.Module):
    """Says the next token from the one before."""

    def __init__(self, dropout: float = 0.2):
        super().__init__()
        torch.manual_seed(5)
        self.embedding = nn.Embedding(12, 8)
        self.hidden = nn.Sequential(nn.Linear(8, 8), nn.Dropout(dropout), nn.Tanh(), nn.BatchNorm1d(8))
        self.output = nn.Linear(8, 12)
        self.output.weight = self.embedding.weight

    def scores(self, tokens: Tensor) -> Tensor:
        return self.output(self.hidden[:3](self.embedding(tokens)))


class Sentences:
    """Seven batches an epoch, of sentences of 2 to 9 tokens padded with 0."""

    def __init__(self, batches: int = 7):
        self.batches = batches

    def epoch(self, number: int) -> Iterator[dict[str, np.ndarray]]:
        rng = np.random.default_rng(number)
        for batch in range(self.batches):
            tokens = rng.integers(1, 12, (3, 9))
            tokens[np.arange(9) >= rng.integers(2, 10, (3, 1))] = 0
            yield {"tokens": tokens, "id": 3 * batch + np.arange(3)}

    def __len__(self) -> int:
        return self.batches


def surprise(model: Reader, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Nats over all next tokens, and their number."""
    tokens, following = batch["tokens"][:, :-1], batch["tokens"][:, 1:]
    scores = model.scores(tokens).transpose(1, 2)
    return nn.functional.cross_entropy(scores, following, ignore_index=0, reduction="sum"), (following != 0).sum()


def dev(model: Reader) -> dict[str, float]:
    """The loss on an epoch that training does not reach."""
    pairs = [surprise(model, {"tokens": torch.tensor(batch["tokens"])}) for batch in Sentences().epoch(999)]
    return {"loss": sum(lost.item() for lost, _ in pairs) / sum(number.item() for _, number in pairs)}


def end(model: nn.Module) -> dict[str, bytes]:
    """The weights, bit for bit."""
    return {name: tensor.numpy().tobytes() for name, tensor in weights(model).items()}


if __name__ == "__main__":
    folder, recipe, *wait = sys.argv[1:]
    model = Reader()
    for record in fit(model, surprise, Sentences(), Recipe(**json.loads(recipe)), dev=dev, folder=folder, resume=True):
        sys.stdout.write(f"{record.step}\n")
        sys.stdout.flush()
        time.sleep(float(wait[0]) if wait else 0)
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
