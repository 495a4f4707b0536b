"""Graph.from_links against dictionaries."""

import pickle
import subprocess
import sys
import tracemalloc
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minent import kernels
from minent.data import Graph
from minent.data.networks.naming.names import name_array, sorted_names
from minent.errors import BadInput

links = st.integers(1, 40).flatmap(
    lambda nodes: st.lists(
        st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1), st.sampled_from([0.0, 0.25, 1.0, 3.0])),
        min_size=1, max_size=80,
    )
)  # fmt: skip


def neighbours(source, target, weight, directed):
    """The slow twin: neighbours[i][j] is the weight of the link i → j."""
    rows = defaultdict(lambda: defaultdict(float))
    for i, j, w in zip(source, target, weight, strict=True):
        if w:
            rows[i][j] += w
            if not directed and i != j:
                rows[j][i] += w
    return {i: dict(row) for i, row in rows.items()}


def rows_of(network):
    weights = np.ones(len(network.indices)) if network.weights is None else network.weights
    rows = {}
    for i in range(network.number_of_nodes):
        part = slice(network.indptr[i], network.indptr[i + 1])
        assert (np.diff(network.indices[part]) > 0).all(), "neighbours are sorted, none twice"
        if part.start < part.stop:
            rows[i] = dict(zip(network.indices[part].tolist(), weights[part].tolist(), strict=True))
    return rows


