"""A torch.autograd.Function of a user is an operator of no rule: its derivative is what its backward says."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from torch.autograd import Function

from minent.attribution.rules.secant import OTHERS, RULES, latest, secants

CHECKPOINT = "torch.utils.checkpoint"  # what its `checkpoint` looks up, with and without another backward pass within


@contextmanager
def whole_activations() -> Iterator[None]:
    """Within the block `torch.utils.checkpoint` keeps activations: made again, they would be those of the leaves."""

    class Kept:
        @staticmethod
        def apply(function: Any, _preserve: bool, *args: Any) -> Any:
            return function(*args)

    def kept(*_: Any, **__: Any) -> Iterator[None]:
        yield

    without = patch(f"{CHECKPOINT}._checkpoint_without_reentrant_generator", kept)
    with patch(f"{CHECKPOINT}.CheckpointFunction", Kept), without:
        yield


@contextmanager
def custom_functions() -> Iterator[None]:
    """Within the block such functions of secants are followed as operators: PyTorch does not hand them over itself."""
    apply: Any = Function.__dict__["apply"]

    def followed(cls: Any, *args: Any, **kwargs: Any) -> Any:
        if not (tensors := secants((args, kwargs))):
            return apply.__func__(cls, *args, **kwargs)

        def operator(*args: Any, **kwargs: Any) -> Any:
            return apply.__func__(cls, *args, **kwargs)

        operator.__name__ = cls.__name__
        args, kwargs = latest((args, kwargs))
        return RULES[OTHERS](tensors[0].tape, operator, *args, **kwargs)

    Function.apply = classmethod(followed)  # type: ignore[assignment]
    try:
        yield
    finally:
        Function.apply = apply
