"""What sequences each decoder learns to write: real data, the same size and the same cost of training, several seeds.

Every kind of decoder gets about the CPU time of so many steps from left to right: its own steps count by COSTS, their
CPU time over whole runs on CMUdict, and a second pass pays for what it writes; the time each took is shown. Beam 4 in
one direction is 2 + 2 in two.
Accuracy of the first and the last four: the share of the reference's first four tokens that stand where they should,
counted from the left, and of its last four, counted from the right. On CMUdict, learning rates of 0.001 and 0.005 were
worse than 0.002 for one direction and for both; batches of 256 and 512 tokens were about as good for both.

    python benchmarks/text_quality.py [TASK ...] [--data FOLDER] [--seeds 3] [--write docs/benchmarks_text_quality.md]

Results of a task go to results/text_quality_TASK.json run by run; runs that are there are not made again.
"""

import argparse
import json
import os
import platform
import time
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pairs_of
import torch

from minent.data.texts.pairs import Pairs
from minent.nn.shape import Shape
from minent.text.options import Reading, Writing
from minent.text.score.references import score
from minent.text.writing.training import new_seq2seq, train_seq2seq
from minent.training.recipe import Recipe

HERE = Path(__file__).resolve()
SHAPE = Shape(dim=128, heads=4, layers=2, hidden=512, longest=256, dropout=0.1)
RATE = 2e-3
COSTS = {("bidirectional", False): 1.35, ("bidirectional", True): 1.55, ("to-middle", True): 1.25, "second pass": 2.5}
SECOND, WRITING = 0.2, 0.1  # of the cost: a second pass, and what is written for it
DECODERS = {
    "left to right": Writing("left-to-right"),
    "right to left": Writing("right-to-left"),
    "both ends, one pass": Writing("bidirectional", share="all"),
    "both ends, apart": Writing("bidirectional", interaction=0.0, share="all"),
    "both ends, two passes": Writing("bidirectional", two_pass=SECOND, share="all"),
    "to the middle": Writing("to-middle"),
}


@dataclass(frozen=True)
class Task:
    """Pairs to learn from and to test, how they are read, the cost in steps from left to right, the scores to show."""

    train: Pairs
    test: Pairs
    reading: Reading
    steps: int
    scores: tuple[str, ...]
    copy: bool = False
    longest: int = 64


def split(pairs, most, tested):
    """At most so many pairs to learn from, and so many to test."""
    train, _, test = pairs_of.split(pairs, tested)
    return train.at(range(min(most, len(train)))), test


def cmudict(folder):
    shown = "error_rate", "wrong_lines"
    return Task(*split(pairs_of.cmudict(folder), 20_000, 800), Reading("words", 100, 256), 14_000, shown, longest=32)


def tatoeba(folder):
    return Task(
        *split(pairs_of.tatoeba(folder), 20_000, 800), Reading("bpe", 3000, 512), 3000, ("bleu", "chrf"), longest=48
    )


def multi30k(folder):
    train, test = (pairs_of.multi30k(folder, part) for part in ("train", "test_2016_flickr"))
    return Task(train, test.at(range(500)), Reading("bpe", 4000, 1024), 1800, ("bleu", "chrf"))


def csl_title(folder):
    train, test = split(pairs_of.csl_title(folder), 1700, 300)
    return Task(train, test, Reading("characters", 3000, 1024), 1200, ("rouge_l", "bleu"), copy=True)


TASKS = {
    "cmudict": (cmudict, "CMUdict: letters to sounds"),
    "tatoeba": (tatoeba, "Tatoeba: English to Chinese"),
    "multi30k": (multi30k, "Multi30k: German to English"),
    "csl_title": (csl_title, "CSL: Chinese abstracts to titles, which may copy"),
}


def pieces(text, language):
    return list("".join(text.split())) if language == "zh" else text.split()


def ends(found, wanted, language, most=4):
    """The shares, in percent, of the first and of the last tokens of the references that are right."""
    pairs = [(pieces(a, language), pieces(b, language)) for a, b in zip(found, wanted, strict=True)]
    first = [a[i : i + 1] == b[i : i + 1] for a, b in pairs for i in range(min(most, len(b)))]
    last = [a[-1 - i :][:1] == b[-1 - i :][:1] and len(a) > i for a, b in pairs for i in range(min(most, len(b)))]
    return 100 * float(np.mean(first)), 100 * float(np.mean(last))


