"""Models of text: trained, run and scored."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minent.text.classification import Classifier, new_classifier, train_classifier
    from minent.text.exposure import (
        Adversarial,
        GradientPenalty,
        RandomReplacement,
        RDrop,
        ScheduledSampling,
        TeacherForcing,
        TeaForN,
        with_objective,
    )  # fmt: skip
    from minent.text.gibbs import Gibbs, diagnostics, load, pseudo_perplexity
    from minent.text.masked import MaskedLM, Vocabulary, new_masked_lm, train_masked_lm
    from minent.text.options import Learning, Masking, Reading, Sampling, Search, Writing
    from minent.text.writing import Seq2Seq, export, n_best, new_seq2seq, train_seq2seq

__all__ = [
    "Adversarial", "Classifier", "Gibbs", "GradientPenalty", "Learning", "MaskedLM", "Masking", "RDrop",
    "RandomReplacement", "Reading", "Sampling", "ScheduledSampling", "Search", "Seq2Seq", "TeaForN", "TeacherForcing",
    "Vocabulary", "Writing", "diagnostics", "export", "load", "n_best", "new_classifier", "new_masked_lm",
    "new_seq2seq", "pseudo_perplexity", "train_classifier", "train_masked_lm", "train_seq2seq", "with_objective",
]  # fmt: skip
ROOMS = "options", "classification", "writing", "masked", "gibbs", "exposure"


def __getattr__(name: str) -> Any:
    if name in __all__:  # on first use: the command line reads options from this room, and is fast without torch
        for room in ROOMS:
            module = importlib.import_module(f"minent.text.{room}")
            if name in module.__all__:
                return getattr(module, name)
    raise AttributeError(f"module 'minent.text' has no attribute {name!r}")
