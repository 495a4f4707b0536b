"""`minent community find`: the modules of a network."""

import time
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from minent.cli.community.kept import check, check_map, keep, kept, names_of, write_table
from minent.cli.community.network import Chosen, Paths, Relaxed, opened
from minent.cli.inputs import named
from minent.cli.outputs import aside, outputs
from minent.community.options import WALK, Objective, Options
from minent.data import States
from minent.errors import BadInput

if TYPE_CHECKING:
    from pandas import DataFrame

    from minent.community import Stability, Tree
    from minent.data import Graph


def find(
    links: str,
    /,
    *,
    directed: Annotated[bool, Parameter(show_default=False)] = False,
    options: Annotated[Options | None, Parameter(name="*", group="Search and walk")] = None,
    objective: Annotated[Objective | None, Parameter(name="*", group="Objective")] = None,
    metadata: Annotated[Path | None, Parameter(show_default=False)] = None,
    initial: Annotated[Path | None, Parameter(show_default=False)] = None,
    evaluate: Annotated[bool, Parameter(show_default=False)] = False,
    choices: Annotated[Chosen | None, Parameter(name="*", group="How links are read")] = None,
    relaxed: Annotated[Relaxed | None, Parameter(name="*", group="Layers")] = None,
    paths: Annotated[Paths | None, Parameter(name="*", group="Paths")] = None,
    sure: Annotated[Path | None, Parameter(show_default=False)] = None,
    out: Annotated[tuple[Path, ...], Parameter(name=["--out", "-o"], negative="", show_default=False)] = (),
    physical: bool = False,
    memberships: Annotated[Path | None, Parameter(show_default=False)] = None,
    map: Path | None = None,
    names: Annotated[Path | None, Parameter(show_default=False)] = None,
) -> None:
    """Find the modules of a network that describe a walk on it in the fewest bits.

    Parameters
    ----------
    links
        Links (csv, tsv, blanks), Parquet, Pajek, GraphML, GEXF, GML, JSON, MatrixMarket; - reads standard input.
    directed
        Links go from the first node to the second, as a --flow-model for such links says too; without it a file's own
        word counts.
    metadata
        A file of lines, node and label, that modules are to agree with too; - reads standard input.
    initial
        A tree (.tree .ftree .clu .json .csv .parquet) to begin from, or a table of node and module (.csv .parquet); -
        reads standard input.
    evaluate
        Only say what the modules of --initial cost.
    sure
        Where to write how sure each node is of its module over the searches of --trials: .csv, .parquet or -.
    out
        Where to write the tree: .tree .ftree .clu .json .csv .parquet .nwk; may be given again; - for standard output.
    physical
        Write trees of nodes, not of their states, where nodes have states.
    memberships
        Where to write in which modules each node is, with what share of its visits: .csv, .parquet or -.
    map
        Where to write an interactive map, one HTML page (.html; - for standard output), or a picture: .svg .png .pdf.
    names
        Names of modules for the map, by their paths: .json, as the page keeps them, or .csv of path and name.
    """
    from minent.cli.terminal import progress
    from minent.community.walk.objective import on_disk

    options, written = options or Options(), (*out, memberships, sure)
    check(out, memberships=memberships, sure=sure)
    possible(initial, evaluate, sure, options)
    wrote = outputs((*written, map), (links, metadata, initial, names))
    check_map(map)
    for path in (*written, map):
        if path is not None and Path(links).is_dir() and Path(links).resolve() in path.resolve().parents:
            raise BadInput(f"{str(path)!r} would lie among the links in {links!r}; name another output")
    names_given = names_of(names, map)
    asked = None if options.flow_model is None else options.flow_model != "undirected"
    told_of = choices or Chosen(), relaxed or Relaxed(), paths or Paths(), options
    plain = on_disk(
        options.flow_model, objective or Objective(), options.overlapping, options.recorded, directed or asked
    )
    with progress() as say, opened(links, directed or asked, *told_of, plain) as (network, reading, options, left):
        say(f"searching {network.number_of_nodes:,} nodes and {network.number_of_links:,} links")
        check(out, names_in(network))
        start = time.perf_counter()
        described = {"objective": objective or Objective(), "metadata": metadata}
        tree, compared = searched(network, options, described, initial, evaluate, sure is not None)
        searching = time.perf_counter() - start
        drawn = network if tree.flow is None else tree.flow.network
        keep(say, tree, out, map, drawn, names_given, states=not physical, title=named(links))
        write_table(memberships, from_one(tree.memberships()) if memberships else None)
        write_table(sure, from_one(compared.to_frame()) if compared else None)
    with aside(*written, map):
        print(left, end="\n" * bool(left))
        told(network, tree, compared, options.overlapping)
        print(f"read in {reading:.2f} s, searched in {searching:.2f} s")
        kept(wrote, *written, map=map)


def from_one(table: "DataFrame") -> "DataFrame":
    """A table of modules as files have them: numbered from 1, as in paths."""
    return table.assign(module=table["module"] + 1)


def names_in(network: "Graph") -> Iterable[Any]:
    """What nodes are called, where that is not numbers."""
    names = network.physical_nodes if isinstance(network, States) else network.names
    return () if names is None or names.dtype.kind == "i" else names


def possible(initial: Path | None, evaluate: bool, sure: Path | None, options: Options) -> None:
    """Raises BadInput for what cannot be done, before anything is."""
    if not evaluate:
        return
    if initial is None:
        raise BadInput("--evaluate says what given modules cost; give them with --initial A.tree")
    searching = [
        one.name for one in fields(Options) if one.name not in WALK and getattr(options, one.name) != one.default
    ]
    if sure is not None or searching:
        raise BadInput(f"--{[*searching, 'sure'][0].replace('_', '-')} is of a search, and --evaluate makes none")


def searched(
    network: "Graph",
    options: Options,
    described: dict[str, Any],
    initial: Path | None,
    evaluate: bool,
    sure: bool,
) -> "tuple[Tree, Stability | None]":
    """The modules that were found, or given; and how sure nodes are of them, where that is asked."""
    from minent import community

    if evaluate:
        walk = {name: getattr(options, name) for name in WALK}
        return community.evaluate(network, initial, directed=network.directed, **walk, **described), None
    if not sure:
        return community.find(network, **vars(options), **described, initial=initial), None
    compared = community.stability(network, **vars(options), **described, initial=initial)
    return compared.tree, compared


def told(network: "Graph", tree: "Tree", compared: "Stability | None", overlapping: bool) -> None:
    """Say what was found."""
    from minent.cli.terminal import summary

    summary(network, tree)
    if overlapping:
        print(shared(tree))
    if compared is not None:
        print(compared)


def shared(tree: Any) -> str:
    """The nodes that lie in several modules, those in the most of them first."""
    modules = tree.memberships().groupby("node", sort=False).module.count().sort_values(ascending=False, kind="stable")
    several = modules[modules > 1]
    top = ", ".join(f"{name} ({count})" for name, count in several.head(5).items())
    more = ", …" * (len(several) > 5)
    return f"{len(several):,} of {len(modules):,} nodes in several modules" + (f": {top}{more}" if top else "")
