"""Objectives against exposure bias where most people use them: on a model that knows its language already.

A model learns to restore texts of which words were left out or moved (Lewis et al. 2020, Lample et al. 2018): captions
in German and in English, English sentences, what docstrings say. Then it learns a task from few pairs by each
objective, with early stopping by the BLEU of what it writes for held-out pairs; the learning rate is that of two at
which teacher forcing writes best for these, and the strength of an objective is its default. What is written for the
test is scored.

    python benchmarks/exposure_pretrained.py [TASK ...] [--data FOLDER] [--seeds 3] [--write docs/….md]

Runs go to results/exposure_pretrained_TASK.json as they end; those that are there are not made again. The pretrained
model is kept in a folder (--kept), and is trained where it is not there, which takes about an hour.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import pairs_of
import torch
from both_ends import Task, ends
from exposure import HERE, OBJECTIVES, SHAPE, keep, noised, place, saved

from minent.data.texts.pairs import Pairs
from minent.text.exposure.diagnosis import exposure
from minent.text.options import Reading, Writing
from minent.text.score.references import score
from minent.text.writing.seq2seq import Seq2Seq
from minent.text.writing.training import batched, new_seq2seq, train_seq2seq
from minent.training import checkpoint
from minent.training.recipe import Recipe

READING, FEW = Reading("bpe", 6000, 2048), Reading("bpe", 6000, 1024)
PASSES = 5  # over all texts, noised anew in each
RATES = 3e-4, 1e-3
EVERY, PATIENCE, MOST = 50, 6, 3000
TEACHER = "teacher forcing"
SCORES = "bleu", "chrf", "rouge_l"


def captions(folder):
    train, dev, test = (pairs_of.multi30k(folder, part) for part in ("train", "val", "test_2016_flickr"))
    return Task(train.at(range(2000)), dev.at(range(300)), test.at(range(500)), FEW, EVERY, SCORES)


def titles(_):
    train, dev, test = pairs_of.split(pairs_of.titles(), 500, 300)
    return Task(train.at(range(5000)), dev, test, FEW, EVERY, SCORES, longest=32)


TASKS = {"captions": (captions, "Captions: 2,000 pairs, German to English"),
         "titles": (titles, "Docstrings: 5,000 pairs, what is documented to the first line")}  # fmt: skip


def pretrained(folder, kept, passes):
    """The model that restores texts, and how long it learned; trained where it is not kept."""
    if not (kept / "cost.json").exists():
        both, english = pairs_of.multi30k(folder, "train"), pairs_of.tatoeba(folder).sources
        texts = [*both.sources, *both.targets, *dict.fromkeys(english), *titles(folder).train.sources]
        pairs = Pairs([text for again in range(passes) for text in noised(texts, again)], texts * passes)
        model = new_seq2seq(Pairs(texts, texts), SHAPE, READING, Writing())
        recipe = Recipe(epochs=1, learning_rate=1e-3, evaluate_every=10**9, save_every=200)
        options = {"tokens": READING.tokens, "folder": kept, "resume": (kept / "checkpoints").exists()}
        for record in train_seq2seq(model, pairs, None, recipe, **options):
            if record.step % 200 == 0:
                print(f"step {record.step:,} of {record.steps:,}: loss {record.loss:.3f}", flush=True)
        done = checkpoint.told(checkpoint.newest(kept / "checkpoints"))[0]  # also of a run that had come to its end
        cost = {"texts": len(texts), "passes": passes, "steps": done.step}
        (kept / "cost.json").write_text(json.dumps(cost), encoding="utf-8")
    return Seq2Seq.from_pretrained(kept), json.loads((kept / "cost.json").read_text(encoding="utf-8"))


def learned(model, task, objective, seed, rate):
    """The model of the checkpoint that wrote best for dev, in place: its BLEU there, steps and CPU seconds."""
    recipe = Recipe(
        steps=MOST, learning_rate=rate, warmup=EVERY, schedule="inverse-sqrt", seed=seed, evaluate_every=EVERY,
        best="bleu", patience=PATIENCE,
    )  # fmt: skip
    start = time.process_time()
    records = list(train_seq2seq(model, task.train, task.dev, recipe, objective=objective, tokens=task.reading.tokens))
    best, at = max((record.dev["bleu"], -record.step) for record in records if record.dev)
    return {"dev BLEU": best, "best step": -at, "steps": len(records), "seconds": time.process_time() - start}


def run(model, task, objective, seed, rate):
    """A row of the table."""
    row = {"rate": rate} | learned(model, task, objective, seed, rate)
    for name, beam in (("greedy", 1), ("beam 4", 4)):
        found = model.write(task.test.sources, beam=beam, longest=task.longest)
        scores = score(found, task.test.targets)
        row |= {f"{one}, {name}": getattr(scores, one) for one in SCORES}
        row[f"last four, {name}"] = ends(found, task.test.targets, scores.language)[1]
    measured = exposure(model, batched(model, task.test, 4096, shuffle=False).epoch(1))
    return row | {name: 100 * share for name, share in measured.accuracy.items()} | {"examples": found[:5]}


def report(names):
    """The tables of what results/ holds."""
    parts = ["# Objectives on a model that knows its language: measured"]
    columns = [f"{one}, {how}" for how in ("greedy", "beam 4") for one in SCORES]
    columns += ["gold", "30 % replaced", "own", "best step", "seconds"]
    shown = {"bleu": "BLEU", "chrf": "chrF", "rouge_l": "ROUGE-L"}
    for name in names:
        held = saved(f"pretrained_{name}")
        first = held["first"]
        if len(parts) == 1:
            parts.append(
                f"\n`benchmarks/exposure_pretrained.py`, {held['date']}, {held['machine']}, one thread "
                f"({held['versions']}); a model of {SHAPE.layers} + {SHAPE.layers} layers of {SHAPE.dim} that first "
                f"learned to restore {first['texts']:,} texts, {first['passes']} times each ({first['steps']:,} steps "
                f"of {READING.tokens:,} tokens); means and standard deviations over seeds; accuracies in percent, CPU "
                "seconds."
            )
        heads = [", ".join(shown.get(part, part) for part in column.split(", ")) for column in columns]
        parts.append(f"\n## {TASKS[name][1]}\n\nRate {held['rate']:g}.\n")
        parts += [f"| objective | {' | '.join(heads)} | seeds |", "|---" * (len(columns) + 2) + "|"]
        parts += pairs_of.means(held["runs"], columns)
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", choices=[[], *TASKS], default=[])
    parser.add_argument("--data", type=Path, default=os.environ.get("MINENT_DATA", HERE.parents[2] / "shared" / "data"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--objectives", nargs="*", choices=list(OBJECTIVES), default=list(OBJECTIVES))
    parser.add_argument("--passes", type=int, default=PASSES)
    parser.add_argument("--kept", type=Path, default=Path(tempfile.gettempdir()) / "restorer")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = Path(options.data) / "text"
    for name in options.tasks or TASKS:
        found = saved(f"pretrained_{name}")
        task, (model, first) = TASKS[name][0](folder), pretrained(folder, options.kept, options.passes)
        start = {key: value.clone() for key, value in model.state_dict().items()}
        found.setdefault("first", first)
        if "rate" not in found:
            tried = {}
            for rate in RATES:
                model.load_state_dict(start)
                tried[rate] = learned(model, task, OBJECTIVES[TEACHER], 0, rate)
                print(f"{name}, rate {rate:g}: {tried[rate]}", flush=True)
            found["rate"] = max(RATES, key=lambda rate: tried[rate]["dev BLEU"])
        for seed in range(1, options.seeds + 1):
            for objective in options.objectives:
                key = f"{objective}, seed {seed}"
                if key not in found["runs"]:
                    model.load_state_dict(start)
                    row = run(model, task, OBJECTIVES[objective], seed, found["rate"])
                    found["runs"][key] = {objective: row}
                    keep(f"pretrained_{name}", found)
                    figures = " ".join(f"{k} {v:.4g};" for k, v in row.items() if k != "examples")
                    print(f"{name}, {key}: {figures}", flush=True)
    if options.write:
        names = [name for name in TASKS if place(f"pretrained_{name}").exists()]
        options.write.write_text(report(names), encoding="utf-8")


if __name__ == "__main__":
    main()
