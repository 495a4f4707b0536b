"""A lengthened model after 100 steps at the new length, on tasks that need the length, beside cutting texts off.

A ModernBERT of characters (4 global layers of width 256, rotary) learns for 50 seconds of a GPU to fill 15 % of masked
characters in 512 of Python source. Lengthened to 4,096 it learns, 100 steps of 16 texts, three seeds, by each
attention, and once cut at 512:

    package       which of 16 installed packages 4,096 characters from the middle of a file are of (names of packages
                  are blotted out; the states of all characters are averaged)
    duplicate     eight markers, each before seven times one of nine letters, stand at random places in 4,096 characters
                  of source; one letter is there twice, at least 1,024 characters apart: which? (chance 11 %)

Then nats for a masked character without training at 512 and 4,096; attention alone beside PyTorch's at 4,096 and 16,384
tokens, and FlexAttention with the same landmarks; on a GPU every attention there beside that on the CPU.

    python benchmarks/attention_trained.py [--seconds 200] [--texts texts.npz] [--pretrain 50] [--long 4096]
"""

import argparse
import copy
import json
import platform
import random
import re
import statistics
import sysconfig
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import transformers

from minent.nn.attention import attention, lengthen, nystrom_attention, window_attention

PACKAGES = [
    "transformers", "torch", "sympy", "pandas", "scipy", "sklearn", "numba", "networkx", "beartype", "torchmetrics",
    "nltk", "numpy", "pygments", "matplotlib", "fontTools", "huggingface_hub",
]  # fmt: skip
MASK, OTHER, MARK, LETTERS = 1, 2, 3, range(97, 106)
WAYS = {
    "softmax": ("softmax", {}), "window": ("window", {}), "window+landmarks": ("window+landmarks", {}),
    "nystrom": ("nystrom", {"landmarks": 64}), "cut": None,
}  # fmt: skip


def collected(most: int = 110, longest: int = 12_000) -> list[tuple[int, np.ndarray]]:
    """(package, characters) of files, names of packages blotted out."""
    found, root = [], Path(sysconfig.get_paths()["purelib"])
    names = re.compile(r"\b(" + "|".join([*PACKAGES, "np", "pd", "plt", "tf", "nx", "sp"]) + r")\b", re.IGNORECASE)
    for label, package in enumerate(PACKAGES):
        files = sorted(path for path in (root / package).rglob("*.py") if path.stat().st_size > 6000)
        random.Random(0).shuffle(files)
        for path in files[:most]:
            text = names.sub("some", path.read_text("utf-8", "replace"))[1000 : 1000 + longest]
            codes = np.array([ord(c) if 9 <= ord(c) < 127 else OTHER for c in text], np.uint8)
            if len(codes) >= 4200:
                found.append((label, codes))
    return found


