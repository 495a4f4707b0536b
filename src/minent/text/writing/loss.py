"""What a writer loses on a batch: −Σ log p(y_t | y_<t, x) of all tokens and ends, in all its directions."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minent.nn.cross_entropy import linear_cross_entropy
from minent.text.writing.model import Writer


def loss(
    model: Writer,
    batch: dict[str, Tensor],
    smoothing: float = 0.0,
    history: Int[Tensor, "rows n"] | Float[Tensor, "rows n dim"] | None = None,
) -> tuple[Float[Tensor, ""], Int[Tensor, ""]]:
    """Cross entropies of all tokens and ends, of all directions, summed, and how many they are.

    `batch` holds "source", "target" (batch, _) and their masks, and perhaps "cut" (see `taught`); `history`, what is
    read in place of the targets (see `Writer.histories`)."""
    gold, mask = model.histories(batch["target"], batch["target_mask"])
    wanted, counts = continuations(gold, mask, model.end)
    # which are taught is asked before the model is, for then a GPU has nothing to do that the question waits for
    at = taught(model, counts, batch.get("cut")).flatten().nonzero()[:, 0]
    vectors = read(model, batch, gold if history is None else history, mask).flatten(0, 1).index_select(0, at)
    prior = model.prior(batch["source"], batch["source_mask"])
    group = None if prior is None else at // wanted.shape[1] % len(prior)
    weight, following = model.embedding.tokens.weight, wanted.flatten().index_select(0, at)
    return linear_cross_entropy(vectors, weight, following, smoothing, prior, group), torch.tensor(len(at))


def read(
    model: Writer,
    batch: dict[str, Tensor],
    history: Int[Tensor, "rows n"] | Float[Tensor, "rows n dim"],
    mask: Bool[Tensor, "rows n"],
) -> Float[Tensor, "rows n1 dim"]:
    """The decoder's vectors, each direction beside the history of the other; or, where the batch holds "forward" and
    "backward", beside what the other wrote in its own order: gold would give away what is to be learned (see
    `minent.text.writing.two_pass`)."""
    source, source_mask = batch["source"], batch["source_mask"]
    if "forward" not in batch:
        return model.decoded(source, source_mask, history, mask)
    both = []
    for own, other in ((0, "backward"), (1, "forward")):
        tokens = batch[other]
        if history.is_floating_point():
            tokens = model.embedding.tokens(tokens)
        seen = [(history.chunk(2)[own], mask.chunk(2)[own]), (tokens, batch[f"{other}_mask"])]
        rows, real = (_stacked([pair[k] for pair in (seen if own == 0 else seen[::-1])]) for k in (0, 1))
        both.append(model.decoded(source, source_mask, rows, real).chunk(2)[own][:, : history.shape[1] + 1])
    return torch.cat(both)


def _stacked(halves: list[Tensor]) -> Tensor:
    """Tensors (batch, n, …) one above the other, the narrower one filled up with zeros."""
    width = max(half.shape[1] for half in halves)
    beyond = (0, 0) * (halves[0].dim() - 2)
    return torch.cat([nn.functional.pad(half, (*beyond, 0, width - half.shape[1])) for half in halves])


def taught(
    model: Writer, counts: Bool[Tensor, "rows n1"], cut: Bool[Tensor, " batch"] | None
) -> Bool[Tensor, "rows n1"]:
    """What is learned of real tokens and ends: where a target was `cut` it does not end, and from its end it does not
    begin."""
    if cut is None:
        return counts
    forward, backward = (cut, cut) if model.directions == 2 else (cut, cut[:0])
    if model.direction == "right-to-left":
        forward, backward = cut[:0], cut
    last = counts & ~nn.functional.pad(counts, (0, 1))[:, 1:]
    first = nn.functional.pad(torch.zeros_like(counts[:, 1:]), (1, 0), value=True)
    ends = torch.cat(
        [forward[:, None] & last[: len(forward)], backward[:, None] & first[len(counts) - len(backward) :]]
    )
    return counts & ~ends


def continuations(
    history: Int[Tensor, "rows n"], mask: Bool[Tensor, "rows n"], end: int
) -> tuple[Int[Tensor, "rows n1"], Bool[Tensor, "rows n1"]]:
    """What follows each prefix of each history, the end last; and which of these are real.

    >>> tokens = torch.tensor([[7, 8], [9, 0]])
    >>> continuations(tokens, tokens > 0, end=3)[0].tolist()
    [[7, 8, 3], [9, 3, 0]]
    """
    length = mask.sum(1, keepdim=True)
    following = nn.functional.pad(history * mask, (0, 1)).scatter(1, length, end)
    return following, torch.arange(following.shape[1], device=mask.device) <= length
