"""What one direction has written is judged by both: the best is what they agree on.

    score(y) = ½ (log p⃗(y | x) + log p⃖(y | x)) / |y|^α,  |y| with its end
each direction by itself, without interaction (Liu et al. 2016, "Agreement on target-bidirectional neural machine
translation", aclanthology.org/N16-1046). A direction is sure of the end it began with; the mean knows both ends.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minent.text.writing.beam import Hypothesis, best_of_each
from minent.text.writing.loss import continuations
from minent.text.writing.model import Writer, alone

TOKENS = 1 << 13  # that are judged at once
SCORES = 1 << 20  # of them that are held at once


def agreed(
    model: Writer,
    source: Int[Tensor, "batch k"],
    mask: Bool[Tensor, "batch k"] | None,
    found: Sequence[Sequence[Hypothesis]],
    penalty: float,
) -> list[list[Hypothesis]]:
    """The hypotheses of each source, in reading order, scored by both directions, the best first, none twice."""
    several = [best_of_each(hypotheses) for hypotheses in found]
    width = [max((len(one.tokens) for one in each), default=0) + 1 for each in several]
    total: list[list[float]] = [[] for _ in several]
    for group in _groups([len(each) * wide for each, wide in zip(several, width, strict=True)], width):
        if most := max(len(several[i]) for i in group):
            rows = torch.tensor(group, device=source.device)
            texts = _padded([several[i] for i in group], most, source.device)
            with alone(model):
                logs = log_probability(model, source[rows], None if mask is None else mask[rows], *texts)
            for i, of in zip(group, logs.view(2, len(group), most).mean(0).tolist(), strict=True):
                total[i] = of
    return [
        sorted(
            (
                Hypothesis(h.tokens, total[i][j] / (len(h.tokens) + 1) ** penalty, h.direction)
                for j, h in enumerate(each)
            ),
            key=lambda one: -one.score,
        )
        for i, each in enumerate(several)
    ]


def _groups(sizes: list[int], width: list[int]) -> list[list[int]]:
    """Sentences whose longest texts are of like length, about TOKENS tokens together: padding costs as much as text."""
    groups: list[list[int]] = []
    held = 0
    for i in sorted(range(len(sizes)), key=lambda i: width[i]):
        if not groups or held + sizes[i] > TOKENS:
            groups.append([])
            held = 0
        groups[-1].append(i)
        held += sizes[i]
    return groups


def _padded(texts: list[list[Hypothesis]], most: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Tokens (texts · most, longest) and which are real."""
    longest = max(len(one.tokens) for each in texts for one in each)
    tokens = torch.zeros(len(texts), most, longest, dtype=torch.long)
    real = torch.zeros_like(tokens, dtype=torch.bool)
    for i, each in enumerate(texts):
        for j, one in enumerate(each):
            tokens[i, j, : len(one.tokens)] = torch.tensor(one.tokens)
            real[i, j, : len(one.tokens)] = True
    return tokens.flatten(0, 1).to(device), real.flatten(0, 1).to(device)


def log_probability(
    model: Writer,
    source: Int[Tensor, "batch k"],
    mask: Bool[Tensor, "batch k"] | None,
    tokens: Int[Tensor, "rows n"],
    real: Bool[Tensor, "rows n"],
) -> Float[Tensor, " both"]:
    """log p of texts by either direction, first all from the left; as many consecutive texts for every source."""
    history, history_mask = model.histories(tokens, real)
    vectors = model.decoded(source, mask, history, history_mask)
    wanted, counts = continuations(history, history_mask, model.end)
    prior, each = model.prior(source, mask), len(tokens) // len(source)
    total, size = (
        torch.zeros(len(history), device=source.device),
        max(1, SCORES // (wanted.shape[1] * model.vocabulary)),
    )
    for rows in torch.arange(len(history), device=source.device).split(size):
        scores = model.embedding.scores(vectors[rows]).float()
        if prior is not None:
            scores = scores + prior[rows % len(tokens) // each][:, None]
        log = scores.gather(2, wanted[rows, :, None])[..., 0] - scores.logsumexp(2)
        total[rows] = (log * counts[rows]).sum(1)
    return total
