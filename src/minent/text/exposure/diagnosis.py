"""Exposure bias, measured: how often is the likeliest next token the right one, after gold histories, after histories
with tokens replaced at random, and after the model's own?

    accuracy(h) = mean of [argmax p(· | h_<t, x) = y_t] over all tokens and ends of the references
After its own history a model that left out a word is wrong from there on: the figure counts what is right in its place,
and falls with the position.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Int64
from torch import nn

from minent.errors import BadInput
from minent.nn.evaluating import evaluating
from minent.text.exposure.objective import reads_of
from minent.text.exposure.replacement import RandomReplacement
from minent.text.writing.model import alone

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

RATES = 0.1, 0.3, 0.5


@dataclass(frozen=True)
class Exposure:
    """How many tokens are right after each kind of history, by position from 1 on in the order of writing."""

    histories: tuple[str, ...]
    right: Int64[np.ndarray, "histories positions"]
    count: Int64[np.ndarray, " positions"]

    @property
    def accuracy(self) -> dict[str, float]:
        """The share of tokens that are right after each kind of history."""
        return dict(zip(self.histories, (self.right.sum(1) / self.count.sum()).tolist(), strict=True))

    def binned(self) -> tuple[list[str], np.ndarray]:
        """Positions 1, 2, 3–4, 5–8, …, and the accuracies there (histories, bins)."""
        edges = [0, *(1 << i for i in range((len(self.count) - 1).bit_length() + 1))]
        spans = [(a, min(b, len(self.count))) for a, b in pairwise(edges) if a < len(self.count)]
        names = [str(b) if b - a == 1 else f"{a + 1}–{b}" for a, b in spans]
        share = [self.right[:, a:b].sum(1) / max(1, self.count[a:b].sum()) for a, b in spans]
        return names, np.stack(share, axis=1)

    def to_frame(self) -> "pandas.DataFrame":
        """A row for each history and position: history, position, right, tokens, accuracy."""
        import pandas

        positions = np.arange(1, len(self.count) + 1)
        return pandas.concat(
            [
                pandas.DataFrame({"history": name, "position": positions, "right": right, "tokens": self.count})
                for name, right in zip(self.histories, self.right, strict=True)
            ],
            ignore_index=True,
        ).assign(accuracy=lambda table: table.right / table.tokens.clip(lower=1))

    def plot(self) -> "Figure":
        """Accuracy by position, a line for each kind of history. Raises MissingExtra without matplotlib."""
        from minent.plot.curves import curves

        names, share = self.binned()
        lines = {name: 100 * one for name, one in zip(self.histories, share, strict=True)}
        return curves(names, lines, across="position in the text", up="tokens that are right, %")


@torch.no_grad()
def exposure(
    model: nn.Module, batches: Iterable[Mapping[str, Any]], rates: Sequence[float] = RATES, *, seed: int = 1
) -> Exposure:
    """Measure a model on batches such as an objective takes (see `minent.text.exposure.objective`), tensors or arrays.

    `rates`: the shares of tokens that are replaced by others of the same text. Directions of a bidirectional model are
    measured each by itself, for gold histories of the other would tell the answer; both count. The model is put in
    evaluation mode for as long. Raises BadInput where there is nothing to measure.
    """
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    names = ("gold", *(f"{100 * rate:g} % replaced" for rate in rates), "own")
    hits: list[np.ndarray] = []
    both = getattr(model, "direction", "") == "bidirectional"
    with evaluating(model), alone(model) if both else nullcontext():  # type: ignore[arg-type]
        for batch in batches:
            read = reads_of(model, {name: torch.as_tensor(x, device=device) for name, x in batch.items()})
            replaced = [RandomReplacement(1.0, rate).replaced(read, generator) for rate in rates]
            said = [read.scores(history).argmax(2) for history in (read.tokens, *replaced)]
            hits.append(_hits([*said, read.own()], read.wanted, read.counts))
    if not sum(hit[-1].sum() for hit in hits):
        raise BadInput("exposure is measured on texts; got none")
    most = max(hit.shape[1] for hit in hits)
    total = sum(np.pad(hit, ((0, 0), (0, most - hit.shape[1]))) for hit in hits)
    return Exposure(names, total[:-1], total[-1])  # type: ignore[index]


def _hits(said: list[torch.Tensor], wanted: torch.Tensor, counts: torch.Tensor) -> np.ndarray:
    """How many are right at each position of the text, for each history, and how many there are (histories + 1, n)."""
    place = counts.cumsum(1)[counts] - 1
    rows: list[Any] = [*((one == wanted)[counts] for one in said), counts[counts]]
    return np.stack([torch.bincount(place, row.double()).long().cpu().numpy() for row in rows])
