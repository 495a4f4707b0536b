"""Gibbs sampling draws texts from a masked language model: hide a token, draw it from what the model says, repeat.

    x_t ~ p(· | x_∖t),  t by the schedule                               (Wang & Cho 2019, arXiv:1902.04094)
Geman & Geman 1984 show where that leads if the conditionals are those of one joint law. A masked language model's are
not (the claim that it is a Markov random field was withdrawn by its authors), so what chains reach depends on the
schedule; with `correct` they reach exp(−E) of a stated energy instead. Schedules that fill masks once, as
masked diffusion models do, are in `minent.text.gibbs.filling`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from minent.errors import BadInput
from minent.text.gibbs import edit, metropolis
from minent.text.gibbs.chains import Chains, laid
from minent.text.gibbs.constraints import Constraint
from minent.text.gibbs.filling import filled
from minent.text.gibbs.schedule import Chances, visits
from minent.text.gibbs.start import FREE
from minent.text.masked.conditionals import conditionals_of
from minent.text.masked.vocabulary import Vocabulary, vocabulary_of
from minent.text.options.masked import Sampling, plain

Told = tuple[float, float, Tensor]  # of a sweep: the share of draws accepted, that of texts changed, and scores


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
    """Mean log p of the tokens drawn in this sweep, in sweep 0 of the masks that were filled; with `correct` or `edit`,
    −E of the text."""

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
    `Sampling`, or its fields by name. `lines`: templates and seed texts, of which each has chains of its own;
    `constraints`: what texts keep to (see `minent.text.gibbs.constraints`). Iterating gives the states
    that are kept, `sweeps()` all of them; the same seed gives the same. `how` says in what way logits are come by.
    Raises BadInput for what cannot be sampled.

    >>> def logits(tokens, positions):  # token 3 is three times as likely as token 2, whatever is beside it
    ...     return torch.tensor([0.0, 0.0, 1.0, 3.0]).log().expand(*positions.shape, 4)
    >>> vocabulary = Vocabulary(size=4, mask=0, pad=1, special=(0, 1))
    >>> chains = Gibbs(logits, vocabulary, length="5", chains=100, sweeps=20, thin=1)
    >>> ids = np.array([state.ids for state in chains])
    >>> ids.shape, round(float((ids == 3).mean()), 1)
    ((10, 100, 5), 0.8)
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        options: Sampling | None = None,
        *,
        lines: Sequence[str] | Mapping[int, str] = (),
        constraints: Sequence[Constraint] = (),
        **more: Any,
    ):
        self.options = replace(options or Sampling(), **plain(more))
        vocabulary = vocabulary_of(getattr(model, "tokenizer", None) if tokenizer is None else tokenizer)
        conditionals = conditionals_of(model, vocabulary, self.options.precision)
        self.vocabulary = vocabulary.within(conditionals.tokens) if conditionals.tokens else vocabulary
        self.how, n = conditionals.how, self.rounds
        given = self.options.burn_in
        self.burn_in = given if given is not None and n else n - 1 if self.options.anneal else n // 2
        self.chains = laid(self.options, self.vocabulary, conditionals, constraints, lines)

    @property
    def rounds(self) -> int:
        """Sweeps after the first filling: none, where masks are only filled."""
        return 0 if self.options.fills else self.options.sweeps

    @property
    def tokens(self) -> Tensor:
        """What chains start from (chains, n), masks, padding and what opens and closes texts and all."""
        return self.chains.tokens

    @property
    def kinds(self) -> Tensor:
        """Of each of these tokens: 0 where it is drawn, 1 and 2 where it is kept, −1 where it is none of the text."""
        return self.chains.kinds

    @property
    def lines(self) -> list[int]:
        """Of each chain the number of the line, from 0, that it starts from."""
        return [line for line, _ in self.chains.names]

    def __iter__(self) -> Iterator[State]:
        return (state for state in self.sweeps() if state.kept)

    def sweeps(self) -> Iterator[State]:
        """The states after sweep 0, 1, …, kept or not; sweep 0 is kept where it is the only one."""
        options, n = self.options, self.rounds
        chances = Chances(options.seed, self.chains.names, self.chains.tokens.device)
        chains, said = filled(self.chains, chances)
        judging = options.edit or options.correct != "none"
        yield self._state(chains, 0, options.temperature, (1.0, 1.0, -chains.held if judging else said))
        swept = edited if options.edit else judged if judging else drawn
        for sweep in range(1, n + 1):
            temperature = options.temperature
            if options.anneal:
                temperature *= (options.anneal / options.temperature) ** (sweep / n)
            yield self._state(chains, sweep, temperature, swept(chains, chances, temperature))

    def _state(self, chains: Chains, sweep: int, temperature: float, told: Told) -> State:
        kept = (sweep > self.burn_in and (self.rounds - sweep) % self.options.thin == 0) or not self.rounds
        accepted, changed, score = told
        scores = score.cpu().double().numpy().copy()
        return State(sweep, kept, temperature, chains.ids, scores, accepted, changed, self.vocabulary)


def drawn(chains: Chains, chances: Chances, temperature: float) -> Told:
    """A sweep in which every draw stands; scores are the mean log p of what was drawn."""
    options, tokens = chains.options, chains.tokens
    total = torch.zeros(2, len(tokens), dtype=torch.float64, device=tokens.device)
    steps = []
    for rows, sites, chance in visits(options.schedule, chains.kinds == FREE, chances, options.block):
        before = tokens[rows]
        tokens[rows] = before.scatter(1, sites, chains.vocabulary.mask)
        for i, site in enumerate(sites.T):  # those of a block one after another
            some, who = slice(None), rows
            if i and not bool((new := site != sites[:, i - 1]).all()):
                some, who = new, rows[new]  # the others' blocks are smaller
            token, p, _ = chains.draw(who, site[some, None], chance[some, i, None], temperature)
            if chains.constraints and bool((token < 0).any()):
                raise BadInput(
                    "the constraints allow no token where one stood: each must allow what a text holds already"
                )
            tokens[who, site[some]] = token[:, 0]
            total[:, who] += torch.stack([p[:, 0], torch.ones_like(p[:, 0])])
        changed = (before != tokens[rows]).gather(1, sites).flatten()
        steps.append((torch.ones_like(changed), changed))
    return *_shares(steps), total[0] / total[1]


def judged(chains: Chains, chances: Chances, temperature: float) -> Told:
    """A sweep in which every draw is accepted or not; scores are −E."""
    tokens, kinds, steps = chains.tokens, chains.kinds, []
    for rows, sites, chance in visits(chains.options.schedule, kinds == FREE, chances):
        logits = chains.at(tokens[rows], kinds[rows], sites[:, 0])
        steps.append(
            metropolis.step(
                tokens, chains.held, rows, sites[:, 0], logits, chance,
                lambda x, whose: chains.energy(x, kinds[whose]), temperature,
            )
        )  # fmt: skip
    return *_shares(steps), -chains.held


def edited(chains: Chains, chances: Chances, temperature: float) -> Told:
    """A sweep of as many edits, accepted or not, as a text may have tokens; scores are −E."""
    most = torch.full((len(chains.tokens),), chains.lengths[1])
    steps = [
        edit.step(
            chains.tokens, chains.kinds, chains.held, chance,
            chains.at, chains.energy,
            chains.lengths, temperature, chains.vocabulary.mask, chains.vocabulary.pad,
        )
        for chance in chances.steps(most, 4)
    ]  # fmt: skip
    return *_shares(steps), -chains.held


def _shares(steps: list[tuple[Tensor, Tensor]]) -> tuple[float, float]:
    """Of all draws, the share that was accepted, and the share that changed a text."""
    accepted, changed = (torch.cat(parts).double().mean().item() for parts in zip(*steps, strict=True))
    return accepted, changed
