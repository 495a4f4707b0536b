"""Classes have names that mean the same wherever they come from, in one order; an image without a class is named."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.data.images.classes import classified, natural
from minent.data.images.images import Images
from minent.errors import BadInput


def images(number: int) -> Images:
    return Images(np.zeros((number, 1, 2, 2), np.uint8))


@given(st.lists(st.text(max_size=6)))
def test_any_names_have_one_order(names):
    assert sorted(names, key=natural) == sorted(reversed(names), key=natural)


@given(st.lists(st.integers(0, 10**6), min_size=1), st.text("ab _-", max_size=3), st.sampled_from(["", ".png", "x"]))
def test_numbers_in_names_are_ordered_by_size(numbers, before, after):
    names = [f"{before}{number}{after}" for number in numbers]
    assert sorted(names, key=natural) == [f"{before}{number}{after}" for number in sorted(numbers)]


LABELS = st.one_of(
    st.lists(st.integers(-5, 20), min_size=1), st.lists(st.text(min_size=1, max_size=3), min_size=1),
    st.lists(st.integers(-5, 20).map(float), min_size=1), st.lists(st.booleans(), min_size=1),
)  # fmt: skip


@given(LABELS)
def test_each_image_keeps_the_name_of_its_class(labels):
    found = classified(images(len(labels)), labels, "x")
    names = [str(int(label)) if isinstance(label, float) else str(label) for label in labels]
    assert [found.classes[i] for i in found.labels] == names and len(set(found.classes)) == len(found.classes)
    assert set(found.labels.tolist()) == set(range(len(found.classes)))
    if not isinstance(labels[0], str):
        assert list(found.classes) == list(dict.fromkeys(name for _, name in sorted(zip(labels, names, strict=True))))


def test_names_that_the_data_give_stand_in_their_order():
    found = classified(images(3), [2, 0, 2], "x", ["truck", "cat", "airplane"])
    assert found.classes == ("truck", "airplane") and found.labels.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    "labels, problem",
    [
        ([1, None, 2], "every image has a class; got none for image 1 in 'x'"),
        ([1.0, math.nan, 2.0], "got none for image 1"),
        (["cat", "", "dog"], "got none for image 1"),
        ([1.0, 2.5, 2.0], "a class is a whole number or a name; got 2.5 for image 1"),
        ([1.0, math.inf, 2.0], "got inf for image 1"),
        ([1, "cat", 2], "must be all numbers or all names"),
        ([[1, 0], [0, 1], [1, 1]], r"got \[1, 0\] for image 0"),
        ([1, 2], "got 2 for 3 images"),
    ],
)
def test_what_is_no_class_says_so(labels, problem):
    with pytest.raises(BadInput, match=problem):
        classified(images(3), labels, "x")


def test_names_that_are_no_utf8_can_be_written():
    found = classified(images(2), [b"caf\xe9".decode("utf-8", "surrogateescape"), "猫"], "x")
    assert found.classes == ("caf\\udce9", "猫")


@pytest.mark.parametrize("label", [-1, 3])
def test_numbers_beyond_the_names_are_no_classes(label):
    with pytest.raises(BadInput, match=f"from 0 to 2 as the data name them; got {label} for image 1"):
        classified(images(2), [0, label], "x", ["a", "b", "c"])
