"""Three networks and their modules: what `minent community find` does, on data everybody knows."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.community import Tree, find
from minent.data import Graph, read_graph
from minent.errors import require
from minent.files import write_text
from minent.plot import network_map
from minent.tour.page import Section, table

DIGITS_ASKED = """1,797 handwritten digits, 8 × 8 pixels each, every one linked to the 10 that look most like it, with
the cosine of the angle between them as weight. Nobody says that there are ten digits: does the map find them?"""


@dataclass(frozen=True)
class Stop:
    """One network of the tour: the file of its links, what is asked of it, and the true classes of its nodes."""

    name: str
    asked: str
    links: list[str]
    truth: dict[str, int] | None = None


def networks(folder: Path) -> Iterator[Section]:
    """Karate, Les Misérables and the digits: their links and maps go to `folder`. Raises MissingExtra without
    scikit-learn."""
    for stop in (karate(), les_miserables(), digits()):
        file, page = folder / f"{stop.name}.tsv", f"{stop.name}.html"
        write_text(file, "\n".join(["source\ttarget\tweight", *stop.links]) + "\n")
        network = read_graph(file)
        tree = find(network, seed=1)
        write_text(folder / page, network_map(network, tree, title=stop.name))
        truth = None if stop.truth is None else np.array([stop.truth[name] for name in tree.node_names])
        result = told(network, tree) + ("" if truth is None else found_again(tree, truth))
        command = f"minent community find {file} --map {page}"
        html = modules(tree, truth) + f'<p><a href="{page}">open the map</a></p>'
        yield Section(stop.name, stop.asked, command, result, html)


def karate() -> Stop:
    """Zachary's karate club, as networkx has it."""
    import networkx as nx

    asked = (
        "34 members of a karate club, linked by the ways in which they met outside it, shortly before it split in two."
    )
    return Stop("karate", asked, weighted(nx.karate_club_graph()))


def les_miserables() -> Stop:
    """The characters of the novel, linked by the chapters they share, as networkx has it."""
    import networkx as nx

    asked = "77 characters of a novel, linked by the number of chapters they share."
    return Stop("les-miserables", asked, weighted(nx.les_miserables_graph()))


def weighted(graph: Any) -> list[str]:
    return [f"{source}\t{target}\t{weight}" for source, target, weight in graph.edges.data("weight", default=1)]


def digits(neighbours: int = 10) -> Stop:
    """Nearest neighbours among scikit-learn's handwritten digits; a node's name begins with the digit it shows."""
    purpose = "link points to their nearest neighbours"
    images, digit = require("sklearn.datasets", "knn", purpose).load_digits(return_X_y=True)
    search = require("sklearn.neighbors", "knn", purpose).NearestNeighbors(n_neighbors=neighbours, metric="cosine")
    distance, neighbour = search.fit(images).kneighbors()  # none is its own neighbour
    names = [f"{shown}-{i:04}" for i, shown in enumerate(digit)]
    links = [
        f"{names[i]}\t{names[j]}\t{1 - d:.6f}"
        for i in range(len(names))
        for j, d in zip(neighbour[i].tolist(), distance[i].tolist(), strict=True)
    ]
    return Stop("digits", DIGITS_ASKED, links, dict(zip(names, digit.tolist(), strict=True)))


def told(network: Graph, tree: Tree) -> str:
    saved = 100 * (1 - tree.codelength / tree.one_level_codelength)
    size = f"{network.number_of_nodes:,} nodes, {network.number_of_links:,} links"
    return f"{size}; {tree.number_of_top_modules} top modules, {tree.codelength:.3f} bits per step, {saved:.1f} % saved"


def found_again(tree: Tree, truth: Int[np.ndarray, " nodes"]) -> str:
    """How well the top modules are the true classes: 1 for the same partition, 0 for chance."""
    from sklearn.metrics import adjusted_mutual_info_score

    score = adjusted_mutual_info_score(truth, tree.labels_at(1))
    return f"; adjusted mutual information with the true digits {score:.3f}"


def modules(tree: Tree, truth: Int[np.ndarray, " nodes"] | None) -> str:
    """The top modules as a table."""
    heads, rows = ["module", "flow", "nodes", "most visited"], []
    for label, module in enumerate(tree.modules()):
        rows.append([module.path, f"{100 * module.flow:.1f} %", f"{module.size:,}", ", ".join(map(str, module.top))])
        if truth is not None:
            counts = np.bincount(truth[tree.labels_at(1) == label])
            rows[-1].append(f"{counts.argmax()}: {100 * counts.max() / module.size:.0f} %")
    return table([*heads, *(["mostly the digit"] if truth is not None else [])], rows)
