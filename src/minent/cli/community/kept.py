"""What commands on networks write: trees, tables and maps; "-" is standard output."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from minent.cli.outputs import Wrote, to_standard_output
from minent.errors import BadInput
from minent.files import stream


def check(output: tuple[Path, ...], nodes: Iterable[Any] = (), **tables: Path | None) -> None:
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
    say: Any,
    tree: Any,
    output: tuple[Path, ...],
    map: Path | None,
    network: Any,
    names: dict[str, str] | None = None,
    called: Any = None,
    states: bool = True,
    **drawn: Any,
) -> None:
    """Write the tree and the map that were asked for, modules by their `names`, else as they are `called`."""
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
        from minent.plot.network_map import named

        say(f"drawing {map}")
        page = plot.network_map(network, tree, called=named(tree, names, called) if names else called, **drawn)
        if to_standard_output(map):
            sys.stdout.write(page)
        else:
            page.write(map)


def names_of(path: Path | None, map: Path | None) -> dict[str, str] | None:
    """Names of modules by path: a .json object, as pages of maps keep them, or a .csv or .tsv of path and name."""
    if path is None:
        return None
    if map is None:
        raise BadInput("--names are those of a map, and there is none: --map")
    import csv
    import json

    from minent.data.text_file import open_text

    text = open_text(path).content()
    if path.suffix.lower() == ".json":
        try:
            names = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{error} in {str(path)!r}") from None
        if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
            raise BadInput(
                f'names are an object of paths and names, as {{"1:2": "optics"}}; got another in {str(path)!r}'
            )
        return names
    rows = [row for row in csv.reader(text.splitlines(), delimiter="\t" if path.suffix == ".tsv" else ",") if row]
    if any(len(row) != 2 for row in rows):
        raise BadInput(f"names are lines of a path and a name; {str(path)!r} has others")
    names: dict[str, str] = {}
    for at, name in rows[1:] if rows[:1] == [["path", "name"]] else rows:
        if names.setdefault(at, name) != name:
            raise BadInput(f"a module has one name; {at!r} has {names[at]!r} and {name!r} in {str(path)!r}")
    return names


def check_map(map: Path | None) -> None:
    """Raises BadInput for a name that no map is written as."""
    known = ".html", ".htm", ".svg", ".png", ".pdf"
    if map is not None and not to_standard_output(map) and not stream(map) and map.suffix.lower() not in known:
        raise BadInput(f"a map is written as {', '.join(known)}; got {map.name!r}")


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
            page = path == map and path.suffix.lower() in (".html", ".htm")
            print(wrote(path) + (": open it in a browser" if page else ""))
