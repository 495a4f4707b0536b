"""Adapters of low rank: of a large model's matrices W only a difference B A of rank r is learned, and W stays.

    W + (α / r) B A,   α = 2 r,   B = 0 to begin with (Hu et al. 2021, arXiv:2106.09685)
peft has them. At the end they are added to the matrices, so that the model is one like any other.
"""

import sys
import warnings
from typing import Any

import torch

from minent.errors import BadInput, require
from minent.training.saved import Saved

SCANS = {"mamba", "mamba2", "falcon_mamba", "falcon_h1", "nemotron_h"}  # whose kernels read two matrices past adapters


def adapted(model: Any, rank: int, seed: int = 1, task: str | None = None) -> Any:
    """The model of Hugging Face with adapters beside all its linear layers but the last, which alone are trained; by
    the `task` SEQ_CLS the scores of labels are, too. Of Mamba's, those that it does not multiply with as layers stay
    without.

    Raises BadInput for a model of minent, and for a rank below 1; MissingExtra without peft."""
    if isinstance(model, Saved):
        kind = type(model).__name__
        raise BadInput(f"adapters (lora) are for models of Hugging Face; got a {kind} of minent, which is small")
    if rank < 1:
        raise BadInput(f"lora is a rank, at least 1; got {rank}")
    peft = require("peft", "lora", "train adapters of a model")
    left = ["out_proj", "conv1d"] if model.config.model_type in SCANS else None
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers by an old name
        torch.manual_seed(seed)
        how = peft.LoraConfig(
            r=rank, lora_alpha=2 * rank, target_modules="all-linear", exclude_modules=left, task_type=task
        )
        return peft.get_peft_model(model, how)


def merged(model: Any) -> Any:
    """The model with its adapters added to its matrices, in place; one without any as it is."""
    peft = sys.modules.get("peft")
    return model.merge_and_unload() if peft is not None and isinstance(model, peft.PeftModel) else model
