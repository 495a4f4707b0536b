"""Attention: what each kind learns, with as many weights and steps as the others.

Two tasks: ListOps (the Long Range Arena's generator, at lengths that a CPU can learn), and which package a module of
source comes from. Every kind gets the same number of weights (the width of the step between attentions makes up the
difference) and the same steps; the learning rate is the better of two on the development texts, by one short run each.
What is reported is the accuracy on test texts over several seeds.

    python benchmarks/attention_quality.py [--seeds 3] [--quick] [--write docs/attention_quality.md]
"""

import argparse
import json
import os
import platform
import tempfile
import time
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from minent.data import listops, modules, split
from minent.nn.shape import Shape
from minent.text.classification.training import batched, evaluate, new_classifier, train_classifier
from minent.text.options import Reading
from minent.training.recipe import Recipe

RESULTS = Path(__file__).resolve().parent / "results" / "attention_quality.json"
KINDS = {
    "softmax": {},
    "nystrom": {"landmarks": 32},
    **{
        kind: {"attention": "synthesizer", "kind": kind}
        for kind in (
            "random", "fixed", "factorised-random", "dense", "factorised-dense", "random+dense", "random+softmax",
        )
    },
}  # fmt: skip
RATES = 1e-3, 3e-3


def tasks(quick):
    """Name → (training, development, test texts, shape, reading, steps)."""
    texts, rest = split(listops(1000 if quick else 12_000, shortest=50, longest=200), 0.2)
    dev, test = split(rest, 0.5)
    shape = Shape(dim=64, heads=2, layers=2, hidden=1024, longest=200, dropout=0.0)
    yield "ListOps, 50 to 200 tokens", texts, dev, test, shape, Reading("words", tokens=4096), 30 if quick else 500
    texts, rest = split(modules(per_package=40 if quick else 400, longest=2000), 0.4)
    dev, test = split(rest, 0.5)
    shape = Shape(dim=64, heads=2, layers=2, hidden=1536, longest=256, dropout=0.1)
    yield "package of a module, 256 tokens", texts, dev, test, shape, Reading("bpe", 4000, 4096), 30 if quick else 300


def weights(model):
    return sum(parameter.numel() for parameter in model.parameters())


def alike(texts, shape, reading, wanted):
    """The shape with as nearly `wanted` weights as its hidden width can give it."""
    low, high = (weights(new_classifier(texts, replace(shape, hidden=hidden), reading)) for hidden in (8, 16))
    hidden = 8 + round((wanted - low) / ((high - low) / 8))
    return replace(shape, hidden=max(8, hidden))


def learn(texts, dev, shape, reading, recipe):
    classifier = new_classifier(texts, shape, reading, recipe.seed)
    start = time.process_time()
    last = list(train_classifier(classifier, texts, dev, recipe, tokens=reading.tokens))[-1]
    return classifier, last, time.process_time() - start


def compare(texts, dev, test, base, reading, steps, seeds):
    first = new_classifier(texts, base, reading)
    wanted, rows = weights(first), {}
    with tempfile.TemporaryDirectory() as folder:  # one tokenizer serves all
        file = Path(folder) / "tokenizer.json"
        first.tokenizer.save(str(file))
        return compare_kinds(texts, dev, test, base, replace(reading, tokenizer=str(file)), steps, seeds, wanted, rows)


def compare_kinds(texts, dev, test, base, reading, steps, seeds, wanted, rows):
    for name, options in KINDS.items():
        shape = alike(texts, replace(base, **{"attention": name, **options}), reading, wanted)
        recipe = Recipe(steps=steps, warmup=steps // 10, evaluate_every=steps // 4)
        short = replace(recipe, steps=steps // 3, warmup=steps // 30, evaluate_every=steps // 3)
        rates = {
            rate: learn(texts, dev, shape, reading, replace(short, learning_rate=rate))[1].dev["loss"] for rate in RATES
        }
        rate = min(rates, key=rates.get)
        found, seconds = [], []
        for seed in range(1, seeds + 1):
            classifier, _, spent = learn(texts, dev, shape, reading, replace(recipe, learning_rate=rate, seed=seed))
            with torch.no_grad():
                found.append(evaluate(classifier, batched(classifier, test, 4096, shuffle=False))["accuracy"])
            seconds.append(spent)
        rows[name] = {
            "accuracy": float(np.mean(found)), "spread": float(np.std(found, ddof=1)) if seeds > 1 else 0.0,
            "each": found, "rate": rate, "hidden": shape.hidden, "weights": weights(classifier),
            "cpu": float(np.median(seconds)),
        }  # fmt: skip
        row = rows[name]
        print(
            f"{name:18} {100 * row['accuracy']:6.2f} ± {100 * row['spread']:.2f}  lr {rate}  {row['weights']:,} weights"
            f"  {row['cpu']:.0f} CPU s",
            flush=True,
        )
    return rows


def table(name, task):
    lines = [f"### {name}", "", f"{task['sizes']}; chance {100 * task['chance']:.1f} %.", ""]
    lines += [
        "| attention | accuracy % | weights | hidden | learning rate | CPU s a run |",
        "|---|---|---|---|---|---|",
    ]
    for kind, row in task["rows"].items():
        accuracy = f"{100 * row['accuracy']:.1f} ± {100 * row['spread']:.1f}"
        lines.append(
            f"| {kind} | {accuracy} | {row['weights']:,} | {row['hidden']} | {row['rate']} | {row['cpu']:.0f} |"
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    results = {}
    for name, texts, dev, test, shape, reading, steps in tasks(options.quick):
        chance = max(test.labels.count(label) for label in set(test.labels)) / len(test)
        sizes = f"{len(texts):,} texts to learn from, {len(dev):,} to choose by, {len(test):,} to test; {steps} steps"
        print(f"\n{name}: {sizes}", flush=True)
        results[name] = {"chance": chance, "sizes": sizes}
        results[name]["rows"] = compare(texts, dev, test, shape, reading, steps, options.seeds)
    saved = {
        "date": date.today().isoformat(), "seeds": options.seeds,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": ", ".join(f"{package} {version(package)}" for package in ("minent", "torch")), "results": results,
    }  # fmt: skip
    if not options.quick:
        RESULTS.write_text(json.dumps(saved, indent=1) + "\n")
    if options.write:
        head = f"""# Attention: what each kind learns

`benchmarks/attention_quality.py` on {saved["date"]}, {saved["machine"]}, one thread ({saved["versions"]}); mean and
standard deviation over {options.seeds} seeds. All have the same number of weights and take the same steps.
"""
        options.write.write_text(head + "\n" + "\n\n".join(table(*item) for item in results.items()) + "\n")


if __name__ == "__main__":
    main()
