"""A text is written from both ends at once, and each direction reads what the other has written:

    p(l_t | l_<t, r_<t)  and  p(r_t | l_<t, r_<t)

Slow and obvious: the whole model is run anew for every pair of beginnings. Pairwise beam search takes the mean over all
beginnings of the other direction, p(y | L_i) = 1/k Σ_j p(y | L_i, R_j); halves that meet in the middle are enumerated,
p(y | x) = Π_t p(l_t | l_<t, r_<t) p(r_t | l_<t, r_<t). Both from right to left are in the order in which they are
written.
"""

import itertools
import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

Tokens = tuple[int, ...]


def logs(model, source: Tensor, left: Tokens, right: Tokens) -> Tensor:
    """log p of what follows each prefix of both, as (direction, tokens before it, token); the shorter one is padded,
    and what is padding is not read."""
    n = max(len(left), len(right))
    history = torch.tensor([[*one, *[0] * (n - len(one))] for one in (left, right)], dtype=torch.long)
    real = torch.tensor([[t < len(one) for t in range(n)] for one in (left, right)], dtype=torch.bool)
    return model(source, None, history.view(2, n), real.view(2, n))[:, : n + 1].double().log_softmax(2)


def pairwise(model, source: Tensor, k: int, longest: int, penalty: float) -> list[tuple[float, Tokens, int]]:
    """Score, tokens as people read them, and direction of all sequences that pairwise beam search finishes, the best
    first."""
    sides: list[list[tuple[Tokens, float]]] = [[((), 0.0 if i == 0 else -math.inf) for i in range(k)]] * 2
    finished: list[list[tuple[float, Tokens]]] = [[], []]
    for t in range(longest + 1):
        pairs = {(i, j): logs(model, source, sides[0][i][0], sides[1][j][0])[:, t] for i in range(k) for j in range(k)}
        after, done = [], []
        for side in (0, 1):
            candidates = []
            for i, (tokens, total) in enumerate(sides[side]):
                each = [pairs[(i, j) if side == 0 else (j, i)][side].exp() for j in range(k)]
                mean = (sum(each) / k).log().tolist()
                allowed = range(len(mean)) if t < longest else [model.end]
                candidates += [(total + mean[y], (*tokens, y)) for y in allowed if total > -math.inf]
            candidates.sort(reverse=True)
            finished[side] += [
                (total / (t + 1) ** penalty, y[:-1]) for total, y in candidates[:k] if y[-1] == model.end
            ]
            living = [(y, total) for total, y in candidates if y[-1] != model.end][:k]
            hope = living[0][1] / (t + 1) ** penalty if living else -math.inf
            best = sorted((score for score, _ in finished[side]), reverse=True)
            done.append(len(best) >= k and hope <= best[k - 1])
            after.append(living)
        if all(done) or t == longest:
            break
        sides = after
    found = [(score, y[::-1] if side else y, side) for side in (0, 1) for score, y in finished[side]]
    return sorted(found, reverse=True)


def factors(model, source: Tensor, left: Tokens, right: Tokens) -> tuple[list[float], list[float]]:
    """log p of every token of each half, and of the end after it."""
    log = logs(model, source, left, right).tolist()
    one, other = ([log[d][t][y] for t, y in enumerate([*half, model.end])] for d, half in enumerate((left, right)))
    return one, other


def halves(vocabulary: int, end: int, longest: int) -> Iterator[tuple[Tokens, Tokens]]:
    """All pairs of a left half of ⌈longest/2⌉ tokens at most and a right one of ⌊longest/2⌋.

    >>> len(list(halves(4, 3, 3))) == (1 + 3 + 9) * (1 + 3)
    True
    """
    tokens = [y for y in range(vocabulary) if y != end]
    lefts, rights = (
        [half for n in range(most + 1) for half in itertools.product(tokens, repeat=n)]
        for most in ((longest + 1) // 2, longest // 2)
    )
    return itertools.product(lefts, rights)


def met(model, source: Tensor, vocabulary: int, longest: int, penalty: float) -> list[tuple[float, Tokens]]:
    """Score and tokens of every text that two halves can make, the best first; one that can be cut at several places
    occurs several times."""
    found = []
    for left, right in halves(vocabulary, model.end, longest):
        one, other = factors(model, source, left, right)
        found.append((sum(one + other) / (len(left) + len(right) + 2) ** penalty, left + right[::-1]))
    return sorted(found, reverse=True)


def total_probability(model, source: Tensor, vocabulary: int, longest: int) -> float:
    """Σ p(y | x) over all pairs of halves, where the end of a half that has its most tokens is certain."""
    total = 0.0
    for left, right in halves(vocabulary, model.end, longest):
        one, other = factors(model, source, left, right)
        one = one[: (longest + 1) // 2]
        other = other[: longest // 2]
        total += math.exp(sum(one + other))
    return total


def split(texts: Sequence[Sequence[int]]) -> list[list[int]]:
    """Left halves of all texts, then their right halves, which are written from the end; the middle token is left's.

    >>> split([[5, 6, 7], [8]])
    [[5, 6], [8], [7], []]
    """
    lefts = [list(text[: (len(text) + 1) // 2]) for text in texts]
    rights = [list(text[(len(text) + 1) // 2 :])[::-1] for text in texts]
    return lefts + rights
