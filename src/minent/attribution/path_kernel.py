"""A model trained by gradient descent is a kernel machine: its prediction is a sum over the training examples.

    f_T(x) = f_0(x) + Σ_s ⟨J̄_s(x), θ_{s+1} − θ_s⟩ = f_0(x) + Σ_i Σ_r ⟨A_r(x), ∇l_i(θ_r)⟩ + weight decay

Domingos 2020, arXiv:2012.00152, for gradient flow; here for the steps that were taken. J̄_s is the gradient of f, taken
at the start of the step ("left", TracIn's), at its middle, as the mean of Gauss and Legendre's four points (Bell et al.
2023), or as a secant, whose inner product with the step is the change of f exactly (`secant`; its weights differ from
the mean gradient's by O(step²)). Every example's share in the step is linear in its gradient; see `updates` for A_r.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from minent.attribution.chosen import asked, by_itself, column
from minent.attribution.explanation import Explanation
from minent.attribution.sums import Part, averaged, largest, summed
from minent.attribution.walk.averaged import Average
from minent.attribution.walk.back import Asked, Walk
from minent.attribution.walk.mean_gradients import Outputs, Rule
from minent.attribution.walk.passes import Inputs, check_alike, number, place, predicted, taken
from minent.attribution.walk.taught import Train
from minent.errors import BadInput
from minent.nn.evaluating import evaluating
from minent.training.processes import found, gathered, share
from minent.training.trajectory.modes import original
from minent.training.trajectory.trajectory import Trajectory

Run = str | Path | Trajectory
log = logging.getLogger(__name__)


def explain(
    model: nn.Module, trajectory: Run | Sequence[Run], inputs: Inputs, *, train: Train,
    loss: Any = F.cross_entropy, outputs: Literal["all", "predicted", "margin"] | Sequence[int] | Outputs = "all",
    rule: Rule = "secant", memory: float = 1.0, project: int | None = None, seed: int = 0,
    average: Average | None = None, first: int | None = None,
) -> Explanation:  # fmt: skip
    """What each training example added to what `model` says of `inputs`, for a model whose training was recorded.

    - `model`: a module of the trajectory's shape, in whatever state; `model(inputs)`, or `model(*inputs)` for a tuple,
      whose first axis is that of examples, is what is explained, at the weights at the trajectory's end, dropout off.
      All is computed on the device of `inputs`, also where the model or the training examples are on another.
    - `trajectory`: of several, the runs of several seeds on the same examples, the mean is explained: what is said on
      average is the sum of mean contributions.
    - `train`: the inputs and targets of all training examples; the trajectory's ids are rows of these. Or a data set
      of items (input, target), or a DataLoader of it, by whose collation batches are made; see `Numbered`.
    - `loss(outputs, targets)`: that of training, on a batch. Its scale need not be known: it is found by the length of
      the gradient that was followed.
    - `outputs`: which numbers of each input: "all", the highest ("predicted"), the log-odds of the highest ("margin":
      it minus the log-sum-exp of the others, why it and no other was said), these columns, or a function of what the
      model says that gives numbers (input, output).
    - `memory`: GiB for what grows with the number of inputs; they are explained in as many parts as that asks for.
    - `project`: keep so many numbers a parameter of the momentum of each input and output (see `projection`; `seed`
      draws the signs): less memory, so that more inputs are explained at once, for an error that the notes state and
      the residual shows. SGD without momentum keeps none, and is exact; Adam is refused.

    - `average`: explain a mean of the weights along the run: a moving average that keeps so much of itself at each step
      (EMA: 0.999), the mean after these steps ([900, 950, 1000]), or a function of a step's number, from 1, that says
      what is kept. The `model` should hold it; the notes tell where it does not.

    - `first`: keep so many examples that raised each number most, and as many that lowered it most; the others are one
      term. What is held is then a share of the memory, not inputs times outputs times examples.

    Under torchrun processes share the inputs, and each returns the whole explanation: all must call. They read the same
    folder and walk the whole trajectory, so that there is most to gain where there are many inputs.

    Raises BadInput for a trajectory that has not ended or is another model's, inputs unlike those of `train`,
    ids beyond these, outputs that are not (input, output), examples that meet in the model, and operators that have no
    secant where a rule must be given.

    >>> import tempfile
    >>> from minent.attribution import record
    >>> x, y = torch.eye(3), torch.tensor([0, 1, 1])
    >>> model = nn.Linear(3, 2)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with record(model, optimizer, folder) as r:
    ...         for _ in range(20):
    ...             optimizer.zero_grad()
    ...             F.cross_entropy(model(x), y).backward()
    ...             r.batch([0, 1, 2])
    ...             optimizer.step()
    ...     parts = explain(model, folder, x, train=(x, y))
    >>> parts.contributions.shape, bool(abs(parts.residual).max() < 1e-5)
    ((3, 2, 3), True)
    """
    _check(inputs, train, rule, memory, project, first)
    model, several = original(model), not isinstance(trajectory, Run)
    runs = [Trajectory.open(one).to(place(inputs)) for one in (trajectory if several else [trajectory])]  # type: ignore
    best: Tensor | None = None
    if len(runs) > 1 and isinstance(outputs, str) and outputs != "all":  # of all runs the same
        with torch.no_grad(), evaluating(model):
            best = torch.stack([column(predicted(model, run.weights(run.end + 1), inputs)) for run in runs]).mean(0)
    each = [
        _of_run(Walk(model, run, train, loss, rule, project, seed, average), inputs, outputs, memory, best,
                None if several else first)
        for run in runs
    ]  # fmt: skip
    return averaged(each, first) if several else each[0]


def _of_run(
    walk: Walk, inputs: Inputs, outputs: Any, memory: float, best: Tensor | None, first: int | None
) -> Explanation:
    processes, model = found(), walk.model
    with torch.no_grad(), evaluating(model):
        initial, prediction = (predicted(model, one, inputs) for one in (walk.trajectory.weights(1), walk.last))
        chosen_of, values = asked(outputs, initial, prediction, best)
        mine = share(number(inputs), processes)
        alone = not callable(outputs) or by_itself(model, walk.last, inputs, chosen_of, values[1])
        if not alone and processes.num_processes > 1:
            raise BadInput("outputs, a function, says other things of an input than beside others: use one process")
        parts = explained(walk, inputs, chosen_of, values[1], memory if alone else None, mine, first)
    parts, notes = gathered(parts, processes), sorted(set(gathered(list(walk.notes), processes)))
    explanation, doubts = summed(parts, *values, notes), walk.followed.doubts
    explanation = replace(explanation, off=doubts.off)
    return explanation if explanation.verdict == "exact" else replace(explanation, doubts=tuple(doubts.told()))


def _check(inputs: Inputs, train: Train, rule: str, memory: float, project: int | None, first: int | None) -> None:
    if first is not None and first < 1:
        raise BadInput(f"first is how many that raised, and how many that lowered a number, 1 or more; got {first}")
    if rule not in get_args(Rule):
        raise BadInput(f"rule is one of {', '.join(get_args(Rule))}; got {rule!r}")
    if memory <= 0:
        raise BadInput(f"memory is so many GiB, more than 0; got {memory}")
    check_alike(inputs, train)
    if project is not None and project < 1:
        raise BadInput(f"project is how many numbers are kept of each parameter, 1 or more; got {project}")


def explained(
    walk: Walk, inputs: Inputs, chosen_of: Callable[[slice], Outputs], prediction: Tensor, memory: float | None,
    mine: range, first: int | None,
) -> list[Part]:  # fmt: skip
    """Contributions to what is said of `mine` of the inputs, and other terms, as many inputs at a time as fit; where
    no memory is told, all."""
    parts, at_a_time = [], number(inputs)
    if memory is not None:
        at_a_time = walk.inputs_for(memory, inputs, chosen_of, prediction.shape[1])
    for begin in mine[::at_a_time]:
        part = slice(begin, min(begin + at_a_time, mine.stop))
        log.info("explaining inputs %d to %d of %d", part.start + 1, part.stop, number(inputs))
        found = walk.back(Asked(taken(inputs, part), chosen_of(part), prediction[part]))
        parts.append(largest(*found, first))
    return parts
