"""Models of text: trained, run and scored."""

from typing import TYPE_CHECKING

from minent.rooms import on_first_use

if TYPE_CHECKING:
    from minent.text.classification import (
        Classifier,
        HubClassifier,
        classifier_from,
        load_classifier,
        new_classifier,
        train_classifier,
    )
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
    from minent.text.gibbs import Gibbs, diagnostics, likeliest, likelihoods, load, pseudo_perplexity
    from minent.text.masked import MaskedLM, Vocabulary, new_masked_lm, train_masked_lm
    from minent.text.options import Learning, Masking, Reading, Sampling, Search, Writing
    from minent.text.writing import (
        HubWriter,
        Seq2Seq,
        agreed_pairs,
        batched,
        export,
        left_half,
        load_writer,
        n_best,
        new_seq2seq,
        train_seq2seq,
    )

__all__ = [
    "Adversarial", "Classifier", "Gibbs", "GradientPenalty", "HubClassifier", "HubWriter", "Learning", "MaskedLM",
    "Masking", "RDrop", "RandomReplacement", "Reading", "Sampling", "ScheduledSampling", "Search", "Seq2Seq",
    "TeaForN", "TeacherForcing", "Vocabulary", "Writing", "agreed_pairs", "batched", "classifier_from", "diagnostics",
    "export", "left_half", "likeliest", "likelihoods", "load", "load_classifier", "load_writer", "n_best",
    "new_classifier", "new_masked_lm", "new_seq2seq", "pseudo_perplexity", "train_classifier", "train_masked_lm",
    "train_seq2seq", "with_objective",
]  # fmt: skip
__getattr__ = on_first_use(
    __name__,
    {
        "minent.text.options": "Learning Masking Reading Sampling Search Writing",
        "minent.text.classification": "Classifier HubClassifier classifier_from load_classifier new_classifier "
        "train_classifier",
        "minent.text.writing": "HubWriter Seq2Seq agreed_pairs batched export left_half load_writer n_best "
        "new_seq2seq train_seq2seq",
        "minent.text.masked": "MaskedLM Vocabulary new_masked_lm train_masked_lm",
        "minent.text.gibbs": "Gibbs diagnostics likeliest likelihoods load pseudo_perplexity",
        "minent.text.exposure": "Adversarial GradientPenalty RDrop RandomReplacement ScheduledSampling TeaForN "
        "TeacherForcing with_objective",
    },
)
