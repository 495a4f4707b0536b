"""Poems with marks by rules: quatrains that a masked language model draws, each way's 48, none picked.

Two models of one shape and other seeds learn from quatrains of five and seven characters a line, with a comma and a
full stop behind the lines; one draws, the other ranks what best-of does, and says its pseudo-perplexity. Rules are
those of examples/quatrain_in_form.py, by tables of Mandarin readings (pip install pypinyin). HOW says what columns are.

    python benchmarks/poems.py [--data FOLDER] [--steps 3500] [--layers 4] [--dim 128] [--place FILE]
    python benchmarks/poems.py --write docs/benchmarks_poems.md      # the page, of poems that were drawn
    python benchmarks/poems.py --blind FOLDER                        # sheets for readers of them, and the key
    … --layers 8 --dim 384 --dropout 0.15 --rate 0.001 --tokens 16384 --seconds 60      # on a card

--seconds trains each model for so long instead, as many steps as that is worth after 40. Models stay in --models.
Results go to results/poems.json way by way; ways that are there are not drawn again (--place for another file).
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from datetime import date
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from gibbs_quality import known, quatrains

from minent.nn.shape import Shape
from minent.text.gibbs import Gibbs, likelihoods, pseudo_perplexity, read_rules
from minent.text.masked.model import MaskedLM
from minent.text.masked.training import new_masked_lm, train_masked_lm
from minent.text.masked.vocabulary import vocabulary_of
from minent.text.options import Reading
from minent.text.score.diversity import distinct
from minent.training.recipe import Recipe

HERE = Path(__file__).resolve()
PLACE = HERE.parent / "results" / "poems.json"
FORM = HERE.parents[1] / "examples" / "quatrain_in_form.py"
FORMED = "_____，_____。_____，_____。"
HELD, READERS, EACH = 500, 3, 24
SURE = {"schedule": "confidence", "gumbel": 1.0}
WAYS = {
    "once": ({"schedule": "once"}, "", 1),
    "once, 0.8": ({"schedule": "once", "temperature": 0.8}, "", 1),
    "20 random sweeps": ({"sweeps": 20}, "", 1),
    "20 random sweeps at 0.7": ({"sweeps": 20, "temperature": 0.7}, "", 1),
    "confidence, 5 steps": ({**SURE, "steps": 5}, "", 1),
    "confidence, 0.8": ({**SURE, "temperature": 0.8}, "", 1),
    "remask, 10 steps": ({"schedule": "remask", "steps": 10}, "", 1),
    "rhyme, no repeats: once, 0.8": ({"schedule": "once", "temperature": 0.8}, "rhyme", 1),
    "rhyme, no repeats: confidence, 0.8": ({**SURE, "temperature": 0.8}, "rhyme", 1),
    "rhyme, no repeats: 5 sweeps at 0.8": ({"sweeps": 5, "temperature": 0.8}, "rhyme", 1),
    "rhyme, tones, no repeats: once, 0.8": ({"schedule": "once", "temperature": 0.8}, "tones", 1),
    "rhyme, tones, no repeats: 5 sweeps at 0.8": ({"sweeps": 5, "temperature": 0.8}, "tones", 1),
    "rhyme, tones, no repeats: once, 0.8, best of 8": ({"schedule": "once", "temperature": 0.8}, "tones", 8),
    "rhyme, tones, no repeats: confidence, 0.8, best of 4": ({**SURE, "temperature": 0.8}, "tones", 4),
}
COLUMNS = {
    "pairs": "perplexity (pairs)", "judge": "(second model)", "rhyme": "rhyme %", "tones": "tones %",
    "repeats": "repeats", "distinct_1": "distinct-1", "distinct_2": "distinct-2", "copied": "as the nearest, of 20",
    "seconds": "s",
}  # fmt: skip
HOW = """
Perplexities are judges' views, **not the reader's**: of a model of pairs of characters of the poems learned from (0.8
pairs, 0.2 single ones; marks count), and pseudo-perplexity of the second model. A poem of frequent characters has a low
one whether it says anything or not: look at distinct-1, and at the poems. Rhyme: the ends of the second and fourth line
stand there together in some poem learned from, or both with a third. Tones: all places keep one of two patterns of the
form, by readings of Mandarin (pypinyin), as the rules have them; poems of Tang and Song were written by other readings,
which is why hardly a real one keeps them. Repeats: characters of 20 that stood before. As the nearest: characters that
are those of the nearest poem learned from, place by place. Best of: ranked by the second model, whose own column then
says less. `confidence` is with Gumbel noise of 1. Seconds are those of 48 poems, by the clock.
"""


def marked(text):
    """A poem with a mark behind each of its lines."""
    n = len(text) // 4
    return "".join(text[i * n : (i + 1) * n] + "，。，。"[i] for i in range(4))


def bare(text):
    """A poem without what stands behind its lines; marks within lines are as drawn."""
    return "".join(text[i : i + 5] for i in range(0, 24, 6))


def tables(folder, characters):
    """rhymes.tsv and tones.tsv of characters by their first reading: finals without what glides into them. What is not
    level is 仄, 子 and 的 without a tone too."""
    from pypinyin import Style, pinyin

    tones, rhymes = defaultdict(str), defaultdict(str)
    for one in characters:
        (final,), (toned,) = (pinyin(one, style=style, strict=True)[0] for style in (Style.FINALS, Style.FINALS_TONE3))
        if not toned or not toned.isascii():  # a character that it has no reading of
            continue
        level = toned[-1] in "12"
        tones["平" if level else "仄"] += one
        if level:
            rhymes[final.lstrip("iuüv") or final] += one
    for name, classes in (("rhymes", rhymes), ("tones", tones)):
        lines = "".join(f"{key}\t{classes[key]}\n" for key in sorted(classes))
        (folder / f"{name}.tsv").write_text(lines, encoding="utf-8")
    told = subprocess.run([sys.executable, FORM, "五绝"], capture_output=True, check=True).stdout.decode()
    parts = ["[[rule]]" + part for part in told.split("[[rule]]")[1:]]  # no repeats, rhyme, tones
    (folder / "rhyme.toml").write_text("".join(parts[:2]), encoding="utf-8")
    (folder / "tones.toml").write_text(told, encoding="utf-8")


class Measures:
    """What is said of poems, by those that were learned from."""

    def __init__(self, train, folder):
        self.known = np.array([list(text) for text in train if len(text) == 20])
        self.single, self.pairs, self.beside = Counter(), Counter(), defaultdict(set)
        for text in train:
            n, line = len(text) // 4, "^" + marked(text)
            self.single.update(line)
            self.pairs.update(pairwise(line))
            a, b = text[2 * n - 1], text[-1]
            self.beside[a].add(b)
            self.beside[b].add(a)
        self.total, self.first = sum(self.single.values()), Counter()
        for (a, _), count in self.pairs.items():
            self.first[a] += count
        lines = (folder / "tones.tsv").read_text(encoding="utf-8").splitlines()
        self.tone = {one: tone for tone, text in (line.split("\t") for line in lines) for one in text}
        rules = (folder / "tones.toml").read_text(encoding="utf-8")
        self.ways = json.loads(next(x for x in rules.splitlines() if x.startswith("ways"))[7:].replace("'", '"'))

    def __call__(self, texts, judge):
        plain, total, count = [bare(text) for text in texts], 0.0, 0
        for text in texts:
            for a, b in pairwise("^" + text):
                alone = (self.single[b] + 0.5) / (self.total + 0.5 * len(self.single))
                total -= np.log(0.8 * self.pairs[a, b] / max(self.first[a], 1) + 0.2 * alone)
                count += 1
        ends = [(text[9], text[19]) for text in plain]
        rhyme = [a != b and (b in self.beside[a] or bool(self.beside[a] & self.beside[b])) for a, b in ends]
        kept = [any(all(w in ("*", self.tone.get(c)) for w, c in zip(way, text, strict=True)) for way in self.ways)
                for text in plain]  # fmt: skip
        same = [int((self.known == np.array(list(text))).sum(1).max()) for text in plain]
        return {
            "pairs": float(np.exp(total / count)), "judge": pseudo_perplexity(judge, texts),
            "rhyme": 100 * float(np.mean(rhyme)), "tones": 100 * float(np.mean(kept)),
            "repeats": float(np.mean([20 - len(set(text)) for text in plain])), "distinct_1": distinct(plain, 1),
            "distinct_2": distinct(plain, 2), "copied": float(np.mean(same)), "texts": texts,
        }  # fmt: skip


def trained(train, held, seed, options, device):
    """The model of a seed, trained or read, and its losses on held-out poems as it learned."""
    folder = options.models / f"poems-{seed}"
    if (folder / "curve.json").exists():
        return MaskedLM.from_pretrained(folder).to(device).eval(), json.loads((folder / "curve.json").read_text())
    shape = Shape(dim=options.dim, heads=options.dim // 32, layers=options.layers, hidden=4 * options.dim, longest=48,
                  dropout=options.dropout, positions="learned")  # fmt: skip
    reading = Reading("characters", 8000, options.tokens)

    def learn(steps, dev):
        model = new_masked_lm(train, shape, reading, seed).to(device)
        recipe = Recipe(steps=steps, learning_rate=options.rate, warmup=max(steps // 20, 1), seed=seed,
                        precision="bf16", evaluate_every=max(steps // 10, 1))  # fmt: skip
        return model, train_masked_lm(model, train, dev, recipe, masked=0.0, tokens=options.tokens)

    steps = options.steps
    if options.seconds:
        times = [time.perf_counter() for _ in learn(40, None)[1]]
        steps = max(int(options.seconds * 20 / (times[-1] - times[-21])), 50)
    model, records = learn(steps, held)
    start, curve = time.perf_counter(), []
    for record in records:
        if record.dev is not None:
            curve.append((record.step, round(time.perf_counter() - start, 1), record.loss, record.dev["loss"]))
            print(f"model {seed}: {curve[-1]}", flush=True)
    model.save_pretrained(folder)
    (folder / "curve.json").write_text(json.dumps(curve))
    return model.eval(), curve


def drawn(way, model, judge, rules, poems, seed):
    more, form, best = WAYS[way]
    start = time.perf_counter()
    sampler = Gibbs(model, keep=FORMED, chains=poems * best, seed=seed, constraints=rules[form], **more)
    *_, last = sampler.sweeps()
    texts = last.texts
    if best > 1:
        mean = [one.mean for one in likelihoods(judge, texts)]
        texts = [texts[max(range(i, i + best), key=mean.__getitem__)] for i in range(0, len(texts), best)]
    return texts, time.perf_counter() - start


def blind(saved, folder):
    """A sheet of poems for each reader, each way as often, in an order of their own, and the key."""
    folder.mkdir(parents=True, exist_ok=True)
    all_ = [(way, i, text) for way, one in saved["ways"].items() for i, text in enumerate(one["texts"], 1)]
    for reader in range(1, READERS + 1):
        random = np.random.default_rng(reader)
        own = [one for way in saved["ways"] for one in random.permutation([x for x in all_ if x[0] == way])[:EACH]]
        own = [own[i] for i in random.permutation(len(own))]
        head = "number\tpoem\tsays something 通顺 1-5\tone whole 意境 1-5\tverse 格律 1-5\tknown before?\n"
        sheet = "".join(f"{n}\t{text}\t\t\t\t\n" for n, (_, _, text) in enumerate(own, 1))
        (folder / f"reader{reader}.tsv").write_text(head + sheet, encoding="utf-8")
        key = "".join(f"{n}\t{way}\t{i}\n" for n, (way, i, _) in enumerate(own, 1))
        (folder / f"key{reader}.tsv").write_text("number\tway\tpoem\n" + key, encoding="utf-8")


def report(saved, old):
    """The page: head and table are new, what is written by hand between `What is seen` and the poems stays."""
    if "curves" not in saved:  # drawn before they were kept
        saved = {**saved, "curves": {}}
    curves = "; ".join(
        f"model {seed}: " + ", ".join(f"{dev:.3f} after {step:,}" for step, _, _, dev in curve)
        for seed, curve in saved["curves"].items()
    )
    head = (
        "# Poems with marks, by rules: 48 of each way, none picked\n\n`benchmarks/poems.py`, {date}, {machine} "
        "({versions}). {sizes}".format(**saved)
        + (f"\nCross entropy of a hidden character of held-out poems, {curves}.\n" if curves else "\n")
    )
    rows = [f"\n| drawn by | {' | '.join(COLUMNS.values())} |", "|---" * (len(COLUMNS) + 1) + "|"]
    for way, one in saved["ways"].items():
        cells = [f"{one[c]:,.0f}" if one.get(c, 0) >= 100 else f"{one[c]:.2g}" if c in one else "" for c in COLUMNS]
        rows.append(f"| {way} | {' | '.join(cells)} |")
    start, end = old.find("\nWhat is seen:"), old.find("\n## The poems")
    texts = ["\n## The poems"]
    for way, one in saved["ways"].items():
        texts.append(f"\n### {way}\n\n" + "\n".join(f"{i}. {text}" for i, text in enumerate(one["texts"], 1)))
    return head + "\n".join(rows) + "\n" + HOW + (old[start:end] if start >= 0 else "") + "\n".join(texts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(os.environ.get("MINENT_DATA", HERE.parents[2] / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=default)
    for name, value in {"steps": 3500, "seconds": 0, "layers": 4, "dim": 128, "tokens": 1024, "poems": 48}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--place", type=Path, default=PLACE)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--blind", type=Path)
    options = parser.parse_args()
    saved = json.loads(options.place.read_text(encoding="utf-8")) if options.place.exists() else {"ways": {}}
    if options.blind:
        return blind(saved, options.blind)
    asked = {name: value for name, value in vars(options).items() if isinstance(value, int | float)}
    if not {*WAYS} <= {*saved["ways"]} and not options.write:
        if saved.setdefault("asked", asked) != asked:
            parser.error(f"{options.place} holds poems of other models, {saved['asked']}: name another --place")
        draw(options, saved)
    if options.write:
        old = options.write.read_text(encoding="utf-8") if options.write.exists() else ""
        options.write.write_text(report(saved, old), encoding="utf-8")
    return None


def draw(options, saved):
    gpu = torch.cuda.is_available()
    five = quatrains(options.data, 5)
    order = np.random.default_rng(1).permutation(len(five))
    train, held = [five[i] for i in order[HELD:]] + quatrains(options.data, 7), [five[i] for i in order[:HELD]]
    learned, dev = [marked(text) for text in train], [marked(text) for text in held]
    device = torch.device("cuda" if gpu else "cpu")
    (model, one), (judge, other) = (trained(learned, dev, seed, options, device) for seed in (1, 2))
    place = torch.cuda.get_device_name() if gpu else f"{platform.machine()}, {os.cpu_count()} cores"
    saved |= {
        "date": date.today().isoformat(), "machine": place, "curves": {"1": one, "2": other},
        "versions": ", ".join(f"{package} {known(package)}" for package in ("minent", "torch")),
        "sizes": f"Models of {options.layers} layers of {options.dim} (dropout {options.dropout}, learned places, "
        f"characters, `--masked 0`) learned from {len(train):,} quatrains of five and seven characters a line, bf16, "
        f"for {one[-1][0]:,} and {other[-1][0]:,} steps of {options.tokens:,} tokens ({one[-1][1]:.0f} and "
        f"{other[-1][1]:.0f} s). One seed. Poems are of five characters a line, from the template `{FORMED}`.",
    }  # fmt: skip

    def keep(way, make):
        if way not in saved["ways"]:
            saved["ways"][way] = make()
            options.place.write_text(json.dumps(saved, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            figures = " ".join(f"{k} {v:.3g}" for k, v in saved["ways"][way].items() if isinstance(v, float))
            print(f"{way}: {figures}", flush=True)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tables(folder, sorted({one for text in train for one in text}))
        says, vocabulary = Measures(train, folder), vocabulary_of(model.tokenizer)
        rules = {"": ()} | {form: read_rules(folder / f"{form}.toml", vocabulary) for form in ("rhyme", "tones")}
        random = np.random.default_rng(1)
        real = [held[i] for i in random.permutation(len(held))[: options.poems]]
        columns = [random.permutation(list(one)) for one in zip(*real, strict=True)]
        mixed = ["".join(text) for text in zip(*columns, strict=True)]
        keep("held-out poems", partial(says, list(map(marked, real)), judge))
        keep("each place shuffled", partial(says, list(map(marked, mixed)), judge))
        for way in WAYS:

            def made(way=way):
                texts, spent = drawn(way, model, judge, rules, options.poems, 1)
                return {**says(texts, judge), "seconds": spent}

            keep(way, made)


if __name__ == "__main__":
    main()
