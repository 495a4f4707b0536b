"""Pairs of the shared data that several benchmarks learn from, and the table of what they found."""

import numpy as np

from minent.data.texts.packages import docstrings
from minent.data.texts.pairs import Pairs


def split(pairs, tested, held=0):
    """Pairs to learn from, whose sources are none of the others; `held` to choose by; `tested` to test: drawn."""
    order = np.random.default_rng(1).permutation(len(pairs)).tolist()
    test, dev, rest = order[:tested], order[tested : tested + held], order[tested + held :]
    known = {pairs.sources[i] for i in (*test, *dev)}
    return pairs.at([i for i in rest if pairs.sources[i] not in known]), pairs.at(dev), pairs.at(test)


def cmudict(folder):
    """Letters and sounds."""
    lines = (folder / "cmudict" / "cmudict.dict").read_text(encoding="utf-8").splitlines()
    words = [line.split("#")[0].split() for line in lines if line[:1].isalpha() and "(" not in line.split()[0]]
    return Pairs([" ".join(word[0]) for word in words], [" ".join(word[1:]) for word in words])


def multi30k(folder, part):
    """German and English captions of a part: train, val or test_2016_flickr."""
    sides = ((folder / "multi30k" / f"{part}.{side}").read_text(encoding="utf-8").splitlines() for side in ("de", "en"))
    return Pairs(*sides)


def csl_title(folder):
    """Chinese abstracts and titles."""
    rows = [
        line.split("\t")
        for name in ("dev.tsv", "test.tsv")
        for line in (folder / "csl_title" / name).read_text(encoding="utf-8").splitlines()
    ]
    return Pairs([row[1] for row in rows], [row[2] for row in rows])


def tatoeba(folder):
    """English and Chinese sentences."""
    rows = [line.split("\t") for line in (folder / "tatoeba_cmn" / "cmn.txt").read_text("utf-8").splitlines()]
    return Pairs([row[0] for row in rows], [row[1] for row in rows])


def titles():
    """What functions of installed packages are called and their docstrings go on to say, and the lines that sum up:
    one of each line."""
    found = {}
    for one in docstrings(["numpy", "scipy", "sklearn", "pandas", "networkx"], per_package=10_000):
        text = " ".join(f"{one.head.replace('_', ' ')} {one.body}".split())[:400]
        if one.body and 2 < len(one.summary.split()) < 11:
            found.setdefault(one.summary, text)
    return Pairs(list(found.values()), list(found))


def means(runs, columns):
    """The rows of a table, a kind of model each: of every column the mean over runs, with the deviation of
    several; steps and seconds are whole numbers, operations are 10¹²."""
    rows = {}
    for found in runs.values():
        for row, values in found.items():
            rows.setdefault(row, []).append(values)
    lines = []
    for row, several in rows.items():
        cells = []
        for column in columns:
            values = [one[column] / (1e12 if column == "flops" else 1) for one in several]
            spread = f" ± {np.std(values, ddof=1):.1f}" if len(values) > 1 else ""
            whole = column in ("steps", "best step", "seconds")
            cells.append(f"{np.mean(values):,.0f}" if whole else f"{np.mean(values):.1f}{spread}")
        lines.append(f"| {row} | {' | '.join(cells)} | {len(several)} |")
    return lines
