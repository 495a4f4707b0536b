"""ListOps: labels are values, lengths are wanted ones, and the distribution is that of the Long Range Arena."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.data.texts.listops import listops, value
from minent.errors import BadInput


def test_labels_are_the_values_of_a_stack_machine():
    examples = listops(300)
    assert len(set(examples.labels)) == 10
    assert [str(value(text)) for text in examples.texts] == examples.labels


def test_examples_are_distinct_long_deep_and_made_of_the_tokens_of_the_arena():
    examples = listops(300, seed=2)
    lengths = [len(text.split()) for text in examples.texts]
    assert len(set(examples.texts)) == 300
    assert min(lengths) > 500 and max(lengths) < 2000
    assert max(lengths) - min(lengths) > 1000
    assert {token for text in examples.texts for token in text.split()} == {
        *"0123456789]",
        "[MIN",
        "[MAX",
        "[MED",
        "[SM",
    }
    assert max(nesting(text) for text in examples.texts) == 9  # lists on levels 1 to 9, only digits on level 10


def nesting(text):
    return int(np.cumsum([token.startswith("[") - (token == "]") for token in text.split()]).max())


def tree(random, depth, arguments):
    """A tree as the Long Range Arena draws it, place by place, operators and digits included."""
    if depth == 1 or random.random() > 0.25:
        return str(random.integers(10))
    inner = [tree(random, depth - 1, arguments) for _ in range(random.integers(2, arguments + 1))]
    return " ".join([random.choice(["[MIN", "[MAX", "[MED", "[SM"]), *inner, "]"])


def test_the_distribution_is_that_of_whole_trees_drawn_and_rejected():
    random = np.random.default_rng(5)
    drawn = (tree(random, 4, 4) for _ in range(100_000))
    plain = list(dict.fromkeys(text for text in drawn if 10 < len(text.split()) < 30))[:3000]
    ours = listops(3000, shortest=10, longest=30, depth=4, arguments=4).texts
    assert len(plain) == 3000

    def features(texts):
        words = [text.split() for text in texts]
        counts = [[len(tokens), tokens.count("]"), tokens.count("[MED"), tokens.count("7")] for tokens in words]
        return np.array([[*count, nesting(text), value(text)] for count, text in zip(counts, texts, strict=True)])

    one, other = features(plain), features(ours)
    error = np.sqrt((one.var(0) + other.var(0)) / 3000)
    assert (one.std(0) > 0.3).all()
    assert (np.abs(one.mean(0) - other.mean(0)) < 4 * error).all()
    assert np.allclose(one.std(0), other.std(0), rtol=0.1)


def test_seeds_decide():
    assert listops(5, seed=3) == listops(5, seed=3) != listops(5, seed=4)


def test_all_digits_and_no_more():
    assert sorted(listops(10, shortest=0, longest=2).texts) == list("0123456789")
    with pytest.raises(BadInput, match="gave only 10"):
        listops(11, shortest=0, longest=2)


def test_what_cannot_be_is_said_and_not_tried_for_ever():
    with pytest.raises(BadInput, match="more than 500 and fewer than 2000 tokens, depth 2"):
        listops(1, depth=2)
    with pytest.raises(BadInput, match="at least 0, 1 and 2"):
        listops(1, arguments=1)


@given(st.lists(st.integers(0, 9), min_size=1))
def test_operators_are_those_of_numpy(digits):
    inner = " ".join(map(str, digits))
    assert value(f"[MED {inner} ]") == int(np.median(digits))
    assert value(f"[SM {inner} ]") == sum(digits) % 10
    assert value(f"[MAX [MIN {inner} ] {inner} ]") == max(digits)


@pytest.mark.parametrize("text", ["", "1 2", "[MAX 1", "[MAX ]", "]", "[MAX 1 ] ]", "12", "[SUM 1 2 ]", "²"])
def test_what_is_no_expression_is_refused(text):
    with pytest.raises(BadInput, match="expression"):
        value(text)
