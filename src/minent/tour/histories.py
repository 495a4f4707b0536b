"""Histories that err: a small model learns the same words twice, and goes on from beginnings that were spoilt."""

import re
from collections import Counter
from pathlib import Path

from minent.data import Pairs, docstrings, held_out
from minent.files import write_text
from minent.nn.shape import Shape
from minent.plot.curves import curves, inline
from minent.plot.speaking import Say
from minent.text.exposure import Objective, RandomReplacement, TeacherForcing
from minent.text.exposure.diagnosis import Exposure, exposure
from minent.text.options import Reading, Writing
from minent.text.writing.training import batched, new_seq2seq, train_seq2seq
from minent.tour.page import Section, follow, table
from minent.training.recipe import Recipe

ASKED = """A model learns to go on from true beginnings, but when it writes it goes on from its own. Two models of one
size learn to put back the vowels of words that docstrings are made of (cnvltn: convolution), in as many steps: one in
the usual way (teacher forcing), one from beginnings of which random letters were replaced by others of the same word.
How many next letters are right when the beginning is true, spoilt, or the model's own?"""
OBJECTIVES: dict[str, Objective] = {"teacher forcing": TeacherForcing(), "random replacement": RandomReplacement()}
SHAPE = Shape(dim=64, heads=2, layers=2, hidden=256, longest=32)
READING = Reading("words", vocabulary=60, tokens=1024)
PACKAGES = "numpy", "scipy", "sklearn", "pandas", "networkx"
HELD = 0.05


def histories(folder: Path, say: Say, steps: int = 300) -> Section:
    """Train both for so many steps, and measure both on words they have not seen; the others go to `folder`."""
    train, test = held_out(words(), HELD)
    file = folder / "vowels.tsv"
    write_text(file, "".join(f"{a}\t{b}\n" for a, b in zip(train.sources, train.targets, strict=True)))
    found = {name: measured(name, objective, train, test, steps) for name, objective in OBJECTIVES.items()}
    kinds = next(iter(found.values())).histories
    shares = {say(name): [100 * one.accuracy[kind] for kind in kinds] for name, one in found.items()}
    rows = [(name, *(f"{share:.1f}" for share in of)) for name, of in shares.items()]
    command = (
        f"minent text train --task seq2seq --train {file} --out model --objective random-replacement …\n"
        "minent text exposure --model model --data dev.tsv -o exposure.png"
    )
    said = "right after a half spoilt beginning: {}", "right after a true beginning: {}"
    facts = [(f"{of[i]:.1f} %", say(one).format(name)) for one, i in zip(said, (-2, 0), strict=True)
             for name, of in shares.items()]  # fmt: skip
    called = [_called(kind, say) for kind in kinds]
    figure = curves(called, shares, across=say("beginning that is read"), up=say("next letters right, %"))
    html = f'<div class="curve">{inline(figure)}</div>{table([say("% right after"), *called], rows)}'
    return Section(say("Training that survives its own mistakes"), say(ASKED), command, facts, html, "exposure.md")


def words() -> Pairs:
    """Words of docstrings, and what is left of them without vowels, letter by letter."""
    found = (f"{one.summary} {one.body}".lower() for one in docstrings(PACKAGES, per_package=10_000))
    counts = Counter(word for text in found for word in re.findall(r"[a-z]{6,14}", text))
    known = sorted(word for word, count in counts.items() if count > 2)
    return Pairs([" ".join(re.sub("[aeiou]", "", word)) for word in known], [" ".join(word) for word in known])


def measured(name: str, objective: Objective, train: Pairs, test: Pairs, steps: int) -> Exposure:
    """What a model that learned by the objective gets right."""
    model = new_seq2seq(train, SHAPE, READING, Writing())
    recipe = Recipe(steps=steps, learning_rate=2e-3, warmup=steps // 10)
    follow(name, train_seq2seq(model, train, None, recipe, objective=objective, tokens=READING.tokens))
    return exposure(model, batched(model, test, 4096, shuffle=False).epoch(1))


def _called(kind: str, say: Say) -> str:
    """A kind of beginning, as "50 % replaced"."""
    share, mark, _ = kind.partition(" % ")
    return f"{share} % {say('replaced')}" if mark else say(kind)
