"""`minent community find`: the modules of a network."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from minent.cli.community.kept import aside, check, keep, kept, write_table
from minent.cli.community.labels import labels_in
from minent.cli.community.network import Chosen, Paths, Relaxed, read
from minent.community.options import WALK, Objective, Options
from minent.errors import BadInput

if TYPE_CHECKING:
    from minent.community import Stability, Tree
    from minent.data import Graph


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
    choices: Annotated[Chosen | None, Parameter(name="*")] = None,
    relaxed: Annotated[Relaxed | None, Parameter(name="*")] = None,
    paths: Annotated[Paths | None, Parameter(name="*")] = None,
    sure: Annotated[Path | None, Parameter(show_default=False)] = None,
    output: Annotated[tuple[Path, ...], Parameter(name=["--output", "-o"], negative="", show_default=False)] = (),
    physical: bool = False,
    memberships: Annotated[Path | None, Parameter(show_default=False)] = None,
    map: Path | None = None,
) -> None:
    """Find the modules of a network that describe a walk on it in the fewest bits.

    Parameters
    ----------
    links
        Links (csv, tsv, blanks), Parquet, Pajek, GraphML, GEXF, GML, JSON, MatrixMarket; - reads standard input.
    directed
        Links go from the first node to the second; without it a Pajek file's own word counts.
    metadata
        A file of lines, node and label, that modules are to agree with too.
    initial
        A tree (.tree .ftree .clu .json .csv .parquet) to begin from.
    evaluate
        Only say what the modules of --initial cost.
    sure
        Where to write how sure each node is of its module over the searches of --trials: .csv or .parquet.
    output
        Where to write the tree: .tree .ftree .clu .json .csv .parquet .nwk; may be given again; - for standard output.
    physical
        Write trees of nodes, not of their states, where nodes have states.
    memberships
        Where to write in which modules each node is, with what share of its visits: .csv or .parquet.
    map
        Where to write an interactive map, one HTML page.
    """
    from minent.cli.terminal import progress

    check(output, map)
    possible(initial, evaluate, sure, memberships)
    options = options or Options()
    with progress() as say:
        say(f"reading {links}")
        network, reading = read(links, directed, choices or Chosen(), relaxed or Relaxed(), paths or Paths())
        say(f"searching {network.number_of_nodes:,} nodes and {network.number_of_links:,} links")
        network, left = without(network, options)
        start = time.perf_counter()
        described = {"objective": objective or Objective(), "metadata": labels_in(metadata, network)}
        tree, compared = searched(network, options, described, initial, evaluate, sure)
        searching = time.perf_counter() - start
        drawn = network if tree.flow is None else tree.flow.network
        keep(say, tree, output, map, drawn, states=not physical, title=Path(links).stem)
        if memberships is not None:
            write_table(memberships, tree.memberships())
    with aside(output):
        print(left, end="\n" * bool(left))
        told(network, tree, compared, sure, options.overlapping and not evaluate)
        print(f"read in {reading:.2f} s, searched in {searching:.2f} s")
        kept(output, map, memberships)


def without(network: "Graph", options: Options) -> "tuple[Graph, str]":
    """The network without the links that are left out, and how many those were."""
    from minent.data.networks.thinned import thinned

    network, left = thinned(network, options.no_self_links, options.weight_threshold)
    return network, str(left)


def possible(initial: Path | None, evaluate: bool, sure: Path | None, memberships: Path | None) -> None:
    """Raises BadInput for what cannot be done, before anything is."""
    if evaluate and initial is None:
        raise BadInput("--evaluate says what given modules cost; give them with --initial A.tree")
    if sure is not None and (evaluate or sure.is_dir() or sure.suffix.lower() not in (".csv", ".parquet")):
        raise BadInput(f"how sure nodes are after searching is written as .csv or .parquet; got {sure.name!r}")
    if memberships is not None and (memberships.is_dir() or memberships.suffix.lower() not in (".csv", ".parquet")):
        raise BadInput(f"in which modules nodes are is written as .csv or .parquet; got {memberships.name!r}")


def searched(
    network: "Graph",
    options: Options,
    described: dict[str, Any],
    initial: Path | None,
    evaluate: bool,
    sure: Path | None,
) -> "tuple[Tree, Stability | None]":
    """The modules that were found, or given; and how sure nodes are of them, where that is asked, which is written."""
    from minent import community

    given = None if initial is None else community.Tree.read(initial)
    if evaluate and given is not None:
        walk = {name: getattr(options, name) for name in WALK}
        return community.evaluate(network, given, directed=network.directed, **walk, **described), None
    if sure is None:
        return community.find(network, **vars(options), **described, initial=given), None
    compared = community.stability(network, **vars(options), **described, initial=given)
    compared.write(sure)
    return compared.tree, compared


def told(network: "Graph", tree: "Tree", compared: "Stability | None", sure: Path | None, overlapping: bool) -> None:
    """Say what was found."""
    from minent.cli.terminal import summary

    summary(network, tree)
    if overlapping:
        print(shared(tree))
    if compared is not None:
        print(compared)
        print(f"wrote {sure}")


def shared(tree: Any) -> str:
    """The nodes that lie in several modules, those in the most of them first."""
    modules = tree.memberships().groupby("node", sort=False).module.count().sort_values(ascending=False, kind="stable")
    several = modules[modules > 1]
    top = ", ".join(f"{name} ({count})" for name, count in several.head(5).items())
    more = ", …" * (len(several) > 5)
    return f"{len(several):,} of {len(modules):,} nodes in several modules" + (f": {top}{more}" if top else "")
