"""`minent plot`: how a run went, as a figure or a page."""

import base64
from html import escape
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from minent.cli.outputs import outputs
from minent.errors import BadInput, require
from minent.files import whole_file, write_text

KINDS = ".html", ".png", ".svg", ".pdf"
PICTURES = 6  # of a generator's along training
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>TITLE</title>
<meta name="viewport" content="width=device-width"><style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem } img { max-width: 100%; image-rendering: pixelated }
</style><h1>TITLE</h1><p>TOLD</p>
"""


def plot(
    run: Path, /, *, output: Annotated[Path | None, Parameter(name=["--output", "-o"], show_default=False)] = None
) -> None:
    """Draw how a run of training went, while it is at work or after: minent plot model

    Parameters
    ----------
    run
        Folder that `minent text train` or `minent gan train` writes.
    output
        A page (.html), with a generator's pictures, or a figure (.png, .svg, .pdf); curves.html in the folder if not
        given.
    """
    require("matplotlib", "plot", "draw figures")
    from minent.plot.curves import inline
    from minent.plot.run import of_run, read_log

    output = run / "curves.html" if output is None else output
    if output.suffix.lower() not in KINDS:
        raise BadInput(f"output must end with {', '.join(KINDS)}; got {str(output)!r}")
    wrote, records = outputs([output], [run / "log.jsonl"]), read_log(run)
    figure, last = of_run(records), records[-1]
    if output.suffix.lower() == ".html":
        of = f" of {last['steps']:,}" if "steps" in last else ""
        head = PAGE.replace("TITLE", escape(run.resolve().name)).replace("TOLD", f"{last['step']:,}{of} steps.")
        write_text(output, head + inline(figure) + "".join(map(_shown, _some(run))) + "</html>\n")
    else:
        with whole_file(output) as temporary:
            figure.savefig(temporary, format=output.suffix.lower()[1:], dpi=200)
    print(wrote(output))


def _some(run: Path) -> list[Path]:
    """A few of a generator's pictures, the last among them, evenly apart."""
    found = sorted((run / "pictures").glob("step-*.png"))
    count = min(PICTURES, len(found))
    return [found[(i + 1) * len(found) // count - 1] for i in range(count)]


def _shown(picture: Path) -> str:
    data = base64.b64encode(picture.read_bytes()).decode()
    return f'<h2>step {int(picture.stem[5:]):,}</h2><img alt="drawn samples" src="data:image/png;base64,{data}">'
