"""Do both ends win? Every model of a task learns until its loss on held-out pairs falls no more, several seeds.

One direction (from the left, from the right, and a wider one with as many weights as an encoder and two decoders have);
two independent models of half the weights, from the left and from the right, of which the text is taken on which both
agree; a bidirectional model whose decoders share all weights, or the embeddings and the encoder; without interaction
and with it; with a second pass; and one from left to right that learns from what both directions agree on. The beam is
4, or 2 + 2. The cost of training is told in floating point operations, counted on some batches, and in CPU seconds, and
comprises all that a row needs: both of two models, a teacher and what it writes.

    python benchmarks/both_ends.py [TASK ...] [--data FOLDER] [--seeds 3] [--write docs/benchmarks_both_ends.md]

Each run is written to results/both_ends_TASK.json as it ends; runs that are there are not made again, so it can be
stopped and gone on with. Weights that later runs begin with are kept in a folder (--kept).
"""

import argparse
import copy
import json
import os
import platform
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import numpy as np
import pairs_of
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from minent.data.texts.pairs import Pairs
from minent.nn.shape import Shape
from minent.text.options import Reading, Search, Writing
from minent.text.score.references import score
from minent.text.token_ids import sequences
from minent.text.writing import judging
from minent.text.writing.distil import agreed_pairs, left_half
from minent.text.writing.loss import continuations, loss
from minent.text.writing.seq2seq import Seq2Seq
from minent.text.writing.training import batched, new_seq2seq, train_seq2seq
from minent.text.writing.two_pass import wrote
from minent.text.writing.write import written
from minent.training.loop import fit
from minent.training.recipe import Recipe

HERE = Path(__file__).resolve()
SHAPE = Shape(dim=128, heads=4, layers=2, hidden=512, longest=256, dropout=0.1)
HALF = replace(SHAPE, dim=112, hidden=448)  # two of these have the weights of an encoder and two decoders
WIDE = replace(SHAPE, dim=160, hidden=640)  # and so has this one
RATE, SECOND = 2e-3, 0.2  # the second pass takes so many of the steps of the first
PATIENCE, KEEP = 4, 3
TRAINED = {
    "left to right": (SHAPE, Writing()),
    "right to left": (SHAPE, Writing("right-to-left")),
    "own decoders": (SHAPE, Writing("bidirectional", share="embeddings", interaction=0.0)),
    "half, from the left": (HALF, Writing()),
    "half, from the right": (HALF, Writing("right-to-left")),
    "wider, left to right": (WIDE, Writing()),
    "own decoders, interaction": (SHAPE, Writing("bidirectional", share="embeddings")),
    "one decoder": (SHAPE, Writing("bidirectional", share="all", interaction=0.0)),
    "one decoder, interaction": (SHAPE, Writing("bidirectional", share="all")),
}
RUNS = [*list(TRAINED)[:5], "two independent halves", "distilled", "left half, trained further", *list(TRAINED)[5:],
        "own decoders, two passes"]  # fmt: skip


@dataclass(frozen=True)
class Task:
    """Pairs to learn from, to choose by and to test; how they are read; steps between evaluations, and at most."""

    train: Pairs
    dev: Pairs
    test: Pairs
    reading: Reading
    every: int
    scores: tuple[str, ...]
    most: int = 20_000
    longest: int = 64

    @property
    def recipe(self) -> Recipe:
        return Recipe(
            steps=self.most, learning_rate=RATE, warmup=self.every, schedule="inverse-sqrt",
            evaluate_every=self.every, patience=PATIENCE, keep=KEEP,
        )  # fmt: skip


def cmudict(folder, most, every):
    train, dev, test = pairs_of.split(pairs_of.cmudict(folder), 800, 400)
    train = train.at(range(min(most, len(train))))
    return Task(train, dev, test, Reading("words", 100, 512), every, ("error_rate", "wrong_lines"), longest=32)


