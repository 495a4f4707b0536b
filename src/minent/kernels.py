"""One source for every kernel: a plain function over arrays, which numba compiles for large inputs and Python runs for
small ones, with the same answer bit for bit (so: no fast-math, no random numbers drawn inside a kernel).

Which of the two is a ski-rental problem: interpret until the work done is worth the price of compiling, then compile.
"""

import inspect
import logging
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any, TypeVar, cast

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])

INTERPRETED_WORK = 20_000  # links searched, about a second of interpreted kernels: what loading and compiling costs
_work_done = 0
log = logging.getLogger("minent")


def kernel(function: Function) -> Function:
    """Mark a function as a kernel: it may call other kernels, and touches only numbers and numpy arrays."""
    function.is_kernel = True  # type: ignore[attr-defined]
    return function


def interpreted(function: Function) -> Function:
    """The kernel as Python runs it."""
    return function


@cache
def compiled(function: Function, called: bool = False) -> Function:
    """The kernel as numba compiles it, on its first call, kept on disk for the next process. A kernel `called` by
    another is inlined by LLVM and makes no arrays: so no references are counted where it is given some."""
    from numba import njit

    _say_when_compiling()
    function = inspect.unwrap(function)  # from under the type checks of the tests
    scope = dict(function.__globals__)
    for name in function.__code__.co_names:
        if getattr(scope.get(name), "is_kernel", False):
            scope[name] = compiled(scope[name], True)
    twin = FunctionType(function.__code__, scope)
    inlined: dict[str, Any] = {"forceinline": True, "no_cpython_wrapper": True, "_nrt": False}
    options: dict[str, Any] = {"no_cfunc_wrapper": True, **(inlined if called else {"cache": True})}
    return cast(Function, njit(nogil=True, error_model="numpy", **options)(twin))


def runner(work: int) -> Callable[[Function], Function]:
    """`interpreted` while the work asked for so far is small, `compiled` ever after."""
    global _work_done
    _work_done += work
    return interpreted if _work_done <= INTERPRETED_WORK else compiled


def read_only(array: np.ndarray) -> np.ndarray:
    """A view that cannot be written through (to numba this is a type: kernels see one, whoever made the array)."""
    if not array.flags.writeable:
        return array
    view = array.view()
    view.flags.writeable = False
    return view


def lasting(seconds: float) -> str:
    """A time, as people say it.

    >>> lasting(7.0), lasting(125.0), lasting(7500.0)
    ('7 s', '2 min 05 s', '2 h 05 min')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"
    return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:02.0f} min"


@cache
def _say_when_compiling() -> None:
    from numba.core import event

    class Listener(event.Listener):
        said = False

        def on_start(self, event: Any) -> None:
            if not self.said:
                log.warning("compiling kernels, once")
                self.said = True

        def on_end(self, event: Any) -> None:
            pass

    event.register("numba:compile", Listener())
