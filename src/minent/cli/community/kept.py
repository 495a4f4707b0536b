"""What commands on networks write: trees and maps."""

from pathlib import Path
from typing import Any

from minent.errors import BadInput


def check(output: tuple[Path, ...], map: Path | None) -> None:
    """Raises BadInput for what cannot be written, before anything is done."""
    from minent.community.tree.formats import known_suffix

    for path in output:
        known_suffix(path)
    for path in (*output, *([map] if map else [])):
        if path.is_dir():
            raise BadInput(f"{str(path)!r} is a folder; wanted a file to write")


def keep(say: Any, tree: Any, output: tuple[Path, ...], map: Path | None, network: Any, **drawn: Any) -> None:
    """Write the tree and the map that were asked for."""
    for path in output:
        say(f"writing {path}")
        tree.write(path)
    if map:
        from minent import plot
        from minent.files import write_text

        say(f"drawing {map}")
        write_text(map, plot.network_map(network, tree, **drawn))


def kept(output: tuple[Path, ...], map: Path | None) -> None:
    """Say what was written."""
    for path in output:
        print(f"wrote {path}")
    if map:
        print(f"wrote {map}: open it in a browser")
