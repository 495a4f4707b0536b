"""What is done where a model calls an operator, by the operator's name, as PyTorch hands it to `__torch_function__`."""

from collections.abc import Callable
from typing import TypeVar

Function = TypeVar("Function", bound=Callable)


class Registry(dict[str, Function]):
    """Functions by the names of the operators that they are of.

    >>> names = Registry()
    >>> @names.register("add", "sub")
    ... def shift(): ...
    >>> list(names)
    ['add', 'sub']
    """

    def register(self, *names: str) -> Callable[[Function], Function]:
        """Register a function, as a decorator, for operators of these names."""

        def registered(function: Function) -> Function:
            self.update(dict.fromkeys(names, function))
            return function

        return registered
