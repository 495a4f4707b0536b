"""What a call of PyTorch is called, and what it writes to; what writes in place has a sister that does not."""

import inspect
from functools import cache
from typing import Any

from torch import Tensor

from minent.errors import BadInput

WRITING = "setitem", "__setitem__", "copy_", "zero_", "fill_"


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


def written_to(func: Any, args: Any, kwargs: Any) -> Any:
    """What a function writes to in place: a method like add_, a statement like += or x[0] = 1, inplace=True. None: it
    does not. Raises BadInput for what it writes to beside its arguments."""
    if kwargs.get("out") is not None:
        raise BadInput(f"{func.__name__!r} writes to out=, which cannot be followed: use what it returns")
    name = func.__name__
    of_python = name.startswith("__") and name != "__get__" and named(func)[0] != name.strip("_")  # __iadd__
    if of_python or name in WRITING:
        return args[0]
    if name.endswith("_") and not name.startswith("__") and name != "requires_grad_":
        if not hasattr(Tensor, name[:-1]):
            raise BadInput(f"{name!r} writes in place, and cannot be followed: write it as a function")
        return args[0]
    place = inplace_at(func)
    said = kwargs.get("inplace", args[place] if place is not None and place < len(args) else False)
    return args[0] if said and args else None


@cache
def inplace_at(func: Any) -> int | None:
    """The place of the argument `inplace` of a function of torch.nn.functional."""
    if not getattr(func, "__module__", "").startswith("torch.nn"):
        return None
    names = list(inspect.signature(func).parameters)
    return names.index("inplace") if "inplace" in names else None


def not_in_place(func: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """The arguments of a function that is not to write to them."""
    place = inplace_at(func)
    if place is not None and place < len(args):
        args = (*args[:place], False, *args[place + 1 :])
    return args, {name: False if name == "inplace" else one for name, one in kwargs.items()}
