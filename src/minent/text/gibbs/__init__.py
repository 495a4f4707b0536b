"""Texts drawn from a masked language model by Gibbs sampling, with a correction, constraints and diagnostics."""

from minent.text.gibbs.conditionals import Logits
from minent.text.gibbs.energy import energy, pseudo_perplexity
from minent.text.gibbs.load import load
from minent.text.gibbs.report import Diagnostics, diagnostics
from minent.text.gibbs.sampler import Gibbs, State
from minent.text.gibbs.vocabulary import Vocabulary
from minent.text.options import Sampling

__all__ = [
    "Diagnostics", "Gibbs", "Logits", "Sampling", "State", "Vocabulary", "diagnostics", "energy", "load",
    "pseudo_perplexity",
]  # fmt: skip
