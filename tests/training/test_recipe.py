"""A recipe that cannot be cooked is refused with a sentence."""

from dataclasses import asdict
from types import SimpleNamespace
from typing import Any, cast

import pytest

from minent.errors import BadInput
from minent.training.recipe import Recipe


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("steps", 0, "at least 1"),
        ("epochs", 0.0, "positive"),
        ("learning_rate", float("nan"), "positive"),
        ("warmup", -1, "at least 0"),
        ("beta2", 1.0, "at least 0 and less than 1"),
        ("keep", 0, "at least 1"),
        ("ema", 1.0, "at least 0 and less than 1"),
    ],
)
def test_impossible_values_are_named_with_what_was_wanted(name, value, wanted):
    with pytest.raises(BadInput, match=f"^{name} must be {wanted}; got {value!r}$"):
        Recipe(**{name: value})


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("schedule", "one of inverse-sqrt, cosine, linear, constant"), ("precision", "one of fp32, tf32, bf16, fp16")],
)
def test_unknown_choices_are_named_with_those_there_are(name, wanted):
    unchecked = SimpleNamespace(**{**asdict(Recipe()), name: "other"})  # beartype would refuse the type first
    with pytest.raises(BadInput, match=f"^{name} must be {wanted}; got 'other'$"):
        Recipe.__post_init__(cast(Any, unchecked))
