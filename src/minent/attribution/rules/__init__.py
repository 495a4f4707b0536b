"""Secants by operator: all rules and captures are registered by the import of the modules that hold them."""

from minent.attribution.rules import (
    attention,
    captures,
    convolution,
    linear,
    normalisation,
    pointwise,
    pooling,
    quadrature,
    spread,
    stopped,
    writing,
)

__all__ = [
    "attention", "captures", "convolution", "linear", "normalisation", "pointwise", "pooling", "quadrature", "spread",
    "stopped", "writing",
]  # fmt: skip
