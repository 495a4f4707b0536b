"""Matrices: dense, sparse, of torch, in files; symmetric but for rounding is undirected, and that is said."""

import io
import re

import networkx as nx
import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from minent.data import Graph, as_graph
from minent.data.networks.libraries.matrices import graph_of_matrix, graph_of_matrix_file
from minent.errors import BadInput


def correlations() -> np.ndarray:
    return np.abs(np.corrcoef(np.random.default_rng(0).standard_normal((10, 12))))


def test_correlations_are_undirected_and_the_mean_is_taken_and_said():
    matrix = correlations()
    assert (matrix != matrix.T).any()
    network, notes = graph_of_matrix(matrix)
    assert not network.directed
    assert notes == [
        f"symmetric but for rounding (by up to {np.abs(matrix - matrix.T).max():.0e}): the mean is taken",
        "the diagonal makes 10 self-links",
    ]
    source, target, weight = network.links()
    np.testing.assert_array_equal(weight, ((matrix + matrix.T) / 2)[source, target])
    told, notes = graph_of_matrix(matrix, directed=True)
    assert told.directed
    assert notes == ["the diagonal makes 10 self-links"]
    np.testing.assert_array_equal(told.links()[2], matrix.ravel())


def test_what_is_far_from_symmetric_is_directed():
    matrix = np.array([[0, 1e10, 0], [1e10, 0, 1.0], [0, 1.001, 0]])
    network, notes = graph_of_matrix(matrix)
    assert network.directed and not notes
    matrix[2, 1] = 1.0 + 1e-9
    network, notes = graph_of_matrix(matrix)
    assert not network.directed and len(notes) == 1
    alone = graph_of_matrix(np.array([[0, 1.0], [0, 0]]))[0]
    assert alone.directed
    assert alone.number_of_links == 1


def test_noise_where_there_should_be_nothing_is_rounding_too():
    matrix = np.array([[0, 1.0, 1e-17], [1.0, 0, 0], [3e-17, 0, 0]])
    assert not graph_of_matrix(matrix)[0].directed


def test_dense_and_sparse_say_the_same_and_are_not_changed():
    dense = np.array([[0, 2, 0], [2, 0, 1], [0, 1, 3]])
    before = dense.copy()
    sparse = sp.csr_matrix(dense)
    sparse.data[0] = 0  # stands there, as a 0
    other = dense.copy()
    other[0, 1] = 0
    assert [a.tolist() for a in as_graph(dense).links()] == [[0, 1, 2], [1, 2, 2], [2, 1, 3]]
    assert [a.tolist() for a in as_graph(sparse).links()] == [a.tolist() for a in as_graph(other).links()]
    assert (dense == before).all() and sparse.nnz == 5
    assert as_graph(np.zeros((3, 3))).number_of_nodes == 3
    assert as_graph(np.eye(2, dtype=bool)).number_of_links == 2


@given(
    st.integers(1, 6).flatmap(
        lambda n: st.lists(st.lists(st.integers(0, 3), min_size=n, max_size=n), min_size=n, max_size=n)
    )
)
def test_a_matrix_is_what_networkx_makes_of_it(rows):
    matrix = np.array(rows, float)
    network, referee = as_graph(matrix), nx.from_numpy_array(matrix, create_using=nx.DiGraph)
    if network.directed:
        assert [*zip(*(a.tolist() for a in network.links()[:2]), strict=True)] == sorted(referee.edges)
    assert network.directed == (matrix != matrix.T).any()
    weight = network.links()[2]
    total = network.number_of_links if weight is None else weight.sum()
    assert total == (matrix if network.directed else np.triu(matrix)).sum()


@pytest.mark.filterwarnings("ignore:Sparse")
def test_tensors_are_matrices_and_edge_indices():
    torch = pytest.importorskip("torch")
    ends = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]])
    sparse = torch.sparse_coo_tensor(
        ends, torch.tensor([1.0, 1, 2, 2], requires_grad=True), (4, 4), check_invariants=True
    )
    for tensor in (sparse, sparse.detach().to_sparse_csr(), sparse.detach().to_dense(), sparse.to_dense()):
        network = as_graph(tensor)
        assert not network.directed and network.number_of_nodes == 4
        assert [a.tolist() for a in network.links()] == [[0, 1], [1, 2], [1.0, 2.0]]
    both = as_graph(ends)
    assert not both.directed and both.weights is None and both.number_of_links == 2
    one = as_graph(ends[:, :3])
    assert one.directed and one.number_of_links == 3
    assert as_graph(ends[:, :3], directed=False).links()[2].tolist() == [2.0, 1.0]
    with pytest.raises(BadInput, match="row 0, column 1"):
        as_graph(torch.tensor([[0.0, float("nan")], [1.0, 0.0]]))


