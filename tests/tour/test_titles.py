import pytest

pytest.importorskip("torch")

from minent.data import Pairs
from minent.tour.titles import plain, told_apart


def test_markup_is_taken_out():
    assert (
        plain("Parameters\n----------\nx : :class:`array`\n    ``X @ X`` **not** a-b")
        == "Parameters x : array X @ X not a-b"
    )


def test_no_title_of_a_test_has_been_seen():
    pairs = Pairs([f"body {i}" for i in range(100)], [f"title {i // 3}" for i in range(100)])
    train, test = told_apart(pairs, 10)
    assert len(test) == 10 and 60 < len(train) < 90
    assert not set(train.targets) & set(test.targets)
    assert set(zip(train.sources + test.sources, train.targets + test.targets, strict=True)) <= set(
        zip(pairs.sources, pairs.targets, strict=True)
    )
