"""Chains beside one another: where they start, and what the model says of a site of theirs, and of a text."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float64, Int
from torch import Tensor

from minent.errors import BadInput
from minent.text.draw import drawn, weights
from minent.text.gibbs.scan import Chances, visits
from minent.text.gibbs.start import FREE, OUTSIDE, bounds, starts
from minent.text.masked.conditionals import Conditionals
from minent.text.masked.energy import energy, framed
from minent.text.masked.vocabulary import Vocabulary
from minent.text.options import Sampling


@dataclass
class Chains:
    """The texts of all chains, which a sweep changes in place."""

    options: Sampling
    vocabulary: Vocabulary
    conditionals: Conditionals
    tokens: Int[Tensor, "chains n"]
    kinds: Int[Tensor, "chains n"]
    """What each token is: free, kept, or none of the text (see `minent.text.gibbs.start`)."""

    held: Float64[Tensor, " chains"]
    """The energy of each text, where draws are judged by it; 0 where not."""

    never: Int[Tensor, " tokens"]
    """Tokens that are never drawn."""

    lengths: tuple[int, int] = (1, 1)
    """Tokens that an edited text has at least, and at most."""

    @property
    def ids(self) -> list[np.ndarray]:
        """The tokens of each chain, without those that open and close a text."""
        rows = zip(self.tokens.cpu().numpy(), (self.kinds != OUTSIDE).cpu().numpy(), strict=True)
        return [row[inner].astype(np.int64) for row, inner in rows]

    def conditional(self, tokens: Tensor, sites: Tensor) -> Tensor:
        """Logits (rows, k, vocabulary) at sites of texts with masks there; −∞ for tokens that are never drawn."""
        logits = self.conditionals(tokens, sites)
        logits = logits if logits.dtype == torch.float64 else logits.float()
        logits = logits if self.conditionals.fresh else logits.clone()
        logits[..., self.vocabulary.size :] = -torch.inf
        logits[..., self.never] = -torch.inf
        return logits

    def energy(self, tokens: Tensor, kinds: Tensor) -> Float64[Tensor, " rows"]:
        """E of texts."""
        kind = "raw" if self.options.correct == "raw" else "normalised"
        return energy(self.conditionals, tokens, kinds != OUTSIDE, kind, self.vocabulary.mask)


def laid(options: Sampling, vocabulary: Vocabulary, conditionals: Conditionals) -> Chains:
    """Chains where they start, masks and all. Raises BadInput for what cannot be sampled."""
    begun = starts(options, vocabulary, conditionals.longest)
    ids = [one.ids.tolist() for one in begun]
    lengths, room = (1, 1), 0
    if options.edit:
        lengths = _lengths(options, vocabulary, conditionals.longest, max(map(len, ids)))
        room = lengths[1] + 1  # the last site is padding
    tokens, inner = framed(ids, vocabulary, conditionals.device, room)
    kinds = torch.full_like(tokens, OUTSIDE)
    kinds[inner] = torch.from_numpy(np.concatenate([one.kinds for one in begun])).to(kinds.device)
    if not options.edit and not bool((kinds == FREE).any(1).all()):
        raise BadInput("there must be something to draw; got texts of which all is kept")
    never = torch.tensor(vocabulary.special, dtype=torch.long, device=kinds.device)
    held = torch.zeros(len(tokens), dtype=torch.float64)
    return Chains(options, vocabulary, conditionals, tokens, kinds, held, never, lengths)


def _lengths(options: Sampling, vocabulary: Vocabulary, longest: int, n: int) -> tuple[int, int]:
    """What lengths edited texts may have."""
    most = longest - len(vocabulary.before) - len(vocabulary.after) - 1 if longest else 2 * n
    low, high = bounds(options.length) if options.length else (1, min(2 * n, most))
    if longest and high > most:
        raise BadInput(f"the model reads at most {most} tokens to edit; got a length of {high}")
    if not low <= n <= high:
        raise BadInput(f"the text to edit must be of {low} to {high} tokens; got {n}")
    return low, high


def filled(chains: Chains, chances: Chances) -> Chains:
    """Chains of their own, with what was masked to begin with drawn, in an order drawn for each chain."""
    chains, options = replace(chains, tokens=chains.tokens.clone(), kinds=chains.kinds.clone()), chains.options
    tokens, mask = chains.tokens, chains.vocabulary.mask
    while bool((masked := (tokens == mask) & (chains.kinds == FREE)).any()):
        rows = masked.any(1).nonzero()[:, 0]
        _, site, chance = next(visits("random", masked[rows], lambda rows=rows: chances()[rows]))
        logits = chains.conditional(tokens[rows], site)[:, 0]
        share, ids = weights(logits, options.temperature, options.top_k, options.top_p)
        tokens[rows, site[:, 0]] = drawn(share, chance[:, 0], ids)
    if options.edit or options.correct != "none":
        chains.held = chains.energy(tokens, chains.kinds)
    return chains
