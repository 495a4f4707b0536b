"""A model trained by gradient descent is a kernel machine: its prediction is a sum over the training examples.

    f_T(x) = f_0(x) + Σ_s ⟨J̄_s(x), θ_{s+1} − θ_s⟩ = f_0(x) + Σ_i Σ_r ⟨A_r(x), ∇l_i(θ_r)⟩ + weight decay

Domingos 2020, arXiv:2012.00152, for gradient flow; here for the steps that were taken. J̄_s is the gradient of f, taken
at the start of the step ("left", TracIn's), at its middle, as the mean of Gauss and Legendre's four points (Bell et al.
2023), or as a secant, whose inner product with the step is the change of f exactly (`secant`; its weights differ from
the mean gradient's by O(step²)). Every example's share in the step is linear in its gradient; see `updates` for A_r.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from minent.attribution.explanation import Explanation
from minent.attribution.factors import Factors, against, dense, products, scaled
from minent.attribution.passes import (
    RULES,
    Inputs,
    Outputs,
    along,
    check,
    evaluating,
    lengths,
    loss_gradients,
    number,
    predicted,
    taken,
    total,
)
from minent.attribution.secant import Tape
from minent.attribution.updates import back, decay, remembers
from minent.errors import BadInput
from minent.training.trajectory import Step, Trajectory

Rule = Literal["secant", "left", "midpoint", "gauss-legendre"]
log = logging.getLogger(__name__)


def explain(
    model: nn.Module,
    trajectory: str | Path | Trajectory,
    inputs: Inputs,
    *,
    train: tuple[Inputs, Any],
    loss: Any = F.cross_entropy,
    outputs: Literal["all", "predicted"] | Sequence[int] | Outputs = "all",
    rule: Rule = "secant",
    memory: float = 1.0,
) -> Explanation:
    """What each training example added to what `model` says of `inputs`, for a model whose training was recorded.

    - `model`: a module of the trajectory's shape, in whatever state; `model(inputs)`, or `model(*inputs)` for a tuple,
      whose first axis is that of examples, is what is explained, at the weights at the trajectory's end, dropout off.
    - `train`: the inputs and targets of all training examples; the trajectory's ids are rows of these.
    - `loss(outputs, targets)`: that of training, on a batch. Its scale need not be known: it is found by the length of
      the gradient that was followed.
    - `outputs`: which numbers of each input: "all", the highest ("predicted"), these columns, or a function of what
      the model says that gives numbers (input, output).
    - `memory`: GiB for what grows with the number of inputs; they are explained in as many parts as that asks for.

    Raises BadInput for a trajectory that has not ended or is another model's, ids beyond `train`, outputs that are not
    (input, output), examples that meet in the model, and operators that have no secant where a rule must be given.

    >>> import tempfile
    >>> from minent.training.recording import record
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
    if rule not in RULES:
        raise BadInput(f"rule is one of {', '.join(RULES)}; got {rule!r}")
    if not number(inputs):
        raise BadInput("there must be inputs to explain; got none")
    walk = _Walk(model, Trajectory.open(trajectory), train, loss, rule)
    with torch.no_grad(), evaluating(model):
        chosen = _chosen(outputs)
        said = {}
        for name, weights in (("initial", walk.trajectory.weights(1)), ("prediction", walk.last)):
            said[name] = predicted(model, weights, inputs)
        if outputs == "predicted":
            best = said["prediction"].argmax(1)
            rows = torch.arange(number(inputs), device=best.device)

            def chosen_of(part: slice) -> Outputs:
                return lambda out: out[torch.arange(len(out), device=best.device), best[part]][:, None]

            values = {name: one[rows, best][:, None] for name, one in said.items()}
        else:

            def chosen_of(part: slice) -> Outputs:
                return chosen

            values = {name: chosen(one) for name, one in said.items()}
        if values["prediction"].dim() != 2:
            wanted = "outputs must be numbers (input, output)"
            raise BadInput(f"{wanted}; got {tuple(values['prediction'].shape)}: choose by a function")
        at_a_time = walk.inputs_for(memory, values["prediction"].shape[1])
        parts = []
        for begin in range(0, number(inputs), at_a_time):
            part = slice(begin, min(begin + at_a_time, number(inputs)))
            log.info("explaining inputs %d to %d of %d", part.start + 1, part.stop, number(inputs))
            parts.append(walk.back(taken(inputs, part), chosen_of(part), values["prediction"][part]))
    contributions = np.concatenate([one for one, _ in parts])
    names = dict.fromkeys(name for _, other in parts for name in other)
    other = {name: np.concatenate([terms[name] for _, terms in parts]) for name in names}
    numbers = {name: one.double().cpu().numpy() for name, one in values.items()}
    return Explanation(numbers["prediction"], numbers["initial"], contributions, other, tuple(sorted(walk.notes)))


