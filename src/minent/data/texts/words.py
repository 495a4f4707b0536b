"""Texts are alike where they share words that few others have: weights tf·idf, condensed to the strongest directions.

x_tw = (1 + log f_tw) · log(n / n_w) for word w in text t, rows of length 1 (Salton & Buckley 1988); the vectors are the
rows of U Σ of its singular value decomposition (latent semantic analysis: Deerwester et al. 1990).
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from minent.errors import BadInput

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


def text_vectors(texts: Sequence[str], dimensions: int = 100, seed: int = 1) -> Float[np.ndarray, "texts dimensions"]:
    """A vector for each text, of as many dimensions at most; of a text that shares no word with another, zeros.

    The same seed gives the same vectors. Raises BadInput where no two texts share a word.

    >>> one, two, three, four = text_vectors(["a red rose", "red tulips", "blue seas", "the deep blue sea"])
    >>> round(float(one @ two), 4), round(float(one @ three), 4)
    (1.0, 0.0)
    """
    from scipy import sparse
    from scipy.sparse.linalg import svds

    number: dict[str, int] = {}
    bags = [Counter(number.setdefault(word, len(number)) for word in words(text)) for text in texts]
    indptr = np.cumsum([0, *map(len, bags)])
    indices = np.fromiter((word for bag in bags for word in bag), np.int64, indptr[-1])
    counts = np.fromiter((times for bag in bags for times in bag.values()), float, indptr[-1])
    shared = np.bincount(indices, minlength=len(number))
    idf = np.where(shared > 1, np.log(len(texts) / np.maximum(shared, 1)), 0.0)
    matrix = sparse.csr_array(((1 + np.log(counts)) * idf[indices], indices, indptr), shape=(len(texts), len(number)))
    matrix = matrix[:, np.flatnonzero(idf > 0)]
    if matrix.nnz == 0:
        raise BadInput("texts are compared by the words they share; no two of them share one that others do not have")
    length = np.sqrt((matrix**2).sum(axis=1))
    matrix = sparse.diags_array(1 / np.where(length > 0, length, 1)) @ matrix
    if min(matrix.shape) <= dimensions + 1:
        left, strength, _ = np.linalg.svd(matrix.toarray(), full_matrices=False)
    else:
        start = np.random.default_rng(seed).normal(size=min(matrix.shape))
        left, strength, _ = svds(matrix, dimensions, v0=start)
    keep = np.argsort(-strength, kind="stable")[:dimensions]
    return (left * strength)[:, keep[strength[keep] > 1e-9]]
