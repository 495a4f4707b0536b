"""What all commands on recorded runs ask for, and how they tell what they found."""

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from minent.cli.attribution.recorded import Explaining, Run
from minent.errors import BadInput

Folder = Annotated[Path, Parameter(
    help="Folder with a trajectory: that of a run of `minent text train --task classify --record 1`, or of "
    "`minent.attribution.record`.",
)]  # fmt: skip
Options = Annotated[Explaining | None, Parameter(name="*")]


def at_least_one(name: str, number: int) -> None:
    if number < 1:
        raise BadInput(f"{name} must be at least 1; got {number}")


def explained(run: Run, inputs: Any, options: Explaining, of: str = "score", first: int | None = None) -> Any:
    """The explanation of inputs. Raises BadInput for one that is not to be trusted, unless that was asked for."""
    from minent.attribution import explain
    from minent.cli.terminal import progress

    with progress() as say:
        say("explaining")
        said = {"train": run.taken, "loss": run.loss, "rule": options.rule, "memory": options.memory}
        said |= {"average": run.average, "first": first}
        if of == "log-probability":
            said["outputs"] = lambda scores: scores.log_softmax(1) if scores.shape[1] > 1 else scores
        parts = explain(run.model, run.trajectory, inputs, **said)
    if not options.anyway:
        try:
            parts.refuse()
        except BadInput as error:
            raise shown_anyway(error) from None
    return parts


def shown_anyway(error: BadInput) -> BadInput:
    return BadInput(f"{error} (--anyway shows it)") if "not to be trusted" in str(error) else error


def told(parts: Any) -> None:
    print(f"{parts!r}", file=sys.stderr)
    for doubt in parts.doubts:
        print(f"doubt: {doubt}", file=sys.stderr)
    for note in parts.notes:
        print(f"note: {note}", file=sys.stderr)
