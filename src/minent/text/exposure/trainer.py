"""Objectives within Hugging Face's Trainer: the same trainer, with another loss."""

from typing import Any, TypeVar

import torch
from torch import nn

from minent.text.exposure.objective import Objective, mean

T = TypeVar("T", bound=type)


def with_objective(trainer: T, objective: Objective) -> T:
    """A subclass of `transformers.Trainer`, `Seq2SeqTrainer` or another like them, whose models train by an objective;
    they are evaluated as before.

    Label smoothing, mixed precision, gradient accumulation and several processes are the trainer's own."""

    class WithObjective(trainer):  # type: ignore[misc, valid-type]
        def compute_loss(
            self, model: nn.Module, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            if return_outputs or not model.training:
                return super().compute_loss(model, inputs, return_outputs, num_items_in_batch=num_items_in_batch)
            done = self.state.global_step / max(1, self.state.max_steps)
            batch = {**inputs, "progress": torch.tensor(done)}
            total, count = objective.loss(model, batch, self.args.label_smoothing_factor)
            self.loss_is_scaled_for_ga = num_items_in_batch is not None
            if num_items_in_batch is None:
                return mean(total, count)
            together = self.accelerator.num_processes if self.args.average_tokens_across_devices else 1
            return mean(total * together, torch.as_tensor(num_items_in_batch))

    WithObjective.__name__ = trainer.__name__
    return WithObjective  # type: ignore[return-value]
