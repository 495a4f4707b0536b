"""Link weights as a sparse matrix whose rows, and those of its transpose, lie on disk. What is asked of it is summed a
piece of rows at a time by scipy's arrays, and a sum is that of one row: so it is that of one array, to the last bit."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float

from minent.data.networks.folders.rows import Rows, pieces


class Matrix:
    """A square matrix of these rows, and those of its transpose; as much of scipy's as walks ask for."""

    def __init__(self, rows: Rows, back: Rows) -> None:
        self.rows, self.back = rows, back

    @property
    def T(self) -> "Matrix":
        """The transpose."""
        return Matrix(self.back, self.rows)

    @property
    def indptr(self) -> np.ndarray:
        """Where each row begins."""
        return self.rows[0]

    @property
    def data(self) -> np.ndarray | None:
        """All entries; None where they are ones."""
        return self.rows[2]

    def tocsr(self) -> "Matrix":
        """Itself."""
        return self

    def __matmul__(self, vector: Float[np.ndarray, " columns"]) -> Float[np.ndarray, " rows"]:
        return self._each(lambda _, part: part @ vector)

    def sum(self, axis: int | None = None) -> Any:
        """Of all entries (None) or of each row (1)."""
        if axis == 1:
            return self._each(lambda _, part: part.sum(axis=1))
        return float(len(self.rows[1])) if self.data is None else self.data.sum()

    def diagonal(self) -> Float[np.ndarray, " rows"]:
        """The weight of each node's link to itself."""
        return self._each(lambda first, part: part.diagonal(first))

    def _each(self, of: Any) -> Float[np.ndarray, " rows"]:
        found = np.empty(len(self.indptr) - 1)
        for first, last, part in self._pieces():
            found[first:last] = of(first, part)
        return found

    def _pieces(self) -> Iterator[tuple[int, int, Any]]:
        from scipy.sparse import csr_array

        (indptr, indices, weights), ones, n = self.rows, np.ones(0), len(self.indptr) - 1
        for first, last in pieces(indptr):
            begin = indptr[first : last + 1] - indptr[first]
            entries = slice(int(indptr[first]), int(indptr[last]))
            if weights is None and len(ones) < begin[-1]:
                ones = np.ones(int(begin[-1]))
            amount = ones[: begin[-1]] if weights is None else weights[entries]
            yield first, last, csr_array((amount, indices[entries], begin.astype(np.int32)), shape=(last - first, n))
