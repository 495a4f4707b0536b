"""Words, and vectors of the texts that share them."""

import numpy as np
import pytest

from minent import BadInput
from minent.data.texts.words import text_vectors, words


def test_words_of_chinese_need_no_dictionary_and_no_blanks():
    assert words("深度学习，GPU-2") == ["深度", "度学", "学习", "gpu", "2"]
    assert words("水") == ["水"]


@pytest.mark.parametrize("copies", [1, 60])  # by the dense and by the sparse decomposition
def test_texts_that_share_words_are_near(copies: int):
    rng = np.random.default_rng(0)
    fields = [list("abcdefghij"), list("klmnopqrst")]
    texts = [" ".join(2 * letter for letter in rng.choice(fields[i % 2], 6)) for i in range(12 * copies)]
    texts[0] = "zz"
    vectors = text_vectors(texts, 4)
    assert np.array_equal(vectors, text_vectors(texts, 4))
    assert np.abs(vectors[0]).max() < 1e-9
    length = np.linalg.norm(vectors[1:], axis=1, keepdims=True)
    near = (vectors[1:] / length) @ (vectors[1:] / length).T
    same = np.equal.outer(np.arange(1, len(texts)) % 2, np.arange(1, len(texts)) % 2)
    assert near[same].mean() > near[~same].mean() + 0.5


def test_texts_without_a_shared_word_cannot_be_compared():
    with pytest.raises(BadInput, match="no two of them share one"):
        text_vectors(["one", "two", "three"])
