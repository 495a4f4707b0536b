"""Two networks and their modules: what `minent community find` does, on data everybody knows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.community import Tree, find
from minent.data import read_graph
from minent.errors import require
from minent.files import write_text
from minent.plot import network_map
from minent.plot.speaking import Say
from minent.tour.page import Section, alive, table

NOVEL = """77 characters of Les Misérables, linked by the number of chapters they share. A random walk on the links is
described in as few bits as possible: a module is where the walker stays for long, and its area here is how long. Click
a module to look inside."""
DIGITS = """1,797 handwritten digits, 8 × 8 pixels each, every one linked to the 10 that look most like it. Nobody says
that there are ten digits: does the map find them?"""


def networks(folder: Path, say: Say) -> Iterator[Section]:
    """Les Misérables and the digits: their links and maps go to `folder`. Raises MissingExtra without scikit-learn."""
    _, tree, html, command = mapped(folder, say, "les-miserables", novel())
    yield Section(say("Communities"), say(NOVEL), command, told(tree, say), html, "community.md")
    links, truth = digits()
    network, tree, html, command = mapped(folder, say, "digits", links)
    shown = np.array([truth[name] for name in tree.node_names])
    facts = [(f"{agreement(tree, shown):.2f}", say("adjusted mutual information with the true digits, of 1"))]
    facts += [(f"{network.number_of_links:,}", say("links")), *told(tree, say)]
    command += "\nminent community cluster points.csv"
    yield Section(
        say("Clusters that nobody asked for"), say(DIGITS), command, facts, html + modules(tree, shown, say),
        "how-to/cluster-documents.md",
    )  # fmt: skip


def mapped(folder: Path, say: Say, name: str, links: list[str]) -> tuple[Any, Tree, str, str]:
    """A network and its modules, their map as HTML, and the command that draws it."""
    file, page = folder / f"{name}.tsv", f"{name}.html"
    write_text(file, "\n".join(["source\ttarget\tweight", *links]) + "\n")
    network = read_graph(file)
    tree = find(network, seed=1)
    drawn = network_map(network, tree, title=name)
    drawn.write(folder / page)
    html = alive(drawn, name) + f'<p><a href="{page}">{say("The map on a page of its own")}</a></p>'
    return network, tree, html, f"minent community find {file} --map {page}"


def novel() -> list[str]:
    """The characters of the novel, linked by the chapters they share, as networkx has it."""
    import networkx as nx

    found = nx.les_miserables_graph().edges.data("weight")
    return [f"{source}\t{target}\t{weight}" for source, target, weight in found]


def digits(neighbours: int = 10) -> tuple[list[str], dict[str, int]]:
    """Links of each of scikit-learn's handwritten digits to its nearest, by the cosine of the angle between them; and
    what digit each shows. A node's name begins with that."""
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
    return links, dict(zip(names, digit.tolist(), strict=True))


def told(tree: Tree, say: Say) -> list[tuple[str, str]]:
    saved = 100 * (1 - tree.codelength / tree.one_level_codelength)
    return [
        (f"{tree.number_of_top_modules}", say("top modules")),
        (f"{tree.codelength:.3f}", say("bits a step")),
        (f"{saved:.1f} %", say("fewer bits than without modules")),
    ]


def agreement(tree: Tree, truth: Int[np.ndarray, " nodes"]) -> float:
    """How well the top modules are the true classes: 1 for the same partition, 0 for chance."""
    from sklearn.metrics import adjusted_mutual_info_score

    return float(adjusted_mutual_info_score(truth, tree.labels_at(1)))


def modules(tree: Tree, truth: Int[np.ndarray, " nodes"], say: Say) -> str:
    """The top modules, each with what is most of it, as a table to unfold."""
    heads, rows = [say("module"), say("flow"), say("nodes"), say("mostly the digit")], []
    for label, module in enumerate(tree.modules()):
        counts = np.bincount(truth[tree.labels_at(1) == label])
        most = f"{counts.argmax()}: {100 * counts.max() / module.size:.0f} %"
        rows.append([module.path, f"{100 * module.flow:.1f} %", f"{module.size:,}", most])
    return f"<details><summary>{say('All modules')}</summary>{table(heads, rows)}</details>"
