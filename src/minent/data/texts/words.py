"""Texts are alike where they share words that few others have: weights tf·idf, condensed to the strongest directions.

x_tw = (1 + log f_tw) · log(n / n_w) for word w in text t, rows of length 1 (Salton & Buckley 1988); the vectors are the
rows of U Σ = X V of its singular value decomposition (latent semantic analysis: Deerwester et al. 1990), of length 1.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from minent.errors import BadInput

if TYPE_CHECKING:
    from scipy.sparse import csr_array

HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # scripts that put no blanks between words
RUN = re.compile(rf"[{HAN}]+|[^\W_{HAN}](?:[^\W_{HAN}]|['’](?=\w))*")


def words(text: str, longest: int = 2) -> list[str]:
    """The words of a text, without case; of scripts without blanks, every 2 to `longest` characters in a row.

    >>> words("Don't panic: 神经网络 is a neural network.", 3)
    ["don't", 'panic', '神经', '经网', '网络', '神经网', '经网络', 'is', 'a', 'neural', 'network']
    """
    found = []
    for run in RUN.findall(text.casefold()):
        if re.match(f"[{HAN}]", run) and len(run) > 1:
            found += [run[i : i + n] for n in range(2, longest + 1) for i in range(len(run) - n + 1)]
        else:
            found.append(run)
    return found


@dataclass(frozen=True, eq=False)
class WordSpace:
    """Words by number, their weights, and the strongest directions of the texts that were seen; new texts fit in."""

    number: dict[str, int]
    idf: Float[np.ndarray, " words"]
    directions: Float[np.ndarray, "words dimensions"]

    @classmethod
    def of(cls, texts: Sequence[str], dimensions: int = 100, seed: int = 1) -> "WordSpace":
        """See `text_vectors`."""
        from scipy.sparse.linalg import svds

        number: dict[str, int] = {}
        counts = _counted(texts, number, grow=True)
        shared = np.bincount(counts.indices, minlength=len(number))
        idf = np.where(shared > 1, np.log(len(texts) / np.maximum(shared, 1)), 0.0)
        used = np.flatnonzero(idf > 0)
        matrix = _weighted(counts, idf)[:, used]
        if matrix.nnz == 0:
            raise BadInput(
                "texts are compared by the words they share; no two of them share one that others do not have"
            )
        if min(matrix.shape) <= dimensions + 1:
            _, strength, right = np.linalg.svd(matrix.toarray(), full_matrices=False)
        else:
            start = np.random.default_rng(seed).normal(size=min(matrix.shape))
            _, strength, right = svds(matrix, dimensions, v0=start)
        assert right is not None  # for a type checker: it would be None where it was not asked for
        keep = np.argsort(-strength, kind="stable")[:dimensions]
        directions = np.zeros((len(number), (strength[keep] > 1e-9).sum()))
        directions[used] = right[keep[strength[keep] > 1e-9]].T
        return cls(number, idf, directions)

    def vectors(self, texts: Sequence[str]) -> Float[np.ndarray, "texts dimensions"]:
        """A vector of length 1 for each text, by the words that are known; of a text that has none of them, zeros."""
        found = _weighted(_counted(texts, self.number), self.idf) @ self.directions
        length = np.linalg.norm(found, axis=1, keepdims=True)
        return np.where(length > 1e-9, found / np.where(length > 1e-9, length, 1), 0)


def text_vectors(texts: Sequence[str], dimensions: int = 100, seed: int = 1) -> Float[np.ndarray, "texts dimensions"]:
    """A vector of length 1 for each text, of as many dimensions at most; of a text that shares no word with another,
    zeros.

    The same seed gives the same vectors. Raises BadInput where no two texts share a word.

    >>> one, two, three, four = text_vectors(["a red rose", "red tulips", "blue seas", "the deep blue sea"])
    >>> round(float(one @ two), 4), round(float(one @ three), 4)
    (1.0, 0.0)
    """
    return WordSpace.of(texts, dimensions, seed).vectors(texts)


def _counted(texts: Sequence[str], number: dict[str, int], grow: bool = False) -> "csr_array":
    """How often each text has each known word; those that are not become known where the number of words may `grow`."""
    from scipy.sparse import csr_array

    if grow:
        bags = [Counter(number.setdefault(word, len(number)) for word in words(text)) for text in texts]
    else:
        bags = [Counter(number[word] for word in words(text) if word in number) for text in texts]
    indptr = np.cumsum([0, *map(len, bags)])
    indices = np.fromiter((word for bag in bags for word in bag), np.int64, indptr[-1])
    counts = np.fromiter((times for bag in bags for times in bag.values()), float, indptr[-1])
    return csr_array((counts, indices, indptr), shape=(len(texts), len(number)))


def _weighted(counts: "csr_array", idf: np.ndarray) -> "csr_array":
    """Rows of (1 + log counts) · idf, of length 1."""
    from scipy.sparse import csr_array, diags_array

    weight = (1 + np.log(counts.data)) * idf[counts.indices]
    matrix = csr_array((weight, counts.indices, counts.indptr), shape=counts.shape)
    length = np.sqrt((matrix**2).sum(axis=1))
    return csr_array(diags_array(1 / np.where(length > 0, length, 1)) @ matrix)