class Data:
    """Texts on the device, in two parts that share no file."""

    def __init__(self, files: list[tuple[int, np.ndarray]], device: str):
        random.Random(1).shuffle(files)
        cut, self.device = len(files) // 4, device
        self.parts = {"test": files[:cut], "train": files[cut:]}
        self.all = {
            name: torch.cat([torch.from_numpy(x) for _, x in part]).to(device) for name, part in self.parts.items()
        }
        self.of = {
            name: [[i for i, (one, _) in enumerate(part) if one == label] for label in range(len(PACKAGES))]
            for name, part in self.parts.items()
        }
        self.start = {name: np.cumsum([0, *(len(x) for _, x in part)]) for name, part in self.parts.items()}

    def texts(self, part: str, n: int, count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        """(count, n) characters from `count` files drawn, and the packages that they are of."""
        draw = random.Random(seed)
        at, labels = [], []
        for _ in range(count):
            label = draw.randrange(len(PACKAGES))
            i = draw.choice(self.of[part][label])
            at.append(int(self.start[part][i]) + draw.randrange(len(self.parts[part][i][1]) - n + 1))
            labels.append(label)
        index = torch.tensor(at, device=self.device)[:, None] + torch.arange(n, device=self.device)
        return self.all[part][index].long(), torch.tensor(labels, device=self.device)

    def marked(self, part: str, n: int, count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The same texts with markers before letters, and which letter is there twice."""
        texts, _ = self.texts(part, n, count, seed)
        draw, labels = random.Random(seed), []
        for text in texts:
            twice, *once = draw.sample(LETTERS, 7)
            labels.append(twice - LETTERS[0])
            places = sorted(p * 16 for p in draw.sample(range(n // 16), 8))
            pairs = [(i, j) for i in range(8) for j in range(i) if places[i] - places[j] >= n // 4]
            while not pairs:
                places = sorted(p * 16 for p in draw.sample(range(n // 16), 8))
                pairs = [(i, j) for i in range(8) for j in range(i) if places[i] - places[j] >= n // 4]
            i, j = draw.choice(pairs)
            for k, place in enumerate(places):
                letter = twice if k in (i, j) else once.pop()
                text[place], text[place + 1 : place + 8] = MARK, letter
        return texts, torch.tensor(labels, device=texts.device)


def rate(optimizer, most: float, share: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = most * min(1.0, 20 * share, 1.2 * (1 - share) + 0.02)


def masked_loss(model, ids: torch.Tensor, seed: int) -> torch.Tensor:
    masked = torch.rand(ids.shape, generator=torch.Generator().manual_seed(seed)).to(ids.device) < 0.15
    with torch.autocast(ids.device.type, torch.bfloat16, enabled=ids.device.type == "cuda"):
        scores = model(input_ids=ids.masked_fill(masked, MASK)).logits
    return F.cross_entropy(scores[masked].float(), ids[masked])


def pretrained(data: Data, asked) -> tuple[transformers.PreTrainedModel, int]:
    torch.manual_seed(0)
    config = transformers.ModernBertConfig(
        vocab_size=128, hidden_size=asked.width, intermediate_size=2 * asked.width, num_hidden_layers=asked.layers,
        num_attention_heads=max(2, asked.width // 64), max_position_embeddings=asked.long // 8,
        global_attn_every_n_layers=1, pad_token_id=0, bos_token_id=1, eos_token_id=1, cls_token_id=1, sep_token_id=1,
        classifier_pooling="mean", num_labels=len(PACKAGES),
    )  # fmt: skip
    model = transformers.ModernBertForMaskedLM(config).to(data.device).train()
    optimizer, begun, step = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.01), time.time(), 0
    while (share := (time.time() - begun) / asked.pretrain) < 1:
        rate(optimizer, 2e-3, share)
        optimizer.zero_grad()
        masked_loss(model, data.texts("train", asked.long // 8, 64, step)[0], step).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
    return model.eval(), step


@torch.no_grad()
def kept(model, data: Data, asked) -> dict[str, dict[str, float]]:
    found = {}
    for name, way in WAYS.items():
        if way is not None:
            long = lengthen(copy.deepcopy(model), asked.long, way[0], **way[1])
            found[name] = {
                f"nats at {n}": statistics.fmean(
                    float(masked_loss(long, data.texts("test", n, asked.long // n * 4, seed)[0], seed))
                    for seed in range(8)
                )
                for n in (asked.long // 8, asked.long)
            }
    return found


def learned(model, data: Data, asked, task: str, name: str, seed: int) -> dict[str, float]:
    """Accuracy on files not seen, in percent, and seconds, after 100 steps."""
    torch.manual_seed(seed)
    long = transformers.ModernBertForSequenceClassification(copy.deepcopy(model.config)).to(data.device)
    long.load_state_dict(model.state_dict(), strict=False)
    n = asked.long if WAYS[name] else asked.long // 8
    if WAYS[name]:
        lengthen(long, asked.long, WAYS[name][0], **WAYS[name][1])
    draw = data.texts if task == "package" else data.marked
    optimizer, begun = torch.optim.AdamW(long.parameters(), asked.rate, weight_decay=0.01), time.time()
    half = {"device_type": data.device, "dtype": torch.bfloat16, "enabled": data.device == "cuda"}
    for step in range(asked.steps):
        rate(optimizer, asked.rate, step / asked.steps)
        ids, labels = draw("train", asked.long, asked.batch, 10_000 * (seed + 1) + step)
        with torch.autocast(**half):
            scores = long(input_ids=ids[:, :n]).logits
        optimizer.zero_grad()
        F.cross_entropy(scores.float(), labels).backward()
        torch.nn.utils.clip_grad_norm_(long.parameters(), 1.0)
        optimizer.step()
    if data.device == "cuda":
        torch.cuda.synchronize()
    spent, right, long = time.time() - begun, [], long.eval()
    with torch.no_grad(), torch.autocast(**half):
        for batch in range(asked.test):
            ids, labels = draw("test", asked.long, 32, batch)
            right.append((long(input_ids=ids[:, :n]).logits.argmax(1) == labels).float().mean())
    return {"accuracy": 100 * float(torch.stack(right).mean()), "seconds": spent}


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
    options = argparse.ArgumentParser()
    for name, value in {
        "seconds": 200,
        "pretrain": 50,
        "width": 256,
        "long": 4096,
        "steps": 100,
        "test": 16,
        "layers": 4,
        "batch": 16,
    }.items():
        options.add_argument(f"--{name}", type=int, default=value)
    options.add_argument("--rate", type=float, default=5e-4)
    options.add_argument("--texts", type=Path, help="written there if it is not")
    options.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "attention_trained.json")
    options.add_argument("--only", default="package,duplicate,speed,kept")
    asked, begun = options.parse_args(), time.time()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if asked.texts and asked.texts.is_file():
        held = np.load(asked.texts)
        files = list(zip(held["labels"].tolist(), np.split(held["codes"], np.cumsum(held["sizes"])[:-1]), strict=True))
    else:
        files = collected()
        if asked.texts:
            np.savez_compressed(
                asked.texts, labels=[x for x, _ in files], sizes=[len(y) for _, y in files],
                codes=np.concatenate([y for _, y in files]),
            )  # fmt: skip
    report: dict = {
        "device": torch.cuda.get_device_name() if device == "cuda" else platform.machine(), "torch": torch.__version__,
        "transformers": transformers.__version__, "runs": [],
        "asked": {k: v for k, v in vars(asked).items() if not isinstance(v, Path)},
    }  # fmt: skip

    def write(**more) -> None:
        report.update(more)
        report["spent"] = time.time() - begun
        asked.out.write_text(json.dumps(report, indent=1) + "\n")
        print(f"{report['spent']:6.1f}", *(f"{k} {v}" for k, v in more.items()), flush=True)

    def attempt(name: str, way, *given) -> None:
        """A part that fails is told and takes no other with it."""
        try:
            write(**{name: way(*given)})
        except Exception as error:
            write(**{f"{name} failed": f"{type(error).__name__}: {str(error)[:300]}"})

    def run(task: str, name: str, seed: int) -> dict:
        found = {"task": task, "way": name, "seed": seed, **learned(model, data, asked, task, name, seed)}
        report["runs"].append(found)
        return found

    wanted, dtype = asked.only.split(","), torch.bfloat16 if device == "cuda" else torch.float32
    if device == "cuda" and "speed" in wanted:
        attempt("agreement", agreement)
    if "speed" in wanted:
        attempt("speed", speed, device, (4096, 16384) if device == "cuda" else (4096,), dtype, False)
    data = Data(files, device)
    model, steps = pretrained(data, asked)
    write(files=len(files), pretrained=steps)
    if "kept" in wanted:
        attempt("kept", kept, model, data, asked)
    for seed in range(3):
        for task in ("package", "duplicate"):
            for name in WAYS:
                if task in wanted and time.time() - begun < asked.seconds - 25:
                    attempt("last", run, task, name, seed)
    if device == "cuda" and "speed" in wanted:
        attempt("flex", speed, device, (4096, 16384), dtype, True)


if __name__ == "__main__":
    main()
