"""What the parts of gpu.py share: where they run, what they tell, how far two results are apart, and small data."""

import json
import math
import platform
import signal
import time
import traceback
import warnings
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import PartialState

import minent
from minent.data import Labelled
from minent.data.images.images import Images
from minent.data.points.toys import gaussians
from minent.data.texts.pairs import Pairs
from minent.nn.shape import Shape
from minent.text.options import Reading, Writing
from minent.text.writing.training import new_seq2seq
from minent.training.trajectory import record

PACKAGE = str(Path(minent.__file__).parent)
CPU, GPU = torch.device("cpu"), torch.cuda.is_available()
DEVICE = torch.device("cuda", 0) if GPU else CPU
MIXED = (
    "same device",
    "two devices",
    "two different devices",
    "can't convert cuda",
    "on CPU, but",
    "is on cpu",
    "should be the same",
    "either on cpu",
)
OBJECTIVES = "random-replacement", "gradient-penalty", "adversarial", "scheduled-sampling", "teaforn", "r-drop"
TINY = Shape(dim=32, heads=4, layers=2, hidden=64, longest=64, dropout=0.0)


class Report:
    """What was found, part by part; a check that fails or takes too long is told, and the next goes on."""

    def __init__(self, folder, seconds):
        self.file, self.end = folder / "gpu.json", time.monotonic() + seconds
        self.until = self.end  # of the part at work
        name = torch.cuda.get_device_name() if GPU else f"{platform.machine()}, no GPU"
        versions = {one: version(one) for one in ("torch", "transformers", "accelerate")}
        self.found = {
            "date": date.today().isoformat(),
            "device": name,
            "versions": versions,
            "checks": [],
            "tables": {},
        }
        signal.signal(signal.SIGALRM, self._late)

    @staticmethod
    def _late(*_):
        raise TimeoutError("took too long")

    def part(self, name, run, quick, seconds):
        """Run one part, for so many seconds at most."""
        begun = time.monotonic()
        self.until = min(self.end, begun + seconds)
        self.isolated(name, lambda: run(self, quick))
        self.row("parts", name, seconds=round(time.monotonic() - begun, 1), date=date.today().isoformat())
        self.flush()

    def isolated(self, name, run):
        """Run; what goes wrong outside a check is told. What was found is flushed."""
        try:
            run()
        except Exception as problem:
            traceback.print_exc(limit=-4)
            said = f"{where(problem)}{type(problem).__name__}: {str(problem)[:200]}"
            self.found["checks"].append([f"outside a check: {name}", "FAIL", math.nan, None, 0.0, said])
        self.flush()

    def check(self, name, run, bound=None, limit=30.0, stays=False):
        """`run()` gives an error, which the bound is on, and perhaps a message; or nothing. `stays`: devices are known
        to mix where inputs are not on the CPU."""
        begun, error, said, status = time.perf_counter(), math.nan, "", "ok"
        left = min(limit, self.until - time.monotonic())
        try:
            if left <= 1:
                raise TimeoutError("no time was left")
            signal.setitimer(signal.ITIMER_REAL, left)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = run()
                synchronise()
            signal.setitimer(signal.ITIMER_REAL, 0)
            error, said = found if isinstance(found, tuple) else (math.nan if found is None else found, "")
            status = "ok" if bound is None or error <= bound else "FAIL"
        except Exception as problem:
            signal.setitimer(signal.ITIMER_REAL, 0)
            mixed = isinstance(problem, RuntimeError | TypeError) and any(one in str(problem) for one in MIXED)
            status = ("CPU" if stays else "MIXES") if mixed else "late" if isinstance(problem, TimeoutError) else "FAIL"
            said = f"{where(problem)}{type(problem).__name__}: {' '.join(str(problem).split())[:200]}"
            if status == "FAIL":
                print("".join(traceback.format_exception(problem)[-6:]), flush=True)
        seconds = time.perf_counter() - begun
        self.found["checks"].append([name, status, error, bound, round(seconds, 2), said])
        print(line(self.found["checks"][-1]), flush=True)

    def row(self, table, name, **columns):
        self.found["tables"].setdefault(table, {})[name] = columns
        print(f"{table}: {name}: " + ", ".join(f"{key} {value}" for key, value in columns.items()), flush=True)

    def flush(self):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(self.found, indent=1) + "\n")

    def shown(self):
        checks = self.found["checks"]
        bad = [one for one in checks if one[1] != "ok"]
        worst = sorted((one for one in checks if one[1] == "ok" and one[3]), key=lambda one: -one[2] / one[3])[:10]
        parts = [f"\n{self.found['device']}, {self.found['versions']}; {len(checks)} checks, {len(bad)} not ok:"]
        parts += [*map(line, bad), "nearest to their bounds:", *map(line, worst)]
        for name, rows in self.found["tables"].items():
            parts.append(f"\n{name}")
            parts += [f"  {key:44} " + "  ".join(f"{k} {v}" for k, v in one.items()) for key, one in rows.items()]
        return "\n".join(parts)


