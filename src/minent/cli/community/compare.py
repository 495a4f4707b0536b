"""`minent community compare`: how far two trees of the same nodes agree, and how modules split and merge."""

from itertools import pairwise
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
    *more: Path,
    depth: int = 1,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], show_default=False)] = None,
) -> None:
    """Say how far two trees of the same nodes agree, beyond chance: 1 where they are the same, 0 by chance.

    Parameters
    ----------
    one
        A tree: .tree .ftree .clu .json .csv .parquet; its nodes are matched to the other's by name, or by number. A
        table of node and module is one too; - reads standard input, known by what it holds.
    other
        Another.
    more
        More of them, for --out to draw all side by side.
    depth
        Depth of the modules that are drawn: 1 for the top modules.
    out
        Where to write how modules split and merge, one HTML page.
    """
    from minent.cli.terminal import agreed
    from minent.community import Tree, agreements

    if out is not None and out.suffix.lower() not in (".html", ".htm"):
        raise BadInput(f"how modules split and merge is written as .html; got {out.name!r}")
    if out is None and depth != 1:
        raise BadInput("--depth is that of the modules that --out draws")
    paths = one, other, *more
    if more and out is None:
        raise BadInput("two trees are compared in figures; more of them are drawn, with --out page.html")
    wrote = outputs([out], paths)
    trees = [Tree.read(path) for path in paths]
    for before, after in pairwise(trees):
        agreed(before, after, agreements(before, after))
    if out is not None:
        from minent.plot import alluvial

        def shown(path: Path) -> str:
            return named(path) if str(path) == "-" else path.name

        title = f"{', '.join(map(named, paths[:-1]))} and {named(paths[-1])}: how modules split and merge"
        alluvial(*trees, depth=depth, title=title, called=[shown(path) for path in paths]).write(out)
        print(f"{wrote(out)}: open it in a browser")
