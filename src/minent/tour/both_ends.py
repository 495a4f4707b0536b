"""Numbers in words, from both ends: digits are read, and words written from the left and from the right at once."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from minent.files import write_text
from minent.nn.shape import Shape
from minent.plot.speaking import Say
from minent.text.options import Reading, Writing
from minent.text.writing.training import new_seq2seq, train_seq2seq
from minent.tour.page import Html, Section, follow, table
from minent.tour.spelled import numbers
from minent.training.recipe import Recipe

ASKED = """Digits are read and the number is written in words, from the left and from the right at once: here from 4,000
numbers below ten million, by a model that has learned for some forty seconds, from nothing, and knows no rule. Each end
errs most where it has come far; what both together find likeliest is taken. These numbers it has never seen."""
SHAPE = Shape(dim=64, heads=4, layers=2, hidden=256, longest=32)
READING = Reading("words", vocabulary=100, tokens=1024)
WRITING = Writing("bidirectional", interaction=0.0)
SHOWN = 14


def both_ends(folder: Path, say: Say, steps: int = 500) -> Section:
    """Train for so many steps; pairs and the model go to `folder`."""
    train, test = numbers()
    file, out = folder / "numbers.tsv", folder / "numbers"
    write_text(file, "".join(f"{a}\t{b}\n" for a, b in zip(train.sources, train.targets, strict=True)))
    model = new_seq2seq(train, SHAPE, READING, WRITING)
    recipe = Recipe(steps=steps, learning_rate=5e-3, warmup=steps // 10)
    follow("both ends", train_seq2seq(model, train, None, recipe, tokens=READING.tokens))
    model.save_pretrained(out)
    agreed, apart = (model.write(test.sources, beam=4, longest=24, judge=judge) for judge in ("both", "own"))
    command = (
        f"minent text train --task seq2seq --train {file} --out {out} --decoder bidirectional --interaction 0 "
        f"--tokenizer words --tokens {READING.tokens} --dim {SHAPE.dim} --layers {SHAPE.layers} --steps {steps} …\n"
        f"minent text write --model {out} < in.txt"
    )
    facts = [
        (f"{right(agreed, test.targets):.0f} %", say("numbers right, as both ends together find them likeliest")),
        (f"{right(apart, test.targets):.0f} %", say("numbers right, as the surer end alone has them")),
        (f"{len(train):,}", say("numbers to learn from")),
    ]
    rows = [(a.replace(" ", ""), _shown(b, c), c) for a, b, c in zip(test.sources, agreed, test.targets, strict=True)]
    html = f'<div class="written">{table([say("read"), say("written"), say("truth")], rows[:SHOWN])}</div>'
    return Section(say("Writing from both ends"), say(ASKED), command, facts, html, "writing.md")


def right(found: Sequence[str], truth: Sequence[str]) -> float:
    """How many are, of a hundred."""
    return 100 * sum(a == b for a, b in zip(found, truth, strict=True)) / len(truth)


def _shown(found: str, truth: str) -> Html:
    mark = "b" if found == truth else "i"
    return Html(f"<{mark}>{escape(found)}</{mark}>")
