"""`minent plot`: how a run went, as a figure or a page."""

import base64
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from minent.cli.outputs import outputs
from minent.errors import BadInput, require
from minent.files import whole_file

KINDS = ".html", ".png", ".svg", ".pdf"
PICTURES = 6  # of a generator's along training


def plot(
    run: Path, /, *, out: Annotated[Path | None, Parameter(name=["--out", "-o"], show_default=False)] = None
) -> None:
    """Draw how a run of training went, while it is at work or after: minent plot model

    Parameters
    ----------
    run
        Folder that `minent text train` or `minent gan train` writes.
    out
        A page (.html), with a generator's pictures, or a figure (.png, .svg, .pdf); curves.html in the folder if not
        given.
    """
    require("matplotlib", "plot", "draw figures")
    from minent.plot.curves import inline
    from minent.plot.page import document
    from minent.plot.run import of_run, read_log
    from minent.plot.undated import save

    out = run / "curves.html" if out is None else out
    if out.suffix.lower() not in KINDS:
        raise BadInput(f"--out must end with {', '.join(KINDS)}; got {str(out)!r}")
    wrote, records = outputs([out], [run / "log.jsonl"]), read_log(run)
    figure, last = of_run(records), records[-1]
    if out.suffix.lower() == ".html":
        of = f" of {last['steps']:,}" if "steps" in last else ""
        body = f"<p>{last['step']:,}{of} steps.</p><section>{inline(figure)}</section>"
        document(run.resolve().name, body + "".join(map(_shown, _some(run)))).write(out)
    else:
        with whole_file(out) as temporary:
            save(figure, temporary, out.suffix.lower()[1:], dpi=200)
    print(wrote(out))


def _some(run: Path) -> list[Path]:
    """A few of a generator's pictures, the last among them, evenly apart."""
    found = sorted((run / "pictures").glob("step-*.png"))
    count = min(PICTURES, len(found))
    return [found[(i + 1) * len(found) // count - 1] for i in range(count)]


def _shown(picture: Path) -> str:
    data = base64.b64encode(picture.read_bytes()).decode()
    image = f'<img class="pixels" alt="drawn samples" src="data:image/png;base64,{data}">'
    return f"<section><h2>step {int(picture.stem[5:]):,}</h2>{image}</section>"
