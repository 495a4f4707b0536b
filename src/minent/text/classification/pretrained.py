"""A classifier that begins as another model of text: it knows the language, and learns the labels."""

from pathlib import Path

import torch
from torch import nn

from minent.data import Labelled
from minent.errors import BadInput
from minent.text.classification.classifier import Classifier
from minent.text.classification.hub import HubClassifier, load_hub
from minent.text.classification.training import labels_of
from minent.text.hub_folder import is_hub
from minent.text.masked.model import MaskedLM
from minent.training.saved import read_config

KINDS: dict[str, type[Classifier] | type[MaskedLM]] = {"Classifier": Classifier, "MaskedLM": MaskedLM}


def classifier_from(folder: str | Path, train: Labelled, seed: int = 1) -> Classifier | HubClassifier:
    """A classifier for the labels of `train` with tokenizer, shape and weights of the model in a folder: one of the
    same labels as it is; of other labels, or a masked language model, or any of transformers that can classify, all but
    the scores of labels, which are drawn.

    Raises BadInput for a folder that holds none, and for texts of less than two labels."""
    if not Path(folder).is_dir():
        raise BadInput(f"a classifier begins as the model in a folder; there is no folder {str(folder)!r}")
    if is_hub(folder, "model of text"):
        return load_hub(folder, labels_of(train), seed).train()
    made = read_config(Path(folder), "model of text").get("minent")
    name = made.get("class") if isinstance(made, dict) else "model that is not minent's"
    if name not in KINDS:
        raise BadInput(f"a classifier begins as a Classifier or a MaskedLM of minent; {str(folder)!r} holds a {name}")
    model, labels = KINDS[str(name)].from_pretrained(Path(folder)), labels_of(train)
    if isinstance(model, Classifier) and model.labels == labels:
        return model.train()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        vocabulary = model.embedding.tokens.num_embeddings
        new = Classifier(vocabulary, labels, model.shape, isinstance(model.norm, nn.LayerNorm))
    for part in ("embedding", "norm", "encoder"):
        getattr(new, part).load_state_dict(getattr(model, part).state_dict())
    new.tokenizer, new.has_learned = model.tokenizer, True
    return new


def load_classifier(name: str | Path) -> Classifier | HubClassifier:
    """What is in a folder, a classifier of minent or of transformers, or one of minent's by its name on the hub, in
    evaluation mode on the CPU. Raises BadInput for a folder that holds neither."""
    return load_hub(name) if is_hub(name, "model of text") else Classifier.from_pretrained(name)
