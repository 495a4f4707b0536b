"""Paths as memory networks, held against counts worked out by hand and against the reference; times as layers."""

import datetime
import io
from collections import Counter

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.community import codelength, find
from minent.data import layered, multilayer, paths_network, read_paths
from minent.data.networks.plan import Skipped
from minent.errors import BadInput


def counted(paths, order):
    """How often each link between states is walked; from the definition."""
    steps = Counter()
    for path in paths:
        for i in range(len(path) - order):
            steps[tuple(path[i : i + order]), tuple(path[i + 1 : i + order + 1])] += 1
    return steps


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=7), min_size=1, max_size=6), st.integers(1, 4))
def test_links_are_walked_as_often_as_counted(paths, order):
    wanted = counted(paths, order)
    if not wanted:
        with pytest.raises(BadInput, match=f"no path has more than {order} nodes"):
            paths_network(paths, order)
        return
    network = paths_network(paths, order)
    names = [name if order > 1 else (name,) for name in network.names.tolist()]
    source, target, weight = network.links()
    weight = np.ones(len(source)) if weight is None else weight
    assert {(names[a], names[b]): w for a, b, w in zip(source, target, weight, strict=True)} == wanted
    assert network.physical_nodes.tolist() == [name[-1] for name in names]
    assert network.directed


def test_memory_parts_what_only_passes_through_one_node():
    paths = [["a", "x", "b", "x"] * 6, ["c", "x", "d", "x"] * 6]
    with_memory, without = find(paths_network(paths, 2)), find(paths_network(paths, 1))
    assert without.number_of_modules == 1 or without.codelength > with_memory.codelength
    rows = with_memory.memberships()
    assert (rows.node == "x").sum() == 2
    assert with_memory.codelength < without.codelength


def test_the_reference_tells_the_same_codelength():
    infomap = pytest.importorskip("infomap")
    random, network = np.random.default_rng(1), nx.karate_club_graph()
    paths = [[int(random.integers(34))] for _ in range(60)]
    for path in paths:
        for _ in range(8):
            path.append(int(random.choice(list(network[path[-1]]))))
    states = paths_network(paths, 2)
    run = infomap.Infomap("--silent --directed --two-level --num-trials 3 --seed 4")
    for state, node in enumerate(states.physical_nodes.tolist()):
        run.add_state_node(state, node)
    for source, target, weight in zip(*states.links(), strict=True):
        run.add_link(int(source), int(target), float(weight))
    result = run.run()
    tree = find(states, two_level=True, trials=3, seed=4)
    assert tree.one_level_codelength == pytest.approx(result.one_level_codelength, abs=1e-9)
    labels = dict(result.get_modules(states=True)) if hasattr(result, "get_modules") else None
    if labels:
        assert codelength(states, [labels[k] for k in range(len(labels))]) == pytest.approx(result.codelength, abs=1e-9)


def test_files_of_paths_are_divided_as_lists_of_links_are():
    wanted = paths_network([["New York", "Rome", "Oslo"], ["Rome", "Oslo", "Rome"]])
    for mark in "\t;,|":
        lines = mark.join(["New York", "Rome", "Oslo"]) + "\r\n" + mark.join(["Rome", " Oslo", "Rome"]) + "\nRome\n\n"
        found = read_paths(io.BytesIO(("# of two summers\n%\n" + lines).encode()))
        assert found.plan.notes == ("3 paths", "1 of 3 paths have no more than 2 nodes and make no link")
        assert found.plan.skipped[0] == Skipped("comment line", 2, 1, "# of two summers")
        assert found.names.tolist() == wanted.names.tolist()
        assert found.indices.tolist() == wanted.indices.tolist()
    assert read_paths(io.BytesIO(b"#tag bob  #tag\n")).physical_nodes.tolist() == ["bob", "#tag"]
    assert read_paths(io.BytesIO(b"10 2 10 2\n")).names.tolist() == [(2, 10), (10, 2)]
    assert read_paths(io.BytesIO(b"007 7 007\n")).names.tolist() == [("007", "7"), ("7", "007")]


