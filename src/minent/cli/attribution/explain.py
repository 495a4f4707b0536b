"""`minent attribution explain`."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from minent.cli.attribution.asked import Folder, Options, at_least_one, explained, told
from minent.cli.attribution.recorded import Explaining, Run, opened
from minent.cli.outputs import outputs
from minent.cli.processes import speaks
from minent.data.tables.columns import LabelledColumns
from minent.errors import BadInput
from minent.plot.speaking import Language, speaker


def explain(
    run: Folder,
    /,
    *,
    data: Path,
    columns: Annotated[LabelledColumns | None, Parameter(name="*")] = None,
    options: Options = None,
    out: Annotated[tuple[Path, ...], Parameter(name=["--out", "-o"], negative="")] = (Path("because.html"),),
    first: int = 20,
    top: int = 6,
    of: Literal["log-probability", "score"] = "log-probability",
    language: Language = "en",
) -> None:
    """Explain predictions as sums over training examples, on one page.

    Parameters
    ----------
    data
        What to explain: texts as for training, .npz (x, y), or .csv (numbers, label).
    out
        The page to write, .html, or all that was found, .parquet (minent.attribution.read_explanation); may be given
        again.
    first
        How many of the inputs to explain.
    top
        How many examples that raised, and that lowered what is said are told one by one; the others are one term, also
        of what is kept where all would be more than a quarter of the memory.
    of
        What is explained: a label's log-probability, why it and no other was said, or its score alone. A model with one
        output has a score.
    language
        What the page is told in: English or Chinese.
    """
    at_least_one("first", first)
    at_least_one("top", top)
    if strange := [one for one in out if one.suffix.lower() not in (".html", ".htm", ".parquet")]:
        raise BadInput(f"--out must end with .html or .parquet; got {str(strange[0])!r}")
    options = options or Explaining()
    wrote = outputs(out, [data, options.train])
    recorded = opened(run, options)
    from minent.attribution import because, write_explanation
    from minent.attribution.chinese import CHINESE
    from minent.attribution.walk.passes import taken

    inputs, truth, shown = recorded.read(data, columns)
    inputs = recorded.there(inputs)
    said = _outputs(recorded, inputs)
    of = of if len(recorded.labels) > 2 or said > 1 else "score"
    few = (
        8 * first * said * len(recorded.rows) > options.memory * 2**30 / 4
    )  # contributions of all are too many to hold
    parts = explained(recorded, taken(inputs, slice(first)), options, of, top if few else None)
    if not speaks():
        return
    title = speaker(language, CHINESE)("why {}").format(run.resolve().name)
    page = because(
        parts, shown, recorded.shown, labels=recorded.labels, truth=truth, taught=recorded.taught, rows=recorded.rows,
        k=top, title=title, of=of, language=language,
    )  # fmt: skip
    told(parts)
    for one in out:
        if one.suffix.lower() == ".parquet":
            write_explanation(parts, one)
            print(wrote(one))
        else:
            page.write(one)
            print(f"{wrote(one)}: open it in a browser")


def _outputs(run: Run, inputs: Any) -> int:
    from minent.attribution.walk.passes import predicted, taken

    return predicted(run.model, dict(run.model.state_dict()), taken(inputs, slice(1))).shape[1]
