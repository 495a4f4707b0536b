"""What a text must keep to: a constraint says of a place which tokens it allows, given all others.

    allowed(x, t) = {v : (x with v at t) is in C}
Gibbs sampling and Metropolis-Hastings then draw from q(v) 1[v ∈ allowed(x, t)], and what they reach is the law of
before, within C: x and x′ differ at t only, so that both have the same allowed tokens there and the ratio of acceptance
is as it was. Chains stay in the part of C that single changes connect: a rhyme that two places share stays as it began.

A constraint is a function of tokens (rows, n) and places (rows,) that returns (rows, vocabulary) of truth. Tokens are
those of the text alone, EMPTY where there is none yet and BEYOND behind the end; places count from 0.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from minent.errors import BadInput

EMPTY, BEYOND = -1, -2
Constraint = Callable[[Int[Tensor, "rows n"], Int[Tensor, " rows"]], Bool[Tensor, "rows vocabulary"]]


def only(allowed: Bool[Tensor, " vocabulary"], places: Sequence[int] = ()) -> Constraint:
    """Certain tokens at some places, counted from 0 or, below 0, from the end; at all where none is given.

    >>> rule = only(torch.tensor([False, True, True]), [-1])
    >>> rule(torch.tensor([[1, EMPTY], [EMPTY, 2]]), torch.tensor([1, 0])).int().tolist()
    [[0, 1, 1], [1, 1, 1]]
    """

    def rule(tokens: Tensor, at: Tensor) -> Tensor:
        table = allowed.to(tokens.device)
        if not places:
            return table.expand(len(tokens), -1)
        here = (_counted(tokens, places) == at[:, None]).any(1)
        return table | ~here[:, None]

    return rule


def one_of(ways: Bool[Tensor, "ways places vocabulary"], places: Sequence[int]) -> Constraint:
    """The tokens at all the places together are as one of several ways has them: patterns of tones, or of rhyme, where
    each class is a way. Tokens of a way are a table of truth for each place.

    >>> rule = one_of(torch.tensor([[[1, 0, 0], [0, 1, 0]], [[0, 0, 1], [0, 0, 1]]]).bool(), [0, 1])
    >>> rule(torch.tensor([[2, EMPTY], [EMPTY, EMPTY]]), torch.tensor([1, 0])).int().tolist()
    [[0, 0, 1], [1, 0, 1]]
    """

    def rule(tokens: Tensor, at: Tensor) -> Tensor:
        tables = ways.to(tokens.device)
        where = _counted(tokens, places)
        stands = tokens.gather(1, where.clamp(0, tokens.shape[1] - 1))
        possible = torch.ones(len(tokens), len(tables), dtype=torch.bool, device=tokens.device)
        for i in range(len(places)):
            other = (where[:, i] != at) & (stands[:, i] >= 0)
            possible &= tables[:, i, stands[:, i].clamp(min=0)].T | ~other[:, None]
        found = torch.ones(len(tokens), tables.shape[2], dtype=torch.bool, device=tokens.device)
        for i in range(len(places)):
            rows = (where[:, i] == at).nonzero()[:, 0]
            if len(rows):
                found[rows] &= possible[rows].float() @ tables[:, i].float() > 0
        return found

    return rule


def no_repeats(vocabulary: int, places: Sequence[int] = (), but: Sequence[int] = ()) -> Constraint:
    """No token twice at some places, or in the whole text, but those of `but`, such as punctuation.

    >>> no_repeats(4)(torch.tensor([[2, EMPTY, 3]]), torch.tensor([1])).int().tolist()
    [[1, 1, 0, 0]]
    """

    def rule(tokens: Tensor, at: Tensor) -> Tensor:
        columns = torch.arange(tokens.shape[1], device=tokens.device)
        heeded = torch.ones_like(tokens, dtype=torch.bool)
        if places:
            heeded = (columns[None, :, None] == _counted(tokens, places)[:, None]).any(2)
        others = heeded & (tokens >= 0) & (columns != at[:, None]) & heeded.gather(1, at[:, None])
        seen = torch.zeros(len(tokens), vocabulary, dtype=torch.long, device=tokens.device)
        seen.scatter_add_(1, tokens.clamp(min=0), others.long())
        if but:
            seen[:, list(but)] = 0
        return seen == 0

    return rule


def _counted(tokens: Tensor, places: Sequence[int]) -> Int[Tensor, "rows places"]:
    """Places of each row, those from the end counted from the start. Raises BadInput for one that a text has not."""
    length = (tokens != BEYOND).sum(1, keepdim=True)
    found = torch.tensor(list(places), device=tokens.device).expand(len(tokens), -1)
    found = torch.where(found < 0, found + length, found)
    if bool(((found < 0) | (found >= length)).any()):
        raise BadInput(
            f"a constraint is on places {list(places)}, counted from 0; a text has {int(length.min())} tokens"
        )
    return found
