"""The change of a network's output along a step of its weights is linear in the step, once each operator has a secant.

If every operator satisfies out₁ − out₀ = J̄ (in₁ − in₀) exactly, so does their composition, and J̄ is had by one
backward pass. An operator that is linear in its inputs, or in each of two, is its own secant at their midpoints; others
have rules.

A `Secant` tensor flows through a model in place of a plain one. It is the midpoint of its two `ends`, the values at the
weights before and after a step, and autograd's graph behind it holds secants where it would hold derivatives. Without
ends the graph is the ordinary one. Where a parameter meets the examples (see `factors`) the `tape` takes note.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from minent.attribution.rules.registry import Registry
from minent.attribution.rules.tape import Source, Tape

RULES: Registry[Callable[..., Any]] = Registry()  # how an operator is computed from others: (tape, func, …)
rule = RULES.register
OTHERS = "others"  # the name of the rule for operators of no other
ASKING = frozenset([
    "shape", "size", "dim", "ndim", "dtype", "device", "numel", "__len__",
    "len", "is_floating_point", "layout", "is_nested",
])  # fmt: skip


class Secant(Tensor):
    """A tensor that knows its value at both ends of a step; see `secant`, which makes one."""

    ends: tuple[Tensor, Tensor] | None
    source: Source | None
    batched: bool
    moving: bool
    tape: Tape

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name, func = named(func)
        tensors = secants((args, kwargs))
        if name in ASKING:
            return func(*plain(args), **plain(kwargs))
        tape = tensors[0].tape
        if not any(one.moving for one in tensors):
            return wrapped(tape, func(*plain(args), **plain(kwargs)), None, any(one.batched for one in tensors), False)
        if "inplace" in kwargs:
            kwargs = {**kwargs, "inplace": False}
        return RULES.get(name, RULES[OTHERS])(tape, func, *args, **kwargs)


def secant(
    tape: Tape,
    value: Tensor,
    ends: tuple[Tensor, Tensor] | None = None,
    *,
    source: Source | None = None,
    batched: bool = True,
    moving: bool = True,
) -> Secant:
    """A secant whose midpoint, with the graph behind it, is `value`."""
    made = value.as_subclass(Secant)
    made.ends, made.source, made.batched, made.moving, made.tape = ends, source, batched, moving, tape
    return made


def named(func: Any) -> tuple[str, Any]:
    """The plain name of a function, operator, property or in-place method, and the function that changes nothing.

    >>> named(Tensor.__rsub__)[0], named(Tensor.add_), named(Tensor.mT.__get__)[0]
    ('rsub', ('add', <method 'add' of 'torch._C.TensorBase' objects>), 'mT')
    """
    name = func.__name__
    if name == "__get__":
        return func.__self__.__name__, func
    if name.startswith("__"):
        word = name.strip("_")
        if word[0] == "i" and hasattr(Tensor, word[1:]):  # __iadd__, but not __invert__
            return word[1:], getattr(Tensor, word[1:])
        return word, func
    if name.endswith("_") and hasattr(Tensor, name[:-1]) and name != "requires_grad_":
        return name[:-1], getattr(Tensor, name[:-1])
    return name, func


def plain(tree: Any) -> Any:
    """The midpoints, as plain tensors in their graph."""
    return _mapped(tree, lambda one: one.as_subclass(Tensor))


def at_end(tree: Any, end: int) -> Any:
    """The values before (0) or after (1) the step."""
    return _mapped(tree, lambda one: one.ends[end] if one.ends is not None else one.detach().as_subclass(Tensor))


def _mapped(tree: Any, function: Callable[[Secant], Any]) -> Any:
    """The tree with a function of its secants: PyTorch's tree_map takes longer than many an operator."""
    if isinstance(tree, Secant):
        return function(tree)
    kind = type(tree)
    if kind is tuple or kind is list:
        return kind([_mapped(one, function) for one in tree])
    if kind is dict:
        return {key: _mapped(one, function) for key, one in tree.items()}
    return tree


def secants(tree: Any) -> list[Secant]:
    """All that are in a tree."""
    if isinstance(tree, Secant):
        return [tree]
    if isinstance(tree, tuple | list | dict):
        return [found for one in (tree.values() if isinstance(tree, dict) else tree) for found in secants(one)]
    return []


def ends_of(tape: Tape, func: Any, args: Any, kwargs: Any) -> tuple[Any, Any] | None:
    """What a function gives at both ends."""
    if not tape.paired:
        return None
    with torch.no_grad():
        return func(*at_end(args, 0), **at_end(kwargs, 0)), func(*at_end(args, 1), **at_end(kwargs, 1))


def wrapped(tape: Tape, value: Any, ends: Any, batched: bool, moving: bool, source: Source | None = None) -> Any:
    """Every tensor of a result as a secant."""
    if isinstance(value, Tensor):
        return secant(tape, value, ends, source=source, batched=batched, moving=moving)
    if isinstance(value, tuple | list) and not isinstance(value, torch.Size):
        paired = ends if ends is not None else (value, value)
        parts = [
            wrapped(
                tape, one, None if ends is None else tuple(pair), batched, moving,
                source and source.through(lambda p, i=i: p[i]),
            )
            for i, (one, *pair) in enumerate(zip(value, *paired, strict=True))
        ]  # fmt: skip
        return tuple(parts)
    return value
