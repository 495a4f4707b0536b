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
from weakref import ref

import torch
from torch import Tensor

from minent.attribution.rules.calls import WRITING, named, not_in_place, written_to
from minent.attribution.rules.registry import Registry
from minent.attribution.rules.tape import Source, Tape
from minent.errors import BadInput

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
    now: "Secant | None"
    """What it is since it was written to in place."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        written = written_to(func, args, kwargs := kwargs or {})
        args, kwargs = latest((args, kwargs))
        name, func = named(func)
        tensors = secants((args, kwargs))
        if name in ASKING:
            return func(*plain(args), **plain(kwargs))
        tape = tensors[0].tape
        if written is not None:
            args, kwargs = not_in_place(func, args, kwargs)
        if name in WRITING or any(one.moving for one in tensors):
            found = RULES.get(name, RULES[OTHERS])(tape, func, *args, **kwargs)
        else:
            found = wrapped(tape, func(*plain(args), **plain(kwargs)), None, any(one.batched for one in tensors), False)
        if written is not None:
            write(written, found, name)
        return found


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
    made.now = None
    tape.made.append(ref(made))
    return made


def write(written: Any, found: Any, name: str) -> None:
    """What was written to is now what was found. Raises BadInput where another tensor holds the same numbers."""
    if not isinstance(written, Secant) or not isinstance(found, Secant):
        told = "make it of what is written, as by torch.zeros_like, torch.cat or torch.stack"
        raise BadInput(f"{name!r} writes what the model computes into a tensor that it does not: {told}")
    was = latest(written)
    held = plain(was).untyped_storage().data_ptr()
    for other in [one for made in written.tape.made if (one := made()) is not None]:
        same = other is was or other is found or other.now is not None
        if not same and plain(other).untyped_storage().data_ptr() == held:
            raise BadInput(
                f"{name!r} writes in place to numbers that another tensor shows too: make a new tensor of them"
            )
    written.now = found


def latest(tree: Any) -> Any:
    """What tensors are since they were written to."""

    def last(one: Secant) -> Secant:
        while one.now is not None:
            one = one.now
        return one

    return _mapped(tree, last)


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
        parts: Any = [
            wrapped(
                tape, one, None if ends is None else tuple(pair), batched, moving,
                source and source.through(lambda p, i=i: p[i]),
            )
            for i, (one, *pair) in enumerate(zip(value, *paired, strict=True))
        ]  # fmt: skip
        make = getattr(type(value), "_make", type(value) if type(value).__module__ == "torch.return_types" else tuple)
        return make(parts)
    return value