def test_counts_are_taken_where_they_are_said():
    data = b"a,x,b,3\nc,x,d,0.5\n"
    with pytest.raises(BadInput, match="every line ends with a number: how often the path was walked"):
        read_paths(io.BytesIO(data))
    assert read_paths(io.BytesIO(data), counts=True).links()[2].tolist() == [3.0, 0.5]
    assert read_paths(io.BytesIO(data), counts=False).number_of_links == 4
    with pytest.raises(BadInput, match="says how often it was walked; got 'b' on line 2"):
        read_paths(io.BytesIO(b"a x 3\na x b\n"), counts=True)


@pytest.mark.parametrize("data, said, sentence", [
    (b"", {}, "there are no paths in 'standard input'"),
    (b"a b\n", {}, "no path has more than 2 nodes, as links of order 2 need in 'standard input'"),
    (b"a,b,c\nd e f\n", {}, "',' divides names on line 1, but is not there (say delimiter=) on line 2"),
    (b"a,,c\n", {}, "a path has a name between any two ','; got 'a,,c' on line 1"),
    (b"a b c\n", {"order": 0}, "order must be at least 1, a whole number; got 0"),
])  # fmt: skip
def test_what_holds_no_paths_is_said(data, said, sentence):
    with pytest.raises(BadInput) as error:
        read_paths(io.BytesIO(data), **said)
    assert str(error.value).startswith(sentence)


def test_layers_of_times_are_in_their_order():
    source, target = ["a", "b", "a"], ["b", "c", "c"]
    wanted = multilayer([0, 1, 2], source, target, relax_limit=1)
    dates = ["2024-05-30", "2024-06-02", "2024-11-01"]
    for layer in (dates, pd.Series(pd.to_datetime(dates)), [datetime.date.fromisoformat(date) for date in dates]):
        found = layered(source, target, layer, relax_limit=1)
        np.testing.assert_array_equal(found.indptr, wanted.indptr)
        np.testing.assert_array_equal(found.indices, wanted.indices)
        np.testing.assert_array_equal(found.weights, wanted.weights)
        assert found.names.tolist() == [(dates[at], node) for at, node in wanted.names.tolist()]
    years = layered(source, target, np.array([2001.0, 2001, 2005]), [1, 2, 3], relax_limit=1)
    assert {layer for layer, _ in years.names.tolist()} == {2001, 2005}
    same = multilayer([2001, 2001, 2005], source, target, [1, 2, 3], relax_limit=1)
    np.testing.assert_array_equal(years.weights, same.weights)


@pytest.mark.parametrize("layer, sentence", [
    ([1, None], "every link needs a layer; link 1 has none"),
    ([1, float("nan")], "every link needs a layer; link 1 has none"),
    (pd.Series(pd.to_datetime(["2024-01-01", None])), "every link needs a layer; link 1 has none"),
    (["a", 1], "layers must be all numbers or all text; got int and str"),
])  # fmt: skip
def test_links_without_layers_are_refused(layer, sentence):
    with pytest.raises(BadInput, match=sentence):
        layered(["a", "b"], ["b", "c"], layer)


def test_exact_times_are_no_layers():
    times = np.arange("2024-01-01T00:00", "2024-01-01T01:00", dtype="M8[m]")
    with pytest.raises(BadInput, match="every one of 60 links has a layer of its own; cut times to spans"):
        layered(range(60), range(1, 61), times)


@pytest.mark.parametrize("head", ["step1,step2,step3", "from,via,to", "Source,Target"])
def test_a_first_line_that_may_name_columns_is_asked_for(head):
    text = f"{head}\na,x,b\nc,x,d\n".encode()
    with pytest.raises(BadInput, match=r"does the first line name columns.* on line 1"):
        read_paths(io.BytesIO(text))
    assert read_paths(io.BytesIO(text), header=True).number_of_links == 2
    assert read_paths(io.BytesIO(text), 1, header=False).number_of_links == 4 + head.count(",")


def test_nodes_that_are_numbered_are_no_header_where_they_come_again():
    assert read_paths(io.BytesIO(b"n1 n2 n3\nn2 n3 n1\n")).number_of_links == 2
