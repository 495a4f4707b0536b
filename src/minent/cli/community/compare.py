"""`minent community compare`: how far two trees of the same nodes agree, and how modules split and merge."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from minent.cli.inputs import named
from minent.cli.outputs import outputs
from minent.errors import BadInput


def compare(
    one: Path,
    other: Path,
    /,
    *,
    depth: int = 1,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], show_default=False)] = None,
) -> None:
    """Say how far two trees of the same nodes agree, beyond chance: 1 where they are the same, 0 by chance.

    Parameters
    ----------
    one
        A tree: .tree .ftree .clu .json .csv .parquet; its nodes are matched to the other's by name, or by number. A
        table of node and module is one too; - reads standard input, known by what it holds.
    other
        Another.
    depth
        Depth of the modules that are drawn: 1 for the top modules.
    output
        Where to write how modules split and merge, one HTML page.
    """
    from minent.cli.terminal import agreed
    from minent.community import Tree, agreements

    if output is not None and output.suffix.lower() not in (".html", ".htm"):
        raise BadInput(f"how modules split and merge is written as .html; got {output.name!r}")
    if output is None and depth != 1:
        raise BadInput("--depth is that of the modules that --output draws")
    wrote = outputs([output], [one, other])
    trees = Tree.read(one), Tree.read(other)
    agreed(*trees, agreements(*trees))
    if output is not None:
        from minent.plot import alluvial

        def shown(path: Path) -> str:
            return named(path) if str(path) == "-" else path.name

        title = f"{named(one)} and {named(other)}: how modules split and merge"
        alluvial(*trees, depth=depth, title=title, called=(shown(one), shown(other))).write(output)
        print(f"{wrote(output)}: open it in a browser")
