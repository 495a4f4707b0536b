"""A label for a text."""

from minent.text.classification.classifier import Classifier
from minent.text.classification.training import new_classifier, train_classifier

__all__ = ["Classifier", "new_classifier", "train_classifier"]