class _Walk:
    """From the end of a trajectory to its beginning."""

    def __init__(self, model: nn.Module, trajectory: Trajectory, train: tuple[Inputs, Any], loss: Any, rule: Rule):
        self.model, self.trajectory, self.loss, self.rule = model, trajectory, loss, rule
        self.inputs, self.targets = train
        self.examples = number(self.inputs)
        self.group = {name: k for k, names in enumerate(trajectory.parameters) for name in names}
        self.last = trajectory.weights(trajectory.end + 1)
        own = {name: one.shape for name, one in model.state_dict().items()}
        if strange := [name for name, one in self.last.items() if own.get(name) != one.shape]:
            raise BadInput(f"the trajectory is another model's: {strange[0]!r} has no such place in this one")
        self.shapes = {name: self.last[name].shape for name in self.group}
        self.steps = trajectory.steps[: trajectory.end]
        if beyond := [step for step in self.steps if step.ids.max() >= self.examples or step.ids.min() < 0]:
            step = beyond[0]
            wanted = f"ids are rows of the {self.examples} training examples"
            raise BadInput(f"{wanted}; got {step.ids.max()} at step {step.number}")
        self.begun = {
            name: next((step.number for step in self.steps if name not in step.idle), 0) for name in self.group
        }
        self.start = trajectory.start()
        self.notes: set[str] = set()
        if any(not step.kept for step in self.steps):
            self.notes.add(
                f"thinned: every {trajectory.every}th step's weights are known; gradients between are theirs"
            )
        self.checked = False

    def inputs_for(self, memory: float, outputs: int) -> int:
        """How many inputs a walk can hold: H_r, A_r and J_r of each output, or the largest layer's."""
        sizes = [one.numel() for one in self.shapes.values()]
        held = (
            3 * sum(sizes) if any(remembers(group) for step in self.steps for group in step.groups) else 2 * max(sizes)
        )
        each = held * outputs * next(iter(self.last.values())).element_size()
        return max(1, int(memory * 2**30 / each))

    def back(self, inputs: Inputs, outputs: Outputs, said: Tensor) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Contributions (input, output, example) and other terms (input, output)."""
        trained, after = set(self.group), self.last
        m, k = said.shape
        contributions = torch.zeros(k, m, self.examples, dtype=torch.float64)
        other = {
            name: torch.zeros(k, m, dtype=torch.float64)
            for name, there in (
                ("weight decay", any(group["weight_decay"] for step in self.steps for group in step.groups)),
                ("earlier steps", bool(self.start)),
            )
            if there
        }
        held: dict[str, Tensor] = {}
        for first, following in reversed(self.trajectory.segments()):
            before = self.trajectory.weights(first)
            factors, values, tape = along(self.model, before, after, inputs, trained, outputs, self.rule)
            if after is self.last and values is not None:
                self._agree(values, said)
            self._note(tape)
            steps = self.steps[first - 1 : following - 1]
            followed = [self._gradients(step, before) for step in steps]
            seconds = self._second_moments(steps, followed)
            rows: dict[str, Tensor] = {}
            for step, gradients, second in zip(reversed(steps), reversed(followed), reversed(seconds), strict=True):
                block = torch.zeros(k, m, len(step.ids), dtype=torch.float64)
                for name in factors:
                    if name in step.idle:
                        continue
                    group = step.groups[self.group[name]]
                    if not remembers(group) and not group["weight_decay"]:
                        if name in gradients:
                            sign = group["lr"] * (1 if group["maximize"] else -1)
                            block += sign * products(factors[name], gradients[name], self.shapes[name])
                        continue
                    if name not in rows:
                        rows[name] = dense(factors[name], self.shapes[name]).flatten(0, 1)
                    makes = step.number == self.begun[name] and name not in self.start
                    moment = second.get(name)
                    count = step.late.get(name, step.count)
                    coefficients, held[name] = back(held.get(name), rows[name], group, count, makes, moment)
                    if name in gradients:
                        block += against(gradients[name], coefficients).unflatten(0, (k, m))
                    if (shrinking := decay(rows[name], coefficients, group)) is not None:
                        theirs = shrinking.flatten(1) @ before[name].flatten()
                        other["weight decay"] += theirs.unflatten(0, (k, m))
                contributions.index_add_(2, torch.from_numpy(step.ids), block)
            after = before
        for name, momentum in self.start.items():
            if name in held:
                other["earlier steps"] -= (held[name].flatten(1) @ momentum.flatten()).unflatten(0, (k, m))
        return contributions.transpose(0, 1).numpy(), {name: one.T.numpy() for name, one in other.items()}

    def _gradients(self, step: Step, weights: dict[str, Tensor]) -> Factors:
        """Each example's share in the gradient that a step followed."""
        ids = torch.from_numpy(step.ids)
        batch = taken(self.inputs, ids), taken(self.targets, ids)
        trained = set(self.group)
        gradients, tape = loss_gradients(self.model, weights, *batch, trained, self.loss)
        if not self.checked:
            check(self.model, weights, *batch, trained, self.loss, gradients)
            self.checked = True
        self._note(tape)
        length = lengths(gradients, self.shapes, [name for name in gradients if name not in step.idle])
        scale = step.gradient_norm / length if length else 1.0
        return scaled(gradients, scale)  # not in place: gradients of several places may be one tensor

    def _second_moments(self, steps: Sequence[Step], followed: Sequence[Factors]) -> list[dict[str, Tensor]]:
        """Adam's at each step between two kept ones: the first was kept too, others are made of gradients."""
        seconds = [self.trajectory.second_moments(steps[0].number)]
        for step, gradients in zip(steps[1:], followed[1:], strict=True):
            moved = {}
            for name, moment in seconds[-1].items():
                beta = step.groups[self.group[name]]["betas"][1]
                found = name in gradients and name not in step.idle
                gradient = total(gradients, name, self.shapes) if found else torch.zeros_like(moment)
                moved[name] = beta * moment + (1 - beta) * gradient.square()
            seconds.append(moved)
        return seconds

    def _agree(self, values: Tensor, said: Tensor) -> None:
        bound = 1e3 * torch.finfo(said.dtype).eps * (1 + said.abs().max())
        if not torch.allclose(values, said, rtol=0, atol=float(bound)):
            far = float((values - said).abs().max())
            raise BadInput(
                f"the model, followed operator by operator, says what it does not say by itself (by {far:.2g})"
            )

    def _note(self, tape: Tape) -> None:
        if tape.unruled:
            self.notes.add(f"by quadrature, for want of a secant rule: {', '.join(sorted(tape.unruled))}")
        if tape.loose:
            first = min(tape.loose)
            self.notes.add(f"gradients one by one, for want of factors: {len(tape.loose)} parameters, as {first!r}")


def _chosen(outputs: Any) -> Outputs:
    if outputs == "all":
        return lambda out: out
    if callable(outputs):
        return outputs
    if outputs == "predicted":
        return lambda out: out
    columns = list(outputs)
    return lambda out: out[:, columns]
