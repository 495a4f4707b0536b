"""A lengthened model after 300 steps at the new length, on tasks that need the length, beside cutting texts off.

A ModernBERT of characters (2 global layers of width 64, rotary) learns for 1,500 steps of 32 texts to fill 15 % of
masked characters in 64 of Python source. Lengthened to 512 it learns for 300 steps of 16 texts, three seeds, by each
attention, and once cut at 64:

    find        sixteen times one of eight letters stands behind the first 64 characters: which? The state of the first
                token alone is asked, as BERT's is (chance 12.5 %)
    package     which of 16 installed packages 512 characters from the middle of a file are of (names of packages are
                blotted out; the states of all characters are averaged; chance 6.3 %)
    duplicate   eight markers, each before seven times one of nine letters, stand at random places; one letter is there
                twice, at least 128 characters apart: which? (averaged; chance 11.1 %)

The rate is the better of two on development texts, for each; their loss is told every 50 steps. Some 50 CPU minutes on
one thread; a run that was killed goes on where it was.

    nice -n 19 python benchmarks/attention_trained.py [--out results.json] [--table]
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
from safetensors.torch import load_file, save_file

from minent.nn.attention import lengthen

PACKAGES = [
    "transformers", "torch", "sympy", "pandas", "scipy", "sklearn", "numba", "networkx", "beartype", "torchmetrics",
    "nltk", "numpy", "pygments", "matplotlib", "fontTools", "huggingface_hub",
]  # fmt: skip
SHORT, LONG, STEPS, BATCH, RATES = 64, 512, 300, 16, (3e-3, 6e-3)
MASK, OTHER, MARK, FIRST, LETTERS = 1, 2, 3, 4, range(97, 106)
TASKS = "find", "package", "duplicate"
WAYS = {
    "softmax": ("softmax", {}), "window": ("window", {}), "window+landmarks": ("window+landmarks", {}),
    "nystrom": ("nystrom", {"landmarks": 64}), "cut": None,
}  # fmt: skip


def collected(most: int = 60, longest: int = 12_000) -> list[tuple[int, np.ndarray]]:
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
    """Texts in three parts that share no file."""

    def __init__(self, files: list[tuple[int, np.ndarray]]):
        random.Random(1).shuffle(files)
        cut = len(files) // 4
        self.parts = {"test": files[:cut], "dev": files[cut : cut + 120], "train": files[cut + 120 :]}
        self.all = {name: torch.cat([torch.from_numpy(x) for _, x in part]) for name, part in self.parts.items()}
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
        index = torch.tensor(at)[:, None] + torch.arange(n)
        return self.all[part][index].long(), torch.tensor(labels)

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
        return texts, torch.tensor(labels)

    def found(self, part: str, n: int, count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The same texts with sixteen times one letter, and which."""
        texts, _ = self.texts(part, n, count, seed)
        draw, labels = random.Random(seed), []
        for text in texts:
            labels.append(draw.randrange(8))
            place = draw.randrange(SHORT // 16, n // 16) * 16
            text[place : place + 16] = LETTERS[labels[-1]]
        return texts, torch.tensor(labels)

    def task(self, name: str, *given) -> tuple[torch.Tensor, torch.Tensor]:
        """Texts of a task, each with the first token before it."""
        texts, labels = {"find": self.found, "package": self.texts, "duplicate": self.marked}[name](*given)
        texts[:, 0] = FIRST
        return texts, labels


def rate(optimizer, most: float, share: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = most * min(1.0, 20 * share, 1.2 * (1 - share) + 0.02)


def masked_loss(model, ids: torch.Tensor, seed: int) -> torch.Tensor:
    masked = torch.rand(ids.shape, generator=torch.Generator().manual_seed(seed)) < 0.15
    scores = model(input_ids=ids.masked_fill(masked, MASK)).logits
    return F.cross_entropy(scores[masked], ids[masked])


def pretrained(data: Data, path: Path, steps: int = 1500) -> transformers.PreTrainedModel:
    """The model of short texts, kept at `path`."""
    torch.manual_seed(0)
    config = transformers.ModernBertConfig(
        vocab_size=128, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=SHORT, global_attn_every_n_layers=1, pad_token_id=0, bos_token_id=1, eos_token_id=1,
        cls_token_id=1, sep_token_id=1, num_labels=len(PACKAGES),
    )  # fmt: skip
    model = transformers.ModernBertForMaskedLM(config).train()
    if path.is_file():
        model.load_state_dict(load_file(path), strict=False)
        model.tie_weights()
        return model.eval()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.01)
    for step in range(steps):
        rate(optimizer, 3e-3, step / steps)
        optimizer.zero_grad()
        masked_loss(model, data.task("package", "train", SHORT, 32, step)[0], step).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    save_file({name: x.clone() for name, x in model.state_dict().items()}, path)
    return model.eval()


def made(model, name: str, task: str | None):
    """The model lengthened by that way, to classify for a task, or to fill in."""
    long = copy.deepcopy(model)
    if task is not None:
        config = copy.deepcopy(model.config)
        config.classifier_pooling = "cls" if task == "find" else "mean"
        long = transformers.ModernBertForSequenceClassification(config)
        long.load_state_dict(model.state_dict(), strict=False)
    way = WAYS[name]
    return long if way is None else lengthen(long, LONG, way[0], **way[1])


@torch.no_grad()
def kept(model, data: Data) -> dict[str, dict[str, float]]:
    """Nats for a masked character, untrained at the new length."""
    found = {}
    for name, way in WAYS.items():
        if way is not None:
            long = made(model, name, None)
            found[name] = {
                f"nats at {n}": statistics.fmean(
                    float(masked_loss(long, data.task("package", "test", n, LONG // n * 4, seed)[0], seed))
                    for seed in range(16)
                )
                for n in (SHORT, LONG)
            }
    return found


@torch.no_grad()
def judged(long, data: Data, task: str, part: str, n: int, batches: int) -> tuple[float, float]:
    """Cross entropy, and accuracy in percent."""
    scores, labels, was = [], [], long.training
    long.eval()
    for batch in range(batches):
        ids, one = data.task(task, part, LONG, 32, batch)
        scores.append(long(input_ids=ids[:, :n]).logits)
        labels.append(one)
    long.train(was)
    given, wanted = torch.cat(scores), torch.cat(labels)
    return float(F.cross_entropy(given, wanted)), 100 * float((given.argmax(1) == wanted).float().mean())


def learned(model, data: Data, task: str, name: str, seed: int, most: float) -> dict:
    """Development losses on the way, accuracy on files not seen in percent, and CPU seconds."""
    torch.manual_seed(seed)
    long, n = made(model, name, task).train(), LONG if WAYS[name] else SHORT
    optimizer, begun, losses = torch.optim.AdamW(long.parameters(), most, weight_decay=0.01), time.process_time(), []
    for step in range(STEPS):
        rate(optimizer, most, step / STEPS)
        ids, labels = data.task(task, "train", LONG, BATCH, 10_000 * (seed + 1) + step)
        optimizer.zero_grad()
        F.cross_entropy(long(input_ids=ids[:, :n]).logits, labels).backward()
        torch.nn.utils.clip_grad_norm_(long.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 49:
            losses.append(judged(long, data, task, "dev", n, 4)[0])
    spent = time.process_time() - begun
    return {
        "task": task, "way": name, "seed": seed, "rate": most, "dev": losses,
        "accuracy": judged(long, data, task, "test", n, 16)[1], "seconds": spent,
    }  # fmt: skip


def table(runs: list[dict]) -> str:
    """Accuracies on files not seen, of the better rate, by seed; rate and last development losses of seed 0."""
    lines = [
        "| task | attention | accuracy, % | rate | loss on development texts after 200, 250 and 300 steps |",
        "|---" * 5 + "|",
    ]
    for task in TASKS:
        for name in WAYS:
            own = [one for one in runs if (one["task"], one["way"]) == (task, name)]
            if {one["rate"] for one in own if one["seed"] == 0} == set(RATES):
                best = min((one for one in own if one["seed"] == 0), key=lambda one: one["dev"][-1])
                seeds = [one["accuracy"] for one in own if one["rate"] == best["rate"]]
                told, losses = ", ".join(f"{x:.1f}" for x in seeds), ", ".join(f"{x:.2f}" for x in best["dev"][-3:])
                lines.append(f"| {task} | {name} | {told} | {best['rate']} | {losses} |")
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "attention_trained.json")
    options.add_argument("--table", action="store_true", help="of what has been run")
    asked = options.parse_args()
    out = asked.out
    torch.set_num_threads(1)
    report = json.loads(out.read_text()) if out.is_file() else {}
    report |= {"machine": platform.machine(), "torch": torch.__version__, "transformers": transformers.__version__}
    runs = report.setdefault("runs", [])

    def write() -> None:
        part = out.with_suffix(".part")
        part.write_text(json.dumps(report, indent=1) + "\n")
        part.replace(out)

    def run(task: str, name: str, seed: int, most: float) -> dict:
        asked = {"task": task, "way": name, "seed": seed, "rate": most}
        for one in runs:
            if asked.items() <= one.items():
                return one
        runs.append(learned(model, data, task, name, seed, most))
        print(runs[-1], flush=True)
        write()
        return runs[-1]

    if asked.table:
        print(table(runs))
        return
    data = Data(collected())
    model = pretrained(data, out.with_suffix(".safetensors"))
    if "kept" not in report:
        report["kept"] = kept(model, data)
        print(report["kept"], flush=True)
        write()
    for task in TASKS:
        best = {}
        for name in WAYS:
            best[name] = min((run(task, name, 0, most) for most in RATES), key=lambda one: one["dev"][-1])["rate"]
        for seed in (1, 2):
            for name in WAYS:
                run(task, name, seed, best[name])
    print(table(runs))


if __name__ == "__main__":
    main()