def saved(matrix, write) -> bytes:
    file = io.BytesIO()
    write(file, matrix)
    return file.getvalue()


def test_matrix_market_counts_from_one():
    matrix = sp.coo_array(([0.5, 2.0], ([0, 1], [1, 2])), shape=(4, 4))
    network, _ = graph_of_matrix_file(saved(matrix, scipy.io.mmwrite), "mtx", "m.mtx")
    assert network.directed and network.names.tolist() == [1, 2, 3, 4]
    assert [a.tolist() for a in network.links()] == [[0, 1], [1, 2], [0.5, 2.0]]
    pattern = b"%%MatrixMarket matrix coordinate pattern symmetric\n% who knows whom\n3 3 2\n2 1\n3 1\n"
    network, _ = graph_of_matrix_file(pattern, "mtx", "m.mtx")
    assert not network.directed and network.weights is None
    assert [a.tolist() for a in network.links()[:2]] == [[0, 0], [1, 2]]


@pytest.mark.parametrize("kind", [sp.csr_array, sp.csc_matrix, sp.coo_array, sp.bsr_array, sp.dia_array])
def test_saved_matrices_are_read(kind):
    matrix = np.array([[0, 2.0, 0], [2.0, 0, 1], [0, 1, 0]])
    for data in (saved(kind(matrix), sp.save_npz), saved(matrix, lambda file, m: np.savez_compressed(file, m))):
        network, _ = graph_of_matrix_file(data, "npz", "m.npz")
        assert network.names is None and not network.directed
        assert [a.tolist() for a in network.links()] == [[0, 1], [1, 2], [2.0, 1.0]]


@pytest.mark.parametrize("data, format, sentence", [
    (b"%%MatrixMarket matrix coordinate real general\n2 3 1\n1 3 1\n", "mtx",
     "a matrix of links must be square; got 2 × 3 in 'm'"),
    (b"%%MatrixMarket matrix coordinate real general\n2 2 1\n1 2 -1\n", "mtx",
     "link weight must not be negative; got -1 at row 0, column 1"),
    (b"%%MatrixMarket matrix coordinate complex general\n2 2 1\n1 2 1 1\n", "mtx", "link weights must be numbers; got"),
    (b"%%MatrixMarket matrix coordinate real general\n2 2 2\n1 2 1\n", "mtx", "'m' is not whole, or not MatrixMar"),
    (b"PK\3\4nothing", "npz", "'m' is not whole, or not an .npz file: "),
    (saved(None, lambda file, _: np.savez(file, a=np.eye(2), b=np.eye(2))), "npz",
     "wanted a sparse matrix of scipy (save_npz) or one matrix; got the arrays a, b in 'm'"),
])  # fmt: skip
def test_what_is_no_matrix_of_links_is_said(data, format, sentence):
    with pytest.raises(BadInput) as error:
        graph_of_matrix_file(data, format, "m")
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize("number, dtype", [(200, np.uint8), (100, np.int8), (30_000, np.int16), (2**31, np.uint32)])
def test_what_stands_twice_is_added_as_numbers_not_as_small_integers(number, dtype):
    twice = np.array([number, number], dtype)
    for matrix in (
        sp.coo_array((twice, ([0, 0], [1, 1])), shape=(2, 2)),
        sp.coo_matrix((twice, ([0, 0], [1, 1])), shape=(2, 2)),
        sp.csr_array((twice, np.array([1, 1]), np.array([0, 2, 2])), shape=(2, 2)),
        sp.csc_array((twice, np.array([0, 0]), np.array([0, 0, 2])), shape=(2, 2)),
    ):
        assert as_graph(matrix).links()[2].tolist() == [2.0 * number]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_tensors_of_any_precision_are_read():
    torch = pytest.importorskip("torch")
    wanted = [[0, 1], [1, 2], [0.5, 1.0]]
    matrix = torch.tensor([[0, 0.5, 0], [0.5, 0, 1], [0, 1, 0]])
    for kind in (torch.bfloat16, torch.float16, torch.float32, torch.float64):
        for one in (matrix.to(kind), matrix.to(kind).to_sparse(), matrix.to(kind).to_sparse_csr()):
            assert [a.tolist() for a in as_graph(one).links()] == wanted
        assert Graph.from_links([0, 1], [1, 2], torch.tensor([0.5, 1.0]).to(kind)).links()[2].tolist() == wanted[2]
    twice = torch.sparse_coo_tensor([[0, 0], [1, 1]], torch.tensor([100, 100], dtype=torch.int8), (3, 3))
    assert as_graph(twice).links()[2].tolist() == [200.0]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_tensors_without_plain_numbers_are_said():
    torch = pytest.importorskip("torch")
    empty = torch.zeros(3, 3, device="meta")
    for make, sentence in (
        (lambda: as_graph(empty), "on the device meta has a shape, but holds no numbers"),
        (lambda: Graph.from_links([0, 1, 2], [1, 2, 0], empty[0]), "on the device meta"),
        (lambda: as_graph(torch.quantize_per_tensor(torch.ones(3, 3), 0.1, 0, torch.quint8)), "tensor.dequantize"),
        (lambda: as_graph(torch.ones(3, 3, dtype=torch.complex64)), "plain numbers; got a tensor of torch.complex64"),
    ):
        with pytest.raises(BadInput, match=sentence):
            make()


