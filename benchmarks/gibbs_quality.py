"""What poems come of a small masked language model: Chinese quatrains of five characters a line, by each way to draw.

Models learn from quatrains of five and of seven characters a line. One draws; another, of another seed, judges. HOW
tells what the columns say. All rows have the same number of poems.

    python benchmarks/gibbs_quality.py [--data FOLDER] [--seeds 3] [--write docs/benchmarks_gibbs_quality.md]

Results go to results/gibbs_quality.json run by run; runs that are there are not made again. Models stay in --models;
they are trained on a GPU where there is one (--tokens a batch), texts are drawn by the CPU, --jobs runs at a time.
"""

import argparse
import gzip
import json
import os
import platform
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import date
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from minent.nn.shape import Shape
from minent.text.gibbs import Gibbs, pseudo_perplexity
from minent.text.gibbs.convergence import r_hat
from minent.text.masked.model import MaskedLM
from minent.text.masked.training import new_masked_lm, train_masked_lm
from minent.text.options import Reading
from minent.text.score.diversity import corpus_bleu, distinct, self_bleu
from minent.training.recipe import Recipe

HERE = Path(__file__).resolve()
PLACE = HERE.parent / "results" / "gibbs_quality.json"
SHAPE = Shape(dim=128, heads=4, layers=4, hidden=512, longest=32, dropout=0.1, positions="rotary")
READING = Reading("characters", 6000, 1024)
RATE = 2e-3
HELD = 500
WAYS = {
    "random scan": {},
    "sweeps": {"schedule": "sweep"},
    "blocks of 4": {"schedule": "block"},
    "temperature 0.7": {"temperature": 0.7},
    "top 20": {"top_k": 20},
    "corrected, normalised": {"correct": "normalised"},
    "corrected, raw": {"correct": "raw"},
    "annealed to 0.2": {"anneal": 0.2},
    "annealed to 0.2, corrected": {"anneal": 0.2, "correct": "normalised"},
}
REAL, MIXED = "held-out poems", "each place shuffled"
COLUMNS = {
    "perplexity": "pseudo-perplexity (judge)", "rhyme": "rhyme %", "form": "20 characters %",
    "distinct_1": "distinct-1", "distinct_2": "distinct-2", "self_bleu": "self-BLEU", "bleu": "BLEU to held-out",
    "copied": "as the nearest, of 20",
    "run": "longest run", "accepted": "accepted", "r_hat": "R-hat", "seconds": "CPU s",
}  # fmt: skip


def quatrains(folder, length):
    """Distinct poems of so many characters a line."""
    lines = gzip.decompress((folder / "text" / f"quatrain{length}.tsv.gz").read_bytes()).decode().splitlines()
    return sorted({text for text in (line.split("\t")[1] for line in lines) if len(text) == 4 * length})


def poems(folder):
    """Quatrains to learn from, and those of five characters a line that are held out."""
    texts = quatrains(folder, 5)
    order = np.random.default_rng(1).permutation(len(texts))
    return [texts[i] for i in order[HELD:]] + quatrains(folder, 7), [texts[i] for i in order[:HELD]]