def tatoeba(folder):
    parts = pairs_of.split(pairs_of.tatoeba(folder), 800, 400)
    return Task(*parts, Reading("bpe", 3000, 512), 300, ("bleu", "chrf"), longest=48)


def multi30k(folder):
    train, dev, test = (pairs_of.multi30k(folder, part) for part in ("train", "val", "test_2016_flickr"))
    return Task(train, dev.at(range(400)), test.at(range(500)), Reading("bpe", 4000, 1024), 400, ("bleu", "chrf"))


def titles(folder):
    train, dev, test = pairs_of.split(pairs_of.titles(), 500, 400)
    return Task(train, dev, test, Reading("bpe", 3000, 1024), 300, ("rouge_l", "bleu"), longest=32)


TASKS = {
    "cmudict_4k": (lambda folder: cmudict(folder, 4000, 150), "CMUdict: letters to sounds, 4,000 words"),
    "tatoeba": (tatoeba, "Tatoeba: English to Chinese"),
    "cmudict_20k": (lambda folder: cmudict(folder, 20_000, 400), "CMUdict: letters to sounds, 20,000 words"),
    "multi30k": (multi30k, "Multi30k: German to English"),
    "titles": (titles, "Docstrings: what is documented to the first line"),
}


def learned(model, task, recipe, train=None, **options):
    """Train until the loss on dev falls no more: what it cost, in CPU seconds and operations."""
    train, start = train or task.train, time.process_time()
    records = list(train_seq2seq(model, train, task.dev, recipe, tokens=task.reading.tokens, **options))
    spent = time.process_time() - start
    batches = islice(batched(model, train, task.reading.tokens).epoch(1), 8)
    return {
        "steps": len(records), "seconds": spent, "flops": len(records) * operations(model, batches),
        "dev": min(record.dev["loss"] for record in records if record.dev),
    }  # fmt: skip


def operations(model, batches):
    """Floating point operations of a step, forwards and backwards, as a mean over batches."""
    model, each = copy.deepcopy(model).train(), []
    for batch in batches:
        with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):  # other kernels are not counted
            loss(model, {name: torch.from_numpy(x) for name, x in batch.items()}, 0.1)[0].backward()
        each.append(counter.get_total_flops())
    return float(np.mean(each))


def scored(task, texts, cost, seconds):
    """A row of the table."""
    scores = score(texts, task.test.targets)
    first, last = ends(texts, task.test.targets, scores.language)
    names = "error_rate", "wrong_lines", "bleu", "chrf", "rouge_l"
    return {
        **{name: getattr(scores, name) for name in names}, "first": first, "last": last, **cost, "writing": seconds,
        "examples": texts[:3],
    }  # fmt: skip


def ends(found, wanted, language, most=4):
    """The shares, in percent, of the first and of the last tokens of the references that are right."""
    pieces = (lambda text: list("".join(text.split()))) if language == "zh" else str.split
    pairs = [(pieces(a), pieces(b)) for a, b in zip(found, wanted, strict=True)]
    first = [a[i : i + 1] == b[i : i + 1] for a, b in pairs for i in range(min(most, len(b)))]
    last = [a[-1 - i :][:1] == b[-1 - i :][:1] and len(a) > i for a, b in pairs for i in range(min(most, len(b)))]
    return 100 * float(np.mean(first)), 100 * float(np.mean(last))


def searched(task, model, **search):
    """What is written for the test, and in how many CPU seconds."""
    start, both = time.process_time(), model.direction == "bidirectional"
    texts = model.write(task.test.sources, beam=2 if both else 4, longest=task.longest, **search)
    return texts, time.process_time() - start