@given(links, st.booleans(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_rows_are_those_of_a_dictionary(links, directed, weighted):
    source, target, weight = (list(column) for column in zip(*links, strict=True))
    network = Graph.from_links(source, target, weight if weighted else None, directed=directed)
    if not weighted:
        weight = [1.0] * len(links)
    assert rows_of(network) == neighbours(source, target, weight, directed)
    assert network.number_of_nodes == 1 + max(source + target)
    ends = {(i, j) if directed else (min(i, j), max(i, j)) for i, j, w in zip(source, target, weight, strict=True) if w}
    assert network.number_of_links == len(ends)


@given(links, st.booleans())
@settings(deadline=None)
def test_links_make_the_same_network_again(links, directed):
    source, target, weight = (list(column) for column in zip(*links, strict=True))
    once = Graph.from_links(source, target, weight, directed=directed)
    again = Graph.from_links(*once.links(), directed=directed, names=range(once.number_of_nodes))
    assert once.number_of_links == len(once.links()[0])
    for one, other in ((once.indptr, again.indptr), (once.indices, again.indices), (once.weights, again.weights)):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("nodes", [3000, 200_000, 5_000_000])
def test_compiled_and_interpreted_rows_are_the_same(nodes, directed, monkeypatch):
    rng = np.random.default_rng(nodes)
    source, target, weight = rng.integers(0, nodes, 3000), rng.integers(0, nodes, 3000), rng.random(3000)
    source[:500] = source[0]  # a hub
    networks = []
    for limit in (0, 10**12):
        monkeypatch.setattr(kernels, "INTERPRETED_WORK", limit)
        networks.append(Graph.from_links(source, target, weight, directed=directed))
    compiled, interpreted = networks
    assert len(compiled.indices) > 2900
    assert np.array_equal(compiled.indptr, interpreted.indptr)
    assert np.array_equal(compiled.indices, interpreted.indices)
    assert np.array_equal(compiled.weights, interpreted.weights)
    order = np.lexsort((target, source))
    if directed:
        pairs = np.unique(np.stack([source, target])[:, order], axis=1)
        assert np.array_equal(compiled.indices, pairs[1])
        assert np.array_equal(np.diff(compiled.indptr), np.bincount(pairs[0], minlength=len(compiled.indptr) - 1))


def test_order_of_links_changes_nothing():
    rng = np.random.default_rng(1)
    source, target = rng.integers(0, 50, (2, 300)).astype(str)
    order = rng.permutation(300)
    one, other = Graph.from_links(source, target), Graph.from_links(source[order], target[order])
    assert one.names.tolist() == other.names.tolist() == sorted(set(source) | set(target))
    assert np.array_equal(one.indices, other.indices)
    assert np.array_equal(one.weights, other.weights)


def test_integers_are_places_and_words_are_names():
    assert Graph.from_links([5], [2]).number_of_nodes == 6
    named = Graph.from_links([0], [1], names=["x", "y", "alone"])
    assert (named.number_of_nodes, named.names.tolist()) == (3, ["x", "y", "alone"])
    placed = Graph.from_links(["y"], ["x"], names=["x", "y", "alone"], directed=True)
    assert placed.indptr.tolist() == [0, 0, 1, 1]
    mixed = Graph.from_links(["b", 1], [("t", 2), "b"])
    assert mixed.names.tolist() == ["b", 1, ("t", 2)]


def test_nodes_called_0_1_2_need_no_names_but_are_counted():
    network = Graph.from_links([0], [1], names=range(4))
    assert network.names is None
    assert network.number_of_nodes == 4


def test_a_self_link_stands_once_and_keeps_its_weight():
    network = Graph.from_links([1, 1, 0], [1, 1, 1], [2.0, 3.0, 1.0])
    assert rows_of(network) == {0: {1: 1.0}, 1: {0: 1.0, 1: 5.0}}
    assert network.number_of_links == 2


def test_a_network_may_have_nothing_in_it():
    network = Graph.from_links([], [])
    assert (network.number_of_nodes, network.number_of_links, network.names) == (0, 0, None)
    alone = Graph.from_links([], [], names=["a"], node_weights=[2.0])
    assert (alone.number_of_nodes, alone.number_of_links, alone.node_weights.tolist()) == (1, 0, [2.0])


def test_a_network_cannot_be_written_and_leaves_its_arrays_writeable():
    source = np.array([0, 1], np.int32)
    network = Graph.from_links(source, np.array([1, 2], np.int32), node_weights=np.ones(3))
    source[0] = 0
    for array in (network.indptr, network.indices, network.node_weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_a_copy_by_pickle_is_the_same_and_read_only():
    network = Graph.from_links(["a", "b"], ["b", "c"], [1.0, 2.0], directed=True)
    copy = pickle.loads(pickle.dumps(network))
    assert copy.names.tolist() == network.names.tolist()
    assert rows_of(copy) == rows_of(network)
    assert not copy.indices.flags.writeable


def test_unusual_arrays_are_taken(monkeypatch):
    monkeypatch.setattr(kernels, "INTERPRETED_WORK", -1)
    plain = np.array([0, 1, 2, 5], np.int32)
    odd = np.frombuffer(b"." + plain.tobytes(), np.int32, offset=1)
    assert not odd.flags.aligned
    wanted = rows_of(Graph.from_links(plain, plain[::-1].copy()))
    for ends in (odd, plain.astype(">i8"), plain.astype(np.uint16), np.repeat(plain, 2)[::2]):
        assert rows_of(Graph.from_links(ends, ends[::-1])) == wanted


def test_rows_take_at_most_16_bytes_a_link_beside_the_input(monkeypatch):
    monkeypatch.setattr(kernels, "INTERPRETED_WORK", -1)
    nodes = 20_000
    source = np.repeat(np.arange(nodes, dtype=np.int32), 20)
    target = (source + np.tile(np.arange(1, 21, dtype=np.int32) ** 2, nodes)) % nodes
    order = np.random.default_rng(0).permutation(len(source))
    source, target = source[order], target[order].astype(np.int32)
    Graph.from_links(source[:9], target[:9])
    tracemalloc.start()
    network = Graph.from_links(source, target)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert network.weights is None
    assert network.number_of_links == len(source)
    assert peak <= 16 * len(source)


def test_small_types_are_used_where_they_fit():
    network = Graph.from_links([0, 1], [1, 2])
    assert (network.indptr.dtype, network.indices.dtype, network.weights) == (np.int32, np.int32, None)


@pytest.mark.parametrize("arguments, keywords, sentence", [
    (([0], [1, 2]), {}, "a link has two ends; got 1 sources and 2 targets"),
    (([-3], [1]), {}, "node numbers must not be negative; got -3"),
    (([3], [1]), {"names": ["a", "b"]}, "node numbers must be below the number of names, 2; got 3"),
    (([2**40], [1]), {}, "node numbers must be below 2147483647; got 1099511627776: such ids can be names"),
    (([0.5], [1]), {}, "sources must be numbers of nodes or names; got 0.5 for link 0"),
    (([0], ["a"]), {}, "sources and targets must both be numbers of nodes or both be names; got int64 and object"),
    ((["a"], [None]), {}, "every link needs a target; link 0 has none"),
    ((["a"], ["c"]), {"names": ["a", "b"]}, "every end of a link must be in names; 'c' is not"),
    (([[0]], [1]), {}, "sources must be numbers of nodes or names; got [0] for link 0"),
    ((np.zeros((1, 1)), [1]), {}, "sources must be one for each link; got an array of shape (1, 1)"),
    (([0], [1], [1.0, 2.0]), {}, "link weights must be one for each of the 1 links; got an array of shape (2,)"),
    (([0], [1], ["x"]), {}, "link weights must be numbers; got <U1"),
    (([0, 0], [1, 2], [1.0, -0.5]), {}, "link weight must not be negative; got -0.5 for link 1"),
    (([0, 0], [1, 2], [np.nan, 1.0]), {}, "link weight must be a finite number; got nan for link 0"),
    (([0, 0], [1, 2], [1.0, np.inf]), {}, "link weight must be a finite number; got inf for link 1"),
    (([0], [1]), {"node_weights": [1.0, -1.0]}, "node weight must not be negative; got -1 for node 1"),
    (([0], [1]), {"node_weights": [1.0]}, "node weights must be one for each of the 2 nodes; got an array of shape (1,)"),  # noqa: E501
    (([0], [1]), {"names": np.zeros((2, 2))}, "names must be one for each node; got an array of shape (2, 2)"),
])  # fmt: skip
def test_what_cannot_be_a_network_is_said(arguments, keywords, sentence):
    with pytest.raises(BadInput) as error:
        Graph.from_links(*arguments, **keywords)
    assert str(error.value) == sentence


def test_importing_networks_is_cheap():
    heavy = "{'numba', 'pandas', 'networkx', 'scipy', 'pyarrow', 'matplotlib', 'torch'}"
    code = f"import sys, minent.data; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_unsigned_numbers_beyond_64_bits_stay_what_they_are():
    large = np.array([2**63, 2**63 + 1, 3], np.uint64)
    assert name_array(large).tolist() == large.tolist() and name_array(large[2:]).dtype == np.int64
    names, source, target = sorted_names(large, large[::-1])
    assert names.tolist() == [3, 2**63, 2**63 + 1] and names[source].tolist() == names[target][::-1].tolist()
