"""Gibbs sampling draws texts from a masked language model: hide a token, draw it from what the model says, repeat.

    x_t ~ p(· | x_∖t),  t by the scan                                   (Wang & Cho 2019, arXiv:1902.04094)
Geman & Geman 1984 show where that leads if the conditionals are those of one joint law. A masked language model's are
not (the claim that it is a Markov random field was withdrawn by its authors), so what chains reach depends on the scan;
with `correct` they reach exp(−E) of a stated energy instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from minent.errors import BadInput
from minent.text.draw import drawn, weights
from minent.text.gibbs import edit, metropolis
from minent.text.gibbs.scan import Chances, visits
from minent.text.gibbs.start import FREE, bounds, starts
from minent.text.masked.conditionals import conditionals_of
from minent.text.masked.energy import energy, framed
from minent.text.masked.vocabulary import Vocabulary, vocabulary_of
from minent.text.options import Sampling


@dataclass(frozen=True)
class State:
    """All chains after a sweep; sweep 0 is where they start, with no mask left."""

    sweep: int
    kept: bool
    """Whether it is past the burn-in, and one of those that thinning leaves."""

    temperature: float
    ids: list[np.ndarray]
    """The tokens (int64) of each chain, without those that open and close a text."""

    score: Float64[np.ndarray, " chains"]
    """Mean log p of the tokens drawn in this sweep; with `correct` or `edit`, −E of the text."""

    accepted: float
    """Share of the draws that were accepted: 1 where none is judged."""

    changed: float
    """Share of the draws that changed the text."""

    vocabulary: Vocabulary

    @property
    def texts(self) -> list[str]:
        """The text of each chain."""
        return [self.vocabulary.decode(ids.tolist()) for ids in self.ids]


class Gibbs:
    """Chains that draw texts from `model`: a `MaskedLM`, any masked language model of transformers, or a function
    `logits(tokens, positions)` (see `minent.text.masked.conditionals`).

    `tokenizer`: of minent, tokenizers or transformers, or a `Vocabulary`; the model's own if not given. `options`: a
    `Sampling`, or its fields by name. Iterating gives the states that are kept, `sweeps()` all of them; the same seed
    gives the same. `how` says in what way logits are come by. Raises BadInput for what cannot be sampled.

    >>> def logits(tokens, positions):  # token 3 is three times as likely as token 2, whatever is beside it
    ...     return torch.tensor([0.0, 0.0, 1.0, 3.0]).log().expand(*positions.shape, 4)
    >>> vocabulary = Vocabulary(size=4, mask=0, pad=1, special=(0, 1))
    >>> chains = Gibbs(logits, vocabulary, length="5", chains=100, sweeps=20, thin=1)
    >>> ids = np.array([state.ids for state in chains])
    >>> ids.shape, round(float((ids == 3).mean()), 1)
    ((10, 100, 5), 0.8)
    """

    def __init__(self, model: Any, tokenizer: Any = None, options: Sampling | None = None, **more: Any):
        self.options = replace(options or Sampling(), **more)
        tokenizer = getattr(model, "tokenizer", None) if tokenizer is None else tokenizer
        self.vocabulary = vocabulary_of(tokenizer)
        self.conditionals = conditionals_of(model, self.vocabulary, self.options.precision)
        self.how, n = self.conditionals.how, self.options.sweeps
        given = self.options.burn_in
        self.burn_in = given if given is not None else n - 1 if self.options.anneal else n // 2
        begun = starts(self.options, self.vocabulary, self.conditionals.longest)
        ids = [one.ids.tolist() for one in begun]
        self.lengths, room = (1, 1), 0
        if self.options.edit:
            self.lengths = self._lengths(max(map(len, ids)))
            room = self.lengths[1] + 1  # the last site is padding
        self.tokens, inner = framed(ids, self.vocabulary, self.conditionals.device, room)
        kinds = torch.full_like(self.tokens, edit.OUTSIDE)
        kinds[inner] = torch.from_numpy(np.concatenate([one.kinds for one in begun])).to(kinds.device)
        self.kinds, self._banned = kinds, torch.tensor(self.vocabulary.special, dtype=torch.long, device=kinds.device)
        if not self.options.edit and not bool((kinds == FREE).any(1).all()):
            raise BadInput("there must be something to draw; got texts of which all is kept")

    def __iter__(self) -> Iterator[State]:
        return (state for state in self.sweeps() if state.kept)

    def sweeps(self) -> Iterator[State]:
        """The states after sweep 0, 1, …, kept or not."""
        options, n = self.options, self.options.sweeps
        tokens, kinds = self.tokens.clone(), self.kinds.clone()
        numbers = 2 * options.block if options.scan == "block" else 4
        chances = Chances(options.seed, len(tokens), numbers, tokens.device)
        self._fill(tokens, kinds, chances)
        judged, steps = options.edit or options.correct != "none", max(self.lengths[1], int((kinds >= 0).sum(1).max()))
        held = self._energy(tokens, kinds) if judged else torch.zeros(len(tokens), dtype=torch.float64)
        yield self._state(0, False, options.temperature, tokens, kinds, -held, 1.0, 0.0)
        for sweep in range(1, n + 1):
            temperature = options.temperature
            if options.anneal:
                temperature *= (options.anneal / options.temperature) ** (sweep / n)
            if options.edit:
                told = [self._edited(tokens, kinds, held, chances(), temperature) for _ in range(steps)]
            elif judged:
                told = list(self._judged(tokens, kinds, held, chances, temperature))
            else:
                told, held = self._drawn(tokens, kinds, chances, temperature)
            accepted, changed = (torch.cat(parts).double().mean().item() for parts in zip(*told, strict=True))
            kept = sweep > self.burn_in and (n - sweep) % options.thin == 0
            yield self._state(sweep, kept, temperature, tokens, kinds, -held, accepted, changed)

    def conditional(self, tokens: Tensor, sites: Tensor) -> Tensor:
        """Logits (rows, k, vocabulary) at sites of texts with masks there; −∞ for tokens that are never drawn."""
        logits = self.conditionals(tokens, sites)
        logits = logits if logits.dtype == torch.float64 else logits.float()
        logits = logits if self.conditionals.fresh else logits.clone()
        logits[..., self.vocabulary.size :] = -torch.inf
        logits[..., self._banned] = -torch.inf
        return logits

    def _drawn(self, tokens: Tensor, kinds: Tensor, chances: Chances, temperature: float) -> tuple[list[Any], Tensor]:
        options, total = self.options, torch.zeros(2, len(tokens), dtype=torch.float64, device=tokens.device)
        told = []
        for rows, sites, chance in visits(options.scan, kinds == FREE, chances, options.block):
            before = tokens[rows]
            tokens[rows] = before.scatter(1, sites, self.vocabulary.mask)
            for i, site in enumerate(sites.T):  # those of a block one after another
                logits = self.conditional(tokens[rows], site[:, None])[:, 0]
                plain = temperature == 1 and not options.top_k and options.top_p == 1
                whole = None if plain else logits.logsumexp(1)
                share, ids = weights(logits, temperature, options.top_k, options.top_p, overwrite=plain)
                place = drawn(share, chance[:, i])
                token = place if ids is None else ids.gather(1, place[:, None])[:, 0]
                tokens[rows, site] = token
                p = (
                    share.gather(1, token[:, None])[:, 0].log() - share.sum(1).log()
                    if whole is None
                    else (logits.gather(1, token[:, None])[:, 0] - whole)
                )
                total[:, rows] += torch.stack([p.double(), torch.ones_like(p.double())])
            changed = (before != tokens[rows]).gather(1, sites).flatten()
            told.append((torch.ones_like(changed), changed))
        return told, -total[0] / total[1]

    def _judged(self, tokens: Tensor, kinds: Tensor, held: Tensor, chances: Chances, t: float) -> Iterator[Any]:
        for rows, sites, chance in visits(self.options.scan, kinds == FREE, chances):
            logits = self.conditional(tokens[rows].scatter(1, sites, self.vocabulary.mask), sites)[:, 0]
            yield metropolis.step(
                tokens, held, rows, sites[:, 0], logits, chance, lambda x, whose: self._energy(x, kinds[whose]), t
            )

    def _edited(self, tokens: Tensor, kinds: Tensor, held: Tensor, chance: Tensor, temperature: float) -> Any:
        return edit.step(
            tokens, kinds, held, chance, lambda x, sites: self.conditional(x, sites[:, None])[:, 0], self._energy,
            self.lengths, temperature, self.vocabulary.mask, self.vocabulary.pad,
        )  # fmt: skip

    def _energy(self, tokens: Tensor, kinds: Tensor) -> Tensor:
        kind = "raw" if self.options.correct == "raw" else "normalised"
        return energy(self.conditionals, tokens, kinds != edit.OUTSIDE, kind, self.vocabulary.mask)

    def _fill(self, tokens: Tensor, kinds: Tensor, chances: Chances) -> None:
        """Fill what is masked to begin with, in an order drawn for each chain."""
        options = self.options
        while bool((masked := (tokens == self.vocabulary.mask) & (kinds == FREE)).any()):
            rows = masked.any(1).nonzero()[:, 0]
            _, site, chance = next(visits("random", masked[rows], lambda rows=rows: chances()[rows]))
            logits = self.conditional(tokens[rows], site)[:, 0]
            share, ids = weights(logits, options.temperature, options.top_k, options.top_p)
            place = drawn(share, chance[:, 0])
            tokens[rows, site[:, 0]] = place if ids is None else ids.gather(1, place[:, None])[:, 0]

    def _lengths(self, n: int) -> tuple[int, int]:
        """What lengths edited texts may have."""
        framing = len(self.vocabulary.before) + len(self.vocabulary.after)
        most = self.conditionals.longest - framing - 1 if self.conditionals.longest else 2 * n
        low, high = bounds(self.options.length) if self.options.length else (1, min(2 * n, most))
        if self.conditionals.longest and high > most:
            raise BadInput(f"the model reads at most {most} tokens to edit; got a length of {high}")
        if not low <= n <= high:
            raise BadInput(f"the text to edit must be of {low} to {high} tokens; got {n}")
        return low, high

    def _state(
        self,
        sweep: int,
        kept: bool,
        temperature: float,
        tokens: Tensor,
        kinds: Tensor,
        score: Tensor,
        a: float,
        c: float,
    ) -> State:
        rows = zip(tokens.cpu().numpy(), (kinds != edit.OUTSIDE).cpu().numpy(), strict=True)
        ids = [row[inner].astype(np.int64) for row, inner in rows]
        return State(sweep, kept, temperature, ids, score.cpu().double().numpy().copy(), a, c, self.vocabulary)
