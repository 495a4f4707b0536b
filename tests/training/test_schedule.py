"""Schedules are the closed forms that they are named after."""

import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.training.schedule import Schedule, factor

schedules = st.sampled_from(get_args(Schedule))


@given(schedules, st.integers(0, 50), st.integers(1, 50))
def test_rate_climbs_to_its_peak_at_the_end_of_warmup_and_never_rises_or_vanishes_after_it(schedule, warmup, more):
    steps, peak = warmup + more, max(warmup, 1)
    factors = [factor(schedule, step, warmup, steps) for step in range(1, steps + 1)]
    assert factors[:peak] == pytest.approx([step / peak for step in range(1, peak + 1)])
    assert max(factors) == factors[peak - 1] == 1
    assert all(now >= then > 0 for now, then in zip(factors[peak - 1 :], factors[peak:], strict=False))


@given(st.integers(1, 50), st.integers(1, 1000))
def test_inverse_sqrt_is_that_of_vaswani_et_al(warmup, step):
    vaswani = min(step**-0.5, step * warmup**-1.5)
    assert factor("inverse-sqrt", step, warmup, 2000) == pytest.approx(vaswani * math.sqrt(warmup))


def test_half_way_from_peak_to_zero_cosine_and_linear_are_a_half():
    assert factor("cosine", 60, 20, 99) == factor("linear", 60, 20, 99) == pytest.approx(0.5)
    assert factor("cosine", 40, 20, 99) > factor("linear", 40, 20, 99) == pytest.approx(0.75)
