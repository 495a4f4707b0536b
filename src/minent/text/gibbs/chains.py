"""Chains beside one another: where they start, and what the model says of a site of theirs, and of a text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float64, Int
from torch import Tensor

from minent.errors import BadInput
from minent.text import draw
from minent.text.gibbs.constraints import BEYOND, EMPTY, Constraint
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

    names: list[tuple[int, int]]
    """Of each chain the number of the line that it starts from, and its own."""

    constraints: Sequence[Constraint] = ()
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

    def at(self, tokens: Tensor, kinds: Tensor, site: Tensor) -> Tensor:
        """Logits (rows, vocabulary) at a site of each text, masked there; −∞ for what constraints do not allow. Raises
        BadInput where they are NaN."""
        logits = self.conditional(tokens.scatter(1, site[:, None], self.vocabulary.mask), site[:, None])[:, 0]
        self._possible(logits, tokens)
        return self._within(logits, tokens, kinds, site)

    def draw(
        self, rows: Tensor, sites: Int[Tensor, "rows k"], chance: Tensor, temperature: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """A token for each site of the chains `rows`, all drawn apart; log p of it, and the entropy in nats, each
        (rows, k). The token is -1 where constraints leave none."""
        tokens, kinds = self.tokens[rows], self.kinds[rows]
        logits = self.conditional(tokens, sites)
        if self.constraints:
            parts = [self._within(logits[:, i], tokens, kinds, sites[:, i]) for i in range(sites.shape[1])]
            logits = torch.stack(parts, 1)
        flat = logits.flatten(0, 1)
        options = self.options
        plain = temperature == 1 and not options.top_k and options.top_p == 1
        sure = options.schedule == "entropy"
        entropy = torch.distributions.Categorical(logits=flat).entropy() if sure else torch.zeros(len(flat))
        whole = None if plain else flat.logsumexp(1)
        share, ids = draw.weights(flat, temperature, options.top_k, options.top_p, overwrite=plain)
        token = draw.drawn(share, chance.flatten(), ids)
        if whole is None:
            p = share.gather(1, token[:, None])[:, 0].log() - share.sum(1).log()
        else:
            p = flat.gather(1, token[:, None])[:, 0] - whole
        if bool((odd := p.isnan()).any()):
            row, i = odd.view(sites.shape).nonzero(as_tuple=True)
            self._possible(self.conditional(tokens[row], sites[row, i, None])[:, 0], tokens[row])
            token = torch.where(odd, -1, token)
        return tuple(one.view(sites.shape) for one in (token, p.double(), entropy.to(p.device).double()))  # type: ignore[return-value]

    def _possible(self, logits: Tensor, tokens: Tensor) -> None:
        """Raises BadInput where the model leaves no token that could be drawn."""
        most = logits.amax(1)
        if bool((odd := ~(most > -torch.inf) | most.isposinf()).any()):
            row = tokens[int(odd.nonzero()[0])].tolist()
            text = self.vocabulary.decode([i for i in row if i != self.vocabulary.pad])
            raise BadInput(
                f"the model's logits of a gap are {float(most[odd][0])} at most: no token can be drawn in {text!r}"
            )

    def _within(self, logits: Tensor, tokens: Tensor, kinds: Tensor, site: Tensor) -> Tensor:
        return logits.masked_fill_(~self.allowed(tokens, site, kinds), -torch.inf) if self.constraints else logits

    def allowed(self, tokens: Tensor, site: Tensor, kinds: Tensor) -> Bool[Tensor, "rows vocabulary"]:
        """Which tokens all constraints allow at a site of each text."""
        before = len(self.vocabulary.before)
        seen = torch.where(kinds == OUTSIDE, BEYOND, torch.where(tokens == self.vocabulary.mask, EMPTY, tokens))
        seen = seen[:, before : before + int((kinds != OUTSIDE).sum(1).max())]
        size = self.conditionals.tokens or self.vocabulary.size
        found = torch.ones(len(tokens), size, dtype=torch.bool, device=tokens.device)
        for constraint in self.constraints:
            table = constraint(seen, site - before)
            found[:, : table.shape[1]] &= table[:, :size]
        return found

    def check(self) -> None:
        """Raises BadInput where a text, kept tokens and all, does not keep the constraints."""
        for site in range(self.tokens.shape[1]) if self.constraints else ():
            rows = (self.kinds[:, site] != OUTSIDE).nonzero()[:, 0]
            if len(rows):
                table = self.allowed(self.tokens[rows], torch.full_like(rows, site), self.kinds[rows])
                good = table.gather(1, self.tokens[rows, site, None])[:, 0]
                if not bool(good.all()):
                    text = self.vocabulary.decode(self.ids[int(rows[~good][0])].tolist())
                    place = site - len(self.vocabulary.before) + 1
                    raise BadInput(f"the constraints do not allow token {place} of {text!r}, from which a chain starts")

    def energy(self, tokens: Tensor, kinds: Tensor) -> Float64[Tensor, " rows"]:
        """E of texts."""
        kind = "raw" if self.options.correct == "raw" else "normalised"
        return energy(self.conditionals, tokens, kinds != OUTSIDE, kind, self.vocabulary.mask)


def laid(
    options: Sampling,
    vocabulary: Vocabulary,
    conditionals: Conditionals,
    constraints: Sequence[Constraint] = (),
    lines: Sequence[str] | Mapping[int, str] = (),
) -> Chains:
    """Chains where they start, masks and all. Raises BadInput for what cannot be sampled."""
    if constraints and (options.edit or options.schedule == "block"):
        raise BadInput("constraints are on places that stay, one drawn at a time; got edit or schedule block")
    if vocabulary.size <= len(vocabulary.never):
        raise BadInput(
            f"none of the {vocabulary.size:,} tokens is one that may be drawn: all are parts of characters or special"
        )
    begun, names = starts(options, vocabulary, conditionals.longest, lines)
    ids = [one.ids.tolist() for one in begun]
    lengths, room = (1, 1), 0
    if options.edit:
        lengths = _lengths(options, vocabulary, conditionals.longest, max(map(len, ids)))
        room = lengths[1] + 1  # the last site is padding
    tokens, inner = framed(ids, vocabulary, conditionals.device, room)
    kinds = torch.full_like(tokens, OUTSIDE)
    kinds[inner] = torch.from_numpy(np.concatenate([one.kinds for one in begun])).to(kinds.device)
    if not options.edit and not bool((free := (kinds == FREE).any(1)).all()):
        text = vocabulary.decode(ids[int((~free).nonzero()[0, 0])])
        raise BadInput(f"there must be something to draw; got a text of which all is kept, {text!r}")
    if options.fills and not bool((filled := ((tokens == vocabulary.mask) & (kinds == FREE)).any(1)).all()):
        text = vocabulary.decode(ids[int((~filled).nonzero()[0, 0])])
        raise BadInput(
            f"schedule {options.schedule} fills masks, and {text!r} has none: give a template (_ is a blank), "
            "or start from masks"
        )
    never = torch.tensor(vocabulary.never, dtype=torch.long, device=kinds.device)
    held = torch.zeros(len(tokens), dtype=torch.float64, device=kinds.device)
    return Chains(options, vocabulary, conditionals, tokens, kinds, held, never, names, constraints, lengths)


def _lengths(options: Sampling, vocabulary: Vocabulary, longest: int, n: int) -> tuple[int, int]:
    """What lengths edited texts may have."""
    most = longest - len(vocabulary.before) - len(vocabulary.after) - 1 if longest else 2 * n
    low, high = bounds(options.length) if options.length else (1, min(2 * n, most))
    if longest and high > most:
        raise BadInput(f"the model reads at most {most} tokens to edit; got a length of {high}")
    if not low <= n <= high:
        raise BadInput(f"the text to edit must be of {low} to {high} tokens; got {n}")
    return low, high
