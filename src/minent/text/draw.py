"""A token is drawn from softmax(logits / T), cut to its k likeliest tokens or to the fewest that hold the share q.

It is where the running sum of the weights passes a uniform number (nucleus: Holtzman et al. 2020, arXiv:1904.09751).
The sum runs over blocks of tokens first, then within one block, so that most weights are added up only once.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

BLOCK = 256


def weights(
    logits: Float[Tensor, "rows vocabulary"],
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    ranked: bool = False,
    overwrite: bool = False,
) -> tuple[Float[Tensor, "rows m"], Int[Tensor, "rows m"] | None]:
    """What tokens are drawn by: the weights of all of them, or those of the likeliest with their ids, likeliest first.

    `ranked`: all of them come likeliest first, too, with their ids, and add up to 1 before they are cut. `overwrite`:
    the logits are needed no more, and their memory serves.

    >>> weights(torch.tensor([[0.0, 1.0, 2.0]]), top_k=2)[1]
    tensor([[2, 1]])
    """
    token = None
    if ranked or top_p < 1:
        logits, token = logits.sort(stable=True, dim=1, descending=True)
    elif top_k:
        logits, token = logits.topk(min(top_k, logits.shape[1]), 1)
    kept = slice(top_k or None)
    if ranked:
        share = (logits / temperature).softmax(1)[:, kept]
    else:
        logits = logits[:, kept]
        share = torch.sub(logits, logits.amax(1, keepdim=True), out=logits if overwrite else None)
        share = (share if temperature == 1 else share.div_(temperature)).exp_()
    if ranked or top_p < 1:
        share = share.where(share.cumsum(1) - share < top_p * share.sum(1, keepdim=True), 0)
    return share, None if token is None else token[:, kept]


def drawn(
    weights: Float[Tensor, "rows m"], chance: Float[Tensor, " rows"], token: Int[Tensor, "rows m"] | None = None
) -> Int[Tensor, " rows"]:
    """The token on which each row's uniform number falls: its place in the row, or what `token` has there.

    >>> drawn(torch.tensor([[1.0, 3.0], [1.0, 3.0]]), torch.tensor([0.24, 0.26])).tolist()
    [0, 1]
    """
    m = weights.shape[1]
    whole = m // BLOCK * BLOCK
    parts = [weights[:, :whole].unflatten(1, (-1, BLOCK)).sum(2)] if whole else []
    parts += [weights[:, whole:].sum(1, keepdim=True)] if whole < m else []
    sums = torch.cat(parts, 1).double().cumsum(1)
    point = chance.double() * sums[:, -1]
    block = (sums > point[:, None]).long().argmax(1, keepdim=True)
    before = F.pad(sums, (1, 0)).gather(1, block)
    column = torch.arange(BLOCK, device=weights.device)
    places = block * BLOCK + column
    inside = weights.gather(1, places.clamp(max=m - 1)).masked_fill(places >= m, 0).double()
    passed = inside.cumsum(1) > point[:, None] - before
    last = ((inside > 0) * column).amax(1)  # where rounding left the number beyond the sum, or all weights are 0
    place = block[:, 0] * BLOCK + torch.where(passed.any(1), passed.long().argmax(1), last)
    return place if token is None else token.gather(1, place[:, None])[:, 0]
