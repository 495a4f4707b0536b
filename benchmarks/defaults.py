"""Is what a run does where nothing is said (`minent.training.defaults`) near the best that could have been said?

Models of 2 + 2 layers of 128 learn from few pairs: with a fixed batch of 8,192 tokens, ten passes and a rate of 3e-4
without warm-up, of which these defaults took the place; by the defaults; with half and twice their learning rate; with
four times the tokens; with half the steps. The defaults come from what was tuned on multi30k, tatoeba, cmudict and csl
(`both_ends.py`, `text_quality.py`), and are shown on two more: couplets (the second half of a line of verse from the
first) and titles (the first line of a docstring from what it documents). Judged by 200 pairs that none learned from, a
beam of 4.

    python benchmarks/defaults.py [TASK ...] [--arms ARM ...] [--seeds 1] [--write docs/benchmarks_defaults.md]

Each run is added to results/defaults.json as it ends; runs that are there are not made again.
"""

import argparse
import gzip
import json
import math
import os
import time
from pathlib import Path

import torch
from pairs_of import cmudict, csl_title, multi30k, split

from minent.data.texts.pairs import Pairs
from minent.nn.shape import Shape
from minent.text.options import Reading, Writing
from minent.text.score.references import score
from minent.text.writing.training import batched, new_seq2seq, train_seq2seq
from minent.training import defaults
from minent.training.recipe import Recipe

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results" / "defaults.json"
ARMS = {  # learning rate, tokens and steps, times those of the defaults
    "defaults": (1, 1, 1),
    "half the rate": (0.5, 1, 1),
    "twice the rate": (2, 1, 1),
    "four times the tokens": (1, 4, 1),
    "half the steps": (1, 1, 0.5),
}


def tatoeba(folder):
    """English and Chinese sentences."""
    rows = [line.split("\t") for line in (folder / "tatoeba_cmn" / "cmn.txt").read_text("utf-8").splitlines()]
    return Pairs([row[0] for row in rows], [row[1] for row in rows])


def couplets(folder):
    """Both halves of the first two lines of a Chinese poem of seven signs a line."""
    with gzip.open(folder / "quatrain7.tsv.gz", "rt", encoding="utf-8") as file:
        lines = [line.split("\t")[1].strip() for line in file]
    return Pairs([line[:7] for line in lines], [line[7:14] for line in lines])


def titles(folder):
    """What is documented, and the first line of its docstring."""
    from minent.tour.titles import pairs

    return pairs()


TASKS = {  # pairs, how many to learn from
    "multi30k": (lambda folder: multi30k(folder, "train"), 2000),
    "tatoeba": (tatoeba, 4000),
    "cmudict": (cmudict, 2000),
    "csl": (csl_title, 1500),
    "couplets": (couplets, 4000),
    "titles": (titles, 3000),
}


def run(task, arm, seed, folder):
    """Learn, and what was written for sources that nobody learned from."""
    read, number = TASKS[task]
    train, _, test = split(read(folder / "text"), 300, 200)
    train = train.at(list(range(min(number, len(train)))))
    reading = Reading("words" if task == "cmudict" else "auto", 8000)
    model = new_seq2seq(train, Shape(dim=128, hidden=512, layers=2), reading, Writing(), seed)
    start = time.process_time()
    if arm == "fixed":
        tokens, recipe = 8192, Recipe(epochs=10.0, learning_rate=3e-4, warmup=0, seed=seed)
    else:
        rate, larger, longer = ARMS[arm]
        tokens = int(larger * batched(model, train, None).tokens)
        steps = math.ceil(longer * defaults.steps_of(Recipe(), model, len(batched(model, train, None))))
        recipe = Recipe(steps=steps, learning_rate=rate * defaults.rate_of(Recipe(), model), seed=seed)
    records = list(train_seq2seq(model, train, None, recipe, tokens=tokens))
    found = score(model.write(test.sources, beam=4, longest=60), test.targets)
    return {
        "task": task, "arm": arm, "seed": seed, "pairs": len(train), "tokens": tokens, "steps": len(records),
        "passes": records[-1].epoch, "rate": max(record.learning_rate for record in records), "bleu": found.bleu,
        "chrf": found.chrf, "error_rate": found.error_rate, "seconds": time.process_time() - start,
    }  # fmt: skip


def page(rows):
    """The lines of the page."""
    lines = ["# Defaults of training: measured\n", *(line.strip() for line in __doc__.split("\n\n")[1].splitlines())]
    lines += ["", "| task | pairs | | tokens | steps | passes | rate | BLEU | chrF | errors % | CPU s | seed |"]
    lines += ["|---" * 12 + "|"]
    order = list(TASKS), ["fixed", *ARMS]
    for row in sorted(rows, key=lambda row: (order[0].index(row["task"]), order[1].index(row["arm"]), row["seed"])):
        scores = " | ".join(f"{row[name]:.1f}" for name in ("bleu", "chrf", "error_rate"))
        told = f"| {row['task']} | {row['pairs']:,} | {row['arm']} | {row['tokens']:,} | {row['steps']:,} "
        lines.append(
            f"{told}| {row['passes']:.0f} | {row['rate']:.2g} | {scores} | {row['seconds']:.0f} | {row['seed']} |"
        )
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", choices=[[], *TASKS], default=list(TASKS))
    parser.add_argument("--arms", nargs="*", choices=["fixed", *ARMS], default=["fixed", *ARMS])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--data", default=os.environ.get("MINENT_DATA", HERE.parents[2] / "shared" / "data"))
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    for seed in range(1, options.seeds + 1):
        for task in options.tasks:
            for arm in options.arms:
                if not any((row["task"], row["arm"], row["seed"]) == (task, arm, seed) for row in rows):
                    rows.append(run(task, arm, seed, Path(options.data)))
                    RESULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
                    print(rows[-1], flush=True)
    print(page(rows))
    if options.write:
        options.write.write_text(page(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
