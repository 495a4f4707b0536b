"""Texts whose length changes: a token is replaced, inserted or deleted, and that is accepted or not (CGMH: Miao et al.
2019, arXiv:1811.10996), so that a chain reaches exp(−E(x)/T) over texts of the allowed lengths with the keywords.

With c a text with a mask at the site, q = softmax(f(c)/T), each move chosen by 1/3 and its place evenly, the ratios are

    replace   e^{(E−E′)/T} q(old) / q(new)
    insert    e^{(E−E′)/T} gaps(x) / (deletable(x′) q(new))
    delete    e^{(E−E′)/T} deletable(x) q(old) / gaps(x′)
gaps/deletable is the ratio of insertion to deletion counts. Without keywords it is 1: n tokens have n + 1 gaps, and
once one is filled there are n + 1 tokens to delete. Tokens of keywords may not be deleted, and leaving the ratio out
then leads to another law. They are marked as such; they move, but stay in their order and in one piece: there is no gap
within a keyword.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float64, Int
from torch import Tensor

from minent.text.draw import drawn, weights
from minent.text.gibbs.metropolis import Energy
from minent.text.gibbs.schedule import nth
from minent.text.gibbs.start import FREE, INSIDE, OUTSIDE

REPLACE, INSERT, DELETE = 0, 1, 2


@dataclass(frozen=True)
class Move:
    """Moves that are proposed: the text with a mask at the site, the kinds of its tokens, the token that stood there
    (the mask where none did), how often the move and its reverse could have been chosen, and whether it can be made."""

    masked: Tensor
    kinds: Tensor
    site: Tensor
    old: Tensor
    forth: Tensor
    back: Tensor
    possible: Tensor


def gaps(kinds: Int[Tensor, "rows n"]) -> Tensor:
    """How many places there are to insert a token: before each but those within a keyword, and at the end."""
    return ((kinds != OUTSIDE) & (kinds != INSIDE)).sum(1) + 1


def deletable(kinds: Int[Tensor, "rows n"]) -> Tensor:
    """How many tokens may be deleted, or replaced."""
    return (kinds == FREE).sum(1)


def choices(kinds: Int[Tensor, "rows n"], move: Int[Tensor, " rows"]) -> Tensor:
    """How many places there are for the move."""
    return torch.where(move == INSERT, gaps(kinds), deletable(kinds))


def propose(
    tokens: Int[Tensor, "rows n"],
    kinds: Int[Tensor, "rows n"],
    move: Int[Tensor, " rows"],
    place: Int[Tensor, " rows"],
    lengths: tuple[int, int],
    mask: int,
) -> Move:
    """Replace or delete the free token, or fill the gap, number `place` of each text; the last site is padding."""
    n = tokens.shape[1]
    everyone, column = torch.arange(len(tokens), device=tokens.device), torch.arange(n, device=tokens.device)
    inner = kinds != OUTSIDE
    end = inner.long().cumsum(1).argmax(1) + 1  # just behind the text
    open_ = inner & (kinds != INSIDE)
    open_[everyone, end] = True
    insert, delete = move == INSERT, move == DELETE
    site = torch.where(insert, nth(open_, place), nth(kinds == FREE, place))
    back = (insert[:, None] & (column > site[:, None])).long()
    source = column - back
    masked, moved = tokens.gather(1, source), kinds.gather(1, source)
    old = torch.where(insert, mask, tokens[everyone, site])
    masked[everyone, site] = mask
    moved[everyone, site] = FREE
    length = inner.sum(1)
    possible = (place < choices(kinds, move)) & ~(insert & (length >= lengths[1])) & ~(delete & (length <= lengths[0]))
    forth, back = torch.ones_like(length), torch.ones_like(length)
    forth = torch.where(insert, gaps(kinds), torch.where(delete, deletable(kinds), forth))
    after_insert, after_delete = deletable(kinds) + 1, gaps(kinds) - 1
    back = torch.where(insert, after_insert, torch.where(delete, after_delete, back))
    return Move(masked, moved, site, old, forth, back, possible)


def made(move: Int[Tensor, " rows"], proposed: Move, new: Int[Tensor, " rows"], pad: int) -> tuple[Tensor, Tensor]:
    """The texts, with their kinds, that the moves lead to: the new token at the site, or none."""
    everyone = torch.arange(len(new), device=new.device)
    filled = proposed.masked.clone()
    filled[everyone, proposed.site] = new
    n = filled.shape[1]
    column, delete = torch.arange(n, device=new.device), (move == DELETE)[:, None]
    later = delete & (column >= proposed.site[:, None])
    source = (column + later.long()).clamp(max=n - 1)
    last = delete & (column == n - 1)
    tokens = filled.gather(1, source).masked_fill(last, pad)
    return tokens, proposed.kinds.gather(1, source).masked_fill(last, OUTSIDE)


def count_ratio(forth: Tensor, back: Tensor) -> Tensor:
    """log of the ways forth over the ways back."""
    return forth.double().log() - back.double().log()


def log_ratio(
    before: Float64[Tensor, " rows"],
    after: Float64[Tensor, " rows"],
    logits: Tensor,
    move: Int[Tensor, " rows"],
    proposed: Move,
    new: Int[Tensor, " rows"],
    temperature: float,
) -> Float64[Tensor, " rows"]:
    """log of what min(1, ·) is taken of."""
    q = (logits.double() / temperature).log_softmax(1)
    back, forth = q.gather(1, proposed.old[:, None])[:, 0], q.gather(1, new[:, None])[:, 0]
    drawing = torch.where(move == INSERT, -forth, torch.where(move == DELETE, back, back - forth))
    return (before - after) / temperature + drawing + count_ratio(proposed.forth, proposed.back)


def step(
    tokens: Int[Tensor, "chains n"],
    kinds: Int[Tensor, "chains n"],
    held: Float64[Tensor, " chains"],
    chance: Tensor,
    conditional: Callable[[Tensor, Tensor, Tensor], Tensor],
    energy: Energy,
    lengths: tuple[int, int],
    temperature: float,
    mask: int,
    pad: int,
) -> tuple[Tensor, Tensor]:
    """One proposal for each chain; all three are changed in place. `conditional(tokens, kinds, sites)` gives logits,
    `energy(tokens, kinds)` energies. Returns which were accepted, and which changed; `chance` (chains, 4)."""
    move = (3 * chance[:, 0]).long()
    place = (chance[:, 1] * choices(kinds, move)).long()
    proposed = propose(tokens, kinds, move, place, lengths, mask)
    accepted, changed = torch.zeros_like(proposed.possible), torch.zeros_like(proposed.possible)
    rows = proposed.possible.nonzero()[:, 0]
    if not len(rows):
        return accepted, changed
    proposed = Move(*(getattr(proposed, name)[rows] for name in Move.__annotations__))
    move = move[rows]
    logits = conditional(proposed.masked, proposed.kinds, proposed.site)
    new = drawn(weights(logits, temperature)[0], chance[rows, 2])
    texts, moved = made(move, proposed, new, pad)
    same = (move == REPLACE) & (new == proposed.old)
    after, other = held[rows].clone(), ~same
    if bool(other.any()):
        after[other] = energy(texts[other], moved[other])
    ratio = log_ratio(held[rows], after, logits, move, proposed, new, temperature)
    taken = same | (chance[rows, 3].log() < ratio)
    tokens[rows[taken]], kinds[rows[taken]], held[rows[taken]] = texts[taken], moved[taken], after[taken]
    accepted[rows[taken]], changed[rows[taken & other]] = True, True
    return accepted, changed
