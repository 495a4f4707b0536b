"""What a masked language model says of a whole text, site by site, each hidden in turn: the energy of the text.

    raw         E(x) = −Σ_t f_t(x_t | x_∖t),   f the logits
    normalised  E(x) = −Σ_t log p(x_t | x_∖t)                 (Goyal et al. 2021, arXiv:2106.02736)
The second is the pseudo-log-likelihood; its mean a token, exponentiated, is the pseudo-perplexity (Salazar et al. 2020,
arXiv:1910.14659). A text of n tokens costs n passes.
"""

import math
from collections.abc import Iterable
from typing import Any, Literal

import torch
from jaxtyping import Bool, Float64, Int
from torch import Tensor

from minent.errors import BadInput
from minent.text.masked.conditionals import Conditionals, conditionals_of
from minent.text.masked.vocabulary import Vocabulary, vocabulary_of

BATCH = 32  # texts of like length whose energies are taken together
ROWS = 256  # texts with a hole each that are read at a time, before their logits are dropped


def energy(
    conditionals: Conditionals,
    tokens: Int[Tensor, "rows n"],
    inner: Bool[Tensor, "rows n"],
    kind: Literal["raw", "normalised"],
    mask: int,
) -> Float64[Tensor, " rows"]:
    """E of each text, a sum over its `inner` sites: all but what opens and closes it, and padding."""
    row, site = inner.nonzero(as_tuple=True)
    total = torch.zeros(len(tokens), dtype=torch.float64, device=tokens.device)
    for start in range(0, len(row), ROWS):
        rows, sites = row[start : start + ROWS], site[start : start + ROWS, None]
        hidden = tokens[rows]
        wanted = hidden.gather(1, sites)
        logits = conditionals(hidden.scatter(1, sites, mask), sites)[:, 0]
        logits = logits if logits.dtype == torch.float64 else logits.float()
        found = logits.gather(1, wanted)[:, 0]
        if kind == "normalised":
            found = found - logits.logsumexp(1)
        total.index_add_(0, rows, -found.double())
    if bool(total.isnan().any()):
        raise BadInput("the model's logits of a text are NaN: it has no energy")
    return total


def pseudo_perplexity(model: Any, texts: Iterable[str], tokenizer: Any = None) -> float:
    """exp of the mean of −log p(x_t | x_∖t) over all tokens of all texts; longer ones are cut to what the model reads.

    Raises BadInput where there is no token."""
    tokenizer = getattr(model, "tokenizer", None) if tokenizer is None else tokenizer
    vocabulary = vocabulary_of(tokenizer)
    conditionals = conditionals_of(model, vocabulary)
    room = conditionals.longest - len(vocabulary.before) - len(vocabulary.after)
    rows = [vocabulary.encode(text)[0][: room if conditionals.longest else None] for text in texts]
    rows = sorted(filter(None, rows), key=len)  # those of like length are read together
    total, count = 0.0, sum(map(len, rows))
    for start in range(0, len(rows), BATCH):
        tokens, inner = framed(rows[start : start + BATCH], vocabulary, conditionals.device)
        total += float(energy(conditionals, tokens, inner, "normalised", vocabulary.mask).sum())
    if not count:
        raise BadInput("pseudo-perplexity is of texts; got none with a token")
    return math.exp(total / count)


def framed(
    texts: list[list[int]], vocabulary: Vocabulary, device: torch.device, width: int = 0
) -> tuple[Int[Tensor, "rows n"], Bool[Tensor, "rows n"]]:
    """Texts among what opens and closes them, padded to one width, and which sites are theirs."""
    before, after = len(vocabulary.before), len(vocabulary.after)
    width = max(width, max(map(len, texts))) + before + after
    tokens = torch.full((len(texts), width), vocabulary.pad)
    inner = torch.zeros(len(texts), width, dtype=torch.bool)
    for i, ids in enumerate(texts):
        whole = [*vocabulary.before, *ids, *vocabulary.after]
        tokens[i, : len(whole)] = torch.tensor(whole)
        inner[i, before : before + len(ids)] = True
    return tokens.to(device), inner.to(device)
