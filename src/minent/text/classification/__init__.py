"""A label for a text."""

from minent.text.classification.classifier import Classifier
from minent.text.classification.pretrained import classifier_from
from minent.text.classification.training import new_classifier, train_classifier

__all__ = ["Classifier", "classifier_from", "new_classifier", "train_classifier"]
