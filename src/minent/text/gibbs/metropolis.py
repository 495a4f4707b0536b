"""A drawn token is accepted or not, so that a chain reaches exp(−E(x)/T) for a stated energy E, whatever the scan.

    a = min(1, exp((E(x) − E(x′))/T) q(x | x_∖t) / q(x′ | x_∖t)),   q = softmax(f_t / T)
(Metropolis et al. 1953; Hastings 1970; for masked language models Goyal et al. 2021, arXiv:2106.02736). Both draws are
from the same q, for x and x′ differ at t only. An energy costs a pass for each site; a draw that changes nothing, none.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Float64, Int
from torch import Tensor

from minent.text.draw import drawn, weights

Energy = Callable[[Tensor, Tensor], Tensor]  # of texts, which chains' they are


def log_ratio(
    before: Float64[Tensor, " rows"],
    after: Float64[Tensor, " rows"],
    logits: Float[Tensor, "rows vocabulary"],
    old: Int[Tensor, " rows"],
    new: Int[Tensor, " rows"],
    temperature: float,
) -> Float64[Tensor, " rows"]:
    """log of what min(1, ·) is taken of: from texts of energy `before`, with `old` tokens, to those with `new` ones."""
    back, forth = (logits.gather(1, token[:, None])[:, 0].double() for token in (old, new))
    return (before - after + back - forth) / temperature


def step(
    tokens: Int[Tensor, "chains n"],
    held: Float64[Tensor, " chains"],
    rows: Int[Tensor, " rows"],
    sites: Int[Tensor, " rows"],
    logits: Float[Tensor, "rows vocabulary"],
    chance: Tensor,
    energy: Energy,
    temperature: float,
) -> tuple[Tensor, Tensor]:
    """Draw and judge one site of each of the chains `rows`; `tokens` and their energies `held` are changed in place.

    Returns which were accepted, and which changed; `chance` (rows, 2): for the draw and for the judgement."""
    old = tokens[rows, sites]
    new = drawn(weights(logits, temperature)[0], chance[:, 0])
    other = (new != old).nonzero()[:, 0]
    accepted = torch.ones(len(rows), dtype=torch.bool, device=tokens.device)
    if len(other):
        proposed = tokens[rows[other]].scatter(1, sites[other, None], new[other, None])
        after = energy(proposed, rows[other])
        ratio = log_ratio(held[rows[other]], after, logits[other], old[other], new[other], temperature)
        accepted[other] = chance[other, 1].log() < ratio
        taken = accepted[other]
        tokens[rows[other][taken]] = proposed[taken]
        held[rows[other][taken]] = after[taken]
    return accepted, accepted & (new != old)
