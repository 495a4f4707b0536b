"""Attention: Nyström and Synthesizer beside what people use, time and error, in one run.

Compared are the attentions themselves, from queries, keys and values to what comes out (8 heads of 64, projections
taken out of all), because projections are the same matrix products everywhere; then whole layers with their
projections. One thread, CPU seconds, methods by turns, medians. bf16 is under autocast (neither peer runs on bf16
tensors otherwise).
Errors are ‖approximate − exact‖ / ‖exact‖ of softmax attention.

    python benchmarks/attention.py [--quick] [--device cuda] [--write docs/attention.md]
"""

import argparse
import json
import os
import platform
import time
from contextlib import nullcontext
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from nystrom_attention import NystromAttention
from torch import nn
from transformers import NystromformerConfig
from transformers.models.nystromformer.modeling_nystromformer import NystromformerSelfAttention

from minent.nn.attention import Nystrom, Softmax, Synthesizer
from minent.nn.attention.landmarks import RIDGE, newton, ridge
from minent.nn.attention.segments import segments

RESULTS = Path(__file__).resolve().parent / "results" / "attention.json"
WIDTH, HEADS, LANDMARKS = 512, 8, 64
PEERS = "HF Nystromformer", "lucidrains", "SDPA"


class HuggingFace(nn.Module):
    """transformers' Nyströmformer attention, with an output projection as the others have."""

    def __init__(self, n):
        super().__init__()
        config = NystromformerConfig(
            hidden_size=WIDTH, num_attention_heads=HEADS, num_landmarks=LANDMARKS, segment_means_seq_len=n,
            conv_kernel_size=33, attention_probs_dropout_prob=0.0,
        )  # fmt: skip
        self.attention, self.out = NystromformerSelfAttention(config), nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        return self.out(self.attention(x)[0])


class Thrice(nn.Module):
    """Stands for a projection to queries, keys and values that costs nothing."""

    def forward(self, x):
        class Parts:
            @staticmethod
            def chunk(*_, **__):
                return x, x, x

        return Parts


