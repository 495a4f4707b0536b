"""Texts drawn from a masked language model by Gibbs sampling, with a correction, constraints and diagnostics."""

from minent.text.gibbs.report import Diagnostics, diagnostics
from minent.text.gibbs.sampler import Gibbs, State
from minent.text.masked.conditionals import Logits
from minent.text.masked.energy import energy, pseudo_perplexity
from minent.text.masked.load import load
from minent.text.masked.vocabulary import Vocabulary
from minent.text.options import Sampling

__all__ = [
    "Diagnostics", "Gibbs", "Logits", "Sampling", "State", "Vocabulary", "diagnostics", "energy", "load",
    "pseudo_perplexity",
]  # fmt: skip
