"""Modules come as people have them: by name, in order, in tables, as sets of nodes, in files; else they are refused."""

import io

import networkx
import numpy as np
import pandas
import pytest

from minent import BadInput
from minent.community import agreement, agreements, codelength, evaluate, find, stability
from minent.data import Bipartite, Graph, States, as_graph, multilayer

KARATE = networkx.karate_club_graph()
CLUB = networkx.get_node_attributes(KARATE, "club")
WANTED = codelength(KARATE, CLUB)
CALLED = networkx.relabel_nodes(KARATE, {i: f"n{i}" for i in KARATE})  # names that are no numbers


def series(names=True, turned=True):
    found = pandas.Series(list(CLUB.values()), index=[f"n{i}" for i in CLUB] if names else None)
    return found.iloc[::-1] if turned else found


def test_the_fixture_is_not_symmetric():
    assert codelength(KARATE, list(CLUB.values())[::-1]) > WANTED + 0.1


def test_a_series_is_matched_by_its_index():
    assert codelength(CALLED, series()) == pytest.approx(WANTED)
    assert codelength(KARATE, pandas.Series(CLUB).iloc[::-1]) == pytest.approx(WANTED)
    assert agreement(series(), series(turned=False)) == 1.0
    found = [find(CALLED, metadata=given).codelength for given in (series(), series(turned=False), series().to_dict())]
    assert found[0] == found[1] == found[2] != find(CALLED).codelength
    assert find(CALLED, initial=series()).codelength <= WANTED


def test_a_series_that_is_only_counted_is_in_the_order_of_the_nodes():
    counted = series(names=False, turned=False)
    assert codelength(CALLED, counted) == pytest.approx(WANTED)
    assert agreement(counted, find(CALLED)) == agreement(CLUB, find(KARATE))
    with pytest.raises(BadInput, match="node 'n33' has none, and 0 is no node"):
        codelength(CALLED, counted.iloc[::-1])
    with pytest.raises(BadInput, match="node 'n0' has none"):
        codelength(CALLED, pandas.concat([counted, counted], ignore_index=True).iloc[::2])
    with pytest.raises(BadInput, match="34 nodes; got 33 labels"):
        codelength(CALLED, counted.iloc[:-1])
    turned = networkx.Graph([(2, 1), (1, 0)])
    assert evaluate(turned, pandas.Series(["a", "b", "b"])).labels.tolist() == [0, 0, 1]


def test_an_index_with_a_name_twice_or_of_strangers_is_refused():
    for change, said in (({"n1": "n0"}, "'n0' stands twice"), ({"n1": "ghost"}, "node 'n1' has none, and 'ghost' is")):
        with pytest.raises(BadInput, match=said):
            codelength(CALLED, series().rename(change))


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_a_table_is_read_by_its_columns(kind):
    tree = find(CALLED, two_level=False)
    nested = evaluate(CALLED, {f"n{i}": (i % 2, i % 4) for i in range(34)})
    assert nested.depth == 2
    for one in (tree, nested):
        frame = one.to_frame().iloc[::-1].reset_index(drop=True)
        if kind == "polars":
            frame = pytest.importorskip("polars").from_pandas(frame)
        if kind == "pyarrow":
            frame = pytest.importorskip("pyarrow").Table.from_pandas(frame)
        assert codelength(CALLED, frame) == pytest.approx(one.codelength)
        assert find(CALLED, initial=frame).codelength <= one.codelength + 1e-9


def test_tables_of_memberships_and_labels_are_read_by_name_and_others_refused():
    tree = find(CALLED, two_level=True)
    wanted = pytest.approx(tree.codelength)
    table = pandas.DataFrame({"node": tree.node_names, "module": tree.labels}).iloc[::-1]
    attributes = pandas.DataFrame.from_dict(tree.node_attributes(), orient="index").iloc[::-1]
    for given in (tree.memberships(), table, attributes, stability(CALLED, trials=2, two_level=True).to_frame()):
        assert codelength(CALLED, given) == wanted
    assert agreement(table, tree) == 1.0
    for given in (table.rename(columns={"module": "group"}), table[["module"]].reset_index(drop=True)):
        with pytest.raises(BadInput, match="a table of labels has a column name or node, and module, path or label"):
            codelength(CALLED, given)
    changed = tree.to_frame().assign(module=list(range(34)))
    with pytest.raises(BadInput, match="path and module tell different modules"):
        codelength(CALLED, changed)