@torch.no_grad()
def independent(task, models):
    """What two models agree on, of two texts that each finds."""
    tokenizer, start = models[0].tokenizer, time.process_time()
    sources = sequences(tokenizer, task.test.sources, SHAPE.longest)
    found = [written(model, sources, Search(beam=2, longest=task.longest)) for model in models]
    texts = []
    for i, source in enumerate(sources):
        judged = []
        for own, other in ((0, 1), (1, 0)):
            for one in found[own][i][:2]:
                tokens = torch.tensor([one.tokens], dtype=torch.long).view(1, -1)
                real = torch.ones_like(tokens, dtype=torch.bool)
                history, mask = models[other].histories(tokens, real)
                logs = models[other](torch.from_numpy(source)[None].long(), None, history, mask).log_softmax(2)
                follows = continuations(history, mask, models[other].end)[0]
                total = float(logs[0].gather(1, follows[0][:, None]).sum()) / (len(one.tokens) + 1)
                judged.append(((one.score + total) / 2, one.tokens))
        texts.append(tokenizer.decode(list(max(judged)[1])))
    return texts, time.process_time() - start


def kept(task, folder, name, seed):
    """The trained model; it is trained again where its weights were not kept."""
    if not (folder / f"{name}, seed {seed}").exists():
        trained(task, folder, name, seed)
    return Seq2Seq.from_pretrained(folder / f"{name}, seed {seed}")


def trained(task, folder, name, seed):
    """A model that has learned until its loss on dev fell no more, and what it cost; its weights are kept."""
    shape, writing = TRAINED[name]
    model = new_seq2seq(task.train, shape, task.reading, writing, seed)
    spent = learned(model, task, replace(task.recipe, seed=seed))
    model.save_pretrained(folder / f"{name}, seed {seed}")
    return model, spent | {"weights": sum(p.numel() for p in model.parameters())}


