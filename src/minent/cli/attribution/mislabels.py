"""`minent attribution mislabels`."""

import sys
from itertools import islice
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from minent.cli.attribution.asked import Folder, Options, at_least_one, shown_anyway, told
from minent.cli.attribution.recorded import Explaining, opened
from minent.cli.outputs import outputs
from minent.cli.processes import speaks
from minent.errors import BadInput
from minent.files import whole_file


def mislabels(
    run: Folder,
    /,
    *,
    options: Options = None,
    first: int = 20,
    folds: int = 0,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], show_default=False)] = None,
) -> None:
    """List training examples that the others contradict, the likeliest to be mislabelled first, beside what their loss
    and their margin say, what each cost, and which to believe.

    Parameters
    ----------
    first
        How many to list.
    folds
        Train so many times more, each time without a part, for the doubt of those who did not learn a label
        (cross-validated self-confidence).
    out
        A .csv or .parquet with all of them.
    """
    at_least_one("first", first)
    if folds and folds < 2:
        raise BadInput(f"folds are 2 at least; got {folds}")
    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise BadInput(f"--out must end with .csv or .parquet; got {str(out)!r}")
    options = options or Explaining()
    wrote = outputs([out], [options.train])
    recorded = opened(run, options)
    from minent.attribution import Again, mislabels
    from minent.cli.terminal import progress

    with progress() as say:
        say("following the run")
        try:
            asked = {"train": recorded.taken, "loss": recorded.loss}
            found = mislabels(recorded.model, recorded.trajectory, **asked, rule=options.rule, anyway=options.anyway)
            if folds:
                say(f"training {folds} times more")
                again = Again(recorded.model, recorded.trajectory, **asked)
                found = found.beside(again, recorded.train[1].numpy(), folds)
        except BadInput as error:
            raise shown_anyway(error) from None
    if not speaks():
        return
    order, others = found.order, found.others.argmax(1)
    columns = {"example": [recorded.rows[i] for i in order], "label": [recorded.taught[i] for i in order]}
    columns |= {"others say": [recorded.labels[others[i]] for i in order], "score": found.score[order]}
    columns |= {name: one[order] for name, one in found.cheap.items()}
    if recorded.texts is not None:
        columns["text"] = [" ".join(recorded.texts[i].split()) for i in order]
    print("\t".join(columns))
    for row in islice(zip(*columns.values(), strict=True), first):
        print("\t".join(f"{one:.4f}" if isinstance(one, float) else str(one) for one in row))
    if out is not None:
        import pandas as pd

        with whole_file(out) as temporary:
            table = pd.DataFrame(columns)
            table.to_parquet(temporary) if out.suffix == ".parquet" else table.to_csv(temporary, index=False)
        print(wrote(out))
    print(f"CPU seconds: {', '.join(f'{name} {took:.1f}' for name, took in found.seconds.items())}", file=sys.stderr)
    print(found.advice, file=sys.stderr)
    told(found.checked)
