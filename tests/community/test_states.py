"""Networks of states: memory and layers, from files and from Python, cost and are searched as the referee has it."""

import io
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from infomap import Infomap

from minent import BadInput
from minent.community import Objective, codelength, evaluate, find
from minent.community.walk.models import flow_of
from minent.community.walk.weights import weight_matrix
from minent.data import Bipartite, Graph, States, multilayer, read_graph

VERTICES = "*Vertices 6\n" + "".join(f'{i} "{name}"\n' for i, name in enumerate("abcdef", 1))


def memory(seed: int, nodes: int = 6, states: int = 40) -> str:
    """Random states of a few nodes, in groups."""
    rng = np.random.default_rng(seed)
    lines = [VERTICES, "*States\n"]
    lines += [f'{i} {rng.integers(1, nodes + 1)} "state {i}"\n' for i in range(1, states + 1)]
    lines.append("*Links\n")
    for _ in range(5 * states):
        a = rng.integers(states)
        b = a // 10 * 10 + rng.integers(10) if rng.random() < 0.8 else rng.integers(states)
        lines.append(f"{a + 1} {b + 1} {rng.uniform(0.5, 2):.3f}\n")
    return "".join(lines)


def layers(seed: int, kind: str) -> str:
    rng = np.random.default_rng(seed)
    lines = [VERTICES]
    if kind == "multilayer":
        lines.append("*Multilayer\n")
        ends = rng.integers(1, [4, 7, 4, 7], (40, 4))
        lines += [f"{a} {i} {b} {j} {rng.uniform(0.5, 2):.3f}\n" for a, i, b, j in ends]
        return "".join(lines)
    lines.append("*Intra\n")
    ends = rng.integers(1, [4, 7, 7], (30, 3))
    lines += [f"{a} {i} {j} {rng.uniform(0.5, 2):.3f}\n" for a, i, j in ends]
    if kind == "inter":
        lines.append("*Inter\n")
        lines += [f"{a} {i} {a % 3 + 1} {rng.uniform(0.5, 2):.3f}\n" for a, i, _ in ends[:10]]
    return "".join(lines)


NETWORKS = {"memory": memory, **{kind: lambda s, k=kind: layers(s, k) for kind in ("intra", "inter", "multilayer")}}

RELAXED: dict[str, dict] = {
    "": {},
    "--multilayer-relax-rate 0.6": {"relax_rate": 0.6},
    "--multilayer-relax-limit 1": {"relax_limit": 1},
    "--multilayer-relax-by-jsd": {"relax_by": "jensen-shannon"},
    "--multilayer-relax-by-jsd --multilayer-relax-rate 0.6 --multilayer-relax-limit 1": {
        "relax_by": "jensen-shannon", "relax_rate": 0.6, "relax_limit": 1,
    },
}  # fmt: skip


@dataclass
class Verdict:
    codelength: float
    index_codelength: float
    one_level: float
    states: list


def referee(text: str, flags: str, label: dict | None = None) -> Verdict:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (path := Path(folder) / "given.net").write_text(text)
        infomap = Infomap(args=f"--silent --num-threads 1 {flags}")
        infomap.read_file(str(path))
        infomap.run(args="--no-infomap")
        states = [(node.layer_id, node.node_id, node.state_id) for node in infomap.tree if node.is_leaf]
        infomap = Infomap(args=f"--silent --num-threads 1 {flags} {'' if label is None else '--no-infomap'}")
        infomap.read_file(str(path))
        if label is not None:
            infomap.initial_partition = {state[2]: label[key(*state)] for state in states}
        infomap.run()
        return Verdict(infomap.codelength, infomap.index_codelength, infomap.one_level_codelength, states)


