"""A sequence is written from both ends until they meet in the middle: half the steps, and no half gives the other away.

    p(y | x) = Π_t p(l_t | l_<t, r_<t, x) p(r_t | l_<t, r_<t, x),  y = l_1 … l_a r_b … r_1
where the one from the left writes the first half of y and its end, the one from the right the rest and its end (Zhou,
Zhang & Zong 2019, "Sequence generation: from both sides to the middle", arXiv:1906.09601). Here a beam holds pairs of
halves, so that both directions of a pair have read one another from the start, and its p is that of the whole.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from minent.text.options import Search
from minent.text.writing.beam import IMPOSSIBLE, Hypothesis, Step, best_of_each, brought, forbidden, goes_on, only


def meet(
    step: Step,
    sentences: int,
    end: int,
    search: Search,
    prefix: Sequence[int] = (),
) -> list[list[Hypothesis]]:
    """The finished sequences of every sentence, the best first, by log p(y | x) / (|y| + 2)^α with both ends.

    `step` is that of two directions; a half that has ended is lengthened by ends that cost nothing. Of search.longest
    and search.shortest tokens each half has its half; search.no_repeat holds within a half.

    >>> logs = torch.tensor([[[0.1, 0.9, 0.0], [0.1, 0.0, 0.9]], [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]]).log()
    >>> def step(tokens, rows):  # first 1 from the left and 2 from the right, then the ends
    ...     return logs[0 if tokens is None else 1].repeat_interleave(len(rows) // 2, 0)
    >>> meet(step, 1, end=0, search=Search(beam=1, longest=8))[0][0].tokens
    (1, 2)
    """
    k = search.beam
    found: list[list[Hypothesis]] = [[] for _ in range(sentences)]
    at_work = torch.arange(sentences)
    written = torch.empty(2, sentences, k, 0, dtype=torch.long)
    ended = torch.zeros(2, sentences, k, dtype=torch.bool)
    alive = torch.full((sentences, k), IMPOSSIBLE)
    alive[:, 0] = 0.0
    tokens, rows = None, torch.arange(2 * sentences * k)
    for length in range(1, (search.longest + 1) // 2 + 2):
        n = len(at_work)
        logs = step(tokens, rows).view(2, n, k, -1)
        logs = halves(logs, written, ended, end, search, length, prefix)
        best, likely = brought(*logs.topk(min(2 * k, logs.shape[3]), dim=3))
        m = best.shape[3]
        together = alive[..., None, None] + best[0][..., :, None] + best[1][..., None, :]  # (n, k, m, m)
        total, place = together.flatten(1).topk(2 * k if m > 1 else k, dim=1)
        before = place // (m * m)
        ways = before * m + place // m % m, before * m + place % m
        chosen = torch.stack([half.flatten(1).gather(1, way) for half, way in zip(likely, ways, strict=True)])
        written = torch.cat([taken(written, before), chosen[..., None]], 3)
        ended = taken(ended, before) | (chosen == end)
        done = ended.all(0) & (total > IMPOSSIBLE)
        for i, j in done[:, :k].nonzero().tolist():
            left, right = (half[: half.index(end)] for half in written[:, i, j].tolist())
            score = float(total[i, j]) / search.norm(len(left) + len(right) + 2)
            found[int(at_work[i])].append(Hypothesis((*left, *right[::-1]), score))
        order = (done.long() * 2 * k + torch.arange(total.shape[1])).argsort(1)[:, :k]
        alive = total.gather(1, order).masked_fill(done.gather(1, order), IMPOSSIBLE)
        before, chosen = before.gather(1, order), chosen.gather(2, order.expand(2, -1, -1))
        written, ended = taken(written, order), taken(ended, order)
        hopes = (alive.amax(1) / search.norm(2 * length)).tolist()
        stay = torch.tensor([goes_on(found[i], [hope], k) for i, hope in zip(at_work.tolist(), hopes, strict=True)])
        if not bool(stay.any()):
            break
        own = torch.arange(n)[:, None] * k + before
        rows, tokens = torch.stack([own, own + n * k])[:, stay].flatten(), chosen[:, stay].flatten()
        at_work, alive, written, ended = at_work[stay], alive[stay], written[:, stay], ended[:, stay]
    return [best_of_each(one) for one in found]  # where halves met makes no other text


def halves(
    logs: Tensor, written: Tensor, ended: Tensor, end: int, search: Search, length: int, prefix: Sequence[int]
) -> Tensor:
    """log p (2, sentences, beam, vocabulary) of each half's next token, as the options have it: halves that have ended
    end for sure."""
    longest, shortest = (
        ((search.longest + 1) // 2, search.longest // 2),
        ((search.shortest + 1) // 2, search.shortest // 2),
    )
    own = []
    for d in (0, 1):
        half = replace(search, longest=max(longest[d], 1), shortest=shortest[d])
        begun = forbidden(logs[d : d + 1], written[d : d + 1], end, half, length, () if d else prefix)
        own.append(only(end, begun) if length > longest[d] else begun)
    logs = torch.cat(own)
    over = torch.full_like(logs[0, 0, 0], IMPOSSIBLE)
    over[end] = 0.0
    return torch.where(ended.to(logs.device, non_blocking=True)[..., None], over, logs)


def taken(states: Tensor, order: Tensor) -> Tensor:
    """The states (2, sentences, beam, ...) of the places in `order` (sentences, beam), in both directions."""
    place = order.view(1, *order.shape, *[1] * (states.dim() - 3))
    return states.gather(2, place.expand(2, *order.shape, *states.shape[3:]))
