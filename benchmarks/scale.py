"""How large can I go: CPU seconds and peak memory of training texts, writing, attention, sampling and images, beside
what a formula says; each in a process of its own, one thread. F is what the core multiplies, measured in each process
by products of 1,024 × 1,024 matrices; `worth` is the part of F that the work reaches, `bytes` what is held beyond 16
bytes a weight, for each token of a batch, layer and number of the width (texts), or each pixel and channel (images).

    python benchmarks/scale.py

Figures go to results/scale.json; docs/scale.md has their formulas.
"""

import io
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from minent.data import Images, Pairs, read_images
from minent.gan import Networks, Playing, new_players, train_gan
from minent.nn import Shape
from minent.nn.attention import attention
from minent.text import Gibbs, Reading, Writing, new_masked_lm, new_seq2seq, train_masked_lm, train_seq2seq
from minent.training import Recipe

RESULTS = Path(__file__).resolve().parent / "results" / "scale.json"
TEXTS = [(128, 2, 64), (256, 4, 128), (256, 4, 512), (512, 6, 128)]  # width, layers, tokens of a text
IMAGES = [(32, 32), (32, 64), (64, 64)]  # pixels of a side, channels of the first layer
KINDS, WIDTHS = ("softmax", "nystrom", "window", "window+landmarks"), (128, 256, 512)
WORDS, TOKENS, BATCH = 2000, 2048, 16


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def flops_of_a_core() -> float:
    one = torch.randn(1024, 1024)
    took = []
    for _ in range(8):
        start = time.process_time()
        one @ one
        took.append(time.process_time() - start)
    return 2 * 1024**3 / float(np.median(took))


def seconds(step: Callable[[], object], times: int = 3) -> float:
    took = []
    step()
    for _ in range(times):
        start = time.process_time()
        step()
        took.append(time.process_time() - start)
    return float(np.median(took))


def texts_of(count: int, length: int) -> list[str]:
    words = np.random.default_rng(1).integers(0, WORDS, (count, length))
    return [" ".join(f"w{word}" for word in row) for row in words]


def shape_of(width: int, layers: int, length: int) -> Shape:
    return Shape(dim=width, heads=4, layers=layers, hidden=4 * width, longest=length + 2)


def told(step: float, before: float, flops: float, **more: float) -> dict[str, float]:
    speed = flops_of_a_core()
    return {"seconds": step, "MB": megabytes() - before, "F": speed / 1e9, "worth": flops / step / speed, **more}


