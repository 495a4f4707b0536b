"""Objectives against exposure bias: what each costs, what a model that learned by it writes, how it takes bad history.

Real data from very little to all there is, the same model and the same number of steps for all objectives, several
seeds; the model is that of the checkpoint with the least loss on gold histories of held-out pairs. `from noise`: first
trained for as many steps again to restore the targets of the task's texts, words of which were masked or moved.

    python benchmarks/exposure.py [SETTING ...] [--data FOLDER] [--seeds 3] [--objectives …] [--write docs/….md]
    python benchmarks/exposure.py --cost

Results of a setting go to results/exposure_SETTING.json run by run; runs that are there are not made again.
"""

import argparse
import json
import os
import platform
import time
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pairs_of
import torch

from minent.data.texts.pairs import Pairs
from minent.nn.shape import Shape
from minent.text.exposure import (
    Adversarial,
    GradientPenalty,
    RandomReplacement,
    RDrop,
    ScheduledSampling,
    TeacherForcing,
    TeaForN,
)
from minent.text.exposure.diagnosis import exposure
from minent.text.options import Reading, Writing
from minent.text.score.references import score
from minent.text.writing.training import batched, new_seq2seq, train_seq2seq
from minent.training.recipe import Recipe

HERE = Path(__file__).resolve()
SHAPE = Shape(dim=128, heads=4, layers=2, hidden=512, longest=256, dropout=0.1)
RATE = 2e-3
OBJECTIVES = {
    "teacher forcing": TeacherForcing(),
    "random replacement": RandomReplacement(),
    "random replacement, any tokens": RandomReplacement(origin="vocabulary"),
    "gradient penalty": GradientPenalty(0.1),  # of 0.01, 0.1 and 1 the best on the held-out words of cmudict_1000
    "adversarial": Adversarial(0.1),  # 1 was far worse
    "scheduled sampling": ScheduledSampling(),
    "TeaForN": TeaForN(),
    "R-Drop": RDrop(),
}


@dataclass(frozen=True)
class Task:
    """Pairs to learn from, to choose the checkpoint by and to test; how they are read; the scores to show."""

    train: Pairs
    dev: Pairs
    test: Pairs
    reading: Reading
    scores: tuple[str, ...]
    copy: bool = False
    longest: int = 64


def cmudict(folder):
    split = pairs_of.split(pairs_of.cmudict(folder), 1000, 500)
    return Task(*split, Reading("words", 100, 1024), ("error_rate", "wrong_lines"), longest=32)


def multi30k(folder):
    train, dev, test = (pairs_of.multi30k(folder, part) for part in ("train", "val", "test_2016_flickr"))
    return Task(train, dev.at(range(300)), test.at(range(500)), Reading("bpe", 4000, 2048), ("bleu", "chrf"))


def csl_title(folder):
    split = pairs_of.split(pairs_of.csl_title(folder), 200, 100)
    return Task(*split, Reading("characters", 3000, 2048), ("rouge_l", "bleu"), copy=True)


@dataclass(frozen=True)
class Setting:
    """A task with so many pairs and steps of training; `noise`: steps of restoring noised targets before."""

    task: str
    name: str
    pairs: int
    steps: int
    noise: int = 0
    dropout: float = 0.1


TASKS = {"cmudict": cmudict, "multi30k": multi30k, "csl_title": csl_title}
SETTINGS = {
    "cmudict_1000": Setting("cmudict", "CMUdict, 1,000 words", 1000, 500),
    "cmudict_5000": Setting("cmudict", "CMUdict, 5,000 words", 5000, 1000),
    "cmudict_full": Setting("cmudict", "CMUdict, all", 200_000, 3000),
    "multi30k_2000": Setting("multi30k", "Multi30k, 2,000 captions", 2000, 400),
    "multi30k_full": Setting("multi30k", "Multi30k, all", 200_000, 1000),
    "csl_title_full": Setting("csl_title", "CSL, 1,700 titles", 2000, 500),
    "cmudict_1000_noise": Setting("cmudict", "CMUdict, 1,000 words, from noise", 1000, 500, noise=500),
    "multi30k_2000_noise": Setting("multi30k", "Multi30k, 2,000 captions, from noise", 2000, 400, noise=400),
}


def noised(texts, seed):
    """Each text with a third of its words left out and the others moved by up to three places (Lample et al. 2018)."""
    random = np.random.default_rng(seed)
    out = []
    for text in texts:
        words = text.split() if " " in text else list(text)
        places = np.argsort(np.arange(len(words)) + random.uniform(0, 3, len(words)))
        kept = [words[i] for i in places if random.random() > 1 / 3]
        out.append((" " if " " in text else "").join(kept or words[:1]))
    return out