def known(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return "as it is here"


def trained(train, held, seed, options):
    """The model of a seed, trained or read."""
    torch.set_num_threads(1)
    folder = options.models / f"quatrains-{options.steps}-{seed}"
    if (folder / "model.safetensors").exists():
        return MaskedLM.from_pretrained(folder)
    model = new_masked_lm(train, SHAPE, READING, seed).to("cuda" if torch.cuda.is_available() else "cpu")
    recipe = Recipe(
        steps=options.steps, learning_rate=RATE, warmup=options.steps // 20, seed=seed, precision="bf16",
        evaluate_every=max(options.steps // 10, 1),
    )  # fmt: skip
    going = {"masked": 0.0, "tokens": options.tokens, "folder": folder, "resume": folder.exists()}
    for record in train_masked_lm(model, train, held, recipe, **going):
        if record.dev is not None:
            print(f"model {seed}, step {record.step}: {record.loss:.3f}, {record.dev}", flush=True)
    return model.cpu()


def learn(seed, options):
    """Train the model of a seed, which stays in its folder."""
    trained(*poems(options.data), seed, options)


class Rhymes:
    """Which characters end the second and the fourth line of one poem."""

    def __init__(self, texts):
        self.beside = defaultdict(set)
        for text in texts:
            a, b = text[len(text) // 2 - 1], text[-1]
            self.beside[a].add(b)
            self.beside[b].add(a)

    def share(self, texts):
        pairs = [(text[9], text[19]) for text in texts if len(text) == 20]
        known = [a != b and (b in self.beside[a] or bool(self.beside[a] & self.beside[b])) for a, b in pairs]
        return 100 * sum(known) / max(len(texts), 1)


def copied(texts, train):
    """Means of the characters as in the nearest poem, and of the longest run that stands in some poem."""
    known, whole = np.array([list(text) for text in train if len(text) == 20]), "\n".join(train)
    same = [int((known == np.array(list(text))).sum(1).max()) if len(text) == 20 else 0 for text in texts]
    longest = []
    for text in texts:
        n = 0
        for i in range(len(text)):
            while i + n < len(text) and text[i : i + n + 1] in whole:
                n += 1
        longest.append(n)
    return float(np.mean(same)), float(np.mean(longest))


def measured(texts, judge, rhymes, train, held):
    same, run = copied(texts, train)
    return {
        "perplexity": pseudo_perplexity(judge, texts), "rhyme": rhymes.share(texts),
        "form": 100 * float(np.mean([len(text) == 20 for text in texts])),
        "distinct_1": distinct(texts, 1), "distinct_2": distinct(texts, 2), "self_bleu": self_bleu(texts),
        "bleu": corpus_bleu(texts, held), "copied": same, "run": run, "examples": texts[:4],
    }  # fmt: skip


def run(way, model, judge, rhymes, train, held, seed, options):
    start = time.process_time()
    sampler = Gibbs(
        model, length="20", chains=options.poems, sweeps=options.sweeps, seed=seed, **WAYS[way]
    )  # fmt: skip
    states = list(sampler.sweeps())
    spent = time.process_time() - start
    after = states[len(states) // 2 :]
    more = {"accepted": float(np.mean([state.accepted for state in after])), "seconds": spent}
    if len(after) >= 4 and "anneal" not in WAYS[way]:
        more["r_hat"] = r_hat(np.stack([state.score for state in after], 1))
    return {**measured(states[-1].texts, judge, rhymes, train, held), **more}


def figure(value, digits):
    return f"{value:,.0f}" if value >= 100 else f"{value:.{digits}g}"


HOW = """
One model draws from masks; another, of another seed, judges. Held-out poems and shuffled ones (each place's characters
dealt out again among the poems) show what the numbers are worth. Rhyme: the ends of the second and the fourth line
stand there together in some poem learned from, or both with a third. Copying: characters of 20 that are those of the
nearest poem, place by place, and the longest run of characters that some poem has too. n-grams are of characters; BLEU
is not smoothed, so that it is 0 where no four in a row recur. R-hat is of the second half of the sweeps, and of a
number of each chain only. Twenty sweeps are few for the corrected ways. A dull poem has a low perplexity: look at the
poems as well.
"""


def report(saved):
    parts = [
        "# Quatrains from a masked language model: measured\n\n`benchmarks/gibbs_quality.py`, {date}, {machine} "
        "({versions}); {sizes}".format(**saved),
        HOW,
        f"| drawn by | {' | '.join(COLUMNS.values())} | seeds |",
        "|---" * (len(COLUMNS) + 2) + "|",
    ]
    rows = defaultdict(list)
    for key, found in saved["runs"].items():
        rows[key.rsplit(", seed ", 1)[0]].append(found)
    rows = {way: rows[way] for way in (REAL, MIXED, *WAYS) if way in rows}
    for name, several in rows.items():
        cells = []
        for column in COLUMNS:
            values = [one[column] for one in several if column in one]
            spread = f" ± {figure(np.std(values, ddof=1), 2)}" if len({*values}) > 1 else ""
            cells.append(f"{figure(np.mean(values), 3)}{spread}" if values else "")
        parts.append(f"| {name} | {' | '.join(cells)} | {len(several)} |")
    parts.append("\n## Poems\n")
    for name, several in rows.items():
        lines = [" ".join(text[i : i + 5] for i in range(0, len(text), 5)) for text in several[0]["examples"]]
        parts.append(f"{name}:\n\n" + "\n".join(f"- {line}" for line in lines) + "\n")
    return "\n".join(parts)


def made(way, seed, options):
    """What is said of the poems of a way: those of a `WAYS`, held-out ones, or shuffled ones."""
    train, held = poems(options.data)
    random, own = np.random.default_rng(seed), Rhymes(train)  # held-out poems are not to rhyme with themselves
    real = [held[i] for i in random.permutation(len(held))[: options.poems]]
    judge = trained(train, held, 2, options)
    if way == REAL:
        return measured(real, judge, own, train, [one for one in held if one not in real])
    if way == MIXED:
        columns = [random.permutation(list(one)) for one in zip(*real, strict=True)]
        return measured(["".join(one) for one in zip(*columns, strict=True)], judge, own, train, held)
    return run(way, trained(train, held, 1, options), judge, own, train, held, seed, options)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(os.environ.get("MINENT_DATA", HERE.parents[2] / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--models", type=Path, default=Path("models"))
    for name, value in {"seeds": 3, "steps": 30_000, "tokens": 1024, "poems": 48, "sweeps": 20, "jobs": 1}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--ways", nargs="*", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--place", type=Path, default=PLACE, help="where results are kept")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    train, held = poems(options.data)
    saved = {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, a thread a run",
        "versions": ", ".join(f"{package} {known(package)}" for package in ("minent", "torch")),
        "sizes": f"{len(train):,} poems to learn from, {len(held):,} held out; {SHAPE.layers} layers of {SHAPE.dim}, "
        f"{options.steps:,} steps of {options.tokens:,} tokens; {options.poems} poems a row, {options.sweeps} sweeps.",
        "runs": json.loads(options.place.read_text(encoding="utf-8"))["runs"] if options.place.exists() else {},
    }  # fmt: skip
    slow = sorted(options.ways, key=lambda way: "correct" not in WAYS[way])  # those that take long are begun first
    wanted = [(way, seed) for way in [*slow, REAL, MIXED] for seed in range(1, options.seeds + 1)]
    wanted = [(way, seed) for way, seed in wanted if f"{way}, seed {seed}" not in saved["runs"]]
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        if wanted:
            list(pool.map(partial(learn, options=options), (1, 2)))
        going = {pool.submit(made, way, seed, options): f"{way}, seed {seed}" for way, seed in wanted}
        for done in as_completed(going):
            saved["runs"][going[done]] = done.result()
            options.place.write_text(json.dumps(saved, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            figures = " ".join(f"{k} {v:.4g}" for k, v in done.result().items() if isinstance(v, float))
            print(f"{going[done]}: {figures}", flush=True)
    if options.write:
        options.write.write_text(report(saved), encoding="utf-8")


if __name__ == "__main__":
    main()