def test_series_and_arrays_of_other_libraries_are_in_order():
    labels, polars, pyarrow = list(CLUB.values()), pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    for given in (polars.Series(labels), pyarrow.array(labels), pandas.Categorical(labels), pandas.Index(labels)):
        assert codelength(KARATE, given) == pytest.approx(WANTED)


def test_labels_that_are_missing_are_none():
    for gap in (None, float("nan"), pandas.NA, pandas.NaT):
        given = pandas.Series(CLUB, dtype=object)
        given[3] = gap
        with pytest.raises(BadInput, match="node 3 has none"):
            codelength(KARATE, given)
        with pytest.raises(BadInput, match="node 3 has none"):
            agreement(given, CLUB)
        find(KARATE, initial=given)


def test_sets_of_nodes_are_modules():
    groups = networkx.community.louvain_communities(CALLED, seed=1)
    by_name = {node: k for k, group in enumerate(groups) for node in group}
    wanted = codelength(CALLED, by_name)
    for given in (groups, iter(groups), {frozenset(group) for group in groups}, tuple(map(frozenset, groups))):
        assert codelength(CALLED, given) == pytest.approx(wanted)
    assert codelength(CALLED, networkx.community.label_propagation_communities(CALLED)) > 0
    assert agreement(groups, by_name) == agreement(by_name, groups[::-1]) == 1.0
    assert find(CALLED, initial=groups[1:]).codelength <= wanted
    with pytest.raises(BadInput, match="sets of nodes are in no order"):
        agreement(groups, list(by_name.values()))
    with pytest.raises(BadInput, match="both must have the same nodes; 1 only in the first"):
        agreement([{1, 2}, {3}], [{1, 2}])


def test_partitions_of_igraph_are_modules_in_order():
    igraph = pytest.importorskip("igraph")
    graph = igraph.Graph.from_networkx(KARATE)
    del graph.es["weight"]
    clustering = igraph.VertexClustering(graph, [int(club == "Officer") for club in CLUB.values()])
    assert codelength(graph, clustering) == pytest.approx(codelength(graph, clustering.membership))


def test_a_path_is_a_file(tmp_path):
    one, other = find(CALLED), evaluate(CALLED, {f"n{i}": i % 3 for i in range(34)})
    one.write(tmp_path / "a.tree")
    other.write(tmp_path / "b.json")
    paths = tmp_path / "a.tree", str(tmp_path / "b.json")
    assert agreement(*paths) == agreement(one, other) < 0.9
    assert np.array_equal(agreements(*paths), agreements(one, other))
    assert codelength(CALLED, paths[0]) == pytest.approx(one.codelength)
    assert find(CALLED, initial=paths[1]).codelength <= other.codelength
    with paths[0].open("rb") as file:
        assert codelength(CALLED, file) == pytest.approx(one.codelength)
    (tmp_path / "clubs").write_text("".join(f"n{i} {club}\n" for i, club in CLUB.items()))
    by_file = find(CALLED, metadata=tmp_path / "clubs").codelength
    assert by_file == find(CALLED, metadata=str(tmp_path / "clubs")).codelength
    assert by_file == find(CALLED, metadata=series()).codelength
    for what in (lambda: codelength(KARATE, "no.tree"), lambda: find(KARATE, metadata="none")):
        with pytest.raises(BadInput, match="there is no file"):
            what()
    with pytest.raises(BadInput, match="a tree is read from"):
        agreement("labels", "labels")
    with pytest.raises(BadInput, match="the depths of two trees"):
        agreements(one, [0] * 34)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_tables_that_minent_writes_are_modules_in_files(tmp_path, suffix):
    tree = find(CALLED, two_level=True)
    path = tmp_path / f"labels{suffix}"
    for table in (tree.memberships(), tree.to_frame()):
        table.to_csv(path) if suffix == ".csv" else table.to_parquet(path)
        assert codelength(CALLED, path) == pytest.approx(tree.codelength)
        assert agreement(path, tree) == 1.0
    compared = stability(CALLED, trials=2, two_level=True)
    compared.write(path)
    assert codelength(CALLED, path) == pytest.approx(tree.codelength)


def test_layers_are_in_tables_too(tmp_path):
    network = multilayer([1, 1, 2, 2, 1], ["a", "b", "a", "b", "d"], ["b", "c", "b", "d", "e"])
    compared = stability(network, trials=2)
    tree = compared.tree
    assert tree.number_of_modules > 1 and tree.layers is not None
    compared.write(tmp_path / "sure.csv")
    for given in (tmp_path / "sure.csv", tree.to_frame(), compared.to_frame()):
        assert codelength(network, given) == pytest.approx(tree.codelength)