def key(layer: int, node: int, state: int) -> object:
    return (layer, "abcdef"[node - 1]) if layer else state


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("options", RELAXED)
def test_a_given_partition_costs_what_the_referee_says(kind: str, directed: bool, options: str, tmp_path: Path):
    if options and kind != "intra":
        pytest.skip("only layers are relaxed")
    for seed in range(3):
        text = NETWORKS[kind](seed)
        (tmp_path / "a.net").write_text(text)
        network = read_graph(tmp_path / "a.net", directed or None, **RELAXED[options])
        assert isinstance(network, States) and len(np.unique(network.physical)) < network.number_of_nodes
        label = {name: i % 3 for i, name in enumerate(network.names.tolist())}
        flags = options + (" --directed" if directed else "")
        wanted = referee(text, flags, label)
        assert {key(*state) for state in wanted.states} == set(network.names.tolist())
        tree = evaluate(network, label)
        assert codelength(network, label) == pytest.approx(wanted.codelength, abs=1e-10)
        assert tree.index_codelength == pytest.approx(wanted.index_codelength, abs=1e-10)
        assert tree.one_level_codelength == pytest.approx(wanted.one_level, abs=1e-10)


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_search_is_not_worse_than_the_referees(kind: str, tmp_path: Path):
    ours = theirs = 0.0
    for seed in range(4):
        text = NETWORKS[kind](seed)
        (tmp_path / "a.net").write_text(text)
        ours += find(read_graph(tmp_path / "a.net"), two_level=True).codelength
        theirs += referee(text, "--two-level").codelength
    assert ours <= theirs * (1 + 1e-3)


