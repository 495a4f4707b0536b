"""What one direction has written is judged by both: the best is what they agree on.

    score(y) = ½ (log p⃗(y | x) + log p⃖(y | x)) / |y|^α,  |y| with its end
each direction by itself, without interaction (Liu et al. 2016, "Agreement on target-bidirectional neural machine
translation", aclanthology.org/N16-1046). A direction is sure of the end it began with; the mean knows both ends.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minent.text.beam import Hypothesis
from minent.text.seq2seq import Seq2Seq, alone, continuations

SCORES = 1 << 22  # of tokens that are held at once


def agreed(
    model: Seq2Seq,
    source: Int[Tensor, "batch k"],
    mask: Bool[Tensor, "batch k"] | None,
    found: Sequence[Sequence[Hypothesis]],
    penalty: float,
) -> list[list[Hypothesis]]:
    """The hypotheses of each source, in reading order, scored by both directions, the best first, none twice."""
    several = [list({one.tokens: one for one in reversed(hypotheses)}.values()) for hypotheses in found]
    widest = max(map(len, several))
    longest = max((len(one.tokens) for each in several for one in each), default=0)
    if not widest:
        return several
    tokens = torch.zeros(len(several), widest, longest, dtype=torch.long)
    real = torch.zeros_like(tokens, dtype=torch.bool)
    for i, hypotheses in enumerate(several):
        for j, one in enumerate(hypotheses):
            tokens[i, j, : len(one.tokens)] = torch.tensor(one.tokens)
            real[i, j, : len(one.tokens)] = True
    with alone(model):
        flat = (part.flatten(0, 1).to(source.device) for part in (tokens, real))
        total = log_probability(model, source, mask, *flat).view(2, len(several), widest).mean(0).tolist()
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


def log_probability(
    model: Seq2Seq,
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
