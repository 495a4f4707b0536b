"""Classifiers of Hugging Face, with their tokenizers, asked as those of minent are: a label for a text."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minent.data.ragged import Ragged
from minent.errors import BadInput, require, some
from minent.nn.evaluating import evaluating
from minent.text.classification.labelling import Labelling
from minent.text.cut import Cut
from minent.text.hub_folder import check_tokenizer, open_hub
from minent.text.hub_tokens import MOST, hub_array
from minent.text.masked.asked import longest_text, tokens_known


class HubClassifier(Labelling, nn.Module):
    """A model of transformers that scores labels of a text, one of which is right, and its tokenizer.

    Raises BadInput for a model of one score, or of labels of which several may be right."""

    def __init__(self, model: Any, tokenizer: Any):
        super().__init__()
        self.model, self.tokenizer, config = model, tokenizer, model.config
        if config.num_labels < 2 or config.problem_type not in (None, "single_label_classification"):
            what = f"{config.num_labels} of them" + f", {config.problem_type}" * bool(config.problem_type)
            raise BadInput(f"a classifier tells two labels or more apart, one of which is right; this one has {what}")
        self.labels = [str(config.id2label[i]) for i in range(config.num_labels)]
        text = config.get_text_config()
        if text.pad_token_id is None:  # decoders score what stands before it
            ends = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
            text.pad_token_id = config.pad_token_id = ends
        self.pad = int(text.pad_token_id or 0)
        with evaluating(model):
            self.longest = min(longest_text(model, tokens_known(model), self.pad) or MOST, tokenizer.model_max_length)

    @property
    def config(self) -> Any:
        return self.model.config

    def forward(
        self, tokens: Int[Tensor, "batch n"], padding_mask: Bool[Tensor, "batch n"] | None = None
    ) -> Float[Tensor, "batch labels"]:
        """The score of every label; `padding_mask` is True for real tokens."""
        mask = torch.ones_like(tokens) if padding_mask is None else padding_mask.long()
        return self.model(input_ids=tokens.long(), attention_mask=mask).logits

    def token_array(self, texts: Sequence[str], cut: Cut | None = None) -> Ragged:
        """The token ids of each text, with what the tokenizer puts around it; `cut` counts what is lost."""
        return hub_array(self.tokenizer, texts, Cut(self.longest) if cut is None else cut, self.pad)


def load_hub(folder: str | Path, labels: Sequence[str] | None = None, seed: int = 1) -> HubClassifier:
    """The classifier in a folder of transformers. With `labels`, one for these: the one that is there, where it has
    these, or else all of the model in the folder, whatever it was for, but the scores of labels, which are drawn.

    Raises BadInput for a folder that holds no such model, whole, with its tokenizer; MissingExtra without
    transformers."""
    require("transformers", "hub", "open models of Hugging Face")
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    options: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
    wanted = f"{str(folder)!r} holds no model that classifies texts, with its tokenizer"
    try:
        config = AutoConfig.from_pretrained(folder, **options)
        has = config.id2label or {} if "SequenceClassification" in str(config.architectures) else {}
        other = labels is not None and {str(name) for name in has.values()} != {*labels}
        if labels is not None and other:
            config.num_labels, config.problem_type = len(labels), None
            config.id2label, config.label2id = dict(enumerate(labels)), {one: i for i, one in enumerate(labels)}
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            new = AutoModelForSequenceClassification.from_config(config) if other else None
            how = {**options, "config": config, "dtype": torch.float32, "ignore_mismatched_sizes": other}
            model, told = open_hub(AutoModelForSequenceClassification, folder, "model.", **how)
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, **options)
    except BadInput:
        raise
    except Exception as error:  # tokenizers raises no narrower one
        raise BadInput(f"{wanted}: {' '.join(str(error).split())[:200]}") from None
    check_tokenizer(tokenizer, folder)
    within = f"{model.base_model_prefix}."
    head = {name for name in model.state_dict() if not name.startswith(within) or "pooler" in name}
    if missing := sorted(set(told["missing_keys"]) - (head if other else set())):
        raise BadInput(f"{str(folder)!r} holds no whole model: {some(missing, 2)} would be random")
    if new is not None:
        drawn, own = new.state_dict(), model.state_dict()
        with torch.no_grad():
            for name in head & ({*told["missing_keys"]} | {n for n in head if "pooler" not in n}):
                own[name].copy_(drawn[name])
    return HubClassifier(model.eval(), tokenizer)
