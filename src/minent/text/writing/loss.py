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
    read in place of the targets (see `Writer.histories`). In a second pass (see `beside`) what was written is learned
    like the targets."""
    tokens, real = model.histories(batch["target"], batch["target_mask"])
    heard, mask = tokens if history is None else history, real
    if "forward" in batch:
        (heard, mask), (tokens, real) = (beside(model, batch, rows, real) for rows in (heard, tokens))
    wanted, counts = continuations(tokens, real, model.end)
    # which are taught is asked before the model is, for then a GPU has nothing to do that the question waits for
    at = taught(model, counts, batch.get("cut")).flatten().nonzero()[:, 0]
    vectors = model.decoded(batch["source"], batch["source_mask"], heard, mask).flatten(0, 1).index_select(0, at)
    prior, group = model.prior(batch["source"], batch["source_mask"]), None
    if prior is not None:
        half = len(wanted) // model.directions
        group = at // wanted.shape[1] % half // (half // len(prior))
    weight, following = model.embedding.tokens.weight, wanted.flatten().index_select(0, at)
    return linear_cross_entropy(vectors, weight, following, smoothing, prior, group), torch.tensor(len(at))


def read(
    model: Writer,
    batch: dict[str, Tensor],
    history: Int[Tensor, "rows n"] | Float[Tensor, "rows n dim"],
    mask: Bool[Tensor, "rows n"],
) -> Float[Tensor, "rows n1 dim"]:
    """The decoder's vectors, each direction beside the history of the other; or, in a second pass, beside what the
    other wrote (see `beside`)."""
    if "forward" not in batch:
        return model.decoded(batch["source"], batch["source_mask"], history, mask)
    vectors = model.decoded(batch["source"], batch["source_mask"], *beside(model, batch, history, mask))
    left, right = vectors.chunk(2)
    return torch.cat([left[::2], right[1::2]])[:, : history.shape[1] + 1]


def beside(
    model: Writer,
    batch: dict[str, Tensor],
    history: Int[Tensor, "rows n"] | Float[Tensor, "rows n dim"],
    mask: Bool[Tensor, "rows n"],
) -> tuple[Tensor, Bool[Tensor, "twice m"]]:
    """Histories and masks of a second pass, two rows for each: from the left the history and what was written, from the
    right what was written and the history, so that each has the other's writing for a partner: "forward" and "backward"
    in the batch, in the order of writing. Gold would give away what is to be learned (see
    `minent.text.writing.two_pass`)."""
    wrote, real = ([batch[f"{way}{what}"] for way in ("forward", "backward")] for what in ("", "_mask"))
    if history.is_floating_point():
        wrote = [model.embedding.tokens(tokens) for tokens in wrote]
    own, seen = history.chunk(2), mask.chunk(2)
    wide = max(history.shape[1], *(tokens.shape[1] for tokens in wrote))
    rows = [[_wide(x, wide) for x in (a, b, c, d)] for a, b, c, d in ((*own, *wrote), (*seen, *real))]
    tokens, there = (torch.cat([_interleaved(a, c), _interleaved(d, b)]) for a, b, c, d in rows)
    return tokens, there


def _wide(rows: Tensor, n: int) -> Tensor:
    """Rows (batch, n, …), the narrower ones filled up with zeros."""
    return nn.functional.pad(rows, (*(0, 0) * (rows.dim() - 2), 0, n - rows.shape[1]))


def _interleaved(one: Tensor, other: Tensor) -> Tensor:
    """Rows of both by turns: those of a sentence stand together, as the decoder wants them."""
    return torch.stack([one, other], 1).flatten(0, 1)


def taught(
    model: Writer, counts: Bool[Tensor, "rows n1"], cut: Bool[Tensor, " batch"] | None
) -> Bool[Tensor, "rows n1"]:
    """What is learned of real tokens and ends: where a target was `cut` it does not end, and from its end it does not
    begin."""
    if cut is None:
        return counts
    forward, backward = (cut, cut) if model.directions == 2 else (cut, cut[:0])
    if len(counts) > model.directions * len(cut):  # what was written is not cut
        none = torch.zeros_like(cut)
        forward, backward = _interleaved(cut, none), _interleaved(none, cut)
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
