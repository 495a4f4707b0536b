"""Attention, by name: "softmax", "nystrom", "window", "window+landmarks", "synthesizer". Each is a torch module that is
called alike:

    attention(x, memory=None, padding_mask=None, causal=False, cache=None) -> out
x (batch, n, dim) asks; memory (batch, k, dim) answers, or x itself; padding_mask (batch, keys) is True for real keys;
causal: none sees what comes after it; cache: a `Cache`, x are the tokens after those it holds. What an attention cannot
do by its nature it refuses with BadInput.
"""

from minent.errors import require

require("torch", "torch", "use attention")

from minent.nn.attention.heads import Cache  # noqa: E402
from minent.nn.attention.lengthen import lengthen  # noqa: E402
from minent.nn.attention.named import ATTENTIONS, attention  # noqa: E402
from minent.nn.attention.nystrom import Nystrom, nystrom_attention  # noqa: E402
from minent.nn.attention.rows import attention_rows  # noqa: E402
from minent.nn.attention.softmax import Softmax  # noqa: E402
from minent.nn.attention.synthesizer import Synthesizer  # noqa: E402
from minent.nn.attention.window import Window, WindowLandmarks, window_attention  # noqa: E402

__all__ = [
    "ATTENTIONS", "Cache", "Nystrom", "Softmax", "Synthesizer", "Window", "WindowLandmarks", "attention",
    "attention_rows", "lengthen", "nystrom_attention", "window_attention",
]  # fmt: skip
