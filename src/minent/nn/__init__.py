"""Layers, usable with no other part of minent. No files, no loops."""

from typing import TYPE_CHECKING

from minent.rooms import on_first_use

if TYPE_CHECKING:
    from minent.nn.shape import Shape
    from minent.nn.transformer import Decoder, Encoder

__all__ = ["Decoder", "Encoder", "Shape"]
__getattr__ = on_first_use(__name__, {"minent.nn.shape": "Shape", "minent.nn.transformer": "Decoder Encoder"})
