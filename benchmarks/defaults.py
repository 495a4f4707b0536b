"""Is what a run does where nothing is said (`minent.training.defaults`) near the best that could have been said?

Models of 2 + 2 layers of 128 learn from few pairs: with a fixed batch of 8,192 tokens, ten passes and a rate of 3e-4
without warm-up, of which these defaults took the place; by the defaults; and, where that was run, with half and twice
their learning rate, four times the tokens, half the steps. The defaults come from what was tuned on multi30k, tatoeba,
cmudict and csl (`both_ends.py`, `text_quality.py`), and are shown on two more: titles (the first line of a docstring
from what it documents) and dynasties (Tang or Song, by a classifier of poems). Judged by 200 pairs that none learned
from, a beam of 4, or by 500 poems.

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

import numpy as np
import torch
from pairs_of import cmudict, csl_title, multi30k, split, tatoeba, titles

from minent.data import Labelled
from minent.nn.shape import Shape
from minent.text.classification.training import batched as classified
from minent.text.classification.training import new_classifier, train_classifier
from minent.text.options import Reading, Writing
from minent.text.score.references import score
from minent.text.writing.training import batched, new_seq2seq, train_seq2seq
from minent.training import defaults
from minent.training.recipe import Recipe

HERE = Path(__file__).resolve()
SHAPE = Shape(dim=128, hidden=512, layers=2)
RESULTS = HERE.parent / "results" / "defaults.json"
ARMS = {  # learning rate, tokens and steps, times those of the defaults
    "defaults": (1, 1, 1),
    "half the rate": (0.5, 1, 1),
    "twice the rate": (2, 1, 1),
    "four times the tokens": (1, 4, 1),
    "half the steps": (1, 1, 0.5),
}


def dynasties(folder):
    """Chinese poems of five signs a line, and the dynasty of each."""
    with gzip.open(folder / "quatrain5.tsv.gz", "rt", encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file]
    return Labelled([text for _, text in lines], [dynasty for dynasty, _ in lines])


TASKS = {  # pairs, how many to learn from
    "multi30k": (lambda folder: multi30k(folder, "train"), 2000),
    "tatoeba": (tatoeba, 4000),
    "cmudict": (cmudict, 2000),
    "csl": (csl_title, 1500),
    "titles": (lambda folder: titles(), 3000),
    "dynasties": (dynasties, 2000),
}


def run(task, arm, seed, folder):
    """Learn, and what is made of sources that nobody learned from."""
    read, number = TASKS[task]
    given, start = read(folder / "text"), time.process_time()
    if task == "dynasties":
        order = np.random.default_rng(1).permutation(len(given)).tolist()
        train, test = given.at(order[:number]), given.at(order[number : number + 500])
        model = new_classifier(train, SHAPE, Reading("characters"), seed)
        records, tokens = learned(model, train, arm, seed, classified, train_classifier)
        wrong = np.mean([one != other for one, other in zip(model.classify(test.texts), test.labels, strict=True)])
        found = {"error_rate": 100 * float(wrong)}
    else:
        train, _, test = split(given, 300, 200)
        train = train.at(list(range(min(number, len(train)))))
        model = new_seq2seq(train, SHAPE, Reading("words" if task == "cmudict" else "auto"), Writing(), seed)
        records, tokens = learned(model, train, arm, seed, batched, train_seq2seq)
        scores = score(model.write(test.sources, beam=4, longest=60), test.targets)
        found = {name: getattr(scores, name) for name in ("bleu", "rouge_l", "error_rate")}
    return {
        "task": task, "arm": arm, "seed": seed, "examples": len(train), "tokens": tokens, "steps": len(records),
        "passes": records[-1].epoch, "rate": max(record.learning_rate for record in records), **found,
        "seconds": time.process_time() - start,
    }  # fmt: skip


def learned(model, train, arm, seed, batches, training):
    """The records of a run, and the tokens of its batches."""
    if arm == "fixed":
        tokens, recipe = 8192, Recipe(epochs=10.0, learning_rate=3e-4, warmup=0, seed=seed)
    else:
        rate, larger, longer = ARMS[arm]
        ours = batches(model, train, None)
        tokens, steps = int(larger * ours.tokens), math.ceil(longer * defaults.steps_of(Recipe(), model, len(ours)))
        recipe = Recipe(steps=steps, learning_rate=rate * defaults.rate_of(Recipe(), model), seed=seed)
    return list(training(model, train, None, recipe, tokens=tokens)), tokens


def page(rows):
    """The lines of the page."""
    lines = ["# Defaults of training: measured\n", *(line.strip() for line in __doc__.split("\n\n")[1].splitlines())]
    lines += ["", "| task | examples | | tokens | steps | passes | rate | BLEU | ROUGE-L | errors % | CPU s | seed |"]
    lines += ["|---" * 12 + "|"]
    order = list(TASKS), ["fixed", *ARMS]
    for row in sorted(rows, key=lambda row: (order[0].index(row["task"]), order[1].index(row["arm"]), row["seed"])):
        scores = " | ".join(f"{row[name]:.1f}" if name in row else "" for name in ("bleu", "rouge_l", "error_rate"))
        told = f"| {row['task']} | {row['examples']:,} | {row['arm']} | {row['tokens']:,} | {row['steps']:,} "
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
