"""Sampling draws each next token by its probability, sharpened and cut as one likes (see `minent.text.draw`).

A token is where the running sum of probabilities, likeliest first, passes a uniform number; each sequence has its own
numbers, so what is drawn does not depend on what else is in the batch.
"""

from collections.abc import Sequence

import numpy as np
import torch

from minent.text.draw import drawn, weights
from minent.text.options import Search
from minent.text.writing.beam import Hypothesis, Step, brought, forbidden
from minent.text.writing.middle import halves


def sample(
    step: Step,
    names: list[int],
    directions: int,
    end: int,
    search: Search,
    prefix: Sequence[int] = (),
    joined: bool = False,
) -> list[list[Hypothesis]]:
    """`search.beam` sequences for every sentence and direction, the likeliest first; `names` are the sentences'
    numbers, by which they are told apart whatever batch they are in. `joined`: directions write halves of one sequence
    (see `minent.text.writing.middle`).

    >>> def step(tokens, rows):
    ...     return torch.tensor([[0.5, 0.25, 0.25]]).log().expand(len(rows), 3)
    >>> drawn = sample(step, [0, 1], 1, end=0, search=Search(beam=2, temperature=1.0, longest=5))
    >>> [len(one) for one in drawn]
    [2, 2]
    """
    k, n = search.beam, len(names)
    uniform = np.stack(
        [np.random.default_rng([search.seed, name]).random((directions, k, search.longest + 1)) for name in names]
    )
    chance = torch.from_numpy(uniform).movedim(0, 1)  # (directions, sentences, beam, length)
    written = torch.empty(directions, n, k, 0, dtype=torch.long)
    total = torch.zeros(directions, n, k)
    lengths = torch.zeros(directions, n, k, dtype=torch.long)  # with the end; 0 while at work
    tokens, rows = None, torch.arange(directions * n * k)
    for length in range(1, search.longest + 2):
        logs, atwork = step(tokens, rows).view(directions, n, k, -1), lengths == 0
        if joined:
            logs = halves(logs, written, ~atwork, end, search, length, prefix)
        else:
            logs = forbidden(logs, written, end, search, length, prefix)
        share, token = weights(logs.flatten(0, 2), search.temperature, search.top_k, search.top_p, ranked=True)
        now = chance[..., length - 1].flatten().to(logs.device, non_blocking=True)
        chosen = drawn(share.double(), now, token).view(lengths.shape)
        gained, chosen = brought(logs.gather(3, chosen[..., None])[..., 0], chosen)
        total += torch.where(atwork, gained, 0.0)
        lengths = torch.where(atwork & (chosen == end), length, lengths)
        written = torch.cat([written, chosen[..., None]], dim=3)
        if bool((lengths > 0).all()):
            break
        tokens = chosen.flatten()
    found: list[list[Hypothesis]] = [[] for _ in names]
    for i in range(n):
        for j in range(k):
            ways = [tuple(written[d, i, j, : lengths[d, i, j] - 1].tolist()) for d in range(directions)]
            sums, sizes = total[:, i, j].tolist(), lengths[:, i, j].tolist()
            if joined:
                ways, sums, sizes = [ways[0] + ways[1][::-1]], [sum(sums)], [sum(sizes)]
            found[i] += [
                Hypothesis(tokens, score / search.norm(size), d)
                for d, (tokens, score, size) in enumerate(zip(ways, sums, sizes, strict=True))
                if score > -torch.inf  # else options left nothing to draw
            ]
    return [sorted(one, key=lambda hypothesis: -hypothesis.score) for one in found]