def test_masked_entries_are_no_links_of_a_matrix_and_refused_among_links():
    matrix = np.ma.array([[0, 1, 2], [1, 0, 3], [2, 3, 0]], mask=[[0, 0, 1], [0, 0, 0], [1, 0, 0]])
    network = as_graph(matrix)
    assert [a.tolist() for a in network.links()] == [[0, 1], [1, 2], [1.0, 3.0]]
    assert network.plan.notes == ("2 masked entries are no links",)
    weight = np.ma.array([1.0, 2.0], mask=[False, True])
    for masked in (
        lambda: Graph.from_links([0, 1], [1, 2], weight),
        lambda: Graph.from_links(np.ma.array([0, 1], mask=[True, False]), [1, 2]),
        lambda: as_graph(np.ma.array([[0, 1, 2], [1, 0, 3]], mask=[[0, 0, 1], [0, 0, 0]])),
        lambda: Graph.from_links([0], [1], node_weights=weight),
    ):
        with pytest.raises(BadInput, match="entries are masked: leave those links out"):
            masked()
    assert Graph.from_links([0, 1], [1, 2], np.ma.array([1.0, 2.0])).links()[2].tolist() == [1.0, 2.0]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("ends", [([0, 0], [1, 1]), ([0, 2], [1, 3])])
def test_weights_whose_sum_no_number_holds_are_refused(ends):
    for weight in ([1e308, 1e308], [1.7e308, 0.2e308]):
        with pytest.raises(BadInput, match="link weights must have a sum that a number can hold"):
            Graph.from_links(*ends, weight)
    assert Graph.from_links(*ends, [1e307, 1e307]).links()[2].sum() == 2e307
    with pytest.raises(BadInput, match="must have a sum"):
        as_graph(np.array([[0, 1.7e308], [1.7e308 * (1 - 1e-12), 0]]))
    rounded = np.array([[0, 8e307], [8e307 * (1 - 1e-12), 0]])
    np.testing.assert_array_equal(as_graph(rounded).links()[2], rounded[0, 1] / 2 + rounded[1, 0] / 2)


@pytest.mark.parametrize(
    ("kind", "body", "sentence"),
    [
        (
            "coordinate real general",
            "2 2 1\n1 x 1\n",
            "entries of MatrixMarket are numbers between blanks; got 'x' on line 3",
        ),
        ("coordinate real general", "2 2 1\n1 2 1,5\n", "between blanks; got ',' on line 3"),
        ("coordinate real general", "2 2 1\n1 2 0x10\n", "between blanks; got 'x' on line 3"),
        ("coordinate real general", "2 2 1\n1 2 2.0[", "between blanks; got '[' on line 3"),  # scipy crashes
        ("coordinate real general", "2 2 1\n1 2 2.0 nan", "(coordinate real general) are 3 numbers; got 4"),  # too
        (
            "coordinate real general",
            "%\n2 2 1\n1 2 1 77\n",
            "1 entries of MatrixMarket (coordinate real general) are 3",
        ),
        ("coordinate pattern general", "2 2 1\n1 2 1\n", "are 2 numbers; got 3"),
        (
            "array real symmetric",
            "2 2\n1 2 1 2\n",
            "3 entries of MatrixMarket (array real symmetric) are 3 numbers; got 4",
        ),
    ],
)
def test_what_scipys_reader_passes_over_is_told(kind, body, sentence):
    with pytest.raises(BadInput, match=re.escape(sentence)):
        graph_of_matrix_file(f"%%MatrixMarket matrix {kind}\n{body}".encode(), "mtx", "m")
