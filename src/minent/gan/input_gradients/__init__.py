"""Gradients of critics by their inputs, and what is made of them; usable alone."""

from minent.gan.input_gradients.averaged import averaged
from minent.gan.input_gradients.lipschitz import clip_weights, gradient_normalise, spectral_normalise
from minent.gan.input_gradients.penalty import consistency, gradient_penalty, r1
from minent.gan.input_gradients.slope import value_and_gradient

__all__ = [
    "averaged", "clip_weights", "consistency", "gradient_normalise", "gradient_penalty", "r1", "spectral_normalise",
    "value_and_gradient",
]  # fmt: skip