def trained(kind: str, width: int, layers: int, length: int) -> dict[str, float]:
    """A step on TOKENS tokens; FLOPs: 6 for each weight, 12 n d for each layer's attention."""
    texts, reading = texts_of(8 * TOKENS // length, length), Reading("words", WORDS + 10)
    shape, recipe = shape_of(width, layers, length), Recipe(steps=8)
    before = megabytes()
    if kind == "masked-lm":
        model = new_masked_lm(texts, shape, reading)
        records = train_masked_lm(model, texts, None, recipe, tokens=TOKENS)
    else:
        model = new_seq2seq(pairs := Pairs(texts, texts), shape, reading, Writing(decoder="left-to-right"))
        records = train_seq2seq(model, pairs, None, recipe, tokens=TOKENS)
    step = float(np.median(np.diff([time.process_time() for _ in records])))
    weights = sum(one.numel() for one in model.parameters())
    flops = TOKENS * (6 * weights + 12 * layers * length * width * (1 if kind == "masked-lm" else 3))
    held = (megabytes() - before) * 2**20 - 16 * weights
    return told(step, before, flops, weights=weights, bytes=held / (TOKENS * layers * width))


def written(width: int, layers: int, length: int) -> dict[str, float]:
    """Texts with a beam of five; FLOPs: 2 for each weight of the decoder, each token and each of five."""
    texts, shape = texts_of(BATCH, length), shape_of(width, layers, length)
    model = new_seq2seq(
        Pairs(texts, texts), shape, Reading("words", WORDS + 10), Writing(decoder="left-to-right")
    ).eval()
    before, count = megabytes(), []

    def step() -> None:
        count[:] = [sum(len(one.split()) for one in model.write(texts, beam=5))]

    took = seconds(step, 1)
    weights = sum(one.numel() for one in model.parameters())
    return told(took, before, 2 * 5 * BATCH * length * weights / 2, weights=weights, tokens=count[0] / BATCH)


def drawn(width: int, layers: int, length: int) -> dict[str, float]:
    """A sweep of BATCH chains, of which each token is drawn by a pass over its text; FLOPs: 2 for each weight of the
    layers, each token of the text and each token drawn."""
    model = new_masked_lm(texts_of(BATCH, length), shape_of(width, layers, length), Reading("words", WORDS + 10)).eval()
    weights = sum(one.numel() for name, one in model.named_parameters() if "embed" not in name)
    before = megabytes()
    took = seconds(lambda: list(Gibbs(model, length=length, chains=BATCH, sweeps=1).sweeps()), 1)
    passes = BATCH * length * 2  # the start is drawn, too
    flops = passes * length * (2 * weights + 4 * layers * length * width)
    return told(took, before, flops, weights=weights, passes=passes / took)


def attended(kind: str, width: int, length: int, learned: bool) -> dict[str, float]:
    """A layer of 8 heads over one text, forwards or with gradients; FLOPs forwards: 8 n d² of its four matrices, and
    4 n² d, 8 n m d + 12 m³ for each head with m = 64 landmarks, or 12 n w d with windows of w = 256."""
    layer = attention(kind, width, 8, **({"landmarks": 64} if kind == "nystrom" else {}))
    texts = torch.randn(1, length, width)
    before = megabytes()

    def step() -> None:
        with torch.set_grad_enabled(learned):
            out = layer(texts)
            if learned:
                out.sum().backward()

    took = seconds(step)
    own = {"softmax": 4 * length**2 * width, "nystrom": 8 * length * 64 * width + 12 * 8 * 64**3}
    flops = 8 * length * width**2 + own.get(kind, 12 * length * 256 * width)
    held = (megabytes() - before) * 2**20
    return told(took, before, flops * (3 if learned else 1), bytes=held / (length * width))


def photographs(size: int, count: int) -> dict[str, float]:
    """A folder of photographs is read, and gone through once; MB are those of the process itself, without what the
    system keeps of files as long as there is room."""
    with tempfile.TemporaryDirectory() as folder:
        noise = np.random.default_rng(1).integers(0, 256, (10, 10, 3)).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(noise).resize((160, 140)).save(file, "JPEG")
        for i in range(count):
            Path(folder, f"{i}.jpg").write_bytes(file.getvalue())
        before, start = own_megabytes(), time.process_time()
        images = read_images(folder, size)
        for batch in images.batches(64).epoch(1):
            batch["x"].sum()
        took = time.process_time() - start
        return {"seconds": took, "MB": own_megabytes() - before, "pixels_MB": images.values.nbytes / 2**20}


def own_megabytes() -> float:
    """What this process holds by itself now (Linux)."""
    told = Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0]
    return int(told) / 1024


def played(size: int, width: int) -> dict[str, float]:
    """A step of a critic and of a generator; FLOPs by what one image costs both forwards."""
    images = Images(np.random.default_rng(1).integers(0, 256, (256, 3, size, size), np.uint8))
    before = megabytes()
    players = new_players(images, Networks(width=width))
    records = train_gan(*players, images, Playing(steps=8, batch=BATCH, evaluate_every=100))
    step = float(np.median(np.diff([time.process_time() for _ in records])))
    weights = sum(one.numel() for player in players for one in player.parameters())
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        players[1](players[0](torch.randn(1, 128)))
    forward = counter.get_total_flops()
    held = (megabytes() - before) * 2**20 - 16 * weights
    return told(step, before, BATCH * forward, weights=weights, forward=forward, bytes=held / (BATCH * size**2 * width))


def main() -> None:
    parts = [("trained", "masked-lm", *one) for one in TEXTS] + [("trained", "seq2seq", *one) for one in TEXTS]
    parts += [("written", *one) for one in TEXTS[:2]] + [("drawn", *one) for one in TEXTS[:2]]
    parts += [
        ("attended", kind, width, 4096, learned) for kind in KINDS for width in WIDTHS for learned in (False, True)
    ]
    parts += [("played", *one) for one in IMAGES] + [("photographs", 128, 30_000)]
    found = []
    for part in parts:
        code = f"import json, scale; print(json.dumps(scale.{part[0]}{part[1:]!r}))"
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parent)
        if run.returncode:
            sys.exit(run.stderr)
        found.append({"part": list(part), **json.loads(run.stdout)})
        print(*part, *(f"{name} {value:,.3g}" for name, value in found[-1].items() if name != "part"), flush=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, one thread"
    versions = ", ".join(f"{name} {version(name)}" for name in ("minent", "torch"))
    held = {"date": str(date.today()), "machine": machine, "versions": versions, "found": found}
    RESULTS.write_text(json.dumps(held, indent=1) + "\n")


if __name__ == "__main__":
    main()
