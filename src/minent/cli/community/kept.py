"""What commands on networks write: trees, tables and maps; "-" is standard output."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from minent.cli.outputs import Wrote, to_standard_output
from minent.errors import BadInput


def check(output: tuple[Path, ...], nodes: Sequence[Any] = (), **tables: Path | None) -> None:
    """Raises BadInput for what trees with these nodes, and tables by what they tell, are not written as."""
    from minent.community.tree.files.formats import check_names, known_suffix

    for path in output:
        suffix = ".tree" if to_standard_output(path) else known_suffix(path)
        if suffix != ".clu":  # which has no names of nodes
            check_names(suffix, nodes)
    for told, table in tables.items():
        if table is not None and not to_standard_output(table) and table.suffix.lower() not in (".csv", ".parquet"):
            raise BadInput(f"--{told} is written as .csv or .parquet, or to standard output; got {table.name!r}")


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
        page = plot.network_map(network, tree, **drawn)
        if to_standard_output(map):
            sys.stdout.write(page)
        else:
            write_text(map, page)


def write_table(path: Path | None, table: Any) -> None:
    """Write a table as .csv or .parquet, whole or not at all; as .csv to standard output."""
    from minent.files import whole_file

    if path is None:
        return
    if to_standard_output(path):
        sys.stdout.write(table.to_csv(index=False))
        return
    with whole_file(path) as temporary:
        if path.suffix.lower() == ".parquet":
            table.to_parquet(temporary, index=False)
        else:
            table.to_csv(temporary, index=False)


def kept(wrote: Wrote, *written: Path | None, map: Path | None = None) -> None:
    """Say what was written."""
    for path in (*written, map):
        if path is not None and not to_standard_output(path):
            print(wrote(path) + (": open it in a browser" if path == map else ""))
