"""One pass of a model at given weights, as a secant between two or as a tangent at one."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from minent.attribution.rules.custom import custom_functions, whole_activations
from minent.attribution.rules.secant import latest, secant
from minent.attribution.rules.tape import Source, Tape
from minent.errors import BadInput

Inputs = Tensor | tuple[Tensor, ...] | Mapping[str, Tensor]  # one argument of the model, several, or some by name


def _each(inputs: Inputs, function: Callable[[Tensor], Any]) -> Any:
    if isinstance(inputs, Mapping):  # also what tokenizers give
        return {name: function(one) for name, one in inputs.items()}
    return tuple(map(function, inputs)) if isinstance(inputs, tuple) else function(inputs)


def tensors(inputs: Any) -> list[Any]:
    """The arguments, whatever they are called."""
    each = inputs.values() if isinstance(inputs, Mapping) else inputs if isinstance(inputs, tuple) else (inputs,)
    return list(each)


def taken(inputs: Inputs, rows: Any) -> Inputs:
    """These examples of the inputs."""
    return _each(inputs, lambda one: one[rows])


def moved(inputs: Inputs, device: torch.device | str) -> Inputs:
    """The same on that device."""
    return _each(inputs, lambda one: one.to(device))


def place(inputs: Inputs) -> torch.device:
    """The device that they are on, which is where they are explained."""
    return tensors(inputs)[0].device


def number(inputs: Inputs) -> int:
    """How many examples there are."""
    return len(tensors(inputs)[0])


def check_alike(inputs: Inputs, train: Any) -> None:
    """Raises BadInput for what cannot be inputs like those of the training examples, or these and their targets."""
    if not isinstance(train, tuple):  # a data set: the model will say
        return
    asked, taught, targets = map(tensors, (inputs, *train))
    if strange := [one for one in (*asked, *taught, *targets) if not isinstance(one, Tensor)]:
        raise BadInput(f"inputs and targets are tensors; got {type(strange[0]).__name__}")
    names = [list(one) if isinstance(one, Mapping) else None for one in (train[0], inputs)]
    if names[0] != names[1]:
        raise BadInput(f"inputs are called as those of train, {names[0] or 'by place'}; got {names[1] or 'no names'}")
    if [one.dim() for one in asked] != [one.dim() for one in taught]:
        shapes = [", ".join(str(tuple(one.shape)) for one in each) for each in (taught, asked)]
        raise BadInput(f"inputs are as those of train, examples first: {shapes[0]}; got {shapes[1]}")
    if not len(asked[0]):
        raise BadInput("there must be inputs to explain; got none")
    if strange := [one for one in (*taught, *targets) if len(one) != len(taught[0])]:
        raise BadInput(f"train wants a target for each of {len(taught[0])} inputs; got {len(strange[0])}")


def predicted(model: nn.Module, weights: Mapping[str, Tensor], inputs: Inputs) -> Any:
    """What the model says with these weights, as PyTorch computes it."""
    training = any(module.training for module in model.modules())
    own = {name: one.clone() if training else one for name, one in weights.items()}
    with torch.compiler.set_stance("force_eager"), whole_activations():
        return scores(torch.func.functional_call(model, own, *_called(inputs)))


def called(model: nn.Module, inputs: Inputs) -> Any:
    """What a model says by itself."""
    places, names = _called(inputs)
    return scores(model(*places, **names))


def scores(said: Any) -> Any:
    """Of what a model of transformers says its logits; other things as they are."""
    return said if isinstance(said, Tensor) else getattr(said, "logits", said)


def _called(inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments by place and by name."""
    if isinstance(inputs, Mapping):
        return (), dict(inputs)
    return inputs if isinstance(inputs, tuple) else (inputs,), {}


@contextmanager
def as_trained(model: nn.Module, still: Collection[str]) -> Iterator[None]:
    """Within the block all modules but those named are in training mode."""
    modes = {module: module.training for module in model.modules()}
    for name, module in model.named_modules():
        module.training = name not in still
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def forward(
    model: nn.Module, start: Mapping[str, Tensor], end: Mapping[str, Tensor] | None, inputs: Inputs, trained: set[str],
    drawn: bool = False,
) -> tuple[Tape, Any, dict[str, Tensor]]:  # fmt: skip
    """What the model says as a secant between two ends, or without the other as a tangent; its tape and its leaves."""
    tape = Tape(number(inputs), end is not None, drawn)
    training, state = any(module.training for module in model.modules()), dict[str, Tensor]()
    leaves: dict[str, Tensor] = {}
    for name, before in start.items():
        after = before if end is None else end[name]
        if name in trained:
            leaves[name] = torch.lerp(before, after, 0.5) if end is not None else before.detach().clone()
            leaves[name].requires_grad_()
            ends = None if end is None else (before, after)
            with torch.enable_grad():
                state[name] = secant(tape, leaves[name], ends, source=Source(name, None), batched=False)
        elif end is None or not before.is_floating_point() or torch.equal(before, after):
            state[name] = before.clone() if training else before  # it may be written to
        else:  # a running statistic: it moves, but no gradient moves it
            state[name] = secant(tape, torch.lerp(before, after, 0.5), (before, after), source=None, batched=False)
            tape.statistics[id(state[name])] = name
    seen = _each(inputs, lambda one: secant(tape, one, None, moving=False))
    with torch.enable_grad(), torch.compiler.set_stance("force_eager"), custom_functions(), whole_activations():
        out = tree_map(latest, scores(torch.func.functional_call(model, state, *_called(seen))))
    return tape, out, leaves


def loose(tape: Tape, leaves: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Leaves whose gradients do not factorise."""
    return {name: leaves[name] for name in sorted(tape.loose)}
