"""Two players, a generator that draws and a critic that judges; critics that are 1-Lipschitz by construction."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minent.gan.input_gradients.lipschitz import clip_weights, gradient_normalise, spectral_normalise

__all__ = ["clip_weights", "gradient_normalise", "spectral_normalise"]


def __getattr__(name: str) -> Any:
    if name in __all__:  # on first use: the command line reads options from this room, and is fast without torch
        import minent.gan.input_gradients.lipschitz

        return getattr(minent.gan.input_gradients.lipschitz, name)
    raise AttributeError(f"module 'minent.gan' has no attribute {name!r}")
