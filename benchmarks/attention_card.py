"""Attention on a GPU: alone, beside PyTorch's and FlexAttention with the same landmarks; each attention beside that on
the CPU in float64. Not run yet: no card could be had since windows came.

   python benchmarks/attention_card.py
"""

import copy
import json
import platform
import statistics
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from minent.nn.attention import attention, nystrom_attention, window_attention


def timed(way, *given, repeats: int) -> float:
    """Milliseconds, the median."""
    cuda, spent = given[0].is_cuda, []
    for _ in range(repeats + 2):
        if cuda:
            torch.cuda.synchronize()
        begun = time.perf_counter()
        way(*given)
        if cuda:
            torch.cuda.synchronize()
        spent.append(1000 * (time.perf_counter() - begun))
    return statistics.median(spent[2:])


def flexible(window: int):
    """Window and landmarks by FlexAttention: keys are the tokens, then the means of blocks."""
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    compiled, masks = torch.compile(flex_attention), {}

    def way(q, k, v):
        n = q.shape[2]
        means = [x.unflatten(2, (-1, window)).mean(3) for x in (k, v)]
        if n not in masks:
            masks[n] = create_block_mask(
                lambda b, h, i, j: torch.where(
                    j < n, (i // window - j // window).abs() <= 1, (i // window - (j - n)).abs() > 1
                ),
                None, None, n, n + n // window, device=q.device,
            )  # fmt: skip
        share = torch.tensor(window, dtype=torch.float32, device=q.device).log()
        return compiled(
            q, torch.cat([k, means[0]], 2), torch.cat([v, means[1]], 2),
            score_mod=lambda score, b, h, i, j: torch.where(j < n, score, score + share), block_mask=masks[n],
        )  # fmt: skip

    return way


def speed(device: str, lengths, dtype, flex: bool) -> dict[str, dict[str, float]]:
    ways = {
        "softmax": F.scaled_dot_product_attention, "nystrom 64": lambda q, k, v: nystrom_attention(q, k, v, 64),
        **{f"window+landmarks {w}": lambda q, k, v, w=w: window_attention(q, k, v, w) for w in (128, 256)},
        **{f"window {w}": lambda q, k, v, w=w: window_attention(q, k, v, w, landmarks=False) for w in (128, 256)},
    }  # fmt: skip
    if flex:
        ways = {f"FlexAttention {w}": flexible(w) for w in (128, 256)}
    found: dict[str, dict[str, float]] = {}
    for name, way in ways.items():
        try:
            for n in lengths:
                given = [torch.randn(1, 8, n, 64, device=device, dtype=dtype).requires_grad_() for _ in range(3)]
                with torch.no_grad():
                    found.setdefault(name, {})[f"forward {n}"] = timed(way, *given, repeats=10)
                    if flex:
                        out, ours = way(*given).float(), window_attention(*given, int(name.split()[1])).float()
                        found[name][f"difference {n}"] = float((out - ours).norm() / ours.norm())
                back = timed(lambda *x, way=way: torch.autograd.grad(way(*x).sum(), x), *given, repeats=10)
                found[name][f"gradients {n}"] = back
        except Exception as error:  # no compiler there, or no room
            found.setdefault(name, {})["error"] = f"{type(error).__name__}: {str(error)[:200]}"  # type: ignore
    return found


def agreement() -> dict[str, float]:
    """Relative difference of outputs and gradients on the GPU from those on the CPU in float64."""
    kinds = {
        "softmax": {}, "nystrom": {"landmarks": 16}, "window": {"window": 32}, "window+landmarks": {"window": 32},
        "synthesizer": {"longest": 300},
    }  # fmt: skip
    found = {}
    torch.backends.cuda.matmul.allow_tf32 = False
    for kind, told in kinds.items():
        for padded in (False, True):
            for causal in (False, True)[: 1 if kind == "nystrom" else 2]:
                torch.manual_seed(0)
                layer, x = attention(kind, 64, 4, **told).double(), torch.randn(3, 300, 64).double()
                real = torch.ones(3, 300, dtype=torch.bool)
                if padded:
                    real[0, 200:] = real[1, :57] = real[2, 100:150] = False
                results = []
                for device, dtype in (("cpu", torch.float64), ("cuda", torch.float32), ("cuda", torch.bfloat16)):
                    one = copy.deepcopy(layer).to(device, dtype)
                    given = x.to(device, dtype).requires_grad_()
                    out = one(given, padding_mask=real.to(device) if padded else None, causal=causal)
                    out = out * real[..., None].to(device)
                    results.append([y.double().cpu() for y in (out, *torch.autograd.grad(out.square().sum(), given))])
                name = kind + ", padded" * padded + ", causal" * causal
                for dtype, result in zip(("fp32", "bf16"), results[1:], strict=True):
                    for what, got, wanted in zip(("out", "gradient"), result, results[0], strict=True):
                        found[f"{name}, {dtype}, {what}"] = float((got - wanted).norm() / wanted.norm())
    return found


def main() -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    lengths, dtype = ((4096, 16384), torch.bfloat16) if device == "cuda" else ((4096,), torch.float32)
    report: dict = {
        "device": torch.cuda.get_device_name() if device == "cuda" else platform.machine(), "torch": torch.__version__,
    }  # fmt: skip
    parts = {"speed": lambda: speed(device, lengths, dtype, False)}
    if device == "cuda":
        parts = {"agreement": agreement, **parts, "flex": lambda: speed(device, lengths, dtype, True)}
    for name, way in parts.items():
        try:
            report[name] = way()
        except Exception as error:  # a part that fails is told and takes no other with it
            report[f"{name} failed"] = f"{type(error).__name__}: {str(error)[:300]}"
        print(name, report.get(name), flush=True)
        path = Path(__file__).parent / "results" / "attention_card.json"
        path.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
