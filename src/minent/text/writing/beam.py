"""Beam search keeps the likeliest beginnings of a sequence, and lengthens them by one token at a time.

Of two sequences the better has the higher log p(y | x) / |y|^α, |y| with its end (a near relative of the length penalty
of Wu et al. 2016). A sentence that is written in several directions at once has a beam for each; they advance in step,
and the best of all wins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from minent.text.options import Search

IMPOSSIBLE = -torch.inf


@dataclass(frozen=True)
class Hypothesis:
    """A sequence as it was written, without its end."""

    tokens: tuple[int, ...]
    score: float
    direction: int = 0


@runtime_checkable
class Step(Protocol):
    """`step(tokens, rows)` (rows,) → log p of every next token (rows, vocabulary), −∞ for one that is never written,
    for beginnings that lengthen those of the step before: row i is its row rows[i] with tokens[i] after it. First comes
    step(None, rows), for empty beginnings. Rows are ordered by direction, then sentence, then place in the beam.
    What is asked is on the CPU, where searches keep their books; log p is where the model is."""

    def __call__(
        self, tokens: Int[Tensor, " rows"] | None, rows: Int[Tensor, " rows"]
    ) -> Float[Tensor, "rows vocabulary"]: ...


def beam_search(
    step: Step,
    sentences: int,
    directions: int,
    end: int,
    search: Search,
    prefix: Sequence[int] = (),
) -> list[list[Hypothesis]]:
    """The finished hypotheses of every sentence, the best first; all begin with the tokens of `prefix`.

    >>> table = torch.tensor([[0.0, 0.6, 0.4], [0.55, 0.45, 0.0], [0.1, 0.0, 0.9]]).log()  # after nothing, 1, 2
    >>> def step(tokens, rows):
    ...     return table[torch.zeros_like(rows) if tokens is None else tokens]
    >>> best = beam_search(step, 1, 1, end=0, search=Search(beam=2, length_penalty=0.0, longest=1))[0][0]
    >>> best.tokens, round(2.718281828**best.score, 2)
    ((1,), 0.33)
    """
    k = search.beam
    wide = 1 if k == directions == 1 else 2 * k  # candidates a beginning: as many may end, and k must go on
    found: list[list[Hypothesis]] = [[] for _ in range(sentences)]
    at_work = torch.arange(sentences)
    written = torch.empty(directions, sentences, k, 0, dtype=torch.long)
    alive = torch.full((directions, sentences, k), IMPOSSIBLE)
    alive[:, :, 0] = 0.0
    tokens, rows = None, torch.arange(directions * sentences * k)
    for length in range(1, search.longest + 2):
        n = len(at_work)
        logs = forbidden(step(tokens, rows).view(directions, n, k, -1), written, end, search, length, prefix)
        best = logs.max(3, keepdim=True) if wide == 1 else logs.topk(min(wide, logs.shape[3]), dim=3)
        logs, likely = brought(*best)
        total, place = (alive[..., None] + logs).flatten(2).topk(min(wide, k * logs.shape[3]), dim=2)
        before, chosen = place // logs.shape[3], likely.flatten(2).gather(2, place)
        ends = (chosen == end) & (total > IMPOSSIBLE)
        for d, i, j in ends[:, :, :k].nonzero().tolist():
            tokens_of = tuple(written[d, i, before[d, i, j]].tolist())
            score = float(total[d, i, j]) / search.norm(length)
            found[int(at_work[i])].append(Hypothesis(tokens_of, score, d))
        # the best k that go on, in order
        order = (ends.long() * 2 * k + torch.arange(total.shape[2])).argsort(2)[:, :, :k]
        alive = total.gather(2, order).masked_fill(ends.gather(2, order), IMPOSSIBLE)
        before, chosen = before.gather(2, order), chosen.gather(2, order)
        written = torch.cat(
            [written.gather(2, before[..., None].expand(*before.shape, length - 1)), chosen[..., None]], 3
        )
        hopes = (alive.amax(2) / search.norm(length)).T.tolist()
        stay = torch.tensor([goes_on(found[i], hope, k) for i, hope in zip(at_work.tolist(), hopes, strict=True)])
        if length > search.longest or not bool(stay.any()):
            break
        first = torch.arange(directions * n).view(directions, n, 1) * k
        rows, tokens = (first + before)[:, stay].flatten(), chosen[:, stay].flatten()
        at_work, written, alive = at_work[stay], written[:, stay], alive[:, stay]
    return [sorted(one, key=lambda hypothesis: -hypothesis.score) for one in found]


def brought(logs: Tensor, token: Tensor) -> tuple[Tensor, Tensor]:
    """Numbers and tokens, on the CPU, by one copy: a double holds either exactly."""
    if logs.device.type == "cpu":
        return logs, token
    both = torch.stack([logs.double(), token.double()]).cpu()
    return both[0].to(logs.dtype), both[1].long()


def best_of_each(found: Sequence[Hypothesis]) -> list[Hypothesis]:
    """The best first, no sequence twice.

    >>> [one.score for one in best_of_each([Hypothesis((1,), -3.0), Hypothesis((2,), -2.0), Hypothesis((1,), -1.0)])]
    [-1.0, -2.0]
    """
    best: dict[tuple[int, ...], Hypothesis] = {}
    for one in sorted(found, key=lambda hypothesis: -hypothesis.score):
        best.setdefault(one.tokens, one)
    return list(best.values())


def goes_on(finished: list[Hypothesis], hopes: list[float], k: int) -> bool:
    """Whether, in any direction, fewer than k sequences are finished or what goes on is better than the worst of the k
    best, as both now stand."""
    scores = [sorted(one.score for one in finished if one.direction == d) for d in range(len(hopes))]
    return any(len(own) < k or hope > own[-k] for own, hope in zip(scores, hopes, strict=True))


def forbidden(
    scores: Tensor, written: Tensor, end: int, search: Search, length: int, prefix: Sequence[int] = ()
) -> Tensor:
    """Scores (directions, sentences, beam, vocabulary), impossible where an option says so."""
    if length <= len(prefix):
        return only(prefix[length - 1], scores)
    if length <= search.shortest:
        scores = scores.clone()
        scores[..., end : end + 1] = IMPOSSIBLE
    if length > search.longest:
        return only(end, scores)
    size = search.no_repeat
    if size and length > size:
        written = written.to(scores.device)
        runs, last = written.unfold(3, size, 1), written[..., length - size :]
        repeated = (runs[..., :-1] == last[..., None, :]).all(4)
        times = torch.zeros_like(scores).scatter_add_(3, runs[..., -1], repeated.to(scores.dtype))
        scores = scores.masked_fill(times > 0, IMPOSSIBLE)
    return scores


def only(token: int, scores: Tensor) -> Tensor:
    """Scores with which no other token is possible."""
    kept = torch.full_like(scores, IMPOSSIBLE)
    kept[..., token : token + 1] = scores[..., token : token + 1]
    return kept
