"""While a model learns to write it is judged by what it writes for some pairs that it does not learn from."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from minent.data import Batches
from minent.data.texts.pairs import Pairs
from minent.text.score import can_score, score

SAMPLE = 200  # pairs at most: to write takes longer than to read


def mean_loss(model: nn.Module, batches: Batches, lost: Callable[..., tuple[Tensor, int | Tensor]]) -> float:
    """The mean loss of a token, where `lost(model, batch)` gives the sum of a batch and how many these are."""
    total, count, device = 0.0, 0, next(model.parameters()).device
    for batch in batches.epoch(1):
        one, many = lost(model, {name: torch.from_numpy(array).to(device) for name, array in batch.items()})
        total, count = total + float(one), count + int(many)
    return total / count


def wrote_well(pairs: Pairs, write: Callable[[Pairs], Sequence[str]]) -> dict[str, float]:
    """BLEU and ROUGE-L of what is written for SAMPLE of the pairs, drawn, the same each time; nothing where the extra
    "score" is not installed.

    >>> {name: round(value) for name, value in wrote_well(Pairs(["a"], ["b c d e"]), lambda one: one.targets).items()}
    {'bleu': 100, 'rouge_l': 100}
    """
    if not can_score():
        return {}
    some = pairs.at(sorted(np.random.default_rng(0).permutation(len(pairs))[:SAMPLE].tolist()))
    found = score(write(some), some.targets)
    return {"bleu": found.bleu, "rouge_l": found.rouge_l}
