"""What one direction has written is judged by both: the best is what they agree on.

    score(y) = ½ (log p⃗(y | x) + log p⃖(y | x)) / |y|^α,  |y| with its end
(Liu et al. 2016, "Agreement on target-bidirectional neural machine translation", aclanthology.org/N16-1046). A
direction is sure of the end it began with; the mean knows both ends. The p of a direction that found y is that with
which it wrote y, beside the other; one that did not find it reads it once, by itself, all tokens together, beside what
the search has computed of the source.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minent.nn.attention import Cache
from minent.text.options import Search
from minent.text.writing.beam import Hypothesis, best_of_each
from minent.text.writing.loss import continuations
from minent.text.writing.model import Writer, alone

TOKENS = 1 << 13  # that are judged at once
SCORES = 1 << 20  # of them that are held at once


@dataclass(frozen=True)
class Memory:
    """What a batch of sources leaves for all that is written for it: the encoder's vectors, which of them are real, and
    their keys and values in every layer."""

    vectors: Float[Tensor, "batch k dim"]
    mask: Bool[Tensor, "batch k"] | None
    caches: Sequence[Cache]
    possible: Callable[[Tensor, Tensor], Tensor]
    """Scores of tokens, and the sentences that they are of, to the same without those that are never written."""


def agreed(
    model: Writer, memory: Memory, found: Sequence[Sequence[Hypothesis]], search: Search
) -> list[list[Hypothesis]]:
    """The search.beam best that each direction found for every source, in its own order, by what both say of them: as
    people read them, the best first, none twice."""
    own = [[{read(one): one.score for one in best_of(each, d)[: search.beam]} for d in (0, 1)] for each in found]
    lacking = [[[text for text in both[1 - d] if text not in both[d]] for d in (0, 1)] for both in own]
    most = [max(map(len, sides)) for sides in lacking]
    width = [max((len(text) for side in sides for text in side), default=0) + 1 for sides in lacking]
    for group in groups(most, width):
        texts = [[text[::-1] if d else text for text in lacking[i][d]] for d in (0, 1) for i in group]
        history, real = padded(texts, most[group[0]], memory.vectors.device)
        logs = log_probability(model, memory, torch.tensor(group), history, real).view(2, len(group), -1).tolist()
        for d in (0, 1):
            for i, said in zip(group, logs[d], strict=True):
                for text, log in zip(lacking[i][d], said, strict=False):
                    own[i][d][text] = log / search.norm(len(text) + 1)
    judged = [
        [Hypothesis(text, (left + right[text]) / 2, int(text in sides[0])) for text, left in left_says.items()]
        for (left_says, right), sides in zip(own, lacking, strict=True)
    ]
    return [sorted(each, key=lambda one: -one.score) for each in judged]


def best_of(found: Sequence[Hypothesis], direction: int) -> list[Hypothesis]:
    """What a direction found, the best first, none twice."""
    return best_of_each([one for one in found if one.direction == direction])


def read(one: Hypothesis) -> tuple[int, ...]:
    """What was written, as people read it."""
    return one.tokens[::-1] if one.direction else one.tokens


def groups(many: list[int], width: list[int]) -> list[list[int]]:
    """Sentences with as many texts to read, of which the longest are of like length, about TOKENS tokens together:
    padding costs as much as text. Those without any are left out."""
    made: list[list[int]] = []
    for i in sorted((i for i in range(len(many)) if many[i]), key=lambda i: (many[i], width[i])):
        size = 2 * many[i] * width[i]
        if not made or many[made[-1][0]] != many[i] or size * (len(made[-1]) + 1) > TOKENS:
            made.append([])
        made[-1].append(i)
    return made


def padded(texts: list[list[tuple[int, ...]]], most: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Tokens (texts · most, longest) and which are real."""
    longest = max(len(tokens) for each in texts for tokens in each)
    rows = torch.zeros(len(texts), most, longest, dtype=torch.long)
    real = torch.zeros_like(rows, dtype=torch.bool)
    for i, each in enumerate(texts):
        for j, tokens in enumerate(each):
            rows[i, j, : len(tokens)] = torch.tensor(tokens)
            real[i, j, : len(tokens)] = True
    return rows.flatten(0, 1).to(device), real.flatten(0, 1).to(device)


def log_probability(
    model: Writer, memory: Memory, sentences: Tensor, history: Int[Tensor, "rows n"], real: Bool[Tensor, "rows n"]
) -> Float[Tensor, " rows"]:
    """log p of each text, the first half by the direction from the left, in the order in which its direction would
    write it; as many consecutive texts for every one of `sentences`."""
    at = sentences.to(history.device)
    caches = [(Cache(), cache.of(at)) for cache in memory.caches]
    vectors = torch.cat([model.start(len(history)), model.embedding(history, start=1)], dim=1)
    mask = None if memory.mask is None else memory.mask[at]
    with alone(model):  # what is padding comes last, and nothing reads it
        vectors = model.decoder(vectors, memory.vectors[at], None, mask, caches)
    wanted, counts = continuations(history, real, model.end)
    of = at.repeat_interleave(len(history) // 2 // len(at)).repeat(2)
    total = torch.zeros(len(history), device=history.device)
    for rows in torch.arange(len(history), device=history.device).split(
        max(1, SCORES // (wanted.shape[1] * model.vocabulary))
    ):
        scores = memory.possible(model.embedding.scores(vectors[rows]), of[rows])
        log = scores.gather(2, wanted[rows, :, None])[..., 0] - scores.logsumexp(2)
        total[rows] = torch.where(counts[rows], log, 0).sum(1)
    return total
