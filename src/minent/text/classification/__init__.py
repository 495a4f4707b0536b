"""A label for a text."""

from minent.text.classification.classifier import Classifier
from minent.text.classification.hub import HubClassifier
from minent.text.classification.pretrained import classifier_from, load_classifier
from minent.text.classification.training import new_classifier, train_classifier

__all__ = ["Classifier", "HubClassifier", "classifier_from", "load_classifier", "new_classifier", "train_classifier"]