def page(found):
    """What was found, as a page."""
    checks, bad = found["checks"], [one for one in found["checks"] if one[1] != "ok"]
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    largest = {}
    for name, status, error, bound, *_ in checks:
        kind = next((one for one in ("fp64", "fp32", "bf16") if name.endswith(one)), None)
        if status == "ok" and kind and bound and error == error:
            largest[kind] = max(largest.get(kind, (0.0, 0.0)), (error / bound, error))
    parts = ["# On a GPU: measured\n\n`benchmarks/gpu.py`.", f"{found['device']}, {found['date']} ({versions}).\n"]
    parts.append(f"{len(checks)} checks beside fp64 or a run on the CPU, {len(bad)} not as they should be.")
    parts += [f"- {name}: {said or status}" for name, status, _, _, _, said in bad]
    parts += [f"- nearest to its bound in {kind}: an error of {error:.1g}" for kind, (_, error) in largest.items()]
    for name, rows in found["tables"].items():
        if name == "waits for the GPU":
            parts.append("\n## Waits for the GPU\n\nHow often a step (or what is named) waits; lines: gpu.json.\n")
            parts += ["| of | waits |", "|---|---|", *(f"| {key} | {one['each']:g} |" for key, one in rows.items())]
        elif name != "parts":
            day = found["tables"]["parts"].get(name, {}).get("date", found["date"])
            columns = list(dict.fromkeys(column for one in rows.values() for column in one))
            heads = " | ".join(column.replace("_", " ") for column in columns)
            parts.append(f"\n## {name.capitalize()}" + f", {day}" * (day != found["date"]) + f"\n\n| | {heads} |")
            parts.append("|---" * (len(columns) + 1) + "|")
            parts += [f"| {key} | {' | '.join(str(one.get(c, '')) for c in columns)} |" for key, one in rows.items()]
    return "\n".join(parts) + "\n"


def line(check):
    name, status, error, bound, seconds, said = check
    figure = "" if math.isnan(error) else f"{error:.1e}" + ("" if bound is None else f" of {bound:.0e}")
    return f"{status:5} {name:52} {figure:18} {seconds:6.2f} s  {said}"


def where(problem):
    """The innermost line of minent that a problem went through."""
    ours = [one for one in traceback.extract_tb(problem.__traceback__) if one.filename.startswith(PACKAGE)]
    return f"{ours[-1].filename[len(PACKAGE) + 1 :]}:{ours[-1].lineno}: " if ours else ""


def synchronise():
    if GPU:
        torch.cuda.synchronize()


@contextmanager
def on(device):
    """Training takes place on this device."""
    PartialState._reset_state()
    PartialState(cpu=device.type == "cpu")
    try:
        yield
    finally:
        PartialState._reset_state()


def far(found, wanted):
    """‖a − b‖ / ‖b‖ of all tensors together."""
    a, b = (torch.cat([torch.as_tensor(t).detach().double().cpu().flatten() for t in ts]) for ts in (found, wanted))
    return float((a - b).norm() / b.norm().clamp(min=1e-300))


def alike(report, name, run, bound=1e-4):
    """Check how far `run(device)`, some tensors or arrays, is from that on the CPU."""
    report.check(name, lambda: far(run(DEVICE), run(CPU)), bound)


def mostly(report, name, run, bound=0.1):
    """Check which share of `run(device)`, a list, differs from that on the CPU."""

    def differs():
        one, other = run(DEVICE), run(CPU)
        return sum(a != b for a, b in zip(one, other, strict=True)) / len(one)

    report.check(name, differs, bound)


class Data:
    """Small texts, pairs and images, drawn."""

    def __init__(self, number=96):
        random, words = np.random.default_rng(0), [f"w{i}" for i in range(24)]
        rows = [random.choice(words, random.integers(3, 10)).tolist() for _ in range(number)]
        self.texts = [" ".join(row) for row in rows]
        self.pairs = Pairs(self.texts, [" ".join(row[::-1]) for row in rows])
        self.labelled = Labelled(self.texts, ["yes" if {"w0", "w1", "w2"} & set(row) else "no" for row in rows])
        pixels, labels = random.integers(0, 256, (64, 1, 16, 16)).astype(np.uint8), np.arange(64) % 2
        self.images = Images(pixels)
        self.classes, self.points = Images(pixels, labels, ("a", "b")), Images(gaussians(512))
        self.reading = Reading("words", 40)

    def writer(self, decoder="left-to-right", copying=False, shape=TINY):
        return new_seq2seq(self.pairs, shape, self.reading, Writing(decoder, copy=copying))


def marian(vocabulary, shape):
    from transformers import MarianConfig, MarianMTModel

    torch.manual_seed(0)
    return MarianMTModel(
        MarianConfig(
            vocab_size=vocabulary,
            d_model=shape.dim,
            encoder_layers=shape.layers,
            decoder_layers=shape.layers,
            encoder_attention_heads=shape.heads,
            decoder_attention_heads=shape.heads,
            encoder_ffn_dim=shape.hidden,
            decoder_ffn_dim=shape.hidden,
            max_position_embeddings=512,
            pad_token_id=0,
            eos_token_id=3,
            decoder_start_token_id=0,
            forced_eos_token_id=None,
            dropout=shape.dropout,
            attention_dropout=0.0,
            activation_dropout=0.0,
        )
    ).eval()


def recorded(model, x, y, folder, steps, device=CPU):
    """A loop by Adam with momentum, of batches of 20."""
    model = model.to(x.device)
    optimizer, ids = torch.optim.AdamW(model.parameters(), 1e-2), torch.arange(20, device=device)
    with record(model, optimizer, folder) as run:
        for step in range(steps):
            rows = (ids + 20 * step) % len(x)
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            run.batch(rows)
            optimizer.step()
