"""Secants by operator: all rules and captures are registered by the import of the modules that hold them."""

from minent.attribution.rules import (
    attention,
    captures,
    convolution,
    custom,
    linear,
    normalisation,
    order,
    pointwise,
    pooling,
    quadrature,
    recurrent,
    spread,
    stopped,
    writing,
)

__all__ = [
    "attention", "captures", "convolution", "custom", "linear", "normalisation", "order", "pointwise",
    "pooling", "quadrature", "recurrent", "spread", "stopped", "writing",
]  # fmt: skip
