"""What commands on networks write: trees, tables and maps; "-" is standard output."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from minent.cli.inputs import STANDARD_INPUT
from minent.errors import BadInput

DASHES = ("-", STANDARD_INPUT)
STANDARD_OUTPUT = "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"


def check(output: tuple[Path, ...], map: Path | None) -> None:
    """Raises BadInput for what cannot be written, before anything is done."""
    from minent.community.tree.files.formats import known_suffix

    for path in output:
        if not to_standard_output(path):
            known_suffix(path)
    for path in (*output, *([map] if map else [])):
        if path.is_dir():
            raise BadInput(f"{str(path)!r} is a folder; wanted a file to write")


def keep(
    say: Any, tree: Any, output: tuple[Path, ...], map: Path | None, network: Any, states: bool = True, **drawn: Any
) -> None:
    """Write the tree and the map that were asked for."""
    for path in output:
        say(f"writing {path}")
        if to_standard_output(path):
            from minent.community.tree.files.formats import lines

            sys.stdout.writelines(lines(tree, ".tree", states=states))
            sys.stdout.flush()
        else:
            tree.write(path, states=states)
    if map:
        from minent import plot
        from minent.files import write_text

        say(f"drawing {map}")
        write_text(map, plot.network_map(network, tree, **drawn))


def write_table(path: Path, table: Any) -> None:
    """Write a table as .csv or .parquet, whole or not at all."""
    from minent.files import whole_file

    with whole_file(path) as temporary:
        if path.suffix.lower() == ".parquet":
            table.to_parquet(temporary, index=False)
        else:
            table.to_csv(temporary, index=False)


def kept(output: tuple[Path, ...], map: Path | None, table: Path | None = None) -> None:
    """Say what was written."""
    for path in (*output, *([table] if table else [])):
        if not to_standard_output(path):
            print(f"wrote {path}")
    if map:
        print(f"wrote {map}: open it in a browser")


def to_standard_output(path: Path) -> bool:
    """Whether a path says where standard output goes."""
    return str(path) in (*DASHES, *STANDARD_OUTPUT)


@contextmanager
def aside(output: tuple[Path, ...]) -> Iterator[None]:
    """What is printed goes to standard error, where standard output is a tree."""
    if any(map(to_standard_output, output)):
        with redirect_stdout(sys.stderr):
            yield
    else:
        yield
