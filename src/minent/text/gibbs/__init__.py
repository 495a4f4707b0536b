"""Texts drawn from a masked language model by Gibbs sampling, with a correction, constraints and diagnostics."""

from minent.text.gibbs.constraints import Constraint, no_repeats, one_of, only
from minent.text.gibbs.report import Diagnostics, diagnostics
from minent.text.gibbs.rules import read_rules
from minent.text.gibbs.sampler import Gibbs, State
from minent.text.masked.conditionals import Logits
from minent.text.masked.diffusion import Denoiser, diffusion_vocabulary
from minent.text.masked.energy import energy, pseudo_perplexity
from minent.text.masked.likelihood import Likelihood, likeliest, likelihoods
from minent.text.masked.load import load
from minent.text.masked.vocabulary import Vocabulary
from minent.text.options import Sampling

__all__ = [
    "Constraint", "Denoiser", "Diagnostics", "Gibbs", "Likelihood", "Logits", "Sampling", "State", "Vocabulary",
    "diagnostics", "diffusion_vocabulary", "energy", "likeliest", "likelihoods", "load", "no_repeats", "one_of", "only",
    "pseudo_perplexity", "read_rules",
]  # fmt: skip
