"""`minent community`: modules of a network from the command line."""

import time
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from minent.community.options import Options
from minent.errors import BadInput

community = App(name="community", help="Communities of a network, by the map equation.")
STANDARD_INPUT = "standard input"


@community.command
def find(
    links: str,
    /,
    *,
    directed: Annotated[bool, Parameter(show_default=False)] = False,
    options: Annotated[Options | None, Parameter(name="*")] = None,
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
    output
        Where to write the tree: .tree .ftree .clu .json .csv .parquet .nwk; may be given again.
    map
        Where to write an interactive map, one HTML page.
    """
    from minent.community.formats import known_suffix
    from minent.terminal import progress, summary

    for path in output:
        known_suffix(path)
    for path in (*output, *([map] if map else [])):
        if path.is_dir():
            raise BadInput(f"{str(path)!r} is a folder; wanted a file to write")
    with progress() as say:
        say(f"reading {links}")
        from minent import community
        from minent.data import read_graph

        start = time.perf_counter()
        network = read_graph("-" if links == STANDARD_INPUT else links, directed or None)
        read = time.perf_counter()
        say(f"searching {network.number_of_nodes:,} nodes and {network.number_of_links:,} links")
        tree = community.find(network, **vars(options or Options()))
        searched = time.perf_counter()
        for path in output:
            say(f"writing {path}")
            tree.write(path)
        if map:
            from minent import plot
            from minent.files import write_text

            say(f"drawing {map}")
            write_text(map, plot.network_map(network, tree, title=Path(links).stem))
    summary(network, tree)
    print(f"read in {read - start:.2f} s, searched in {searched - read:.2f} s")
    for path in output:
        print(f"wrote {path}")
    if map:
        print(f"wrote {map}: open it in a browser")
