"""What there is to say of samples: whether chains mixed, how alike texts are, and how likely the model holds them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from minent.text.gibbs.convergence import effective_sample_size, r_hat
from minent.text.gibbs.sampler import Gibbs, State
from minent.text.masked.energy import energy, framed
from minent.text.score.diversity import corpus_bleu, distinct, self_bleu


@dataclass(frozen=True)
class Diagnostics:
    """Diagnostics of samples. n-grams are of the model's own tokens; None stands where there was too little to tell."""

    accepted: float
    """Share of the draws that were accepted, over all sweeps after the burn-in."""

    changed: float
    """Share of them that changed the text."""

    r_hat: float | None
    """Rank-normalised split R̂ of the score, over sweeps after the burn-in; None for chains that are annealed."""

    ess: float | None
    """Effective sample size of the score, of all chains together."""

    distinct_1: float
    distinct_2: float
    distinct_3: float
    self_bleu: float | None
    pseudo_perplexity: float
    """That of the last texts of all chains."""

    corpus_bleu: float | None
    texts: int
    """How many texts n-grams were counted in: those that were kept."""


def diagnostics(sampler: Gibbs, states: Iterable[State], corpus: Sequence[str] = ()) -> Diagnostics:
    """Diagnostics of the `states` of all sweeps (`sampler.sweeps()`); `corpus`: texts that samples should be like."""
    states = list(states)
    states = [state for state in states if state.sweep > 0] or states
    last, options, conditionals = states[-1], sampler.options, sampler.chains.conditionals
    after = [state for state in states if state.sweep > sampler.burn_in] or [last]
    score = np.stack([state.score for state in after], axis=1)
    mixed = score.shape[1] >= 4 and not options.anneal
    kept = [[str(token) for token in ids] for state in states if state.kept for ids in state.ids]
    tokens, inner = framed([ids.tolist() for ids in last.ids], sampler.vocabulary, conditionals.device)
    total = energy(conditionals, tokens, inner, "normalised", sampler.vocabulary.mask).sum()
    read = [[str(token) for token in sampler.vocabulary.encode(text)[0]] for text in corpus]
    return Diagnostics(
        accepted=float(np.mean([state.accepted for state in after])),
        changed=float(np.mean([state.changed for state in after])),
        r_hat=r_hat(score) if mixed else None,
        ess=effective_sample_size(score) if mixed else None,
        distinct_1=distinct(kept, 1),
        distinct_2=distinct(kept, 2),
        distinct_3=distinct(kept, 3),
        self_bleu=self_bleu(kept) if len(kept) > 1 else None,
        pseudo_perplexity=math.exp(float(total) / int(inner.sum())),
        corpus_bleu=corpus_bleu(kept, read) if read else None,
        texts=len(kept),
    )
