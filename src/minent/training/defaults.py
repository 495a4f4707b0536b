"""What a run does where its options do not say: from how much there is to learn from, and how wide the model is.

    tokens of a batch   P N / S, of at least 512 and 16 texts, at most 8,192      N tokens to learn from
    steps               P passes, or S where these are fewer, but at most 10 P    S = 2,000, P = 10
    warm-up             a tenth of the steps
    learning rate       0.256 / d                                                 d the width of the model
A model learns from nothing by steps: where there is little to learn from, batches are small and passes many. The wider
it is, the shorter are its steps (Yang et al. 2021, table 3: Adam's rate goes as 1 / d). A model that has learned before
takes P passes at 0.0384 / d, 5e-5 where d is 768 (Devlin et al. 2019, appendix A.3: 2e-5 to 5e-5), ten times as much
where only adapters are learned (Hu et al. 2021, table 9: 4e-4 to 5e-4). One of no width that is known takes P passes at
3e-4, and does not warm up.
"""

import math
from collections.abc import Mapping
from typing import Any

from minent.training.recipe import Recipe

PASSES, STEPS = 10.0, 2000  # of them, and at least so many of these, but at most ten times the passes
LEAST, MOST, TEXTS = 512, 8192, 16  # tokens of a batch, and texts of average length at least
FRESH, FURTHER, ADAPTERS, UNKNOWN = 0.256, 0.0384, 0.384, 3e-4  # learning rates, times the width where one is known
JUDGED = 20  # times in a run, about, where passes are many


def width_of(model: Any) -> int | None:
    """Numbers in what a model of text holds of a token; None for other models."""
    bare = _within(model)
    shape, config = getattr(bare, "shape", None), getattr(bare, "config", None)
    config = getattr(config, "decoder", None) or config  # of two models that are put together
    found = getattr(shape, "dim", None) or getattr(config, "hidden_size", None) or getattr(config, "d_model", None)
    return found if isinstance(found, int) else None


def further(model: Any) -> bool:
    """Whether a model has learned before: one from a folder or the hub, and any of Hugging Face's."""
    bare = _within(model)
    return bool(getattr(bare, "has_learned", not hasattr(bare, "shape")))


def _within(model: Any) -> Any:
    return model.module if hasattr(model, "module") else model


def rate_of(recipe: Recipe, model: Any) -> float:
    """The highest learning rate."""
    if recipe.learning_rate is not None:
        return recipe.learning_rate
    if (width := width_of(model)) is None:
        return UNKNOWN
    if further(model):
        parts = _within(model), getattr(_within(model), "model", None)
        return (ADAPTERS if any(hasattr(part, "peft_config") for part in parts) else FURTHER) / width
    return FRESH / width


def steps_of(recipe: Recipe, model: Any, one_pass: int) -> int:
    """Steps in all, `one_pass` of them a pass.

    >>> steps_of(Recipe(), None, 7), steps_of(Recipe(epochs=0.5), None, 7), steps_of(Recipe(steps=3), None, 7)
    (70, 4, 3)
    """
    if recipe.steps is not None:
        return recipe.steps
    steps = max(1, math.ceil((recipe.epochs or PASSES) * one_pass))
    if recipe.epochs is not None or width_of(model) is None or further(model):
        return steps
    return max(steps, min(STEPS, 10 * steps))


def warmup_of(recipe: Recipe, model: Any, steps: int) -> int:
    """Steps over which the learning rate climbs, of `steps`."""
    if recipe.warmup is not None:
        return recipe.warmup
    return 0 if width_of(model) is None else steps // 10


def between(recipe: Recipe, steps: int, one_pass: int) -> int:
    """Passes from one evaluation to the next, where these are at ends of passes."""
    said = recipe.steps is not None or recipe.epochs is not None
    return 1 if said else max(1, round(steps / max(one_pass, 1) / JUDGED))


def tokens_of(columns: Mapping[str, Any]) -> int:
    """Tokens of a batch of the longest among `columns`, where those of tokens have `lengths`.

    >>> from minent.data.ragged import Ragged
    >>> [tokens_of({"text": Ragged.of([[0] * 30] * texts)}) for texts in (1_000, 10_000, 10**5)]
    [512, 1500, 8192]
    """
    lengths = [column.lengths for column in columns.values() if hasattr(column, "lengths")]
    total = max(int(one.sum()) for one in lengths)
    few = TEXTS * total / max(1, len(lengths[0]))
    return int(min(MOST, max(LEAST, few, PASSES * total / STEPS)))