def run(task, name, seed, folder, before):
    """Train, if it is to be, and score: rows by their names; `before`, the rows of runs that were made."""
    recipe = replace(task.recipe, seed=seed)
    costs = {of: next(iter(rows.values())) for of, rows in before.items()}

    def cost(*names, **more):
        return {what: sum(costs[f"{of}, seed {seed}"][what] for of in names) + more.get(what, 0)
                for what in ("steps", "seconds", "flops")}  # fmt: skip

    if name == "two independent halves":
        halves = "half, from the left", "half, from the right"
        texts, seconds = independent(task, [kept(task, folder, half, seed) for half in halves])
        return {f"{name}, agreed": scored(task, texts, cost(*halves), seconds)}
    if name in ("distilled", "left half, trained further"):
        teacher, start = kept(task, folder, "own decoders", seed), time.process_time()
        pairs = agreed_pairs(teacher, task.train) if name == "distilled" else task.train
        writing = time.process_time() - start
        model = left_half(teacher)
        more = learned(model, task, replace(recipe, learning_rate=RATE / 2), pairs)
        spent = cost("own decoders", **{**more, "seconds": more["seconds"] + writing})
        return {name: scored(task, *rows(task, model, spent))}
    if name == "own decoders, two passes":
        first, start = kept(task, folder, "own decoders", seed), time.process_time()
        model = new_seq2seq(task.train, SHAPE, task.reading, TRAINED["own decoders, interaction"][1], seed)
        model.load_state_dict(first.state_dict())
        batches = batched(model, task.train, task.reading.tokens, seed=seed, more=wrote(model, task.train))
        steps = round(SECOND * costs[f"own decoders, seed {seed}"]["steps"])
        second = Recipe(steps=steps, learning_rate=RATE / 2, warmup=steps // 10, seed=seed, evaluate_every=10**9)
        for _ in fit(model, partial(loss, smoothing=0.1), batches, second):
            pass
        seconds = time.process_time() - start
        spent = cost(
            "own decoders", steps=steps, seconds=seconds, flops=steps * operations(model, islice(batches.epoch(1), 8))
        )
        return bidirectional(task, name, model, spent)
    model, spent = trained(task, folder, name, seed)
    if model.direction != "bidirectional":
        return {name: scored(task, *rows(task, model, spent))}
    half = {f"{name}, left half": scored(task, *rows(task, left_half(model), spent))}
    return bidirectional(task, name, model, spent) | half


def rows(task, model, spent, **search):
    texts, seconds = searched(task, model, **search)
    return texts, spent, seconds


def bidirectional(task, name, model, spent):
    """Its rows: what both agree on, and the better score."""
    ways = {"agreed": {}, "the better score": {"judge": "own"}}
    return {f"{name}, {way}": scored(task, *rows(task, model, spent, **search)) for way, search in ways.items()}


def report(names):
    """The tables of what results/ holds."""
    parts = []
    shown = {"error_rate": "token errors %", "wrong_lines": "wrong lines %", "bleu": "BLEU", "chrf": "chrF",
             "rouge_l": "ROUGE-L", "first": "first four right %", "last": "last four right %", "steps": "steps",
             "flops": "training, 10¹² operations", "seconds": "training, CPU s",
}  # fmt: skip
    for name in names:
        saved = json.loads(place(name).read_text(encoding="utf-8"))
        if not parts:
            parts.append(
                "# Do both ends win? Measured\n\n`benchmarks/both_ends.py`, {date}, {machine}, one thread "
                "({versions}); models of {shape}, trained until the loss on dev fell no more; means and standard "
                "deviations over seeds.".format(**saved)
            )
        parts.append(f"\n## {TASKS[name][1]}\n\n{saved['sizes']}\n")
        columns = [*saved["scores"], "first", "last", "steps", "flops", "seconds"]
        parts += [f"| model | {' | '.join(shown[one] for one in columns)} | seeds |", "|---" * (len(columns) + 2) + "|"]
        parts += pairs_of.means(saved["runs"], columns)
    return "\n".join(parts) + "\n"


def place(name):
    return HERE.parent / "results" / f"both_ends_{name}.json"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", choices=[[], *TASKS], default=[])
    parser.add_argument("--data", type=Path, default=os.environ.get("MINENT_DATA", HERE.parents[2] / "shared" / "data"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--runs", nargs="*", choices=RUNS, default=RUNS)
    parser.add_argument("--kept", type=Path, default=Path(tempfile.gettempdir()) / "both_ends")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    judging.can_score = lambda: False  # dev tells the loss; what is written is scored at the end
    for name in options.tasks or TASKS:
        task = TASKS[name][0](Path(options.data) / "text")
        folder = options.kept / name
        for seed in range(1, options.seeds + 1):
            for model in options.runs:
                saved = {
                    "date": date.today().isoformat(), "shape": f"{SHAPE.layers} + {SHAPE.layers} layers of {SHAPE.dim}",
                    "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
                    "versions": ", ".join(f"{p} {version(p)}" for p in ("minent", "torch", "sacrebleu")),
                    "sizes": f"{len(task.train):,} pairs to learn from, {len(task.dev):,} to choose by, "
                    f"{len(task.test):,} to test; batches of {task.reading.tokens:,} tokens.",
                    "scores": task.scores, "runs": {},
                }  # fmt: skip
                if place(name).exists():
                    saved["runs"] = json.loads(place(name).read_text(encoding="utf-8"))["runs"]
                key = f"{model}, seed {seed}"
                if key not in saved["runs"]:
                    saved["runs"][key] = run(task, model, seed, folder, saved["runs"])
                    text = json.dumps(saved, indent=1, ensure_ascii=False) + "\n"
                    place(name).write_text(text, encoding="utf-8")
                    for row, values in saved["runs"][key].items():
                        figures = " ".join(f"{k} {v:.4g}" for k, v in values.items() if isinstance(v, float))
                        print(f"{name}, {row}, seed {seed}: {figures}", flush=True)
    if options.write:
        options.write.write_text(report([name for name in TASKS if place(name).exists()]), encoding="utf-8")


if __name__ == "__main__":
    main()