def learned(task, setting, objective, seed):
    """A model that learned by the objective, and the CPU seconds that it took."""
    train = task.train.at(np.random.default_rng(seed).permutation(len(task.train))[: setting.pairs].tolist())
    shape = replace(SHAPE, dropout=setting.dropout)
    model = new_seq2seq(train, shape, task.reading, Writing(copy=task.copy), seed)
    recipe = Recipe(
        steps=setting.steps, learning_rate=RATE, warmup=setting.steps // 10, schedule="cosine", seed=seed,
        evaluate_every=max(50, setting.steps // 10), precision="bf16",
    )  # fmt: skip
    if setting.noise:
        restored = Pairs(noised(train.targets, seed), train.targets)
        first = replace(recipe, steps=setting.noise, evaluate_every=10**9)
        list(train_seq2seq(model, restored, None, first, tokens=task.reading.tokens))
    start = time.process_time()
    options = {"objective": objective, "tokens": task.reading.tokens}
    records = list(train_seq2seq(model, train, task.dev, recipe, **options))
    best = min((record.dev["loss"], record.step) for record in records if record.dev)
    return model, time.process_time() - start, best


def run(setting, objective, seed, folder):
    task = TASKS[setting.task](folder)
    model, seconds, (loss, step) = learned(task, setting, objective, seed)
    row = {"seconds": seconds, "dev loss": loss, "best step": step}
    for name, beam in (("greedy", 1), ("beam 4", 4)):
        found = model.write(task.test.sources, beam=beam, longest=task.longest)
        scores = score(found, task.test.targets)
        row |= {f"{one}, {name}": getattr(scores, one) for one in task.scores}
    row["examples"] = found[:5]
    batches = batched(model, task.test, 4096, shuffle=False).epoch(1)
    measured = exposure(model, batches)
    return row | {name: 100 * share for name, share in measured.accuracy.items()}


def cost(repeats, folder):
    """CPU seconds of a step of each objective, by turns, median, in times of teacher forcing."""
    rows = {}
    for task_name in ("cmudict", "multi30k"):
        task = TASKS[task_name](folder)
        train = task.train.at(range(3000))
        model = new_seq2seq(train, SHAPE, task.reading, Writing(), 1).train()
        batches = list(batched(model, train, task.reading.tokens).epoch(1))[:6]
        for precision in ("fp32", "bf16"):
            seconds = {name: [] for name in OBJECTIVES}
            for repeat in range(repeats + 1):
                for name, objective in OBJECTIVES.items():
                    start = time.process_time()
                    for batch in batches:
                        model.zero_grad()
                        tensors = {k: torch.from_numpy(v) for k, v in batch.items()}
                        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                            lost = objective(model, tensors, 0.1)
                        lost.backward()
                    if repeat:
                        seconds[name].append(time.process_time() - start)
            base = np.median(seconds["teacher forcing"])
            rows[f"{task_name}, {precision}"] = {k: float(np.median(v) / base) for k, v in seconds.items()}
    return rows


def place(name):
    return HERE.parent / "results" / f"exposure_{name}.json"


def saved(name):
    if place(name).exists():
        return json.loads(place(name).read_text(encoding="utf-8"))
    return {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": ", ".join(f"{package} {version(package)}" for package in ("minent", "torch", "sacrebleu")),
        "runs": {},
    }


def keep(name, found):
    place(name).write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


NAMES = {"error_rate": "errors %", "wrong_lines": "wrong lines %", "bleu": "BLEU", "chrf": "chrF", "rouge_l": "ROUGE-L"}


def report():
    """The tables of what results/ holds."""
    parts = ["# Training that survives its own mistakes: measured"]
    if place("cost").exists():
        held = saved("cost")
        columns = list(held["runs"])
        parts += [
            f"\n`benchmarks/exposure.py`, {held['date']}, {held['machine']}, one thread ({held['versions']}).",
            "\n## What a step costs, in times of teacher forcing\n",
            f"| objective | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|",
        ]  # fmt: skip
        for objective in OBJECTIVES:
            cells = " | ".join(f"{held['runs'][column][objective]:.2f}" for column in columns)
            parts.append(f"| {objective} | {cells} |")
    for name, setting in SETTINGS.items():
        if not place(name).exists():
            continue
        rows = {}
        for key, row in saved(name)["runs"].items():
            rows.setdefault(key.rsplit(", seed", 1)[0], []).append(row)
        columns = [key for key in next(iter(rows.values()))[0] if "," in key]
        columns += ["gold", "30 % replaced", "50 % replaced", "own", "seconds"]
        titles = [", ".join([NAMES[c.split(", ")[0]], *c.split(", ")[1:]]) if "," in c else c for c in columns]
        parts.append(f"\n## {setting.name}\n\n{setting.steps:,} steps; accuracies in percent, CPU seconds.\n")
        parts.append(f"| objective | {' | '.join(titles)} | seeds |")
        parts.append("|---" * (len(columns) + 2) + "|")
        for objective, several in rows.items():
            cells = []
            for column in columns:
                values = [one[column] for one in several]
                spread = f" ± {np.std(values, ddof=1):.1f}" if len(values) > 1 and column != "seconds" else ""
                cells.append(f"{np.mean(values):.0f}" if column == "seconds" else f"{np.mean(values):.1f}{spread}")
            parts.append(f"| {objective} | {' | '.join(cells)} | {len(several)} |")
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", nargs="*", choices=[[], *SETTINGS], default=[])
    default = os.environ.get("MINENT_DATA", HERE.parents[2] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--objectives", nargs="*", choices=list(OBJECTIVES), default=list(OBJECTIVES))
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = Path(options.data) / "text"
    if options.cost:
        found = saved("cost")
        found["runs"] = cost(options.repeats, folder)
        keep("cost", found)
        print(json.dumps(found["runs"], indent=1))
    else:
        for seed in range(1, options.seeds + 1):
            for name in options.settings or SETTINGS:
                for objective in options.objectives:
                    found, key = saved(name), f"{objective}, seed {seed}"
                    if key not in found["runs"]:
                        found["runs"][key] = run(SETTINGS[name], OBJECTIVES[objective], seed, folder)
                        keep(name, found)
                        figures = " ".join(f"{k} {v:.4g};" for k, v in found["runs"][key].items() if k != "examples")
                        print(f"{name}, {key}: {figures}", flush=True)
    if options.write:
        options.write.write_text(report(), encoding="utf-8")


if __name__ == "__main__":
    main()
