"""A square matrix is a network: entry (i, j) is the weight of the link from i to j, and 0 is no link.

A matrix that is symmetric but for rounding, |a − b| ≤ 1e-8 max(a, b), as one of correlations, is of an undirected
network, whose weights are the means of both directions.
"""

import io
from collections.abc import Iterable
from typing import Any

import numpy as np

from minent.data.networks.arrays import plain_tensor
from minent.data.networks.graph import Graph
from minent.data.networks.libraries.direction import Noted, as_told
from minent.data.networks.libraries.matrix_market import read_market
from minent.data.whole import named, whole
from minent.errors import BadInput

LIKE = 1e-8  # by how much of the larger one two directions may differ
NOISE = 1e-14  # …and by how much of the largest of all: what rounding leaves where an entry should be 0
NPY = b"\x93NUMPY"


def graph_of_matrix(matrix: Any, directed: bool | None = None, names: Iterable[Any] | None = None) -> Noted:
    """The network of a dense array, a sparse matrix of scipy, or a tensor of torch, and notes; directed unless it is
    symmetric, or as told. Raises BadInput for entries that are no weights.

    >>> graph_of_matrix(np.array([[0, 0.3], [0.1 + 0.2, 0]]))
    (Graph(2 nodes, 1 links, undirected, weighted), ['symmetric but for rounding (by up to 6e-17): the mean is taken'])
    """
    masked = int(np.ma.count_masked(matrix)) if isinstance(matrix, np.ma.MaskedArray) else 0
    matrix = _sparse(matrix)
    if matrix.shape[0] != matrix.shape[1]:
        raise BadInput(f"a matrix of links must be square; got {matrix.shape[0]} × {matrix.shape[1]}")
    _check(matrix)
    notes: list[str] = []
    mirrored, symmetric = symmetric_or_not(matrix, notes)
    if symmetric and not directed:
        matrix = mirrored
    elif symmetric:
        notes = []
    entries = matrix.tocoo()
    source, target, weight = entries.row, entries.col, entries.data
    if symmetric and not directed:
        once = source <= target
        source, target, weight = source[once], target[once], weight[once]
    notes += [f"{masked} masked entries are no links"] * (masked > 0)
    selves, nodes = int(np.count_nonzero(source == target)), matrix.shape[0]
    if selves == nodes > 1:
        notes.append(f"the diagonal makes {selves} self-links")
    network = Graph.from_links(
        source,
        target,
        None if (weight == 1).all() else weight,
        directed=not symmetric or bool(directed),
        names=range(nodes) if names is None else names,
    )
    return as_told(network, directed), notes


def _sparse(matrix: Any) -> Any:
    """A copy in compressed rows, of floats, with no entry twice and none of 0."""
    from scipy.sparse import csr_array

    if hasattr(matrix, "to_sparse_coo"):  # a tensor: on any device, perhaps with a gradient
        tensor = plain_tensor(matrix).double()  # small integers would overflow where they are added
        if tensor.ndim == 2:
            tensor = tensor.to_sparse_coo().coalesce()
            place, value = np.asarray(tensor.indices()), np.asarray(tensor.values())
            matrix = csr_array((value, (place[0], place[1])), shape=tuple(tensor.shape))
        else:
            matrix = np.asarray(tensor)
    elif isinstance(matrix, np.ma.MaskedArray):
        matrix = matrix.filled(0)
    elif not hasattr(matrix, "tocoo"):
        matrix = np.asarray(matrix)
    if matrix.ndim != 2:
        raise BadInput(f"a matrix of links must be square; got an array of shape {tuple(matrix.shape)}")
    if matrix.dtype.kind not in "fiub":
        raise BadInput(f"link weights must be numbers; got {matrix.dtype}")
    rows = csr_array(matrix.astype(np.float64), copy=True)  # numbers first: rows add what stands twice
    rows.sum_duplicates()
    rows.eliminate_zeros()
    return rows


def _check(matrix: Any) -> None:
    """Raises BadInput for the first entry that is negative or not finite."""
    bad = np.flatnonzero(~((matrix.data >= 0) & (matrix.data < np.inf)))
    if len(bad):
        value, row = matrix.data[bad[0]], int(np.searchsorted(matrix.indptr, bad[0], "right")) - 1
        wanted = "not be negative" if value < 0 and value > -np.inf else "be a finite number"
        hint = ""
        if value < 0 and wanted == "not be negative":
            hint = ": correlations become weights by their size, np.abs, or by leaving out the negative ones"
        raise BadInput(
            f"link weight must {wanted}; got {value:g} at row {row}, column {int(matrix.indices[bad[0]])}{hint}"
        )


def symmetric_or_not(matrix: Any, notes: list[str]) -> tuple[Any, bool]:
    """The mean of a matrix and its mirror image, and whether they are the same but for rounding, which is noted."""
    mirrored = matrix.T.tocsr()
    differ = abs(matrix - mirrored)
    if not differ.nnz:
        return matrix, True
    largest = float(matrix.data.max(initial=0.0))
    allowed = LIKE * matrix.maximum(mirrored)
    if not (differ.data <= NOISE * largest).all() and (differ - allowed).data.max(initial=0.0) > NOISE * largest:
        return matrix, False
    notes.append(f"symmetric but for rounding (by up to {differ.data.max():.0e}): the mean is taken")
    return matrix * 0.5 + mirrored * 0.5, True  # halves, for a sum may be beyond what a number holds


def graph_of_matrix_file(data: bytes, format: str, name: object, directed: bool | None = None) -> Noted:
    """The network of a matrix in a file: "mtx" (MatrixMarket), whose nodes count from 1, or "npz", as scipy saves
    sparse matrices and numpy arrays, whose nodes count from 0. Raises BadInput.

    >>> text = b"%%MatrixMarket matrix coordinate real general\\n3 3 2\\n1 2 0.5\\n2 3 2\\n"
    >>> graph_of_matrix_file(text, "mtx", "m.mtx")[0].names.tolist()
    [1, 2, 3]
    """
    kind = "an .npz file" if format == "npz" else "MatrixMarket"
    with named(name), whole(name, "an .npy file" if data.startswith(NPY) else kind):
        matrix = _saved(data) if format == "npz" else read_market(data)
        from_1 = None if format == "npz" else range(1, matrix.shape[0] + 1)
        if from_1 is not None and matrix.shape[0] != matrix.shape[1]:
            from_1 = None  # it is refused by its shape
        return graph_of_matrix(matrix, directed, from_1)


def _saved(data: bytes) -> Any:
    from scipy.sparse import load_npz

    if data.startswith(NPY):
        return np.load(io.BytesIO(data), allow_pickle=False)
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        names = list(arrays)
        if "format" in names:
            return load_npz(io.BytesIO(data))
        if len(names) == 1 and arrays[names[0]].ndim == 2:
            return arrays[names[0]]
    raise BadInput(f"wanted a sparse matrix of scipy (save_npz) or one matrix; got the arrays {', '.join(names)}")
