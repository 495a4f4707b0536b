"""Attentions by name."""

from inspect import Parameter, signature
from typing import Any

from torch import nn

from minent.errors import BadInput
from minent.nn.attention.nystrom import Nystrom
from minent.nn.attention.softmax import Softmax
from minent.nn.attention.synthesizer import Synthesizer
from minent.nn.attention.window import Window, WindowLandmarks

ATTENTIONS: dict[str, Any] = {
    "softmax": Softmax, "nystrom": Nystrom, "window": Window, "window+landmarks": WindowLandmarks,
    "synthesizer": Synthesizer,
}  # fmt: skip


def attention(name: str, dim: int, heads: int, **options: Any) -> nn.Module:
    """The attention of that name. Raises BadInput for an unknown name or an option that it does not have.

    >>> type(attention("nystrom", 8, 2, landmarks=4)).__name__
    'Nystrom'
    """
    if name not in ATTENTIONS:
        raise BadInput(f"attention is one of {', '.join(ATTENTIONS)}; got {name!r}")
    kind = ATTENTIONS[name]
    known = [name for name, one in signature(kind).parameters.items() if one.kind is Parameter.KEYWORD_ONLY]
    if unknown := sorted(set(options) - set(known)):
        raise BadInput(f"{name} attention has the options {', '.join(known)}; got {unknown[0]!r}")
    return kind(dim, heads, **options)
