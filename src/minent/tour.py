"""Three networks and their modules, from links to a page to look at: what one command does, on data everybody knows."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.community import Tree, find
from minent.data import Graph, read_graph
from minent.errors import require
from minent.files import write_text
from minent.plot import network_map

DIGITS_ASKED = """1,797 handwritten digits, 8 × 8 pixels each, every one linked to the 10 that look most like it, with
the cosine of the angle between them as weight. Nobody says that there are ten digits: does the map find them?"""


@dataclass(frozen=True)
class Stop:
    """One network of the tour: the file of its links, what is asked of it, and the true classes of its nodes."""

    name: str
    asked: str
    links: list[str]
    truth: dict[str, int] | None = None


def tour(folder: Path) -> Iterator[str]:
    """Visit karate, Les Misérables and the digits; write links, maps and index.html to `folder`; yield what to say.

    Raises MissingExtra without scikit-learn."""
    sections = []
    for number, stop in enumerate((karate(), les_miserables(), digits()), 1):
        start = time.perf_counter()
        file, page = folder / f"{stop.name}.tsv", f"{stop.name}.html"
        write_text(file, "\n".join(["source\ttarget\tweight", *stop.links]) + "\n")
        network = read_graph(file)
        tree = find(network, seed=1)
        write_text(folder / page, network_map(network, tree, title=stop.name))
        truth = None if stop.truth is None else np.array([stop.truth[name] for name in tree.node_names])
        result = told(network, tree) + ("" if truth is None else found_again(tree, truth))
        sections.append(section(stop, tree, truth, result, f"minent community find {file} --map {page}", page))
        lines = f"{stop.name} ({time.perf_counter() - start:.1f} s)", *result.split("; ")
        yield f"{number} of 3  " + "\n        ".join(lines)
    write_text(folder / "index.html", PAGE.replace("SECTIONS", "".join(sections)))
    yield f"open {(folder / 'index.html').resolve()}"


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


def section(
    stop: Stop, tree: Tree, truth: Int[np.ndarray, " nodes"] | None, result: str, command: str, page: str
) -> str:
    heads, rows = ["module", "flow", "nodes", "most visited"], []
    for label, module in enumerate(tree.modules()):
        top = ", ".join(map(str, module.top))
        rows.append([module.path, f"{100 * module.flow:.1f} %", f"{module.size:,}", top])
        if truth is not None:
            counts = np.bincount(truth[tree.labels_at(1) == label])
            rows[-1].append(f"{counts.argmax()}: {100 * counts.max() / module.size:.0f} %")
    table = "".join(f"<tr>{''.join(f'<td>{escape(cell)}' for cell in row)}" for row in rows)
    heads += ["mostly the digit"] if truth is not None else []
    return f"""<h2>{stop.name}</h2><p>{escape(stop.asked)}</p><pre>{escape(command)}</pre><p>{escape(result)}</p>
<table><tr>{"".join(f"<th>{head}" for head in heads)}{table}</table><p><a href="{page}">open the map</a></p>"""


PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>minent: a tour</title>
<meta name="viewport" content="width=device-width"><style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
pre { padding: .6rem 1rem; background: #8882; border-radius: .4rem; overflow-x: auto }
table { border-collapse: collapse } th, td { text-align: left; padding: .15rem 1.2rem .15rem 0 }
td:nth-child(-n+3) { font-variant-numeric: tabular-nums }
</style><h1>A tour of minent</h1>
<p>A random walker stays long where links are dense. A code with a book for each module describes such a walk in fewer
bits than one book for all; the modules below are those with the shortest description (the map equation).</p>
SECTIONS</html>
"""
