"""`minent attribution`: why a model says what it says, from the command line."""

import sys
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from minent.cli.community.kept import check, keep, kept
from minent.cli.outputs import aside, outputs
from minent.cli.processes import speaks
from minent.cli.recorded import Explaining, Run, opened
from minent.data.tables.columns import LabelledColumns
from minent.errors import BadInput
from minent.files import whole_file

attribution = App(name="attribution", help="Why a model says what it says: sums over its training examples.")
Folder = Annotated[Path, Parameter(
    help="Folder with a trajectory: that of a run of `minent text train --task classify --record 1`, or of "
    "`minent.attribution.record`.",
)]  # fmt: skip
Options = Annotated[Explaining | None, Parameter(name="*")]


@attribution.command
def explain(
    run: Folder,
    /,
    *,
    data: Path,
    columns: Annotated[LabelledColumns | None, Parameter(name="*")] = None,
    options: Options = None,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("because.html"),
    first: int = 20,
    rule: Literal["secant", "left", "midpoint", "gauss-legendre"] = "secant",
    of: Literal["log-probability", "score"] = "log-probability",
) -> None:
    """Explain predictions as sums over training examples, on one page.

    Parameters
    ----------
    data
        What to explain: texts as for training, .npz (x, y), or .csv (numbers, label).
    output
        The page to write.
    first
        How many of the inputs to explain.
    rule
        How a step is weighed: secant adds up exactly.
    of
        What is explained: a label's log-probability, why it and no other was said, or its score alone. A model with one
        output has a score.
    """
    _at_least_one("first", first)
    if output.suffix.lower() not in (".html", ".htm"):
        raise BadInput(f"output must end with .html; got {str(output)!r}")
    options = options or Explaining()
    wrote = outputs([output], [data, options.train])
    recorded = opened(run, options)
    from minent.attribution import because
    from minent.attribution.walk.passes import taken

    inputs, truth, shown = recorded.read(data, columns)
    of = of if len(recorded.labels) > 2 or _outputs(recorded, inputs) > 1 else "score"
    parts = _explained(recorded, taken(inputs, slice(first)), options, rule, of=of)
    if not speaks():
        return
    page = because(
        parts, shown, recorded.shown, labels=recorded.labels, truth=truth, taught=recorded.taught, rows=recorded.rows,
        title=f"why {run.resolve().name}", of=of,
    )  # fmt: skip
    page.write(output)
    _told(parts)
    print(f"{wrote(output)}: open it in a browser")


@attribution.command
def mislabels(
    run: Folder,
    /,
    *,
    options: Options = None,
    first: int = 20,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], show_default=False)] = None,
) -> None:
    """List training examples that the others contradict, the likeliest to be mislabelled first, beside what their loss
    and their margin say, and which of these to believe.

    Parameters
    ----------
    first
        How many to list.
    output
        A .csv with all of them.
    """
    _at_least_one("first", first)
    if output is not None and output.suffix != ".csv":
        raise BadInput(f"output must end with .csv; got {str(output)!r}")
    options = options or Explaining()
    wrote = outputs([output], [options.train])
    recorded = opened(run, options)
    from minent.attribution import mislabels
    from minent.cli.terminal import progress

    with progress() as say:
        say("following the run")
        try:
            found = mislabels(
                recorded.model, recorded.trajectory, train=recorded.taken, loss=recorded.loss, anyway=options.anyway
            )
        except BadInput as error:
            raise _shown_anyway(error) from None
    if not speaks():
        return
    order, others = found.order, found.others.argmax(1)
    columns = {"example": [recorded.rows[i] for i in order], "label": [recorded.taught[i] for i in order]}
    columns |= {"others say": [recorded.labels[others[i]] for i in order], "score": found.score[order]}
    columns |= {name: found.cheap[name][order] for name in ("loss", "margin")}
    if recorded.texts is not None:
        columns["text"] = [" ".join(recorded.texts[i].split()) for i in order]
    print("\t".join(columns))
    for row in islice(zip(*columns.values(), strict=True), first):
        print("\t".join(f"{one:.4f}" if isinstance(one, float) else str(one) for one in row))
    if output is not None:
        import pandas as pd

        with whole_file(output) as temporary:
            pd.DataFrame(columns).to_csv(temporary, index=False)
        print(wrote(output))
    print(f"CPU seconds: {', '.join(f'{name} {took:.1f}' for name, took in found.seconds.items())}", file=sys.stderr)
    print(found.advice, file=sys.stderr)
    _told(found.checked)


@attribution.command
def groups(
    run: Folder,
    /,
    *,
    options: Options = None,
    neighbours: int = 10,
    seed: int = 1,
    output: Annotated[tuple[Path, ...], Parameter(name=["--output", "-o"], negative="", show_default=False)] = (),
) -> None:
    """Find groups of training examples that teach the same thing: modules of the network of like contributions.

    Parameters
    ----------
    neighbours
        How many examples each is linked to.
    seed
        The same seed finds the same groups.
    output
        Where to write the tree: .tree .ftree .clu .json .csv .parquet .nwk; may be given again; - for standard output.
    """
    _at_least_one("neighbours", neighbours)
    check(output)
    options = options or Explaining()
    wrote = outputs(output, [options.train])
    recorded = opened(run, options)
    import numpy as np

    from minent import community
    from minent.cli.terminal import summary

    parts = _explained(recorded, recorded.train[0], options)
    if not speaks():
        return
    network = replace(parts.graph(neighbours), names=np.array(recorded.rows))
    tree = community.find(network, seed=seed)
    keep(lambda _: None, tree, output, None, network)
    with aside(*output):
        summary(network, tree, called=_labels(tree, recorded.taught), heading="taught as (how many)")
        kept(wrote, *output)
    _told(parts)


def _labels(tree: Any, taught: list[str]) -> list[list[str]]:
    """The commonest labels of each top module, and how many examples have them."""
    counts = [Counter[str]() for _ in tree.parent]
    for module, label in zip(tree.ancestors(1)[tree.module].tolist(), taught, strict=True):
        counts[module][label] += 1
    return [[f"{label} ({count})" for label, count in one.most_common(5)] for one in counts]


def _outputs(run: Run, inputs: Any) -> int:
    from minent.attribution.walk.passes import predicted, taken

    return predicted(run.model, dict(run.model.state_dict()), taken(inputs, slice(1))).shape[1]


def _at_least_one(name: str, number: int) -> None:
    if number < 1:
        raise BadInput(f"{name} must be at least 1; got {number}")


def _explained(run: Run, inputs: Any, options: Explaining, rule: Any = "secant", of: str = "score") -> Any:
    from minent.attribution import explain
    from minent.cli.terminal import progress

    with progress() as say:
        say("explaining")
        said = {"train": run.taken, "loss": run.loss, "rule": rule, "memory": options.memory}
        if of == "log-probability":
            said["outputs"] = lambda scores: scores.log_softmax(1) if scores.shape[1] > 1 else scores
        parts = explain(run.model, run.trajectory, inputs, **said)
    if not options.anyway:
        try:
            parts.refuse()
        except BadInput as error:
            raise _shown_anyway(error) from None
    return parts


def _shown_anyway(error: BadInput) -> BadInput:
    return BadInput(f"{error} (--anyway shows it)") if "not to be trusted" in str(error) else error


def _told(parts: Any) -> None:
    print(f"{parts!r}", file=sys.stderr)
    for doubt in parts.doubts:
        print(f"doubt: {doubt}", file=sys.stderr)
    for note in parts.notes:
        print(f"note: {note}", file=sys.stderr)
