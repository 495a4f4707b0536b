"""How long attention takes: every token with every other, or by way of a few landmarks."""

import logging
import time
from pathlib import Path

import torch

from minent.nn.attention import attention
from minent.plot.curves import curves, inline
from minent.plot.speaking import Say
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


def lengths(folder: Path, say: Say, most: int = max(LENGTHS)) -> Section:
    """Time each kind of attention on texts of up to `most` tokens; nothing is written to `folder`."""
    places = [n for n in LENGTHS if n <= most]
    found = {kind: [milliseconds(kind, n) for n in places] for kind in ("softmax", "nystrom")}
    found["synthesizer"] = [milliseconds("synthesizer", n) for n in places if n <= SYNTHESIZED]
    rows = [
        (f"{n:,}", *(f"{times[i]:.1f}" if i < len(times) else "" for times in found.values()))
        for i, n in enumerate(places)
    ]
    ticks = [f"{n:,}" for n in places]
    figure = curves(ticks, found, across=say("tokens"), up=say("milliseconds"), logarithmic=True)
    gain = found["softmax"][-1] / found["nystrom"][-1]
    command = "minent text train --task classify --train reviews.tsv --out model --attention nystrom --longest 8192"
    facts = [
        (f"{gain:.1f} ×", say("as fast as softmax: Nyström attention over {} tokens").format(ticks[-1])),
        (f"{found['nystrom'][-1]:.0f} ms", say("instead of {:.0f}").format(found["softmax"][-1])),
    ]
    html = f'<div class="curve">{inline(figure)}</div>{table([say("tokens"), *found], rows)}'
    return Section(say("Attention over length"), say(ASKED), command, facts, html, "how-to/longer-texts-in-bert.md")


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