def methods(n, core):
    """Name → module of (batch, n, WIDTH)."""
    ours, theirs = Nystrom(WIDTH, HEADS, landmarks=LANDMARKS), HuggingFace(n)
    lucid, exact = NystromAttention(WIDTH, WIDTH // HEADS, HEADS, LANDMARKS), Softmax(WIDTH, HEADS)
    if core:
        for module in (ours, exact, theirs.attention):
            module.query = module.key = module.value = nn.Identity()
        ours.out = exact.out = theirs.out = lucid.to_out = nn.Identity()
        lucid.to_qkv = Thrice()
    return {"minent": ours, "HF Nystromformer": theirs, "lucidrains": lucid, "SDPA": exact}


def seconds(run, device):
    if device == "cuda":
        torch.cuda.synchronize()
        start = time.perf_counter()
        run()
        torch.cuda.synchronize()
        return time.perf_counter() - start
    start = time.process_time()
    run()
    return time.process_time() - start


def race(modules, x, device, precision, repeats, skip=()):
    """Median milliseconds of each method, forward and forward with backward, by turns."""
    context = torch.autocast(device, torch.bfloat16) if precision == "bf16" else nullcontext()
    x = x.to(torch.bfloat16) if precision == "bf16" else x
    leaf = x.clone().requires_grad_()
    found = {name: [[], []] for name in modules}

    def forward(module):
        with torch.no_grad(), context:
            module(x)

    def both(module):
        with context:
            out = module(leaf)
        out.float().square().sum().backward()

    for repeat in range(repeats + 1):
        for name, module in modules.items():
            for kind, run in enumerate((forward, both)):
                if (name, kind) not in skip:
                    spent = seconds(lambda run=run, module=module: run(module), device)
                    found[name][kind] += [spent] if repeat else []
    return {name: [1000 * float(np.median(s)) if s else None for s in pair] for name, pair in found.items()}


def speeds(quick, device):
    lengths = (512, 2048) if quick else (256, 512, 1024, 2048, 4096, 8192, 16384)
    rows = []
    for core in (True, False):
        for precision in ("fp32", "bf16"):
            for n in lengths:
                for batch in (1, 4):
                    if not core and (batch == 4 or n not in (512, 2048, 8192)):
                        continue
                    modules = {name: module.to(device) for name, module in methods(n, core).items()}
                    x = torch.randn(batch, n, WIDTH, device=device)
                    skip = []  # what would take minutes
                    if device == "cpu" and n * n * batch > 4 * 4096**2:
                        skip.append(("SDPA", 1))
                    if device == "cpu" and n * n * batch > 4 * 8192**2:
                        skip.append(("SDPA", 0))
                    repeats = 3 if n * batch > 8192 else 7
                    times = race(modules, x, device, precision, repeats, skip)
                    rows.append({"core": core, "precision": precision, "n": n, "batch": batch, **times})
                    print(line(rows[-1]), flush=True)
    return rows


def padded_speeds(quick):
    """With padding: the attention itself, a quarter of the tokens padding at the end of samples (Hugging Face's takes
    no mask in this version)."""
    rows = []
    for n in (512,) if quick else (512, 2048, 8192):
        mask = torch.arange(n) < torch.tensor([n, 3 * n // 4, n // 2, 3 * n // 4])[:, None]
        ours, lucid = (methods(n, True)[name] for name in ("minent", "lucidrains"))
        exact = methods(n, True)["SDPA"]
        modules = {
            "minent": lambda x, mask=mask, module=ours: module(x, padding_mask=mask),
            "lucidrains": lambda x, mask=mask, module=lucid: module(x, mask=mask),
            "SDPA": lambda x, mask=mask, module=exact: module(x, padding_mask=mask),
        }
        times = race(modules, torch.randn(4, n, WIDTH), "cpu", "fp32", 5, [("SDPA", 1)] if n > 4096 else [])
        rows.append({"n": n, **times})
        print("padded", rows[-1], flush=True)
    return rows


def line(row):
    ours = row["minent"]
    parts = [f"{'core' if row['core'] else 'layer'} {row['precision']} n={row['n']:5} batch {row['batch']}"]
    parts.append("minent {:.1f} / {:.1f} ms".format(*ours))
    for name in PEERS:
        pairs = zip(row[name], ours, strict=True)
        parts += [f"{name} " + " / ".join("-" if peer is None else f"{peer / own:.1f}×" for peer, own in pairs)]
    return "; ".join(parts)


def smooth(n, length, generator, scale=1.0):
    """Queries, keys and values of tokens that change slowly, over `length` tokens, with some noise."""
    knots = torch.randn(4, n // length + 2, 64, generator=generator)
    x = F.interpolate(knots.mT, size=n, mode="linear").mT
    x = x / x.std()
    q, k, v = (x @ (torch.randn(64, 64, generator=generator) / 8) for _ in range(3))
    q, k, v = (y + 0.1 * torch.randn(4, n, 64, generator=generator) for y in (scale * q, scale * k, v))
    return q, k, v


def errors(quick):
    """Relative errors of the two solvers, and of the best that landmark values can do, over inputs and seeds."""
    n, rows = 2048, []
    inputs = {
        "random": lambda g: torch.randn(3, 4, n, 64, generator=g),
        "changes every 16 tokens": lambda g: smooth(n, 16, g),
        "changes every 64 tokens": lambda g: smooth(n, 64, g),
        "changes every 64 tokens, sharp": lambda g: smooth(n, 64, g, 2.0),
        "changes every 256 tokens": lambda g: smooth(n, 256, g),
    }
    for name, draw in inputs.items():
        for landmarks in (64,) if quick else (32, 64, 128):
            found = []
            for seed in range(1 if quick else 3):
                q, k, v = (y[None] for y in draw(torch.Generator().manual_seed(seed)))
                exact = F.scaled_dot_product_attention(q, k, v)
                groups = segments(n, landmarks)
                qt, kt, vt = groups.mean(q), groups.mean(k), groups.mean(v)
                weights = (qt @ kt.mT / 8).softmax(-1)
                answers = F.scaled_dot_product_attention(qt, k, v)
                scores = (q @ kt.mT / 8).softmax(-1)
                best = torch.linalg.lstsq(scores.double(), exact.double()).solution.float()
                every = (newton(weights, answers), ridge(weights, answers, vt, RIDGE), best)
                found.append([float((scores @ values - exact).norm() / exact.norm()) for values in every])
            rows.append({"input": name, "landmarks": landmarks, "errors": np.mean(found, axis=0).tolist()})
            print(rows[-1], flush=True)
    return rows


def influences():
    """How far real outputs move when padding, or another sample of the batch, is changed."""
    torch.manual_seed(0)
    n, rows = 512, {}
    mask = torch.ones(2, n, dtype=torch.bool)
    mask[:, 400:] = False
    x = torch.randn(2, n, WIDTH)
    padded, mate = x.clone(), x.clone()
    padded[:, 400:] += 5
    mate[1] *= 5
    for name, module in methods(n, False).items():
        if name == "SDPA":
            continue
        added = torch.zeros(2, 1, 1, n).masked_fill(~mask[:, None, None], torch.finfo(torch.float32).min)
        masked = {
            "minent": lambda y, module=module: module(y, padding_mask=mask),
            "HF Nystromformer": lambda y, module=module, added=added: module.out(module.attention(y, added)[0]),
            "lucidrains": lambda y, module=module: module(y, mask=mask),
        }[name]
        with torch.no_grad():
            by_padding = float((masked(padded) - masked(x))[:, :400].abs().max())
            rows[name] = by_padding, float((module(mate) - module(x))[0].abs().max())
        print(name, rows[name], flush=True)
    return rows


def synthesizers(quick, device):
    rows = []
    for n in (128, 512) if quick else (128, 256, 512, 1024):
        kinds = ("random", "factorised-random", "dense", "factorised-dense", "random+softmax")
        modules = {kind: Synthesizer(WIDTH, HEADS, longest=n, kind=kind) for kind in kinds}
        modules = {
            name: module.eval().to(device) for name, module in {"SDPA": Softmax(WIDTH, HEADS), **modules}.items()
        }
        rows.append({"n": n, **race(modules, torch.randn(2, n, WIDTH, device=device), device, "fp32", 9)})
        print(rows[-1], flush=True)
    return rows


def report(saved):
    def cell(time, ours):
        return "" if time is None else f"{time:.1f} ({time / ours:.1f}×)"

    parts = [
        f"""# Attention: measured

`benchmarks/attention.py` on {saved["date"]}, {saved["machine"]} ({saved["versions"]}). {saved["how"]}
{WIDTH} wide, {HEADS} heads, {LANDMARKS} landmarks, a convolution of 33. In brackets: times what minent takes.
"""
    ]
    for core in (True, False):
        for kind, title in enumerate(("forward", "forward and backward")):
            what = "the attention itself" if core else "whole layers, projections included"
            parts.append(f"\n### Nyström, {title}: {what} (ms)\n")
            parts.append(f"| precision | n | batch | minent | {' | '.join(PEERS)} |\n|---|---|---|---|---|---|---|")
            for row in saved["speeds"]:
                if row["core"] == core:
                    times = [cell(row[name][kind], row["minent"][kind]) for name in PEERS]
                    head = f"| {row['precision']} | {row['n']} | {row['batch']} | {row['minent'][kind]:.1f} | "
                    parts.append(head + " | ".join(times) + " |")
    parts.append("\n### With padding, batch 4, fp32: forward; forward and backward (ms)\n")
    parts.append("| n | minent | lucidrains | SDPA |\n|---|---|---|---|")
    for row in saved["padded"]:
        times = (
            "; ".join("" if t is None else f"{t:.1f}" for t in row[name]) for name in ("minent", "lucidrains", "SDPA")
        )
        parts.append(f"| {row['n']} | {' | '.join(times)} |")
    parts.append("\n### Error against softmax attention, n = 2048, mean of 3 seeds\n")
    parts.append("| input | landmarks | six iterations (the paper) | ridge (minent) | best possible values |")
    parts.append("|---|---|---|---|---|")
    for row in saved["errors"]:
        cells = " | ".join(f"{error:.4f}" for error in row["errors"])
        parts += [f"| {row['input']} | {row['landmarks']} | {cells} |"]
    six, ours = np.array([row["errors"][:2] for row in saved["errors"]]).T
    means = f"{np.exp(np.log(ours / six).mean()):.2f}; ratio of the mean errors {ours.mean() / six.mean():.2f}"
    parts.append(f"\nGeometric mean of the ratios ridge / six iterations {means}.")
    parts.append("\n### What padding, and other samples of the batch, change in real outputs (largest difference)\n")
    parts.append("| | padding changed | batch mate changed |\n|---|---|---|")
    parts += [f"| {name} | {a:.2g} | {b:.2g} |" for name, (a, b) in saved["influences"].items()]
    parts.append("\n### Synthesizer layers beside a softmax layer, batch 2, fp32: ms forward; forward and backward\n")
    names = [name for name in saved["synthesizers"][0] if name != "n"]
    parts.append(f"| n | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
    for row in saved["synthesizers"]:
        cells = (
            f"{row[name][0]:.1f} ({row['SDPA'][0] / row[name][0]:.2f}× as fast); {row[name][1]:.1f}" for name in names
        )
        parts.append(f"| {row['n']} | " + " | ".join(cells) + " |")
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    device = (
        torch.cuda.get_device_name() if options.device == "cuda" else f"{platform.machine()}, {os.cpu_count()} cores"
    )
    packages = "minent", "torch", "transformers", "nystrom-attention"
    how = "Wall time." if options.device == "cuda" else "One thread, CPU time, medians, methods by turns."
    saved = {
        "date": date.today().isoformat(), "machine": f"{device}, Python {platform.python_version()}", "how": how,
        "versions": ", ".join(f"{package} {version(package)}" for package in packages),
        "padded": padded_speeds(options.quick) if options.device == "cpu" else [],
        "influences": influences(), "errors": errors(options.quick),
        "synthesizers": synthesizers(options.quick, options.device), "speeds": speeds(options.quick, options.device),
    }  # fmt: skip
    if not options.quick:
        name = RESULTS.with_stem(f"attention_{options.device}")
        name.write_text(json.dumps(saved, indent=1) + "\n")
    if options.write:
        options.write.write_text(report(saved))


if __name__ == "__main__":
    main()