def test_what_lies_in_several_modules_is_refused_with_the_main_ones(tmp_path):
    shared = find(KARATE, overlapping=True)
    assert len(shared.memberships()) > 34
    shared.memberships().to_csv(tmp_path / "m.csv", index=False)
    shared.write(tmp_path / "m.tree")
    for given in (shared, tmp_path / "m.csv", tmp_path / "m.tree"):
        with pytest.raises(BadInput, match=r"is in several modules of that tree: .*node_attributes"):
            find(KARATE, initial=given)
    main = {name: node["module"] for name, node in shared.node_attributes().items()}
    assert find(KARATE, initial=main).codelength <= codelength(KARATE, main)


def test_labels_of_nodes_are_those_of_their_states():
    work, home = [("ann", "bob"), ("bob", "cem"), ("cem", "ann")], [("cem", "dan"), ("dan", "eve"), ("eve", "cem")]
    source, target = zip(*work, *home, strict=True)
    network = multilayer(["work"] * 3 + ["home"] * 3, source, target)
    nodes = {"ann": 0, "bob": 0, "cem": 0, "dan": 1, "eve": 1}
    states = {state: nodes[state[1]] for state in network.nodes}
    assert codelength(network, nodes) == pytest.approx(codelength(network, states))
    apart = states | {("work", "cem"): 2}
    assert codelength(network, apart) != pytest.approx(codelength(network, states))
    assert find(network, initial={"ann": 0}).codelength > 0 and find(network, metadata=nodes).codelength > 0
    with pytest.raises(BadInput, match="'zoe' is no"):
        codelength(network, {**{name: 0 for name in ["ann", "bob", "cem", "dan"]}, "zoe": 1})
    memory = States.of(Graph.from_links([0, 1, 2], [1, 2, 3]), [0, 1, 0, 1])
    assert evaluate(memory, {0: "a", 1: "b"}).labels.tolist() == evaluate(memory, list("abab")).labels.tolist()
    with pytest.raises(BadInput, match="0 is both a state and a node"):
        find(memory, initial={0: 1})


def test_an_id_that_is_no_node_is_named(tmp_path):
    (tmp_path / "wrong.clu").write_text(
        "# node_id module flow\n" + "".join(f"{i} 1 0.02\n" for i in (*range(1, 34), 99))
    )
    with pytest.raises(BadInput, match="node 'n33' has none, and 99 is no node"):
        codelength(CALLED, tmp_path / "wrong.clu")
    (tmp_path / "large.clu").write_text(f"# node_id module flow\n1 1 0.5\n{2**63} 1 0.5\n")
    with pytest.raises(BadInput, match=f"ids are whole numbers below 2..63; got {2**63}"):
        codelength(CALLED, tmp_path / "large.clu")


def test_states_and_features_are_of_any_network_and_by_name():
    links = [("b", "a"), ("b", "c")]
    states = States.of(links, {"c": 1, "b": 2, "a": 1})
    assert states.physical_nodes.tolist() == States.of(links, [1, 2, 1]).physical_nodes.tolist() == [1, 2, 1]
    graph = networkx.Graph(links)
    assert as_graph(graph).nodes == ["b", "a", "c"]
    marks = Bipartite.of(graph, [True, False, False]).features
    for given in ({"a": 0, "b": 1, "c": 0}, pandas.Series({"a": False, "c": False, "b": True})):
        assert np.array_equal(Bipartite.of(graph, given).features, marks)
    for given, said in (
        ({"a": 0, "b": 1}, "got 2 labels"),
        (["no", "no", "yes"], "True, a feature, or False; got 'no'"),
    ):
        with pytest.raises(BadInput, match=said):
            Bipartite.of(graph, given)
    with pytest.raises(BadInput, match="an ordinary network"):
        States.of(Bipartite.of(graph, marks), [1, 2, 3])


def test_weights_of_nodes_may_be_by_name():
    ends = ["b", "c"], ["a", "b"]
    for given in ({"c": 3, "a": 1, "b": 2}, pandas.Series({"c": 3, "a": 1, "b": 2})):
        assert Graph.from_links(*ends, node_weights=given).node_weights.tolist() == [1, 2, 3]


@pytest.mark.parametrize("suffix", [".tree", ".ftree", ".clu", ".json", ".csv", ".parquet"])
def test_a_tree_is_known_by_what_it_holds(tmp_path, suffix):
    from minent.community import Tree

    tree = find(CALLED)
    tree.write(tmp_path / f"a{suffix}")
    content = (tmp_path / f"a{suffix}").read_bytes()
    assert agreement(Tree.read(io.BytesIO(content)), tree) == 1.0