def run(task, name, writing, seed):
    """Train and score one model: a row for each way of searching."""
    writing = Writing(**{**vars(writing), "copy": task.copy})
    steps = task.steps / COSTS.get((writing.decoder, bool(writing.interaction) and not writing.two_pass), 1)
    if writing.two_pass:
        steps, more = steps * (1 - SECOND - WRITING), task.steps * SECOND / COSTS["second pass"]
        writing = Writing(**{**vars(writing), "two_pass": more / steps})
    recipe = Recipe(
        steps=round(steps), learning_rate=RATE, warmup=round(steps / 10), schedule="cosine", precision="bf16",
        seed=seed, evaluate_every=10**9,
    )  # fmt: skip
    model = new_seq2seq(task.train, SHAPE, task.reading, writing, seed)
    start = time.process_time()
    options = {"two_pass": writing.two_pass, "tokens": task.reading.tokens}
    losses = [record.loss for record in train_seq2seq(model, task.train, None, recipe, **options)]
    spent, both = time.process_time() - start, writing.decoder == "bidirectional"
    rows = {}
    searches = {"": {"judge": "own"}, **({"agreed": {}} if both else {})}
    if both and writing.interaction:
        searches["pairwise"] = {"pairwise": True, "judge": "own"}
    for search, more in searches.items():
        start = time.process_time()
        texts = model.write(task.test.sources, beam=2 if both else 4, longest=task.longest, **more)
        reading = time.process_time() - start
        scores = score(texts, task.test.targets)
        first, last = ends(texts, task.test.targets, scores.language)
        rows[", ".join(filter(None, (name, search)))] = {
            **{one: getattr(scores, one) for one in ("error_rate", "wrong_lines", "bleu", "chrf", "rouge_l")},
            "first": first, "last": last, "seconds": spent, "writing": reading, "steps": len(losses),
            "loss": float(np.mean(losses[-20:])), "examples": texts[:5],
        }  # fmt: skip
    return rows


def report(names):
    """The tables of what results/ holds."""
    parts = []
    for name in names:
        saved = json.loads(place(name).read_text(encoding="utf-8"))
        if not parts:
            parts.append(
                "# Decoders from both ends: measured\n\n`benchmarks/text_quality.py`, {date}, {machine}, one thread, "
                "bf16 ({versions}); models of {shape}, one decoder for both ends (--share all); means and standard "
                "deviations over seeds.".format(**saved)
            )
        parts.append(f"\n## {TASKS[name][1]}\n\n{saved['sizes']}\n")
        shown = {"error_rate": "token errors %", "wrong_lines": "wrong lines %", "bleu": "BLEU", "chrf": "chrF",
                 "rouge_l": "ROUGE-L", "first": "first four right %", "last": "last four right %", "seconds": "CPU s",
}  # fmt: skip
        columns = [*saved["scores"], "first", "last", "seconds"]
        parts.append(f"| decoder | {' | '.join(shown[column] for column in columns)} | seeds |")
        parts.append("|---" * (len(columns) + 2) + "|")
        parts += pairs_of.means(saved["runs"], columns)
    return "\n".join(parts) + "\n"


def place(name):
    return HERE.parent / "results" / f"text_quality_{name}.json"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", choices=[[], *TASKS], default=[])
    default = os.environ.get("MINENT_DATA", HERE.parents[2] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--decoders", nargs="*", choices=list(DECODERS), default=list(DECODERS))
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for seed in range(1, options.seeds + 1):
        for name in options.tasks or TASKS:
            task = TASKS[name][0](Path(options.data) / "text")
            saved = {
                "date": date.today().isoformat(), "shape": f"{SHAPE.layers} + {SHAPE.layers} layers of {SHAPE.dim}",
                "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
                "versions": ", ".join(f"{package} {version(package)}" for package in ("minent", "torch", "sacrebleu")),
                "sizes": f"{len(task.train):,} pairs to learn from, {len(task.test):,} to test; the cost of "
                f"{task.steps:,} steps of {task.reading.tokens:,} tokens from left to right.",
                "scores": task.scores, "runs": {},
            }  # fmt: skip
            if place(name).exists():
                saved["runs"] = json.loads(place(name).read_text(encoding="utf-8"))["runs"]
            for decoder in options.decoders:
                key = f"{decoder}, seed {seed}"
                if key not in saved["runs"]:
                    saved["runs"][key] = run(task, decoder, DECODERS[decoder], seed)
                    text = json.dumps(saved, indent=1, ensure_ascii=False) + "\n"
                    place(name).write_text(text, encoding="utf-8")
                    for row, values in saved["runs"][key].items():
                        figures = " ".join(f"{k} {v:.4g}" for k, v in values.items() if isinstance(v, float))
                        print(f"{name}, {row}, seed {seed}: {figures}", flush=True)
    if options.write:
        options.write.write_text(report([name for name in TASKS if place(name).exists()]), encoding="utf-8")


if __name__ == "__main__":
    main()