def bipartite(seed: int, directed: bool) -> str:
    """Groups of primary nodes 1 to 24 and features 25 to 33; where directed, some links lead away from features."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 3, 80)
    feature = 25 + 3 * np.where(rng.random(80) < 0.8, group, rng.integers(0, 3, 80)) + rng.integers(0, 3, 80)
    ends = np.stack([group * 8 + rng.integers(1, 9, 80), feature])
    back = directed & (rng.random(80) < 0.4)
    pairs = np.where(back, ends[::-1], ends).T.tolist()
    return "*Vertices 33\n*Bipartite 25\n" + "".join(f"{a} {b} {rng.uniform(0.5, 2):.3f}\n" for a, b in pairs)


def test_a_bipartite_network_costs_what_the_referee_says_and_is_searched_as_well(tmp_path: Path):
    ours = theirs = 0.0
    for seed in range(4):
        (tmp_path / "a.net").write_text(text := bipartite(seed, False))
        network = read_graph(tmp_path / "a.net")
        assert isinstance(network, Bipartite) and not network.directed
        names = list(range(1, 34))
        wanted = referee(text, "", {name: name % 3 for name in names})
        tree = evaluate(network, [name % 3 for name in names])
        assert tree.codelength == pytest.approx(wanted.codelength, abs=1e-10)
        assert tree.one_level_codelength == pytest.approx(wanted.one_level, abs=1e-10)
        ours += find(network, two_level=True).codelength
        theirs += referee(text, " --two-level").codelength
    assert ours <= theirs * (1 + 1e-3)


def rests(weights: np.ndarray, features: np.ndarray, landing: np.ndarray, teleportation: float) -> np.ndarray:
    """Where a walk of double steps between primary nodes rests: an eigenvector of one dense matrix."""
    strength = weights.sum(1, keepdims=True)
    step = np.divide(weights, strength, out=np.zeros_like(weights), where=strength > 0)
    landed = np.where(features, 0, landing + np.where(features, landing, 0) @ step)
    double = (1 - teleportation) * step @ step * ~features[:, None]
    double += (1 - double.sum(1, keepdims=True)) * landed / landed.sum()
    values, vectors = np.linalg.eig(double[~features][:, ~features].T)
    visit = np.zeros(len(features))
    visit[~features] = np.abs(vectors[:, np.argmax(values.real)].real)
    return visit / visit.sum()


@pytest.mark.parametrize("to_nodes", [False, True])
@pytest.mark.parametrize("teleportation", [0.15, 0.6])
def test_a_directed_walk_on_a_bipartite_network_takes_two_steps_as_one(teleportation: float, to_nodes: bool):
    for seed in range(4):
        network = read_graph(io.BytesIO(bipartite(seed, True).encode()), True)
        assert isinstance(network, Bipartite) and network.directed and network.features is not None
        weights, features = weight_matrix(network).toarray(), network.features
        assert (weights.sum(1) == 0).any() and (weights.sum(1)[features] > 0).any()  # some ends, some ways back
        landing = np.ones(33) if to_nodes else weights.sum(1)
        visit = rests(weights, features, landing / landing.sum(), teleportation)
        flow = flow_of(network, teleportation=teleportation, to_nodes=to_nodes)
        assert flow.visit == pytest.approx(visit, abs=1e-12)
        step = weights / np.where(weights.sum(1) > 0, weights.sum(1), 1)[:, None]
        start = visit * (weights.sum(1) > 0) / visit[weights.sum(1) > 0].sum()
        along = (start + start @ step)[:, None] * step
        assert flow.out == pytest.approx(along.sum(1), abs=1e-12)
        assert flow.into == pytest.approx(along.sum(0), abs=1e-12)
        source, target, _ = network.links()
        assert flow.link == pytest.approx(along[source, target], abs=1e-12)


@pytest.mark.parametrize("teleportation", [0.0, 0.15, 0.8])
def test_a_bipartite_network_walked_both_ways_is_that_without_direction(teleportation: float):
    network, label = read_graph(io.BytesIO(bipartite(0, False).encode())), [name % 3 for name in range(33)]
    both = evaluate(network, label, directed=True, teleportation=teleportation)
    assert both.codelength == pytest.approx(evaluate(network, label).codelength, abs=1e-12)


def test_links_of_one_kind_are_not_bipartite():
    with pytest.raises(BadInput, match="0 and 1 are of one kind"):
        Bipartite.of(Graph.from_links([0, 1], [1, 2]), [False, False, True])
    papers = Bipartite.of(Graph.from_links([0, 1], [2, 2]), [False, False, True])
    for options in ({"flow_model": "rawdir"}, {"directed": True, "recorded": True}):
        with pytest.raises(BadInput, match="walked by the flow models undirected or directed, without prior links"):
            find(papers, **options)


def test_states_of_a_node_in_one_module_share_a_word():
    links = Graph.from_links([0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3])
    apart, same = (States.of(links, nodes) for nodes in (range(6), ["x", "x", "z", "u", "v", "w"]))
    label = [0, 0, 0, 1, 1, 1]
    assert codelength(apart, label) == pytest.approx(codelength(links, label), abs=1e-12)
    assert codelength(same, label) == pytest.approx(
        codelength(links, label) - 4 / 14, abs=1e-12
    )  # two equal words are one


def test_two_layers_apart_share_their_nodes():
    left, right = [(0, 1), (1, 2), (2, 0)], [(2, 3), (3, 4), (4, 2)]
    source, target = np.array(left + right).T
    network = multilayer([1] * 3 + [2] * 3, source.tolist(), target.tolist(), relax_rate=0.0)
    tree = find(network)
    assert tree.number_of_modules == 2
    shares = tree.memberships()
    assert len(shares) == 6 and shares[shares.node == 2].share.tolist() == pytest.approx([0.5, 0.5])
    assert shares[shares.node == 0].share.tolist() == [1.0]
    assert find(multilayer([1] * 6, source.tolist(), target.tolist())).memberships().share.tolist() == [1.0] * 5


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("*States\n1 1\n2 1\n*Links\n1 3\n", "links join *States; 1 3 does not"),
        ("*Intra\n1 2\n", "wanted 3 to 4 numbers; got '1 2' on line 2"),
    ],
)
def test_files_that_do_not_hold_states_are_refused(text: str, sentence: str, tmp_path: Path):
    (tmp_path / "a.net").write_text(text)
    with pytest.raises(BadInput, match=sentence.replace("*", r"\*")):
        read_graph(tmp_path / "a.net")


def test_every_state_is_one_of_a_node():
    with pytest.raises(BadInput, match="every node wants one physical node: the network has 2 nodes; got 1 labels"):
        States.of(Graph.from_links([0], [1]), ["a"])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"relax_rate": 2.0}, "relax_rate is a probability, from 0 to 1; got 2"),
        ({"relax_by": "jsd"}, "relax_by is 'strength' or 'jensen-shannon'; got 'jsd'"),
        ({"relax_by": "jensen-shannon", "relax_rate": 1.0}, "relax_rate must be below 1"),
        ({"relax_limit": 1}, "layers are integers where relax_limit is given; got 'work'"),
        ({"relax_limit_up": 1}, "layers are integers where relax_limit_up is given; got 'work'"),
        ({"relax_limit_down": -1}, "relax_limit_down must be at least 0, or None for any layer; got -1"),
    ],
)
def test_ways_to_relax_that_are_none_are_refused(options: dict, sentence: str):
    with pytest.raises(BadInput, match=sentence):
        multilayer(["work"], ["a"], ["b"], **options)


def test_the_walker_relaxes_to_layers_where_its_links_are_alike():
    source, target = ["i"] * 8, ["a", "b", "a", "c", "d", "e", "a", "b"]
    network = multilayer(
        [1, 1, 2, 2, 3, 3, 4, 4], source, target, relax_rate=0.5, relax_by="jensen-shannon", directed=True
    )
    names = network.names.tolist()
    weight = {(names[i], names[j]): w for i, j, w in zip(*network.links(), strict=True)}
    # similarities to layer 1 are 1 (its own), 1/2, 0 and 1
    own = weight[(1, "i"), (1, "a")]
    assert weight[(1, "i"), (2, "c")] == pytest.approx(own * 2 * 0.5 / 2.5)
    assert weight[(1, "i"), (4, "b")] == pytest.approx(own * 2 * 1.0 / 2.5)
    assert ((1, "i"), (3, "d")) not in weight


def test_layers_above_and_below_have_limits_of_their_own():
    def reached(**limits: int) -> set:
        network = multilayer([1, 2, 3, 5], ["i"] * 4, ["a", "b", "c", "d"], directed=True, **limits)
        names, (source, target, _) = network.names.tolist(), network.links()
        return {names[j][0] for i, j in zip(source.tolist(), target.tolist(), strict=True) if names[i] == (3, "i")}

    assert reached() == {1, 2, 3, 5} and reached(relax_limit=1) == {2, 3}
    assert reached(relax_limit_up=1) == {1, 2, 3} and reached(relax_limit_down=0) == {3, 5}
    assert reached(relax_limit=1, relax_limit_up=2) == {2, 3, 5} and reached(relax_limit_up=0, relax_limit_down=0) == {
        3
    }


@pytest.mark.parametrize("by", ["strength", "jensen-shannon"])
def test_entropy_correction_of_layers_that_relax_does_not_depend_on_the_scale_of_weights(by: str):
    rng = np.random.default_rng(0)
    source = rng.integers(0, 8, 40)
    links = rng.integers(1, 4, 40), source, (source + rng.integers(1, 8, 40)) % 8
    weight, corrections = rng.uniform(0.5, 2, 40), []
    for scale in (1e-3, 1, 1e3):
        network = multilayer(*links, weight * scale, relax_by=by)
        label = [i % 3 for i in range(network.number_of_nodes)]
        plain, corrected = (codelength(network, label, objective=Objective(entropy_corrected=c)) for c in (0.0, 1.0))
        corrections.append(corrected - plain)
        assert network.weights.sum() == pytest.approx(len(np.unique(network.links()[0])))
    assert corrections == pytest.approx([corrections[1]] * 3, rel=1e-9)
    words = network.number_of_nodes + 2  # beyond one for each module of three and the index: states, exits, modules
    assert corrections[1] == pytest.approx(words / (2 * 2 * network.weights.sum() * np.log(2)), rel=1e-9)


def test_a_state_without_links_puts_its_node_into_no_other_module():
    ring = Graph.from_links(["a1", "b1", "c1"], ["b1", "c1", "a1"], names=["a1", "b1", "c1", "a2", "d1"])
    tree = find(States.of(ring, ["a", "b", "c", "a", "d"]))
    assert tree.number_of_modules == 3
    assert tree.memberships()[["node", "module", "share"]].values.tolist() == [
        ["a", 0, 1.0], ["b", 0, 1.0], ["c", 0, 1.0], ["d", 2, 1.0]
    ]  # fmt: skip
