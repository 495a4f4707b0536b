"""The command line: what the library does, by the same names, with a readable summary at the end."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from minent import __version__
from minent.community.options import Options
from minent.errors import BadInput, MinentError

app = App(
    name="minent",
    version=__version__,
    help="Minimum entropy: learn from networks. Add --debug to any command to see where an error came from.",
    help_format="plaintext",
    default_parameter=Parameter(negative=""),
)
community = App(name="community", help="Communities of a network, by the map equation.")
app.command(community)

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


@app.command
def tour(folder: Path = Path("tour")) -> None:
    """Three networks and their modules in half a minute, and a page to look at.

    Parameters
    ----------
    folder
        Where to write the pages.
    """
    from minent.terminal import progress
    from minent.tour import tour

    steps, done = tour(folder), object()
    while True:
        with progress() as say:
            say("touring")
            lines = next(steps, done)
        if lines is done:
            return
        print(lines, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; the only place where an error becomes a sentence and an exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    debug = "--debug" in arguments
    tokens = [STANDARD_INPUT if word == "-" else word for word in arguments if word != "--debug"]
    try:
        app(tokens, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except BrokenPipeError:  # who read our output has gone: nothing more to say, even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if debug:
            raise
        sentence = str(error)
        if isinstance(error, OSError) and error.filename is not None:
            sentence = f"{str(error.filename2 or error.filename)!r}: {error.strerror}"
        if not isinstance(error, (MinentError, CycloptsError, OSError)):
            sentence = f"{type(error).__name__}: {error} (a mistake in minent; --debug shows where)"
        print(f"minent: {sentence}", file=sys.stderr)
        sys.exit(2 if isinstance(error, (BadInput, CycloptsError)) else 1)
