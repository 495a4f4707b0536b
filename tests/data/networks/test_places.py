"""Nodes are matched by names as they are, else as text, else by numbers from 1; and by nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent import BadInput
from minent.data.networks.naming.places import matched, places

NAMES = st.lists(st.one_of(st.text(max_size=3), st.integers(), st.tuples(st.integers(), st.text())), unique_by=str)


@given(NAMES, st.randoms(use_true_random=False), st.booleans())
def test_every_node_is_found_under_its_name(names: list, random, as_text: bool):
    order = random.sample(range(len(names)), len(names))
    given = [str(names[i]) if as_text else names[i] for i in order]
    place = places(names, given)
    assert place is not None and [order[i] for i in place.tolist()] == list(range(len(names)))


@given(NAMES.filter(lambda names: not any(str(name).isdecimal() for name in names)), st.randoms(use_true_random=False))
def test_either_may_go_by_numbers(names: list, random):
    numbers = random.sample(range(1, len(names) + 1), len(names))
    for other in (numbers, list(map(str, numbers))):
        by_number = places(names, other)
        assert by_number is not None and [numbers[i] for i in by_number.tolist()] == list(range(1, len(names) + 1))
        assert matched(names, other).tolist() == by_number.tolist()
        assert matched(other, names).tolist() == np.argsort(by_number).tolist()


def test_names_come_before_numbers():
    assert places([3, 1, 2], [1, 2, 3]).tolist() == [2, 0, 1]
    assert places(["3", "1", "2"], [1, 2, 3]).tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("wanted", "other", "sentence"),
    [
        (["a", "b"], ["a"], "1 only in the first"),
        (["a", "b"], [0, 1], "2 only in the first"),
        (["a", "b"], [2, 3], "2 only in the second"),
        (["a", "b"], [1, 1], "'1' stands twice in the second"),
        (["a", "a"], ["a", "a"], "'a' stands twice in the first"),
    ],
)
def test_other_nodes_have_no_place(wanted: list, other: list, sentence: str):
    assert places(wanted, other) is None
    with pytest.raises(BadInput, match=sentence):
        matched(wanted, other)
