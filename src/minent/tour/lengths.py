"""How long attention takes: every token with every other, or by way of a few landmarks."""

import logging
import time
from pathlib import Path

import torch

from minent.nn.attention import attention
from minent.plot.curves import curves, inline
from minent.tour.page import Section, table

ASKED = """Attention compares every token of a text with every other: twice the length, four times the work. Nyström
attention goes by way of 64 landmarks, a synthesizer by learned weights without comparing at all. Milliseconds of one
layer (width 256, 4 heads, one thread) on this machine, for texts of so many tokens."""
LENGTHS = 256, 512, 1024, 2048, 4096, 8192
KINDS = {
    "softmax": {},
    "nystrom": {"landmarks": 64},
    "synthesizer": {"longest": max(LENGTHS), "kind": "factorised-random"},
}
SYNTHESIZED = 2048  # longer ones hold all n × n weights: no faster than softmax
log = logging.getLogger(__name__)


def lengths(folder: Path, most: int = max(LENGTHS)) -> Section:
    """Time each kind of attention on texts of up to `most` tokens; nothing is written to `folder`."""
    threads, places = torch.get_num_threads(), [n for n in LENGTHS if n <= most]
    torch.set_num_threads(1)
    try:
        found = {kind: [milliseconds(kind, n) for n in places] for kind in ("softmax", "nystrom")}
        found["synthesizer"] = [milliseconds("synthesizer", n) for n in places if n <= SYNTHESIZED]
    finally:
        torch.set_num_threads(threads)
    rows = [
        (f"{n:,}", *(f"{times[i]:.1f}" if i < len(times) else "" for times in found.values()))
        for i, n in enumerate(places)
    ]
    figure = curves([f"{n:,}" for n in places], found, across="tokens", up="milliseconds", logarithmic=True)
    gain = found["softmax"][-1] / found["nystrom"][-1]
    command = "minent text train --task classify --train reviews.tsv --out model --attention nystrom --longest 8192"
    result = f"{places[-1]:,} tokens: Nyström attention {gain:.1f} times as fast as softmax"
    return Section("lengths", ASKED, command, result, table(["tokens", *found], rows) + inline(figure))


@torch.inference_mode()
def milliseconds(kind: str, n: int) -> float:
    """The least of some runs of one layer."""
    log.info("%s attention to %d tokens", kind, n)
    layer, x = attention(kind, 256, 4, **KINDS[kind]).eval(), torch.randn(1, n, 256)
    times, begun = [], time.perf_counter()
    while len(times) < 2 or time.perf_counter() - begun < 0.3:
        start = time.perf_counter()
        layer(x)
        times.append(1000 * (time.perf_counter() - start))
    return min(times)
