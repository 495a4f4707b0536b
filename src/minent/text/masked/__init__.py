"""What a masked language model says of a site, and of a text."""

from minent.text.masked.model import MaskedLM
from minent.text.masked.training import new_masked_lm, train_masked_lm
from minent.text.masked.vocabulary import Vocabulary, vocabulary_of

__all__ = ["MaskedLM", "Vocabulary", "new_masked_lm", "train_masked_lm", "vocabulary_of"]
