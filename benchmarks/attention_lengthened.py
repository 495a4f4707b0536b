"""A pretrained model made long: what it still knows and what it costs, beside exact attention, windows and Nyström.

A ModernBERT of characters (4 layers of width 128, all of them global, rotary) learns for some minutes to fill 15 % of
masked characters in texts of 256, of the standard library's source. Lengthened to 2,048 without more training, it is
asked for the cross entropy of masked characters in files that it has not seen. Then layers of 8 heads of 64 alone,
forwards and with gradients, beside PyTorch's exact attention. One thread, CPU seconds, methods by turns in one run.

    python benchmarks/attention_lengthened.py [--seconds 240] [--seed 1]
"""

import argparse
import copy
import json
import platform
import random
import statistics
import sysconfig
import time
from pathlib import Path

import torch
import torch.nn.functional as F
import transformers

from minent.nn.attention import lengthen, nystrom_attention, window_attention

SHORT, LONG, MASK, OTHER = 256, 2048, 1, 2


def texts() -> list[torch.Tensor]:
    """Files of at least LONG characters, as numbers, in an order drawn once."""
    found = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    random.Random(0).shuffle(found)
    read = [path.read_text("utf-8", "replace") for path in found]
    return [torch.tensor([ord(c) if 9 <= ord(c) < 127 else OTHER for c in text]) for text in read if len(text) >= LONG]


def pieces(files: list[torch.Tensor], n: int, count: int, seed: int) -> torch.Tensor:
    draw = random.Random(seed)
    chosen = [draw.choice(files) for _ in range(count)]
    return torch.stack([text[(at := draw.randrange(len(text) - n + 1)) : at + n] for text in chosen])


def loss(model, ids: torch.Tensor, seed: int) -> torch.Tensor:
    masked = torch.rand(ids.shape, generator=torch.Generator().manual_seed(seed)) < 0.15
    scores = model(input_ids=ids.masked_fill(masked, MASK)).logits
    return F.cross_entropy(scores[masked], ids[masked])


def trained(files: list[torch.Tensor], seconds: float, seed: int):
    torch.manual_seed(seed)
    config = transformers.ModernBertConfig(
        vocab_size=128, hidden_size=128, intermediate_size=256, num_hidden_layers=4, num_attention_heads=4,
        max_position_embeddings=SHORT, global_attn_every_n_layers=1, pad_token_id=0, bos_token_id=3, eos_token_id=3,
        cls_token_id=3, sep_token_id=3,
    )  # fmt: skip
    model, steps, begun = transformers.ModernBertForMaskedLM(config).train(), 0, time.process_time()
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=0.01)
    while (spent := (time.process_time() - begun) / seconds) < 1:
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1, steps / 50, 3 * (1 - spent))
        optimizer.zero_grad()
        loss(model, pieces(files, SHORT, 16, 1000 * seed + steps), steps).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        steps += 1
    return model.eval(), steps


WAYS = {
    "softmax": ("softmax", {}), "softmax, stretched": ("softmax", {"positions": "stretched"}),
    "window+landmarks 128": ("window+landmarks", {"window": 128}),
    "window+landmarks 64": ("window+landmarks", {"window": 64}), "window 128": ("window", {"window": 128}),
    "window 64": ("window", {"window": 64}), "nystrom 64": ("nystrom", {"landmarks": 64}),
}  # fmt: skip


@torch.no_grad()
def kept(model, held: list[torch.Tensor]) -> dict[str, dict[str, float]]:
    """Nats for a masked character, at both lengths, and CPU seconds for a text of LONG."""
    found = {}
    for name, (attention, options) in WAYS.items():
        long = lengthen(copy.deepcopy(model), LONG, attention, **options)
        nats = {}
        for n in (SHORT, LONG):
            runs = [float(loss(long, pieces(held, n, LONG // n, seed), seed)) for seed in range(24)]
            nats[f"nats at {n}"] = statistics.fmean(runs)
        begun = time.process_time()
        long(input_ids=pieces(held, LONG, 1, 0))
        found[name] = {**nats, "seconds": time.process_time() - begun}
        print(f"{name:24}", {key: round(value, 3) for key, value in found[name].items()}, flush=True)
    return found


def speed(lengths=(1024, 2048, 4096, 8192), repeats: int = 3) -> dict[str, dict[str, float]]:
    """CPU seconds of attention alone, forwards and with gradients."""
    ways = {
        "softmax": F.scaled_dot_product_attention,
        "window+landmarks 256": lambda q, k, v: window_attention(q, k, v, 256),
        "window+landmarks 128": lambda q, k, v: window_attention(q, k, v, 128),
        "nystrom 64": lambda q, k, v: nystrom_attention(q, k, v, 64),
    }
    found: dict[str, dict[str, float]] = {name: {} for name in ways}
    for n in lengths:
        inputs = [torch.randn(1, 8, n, 64).requires_grad_() for _ in range(3)]
        times: dict[tuple[str, str], list[float]] = {}
        for _ in range(repeats):
            for name, way in ways.items():
                with torch.no_grad():
                    begun = time.process_time()
                    way(*inputs)
                    times.setdefault((name, "forward"), []).append(time.process_time() - begun)
                begun = time.process_time()
                torch.autograd.grad(way(*inputs).sum(), inputs)
                times.setdefault((name, "gradients"), []).append(time.process_time() - begun)
        for (name, what), spent in times.items():
            found[name][f"{what} {n}"] = statistics.median(spent)
    for name, spent in found.items():
        print(f"{name:24}", {key: round(value, 3) for key, value in spent.items()}, flush=True)
    return found


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=float, default=240)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    torch.set_num_threads(1)
    files = texts()
    spent = speed()
    model, steps = trained(files[20:], asked.seconds, asked.seed)
    print(f"{steps} steps", flush=True)
    report = {
        "machine": f"{platform.machine()}, one thread", "torch": torch.__version__,
        "transformers": transformers.__version__,
        "seconds of training": asked.seconds, "steps": steps, "seed": asked.seed, "kept": kept(model, files[:20]),
        "speed": spent,
    }  # fmt: skip
    path = Path(__file__).parent / "results" / "attention_lengthened.json"
    path.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
