"""`minent community find`: the modules of a network."""

import time
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from minent.cli.community.kept import check, keep, kept
from minent.cli.inputs import STANDARD_INPUT
from minent.community.options import Objective, Options
from minent.errors import BadInput, BadLine

WALK = "flow_model", "teleportation", "recorded", "to_nodes"


def find(
    links: str,
    /,
    *,
    directed: Annotated[bool, Parameter(show_default=False)] = False,
    options: Annotated[Options | None, Parameter(name="*")] = None,
    objective: Annotated[Objective | None, Parameter(name="*")] = None,
    metadata: Annotated[Path | None, Parameter(show_default=False)] = None,
    initial: Annotated[Path | None, Parameter(show_default=False)] = None,
    evaluate: Annotated[bool, Parameter(show_default=False)] = False,
    relax_rate: float = 0.15,
    relax_limit: int | None = None,
    relax_by: Literal["strength", "jensen-shannon"] = "strength",
    sure: Annotated[Path | None, Parameter(show_default=False)] = None,
    output: Annotated[tuple[Path, ...], Parameter(name=["--output", "-o"], negative="", show_default=False)] = (),
    map: Path | None = None,
) -> None:
    """Find the modules of a network that describe a walk on it in the fewest bits.

    Parameters
    ----------
    links
        Link list (csv, tsv, spaces; gz), Parquet or Pajek .net; - reads standard input.
    directed
        Links go from the first node to the second; without it a Pajek file's own word counts.
    metadata
        A file of lines, node and label, that modules are to agree with too.
    initial
        A tree (.tree .ftree .clu .json .csv .parquet) to begin from.
    evaluate
        Only say what the modules of --initial cost.
    relax_rate
        Probability to follow a link of any layer, in a network of layers (*Intra).
    relax_limit
        Layers whose numbers differ by more are not relaxed to.
    relax_by
        To layers by the node's strength in them, or by how alike its links there are.
    sure
        Where to write how sure each node is of its module over the searches of --trials: .csv or .parquet.
    output
        Where to write the tree: .tree .ftree .clu .json .csv .parquet .nwk; may be given again.
    map
        Where to write an interactive map, one HTML page.
    """
    from minent.cli.terminal import progress, summary

    check(output, map)
    if evaluate and initial is None:
        raise BadInput("--evaluate says what given modules cost; give them with --initial A.tree")
    if sure is not None and (evaluate or sure.is_dir() or sure.suffix.lower() not in (".csv", ".parquet")):
        raise BadInput(f"how sure nodes are after searching is written as .csv or .parquet; got {sure.name!r}")
    with progress() as say:
        say(f"reading {links}")
        from minent import community
        from minent.data import read_graph

        start = time.perf_counter()
        relaxed = {"relax_rate": relax_rate, "relax_limit": relax_limit, "relax_by": relax_by}
        network = read_graph("-" if links == STANDARD_INPUT else links, directed or None, **relaxed)
        read = time.perf_counter()
        say(f"searching {network.number_of_nodes:,} nodes and {network.number_of_links:,} links")
        options, compared = options or Options(), None
        described = {"objective": objective or Objective(), "metadata": labels_in(metadata, network)}
        given = None if initial is None else tree_for(network, community.Tree.read(initial))
        if evaluate and given is not None:
            walk = {name: getattr(options, name) for name in WALK}
            tree = community.evaluate(network, given, directed=network.directed, **walk, **described)
        elif sure is not None:
            compared = community.stability(network, **vars(options), **described, initial=given)
            compared.write(sure)
            tree = compared.tree
        else:
            tree = community.find(network, **vars(options), **described, initial=given)
        searched = time.perf_counter()
        drawn = network if tree.flow is None else tree.flow.network
        keep(say, tree, output, map, drawn, title=Path(links).stem)
    summary(network, tree)
    if options.overlapping and not evaluate:
        print(shared(tree))
    if compared is not None:
        print(compared)
        print(f"wrote {sure}")
    print(f"read in {read - start:.2f} s, searched in {searched - read:.2f} s")
    kept(output, map)


def shared(tree: Any) -> str:
    """The nodes that lie in several modules, those in the most of them first."""
    modules = tree.memberships().groupby("node", sort=False).module.count().sort_values(ascending=False, kind="stable")
    several = modules[modules > 1]
    top = ", ".join(f"{name} ({count})" for name, count in several.head(5).items())
    more = ", …" * (len(several) > 5)
    return f"{len(several):,} of {len(modules):,} nodes in several modules" + (f": {top}{more}" if top else "")


def labels_in(metadata: Path | None, network: Any) -> dict[Any, str] | None:
    """The label of each node in a file of lines: node, then label."""
    if metadata is None:
        return None
    from minent.data.bytes import open_text

    names = range(network.number_of_nodes) if network.names is None else network.names.tolist()
    called, labels = {str(name): name for name in names}, {}
    for number, line in enumerate(open_text(metadata).lines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        node, _, label = line.strip().replace("\t", " ", 1).partition(" ")
        if node not in called or not label.strip():
            raise BadLine(f"wanted the name of a node and its label; got {line!r}", metadata, number)
        labels[called[node]] = label.strip()
    return labels


def tree_for(network: Any, tree: Any) -> Any:
    """A tree from a file goes by the names that the network's nodes have, or by their numbers from 1."""
    from dataclasses import replace

    from minent.data.networks.names import name_array

    names = range(network.number_of_nodes) if network.names is None else network.names.tolist()
    if tree.names is not None and {str(name) for name in names} != {str(name) for name in tree.names.tolist()}:
        numbers = list(range(1, len(names) + 1))
        if sorted(tree.node_names, key=str) == sorted(numbers, key=str):
            place = dict(zip(numbers, names, strict=True))
            return replace(tree, names=name_array([place[number] for number in tree.node_names]))
        return tree
    called = {str(name): name for name in names}
    return replace(tree, names=name_array([called.get(str(name), name) for name in tree.node_names]))
