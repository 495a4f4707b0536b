"""Gaps: a masked language model learns words, and chains fill a template by Gibbs sampling."""

import logging
from html import escape
from pathlib import Path

from minent.files import write_text
from minent.nn.shape import Shape
from minent.text.gibbs import Gibbs, diagnostics
from minent.text.masked.training import new_masked_lm, train_masked_lm
from minent.text.options import Reading
from minent.tour.docstrings import words
from minent.tour.page import Html, Say, Section, table
from minent.training.recipe import Recipe

ASKED = """A small masked language model learns to fill gaps in words of docstrings, letter by letter. Then 64 chains
start from a template whose blanks are masks: hide one letter, draw it from what the model says of the gap, and so on,
many times over. Below are some chains on their way. A word is known if docstrings hold it."""
SHAPE = Shape(dim=96, heads=4, layers=2, hidden=384, longest=32)
READING = Reading("characters", vocabulary=300, tokens=2048)
TEMPLATE = "con____tion"
SHOWN = 0, 1, 2, 5, 20
log = logging.getLogger(__name__)


def gaps(folder: Path, say: Say, steps: int = 250) -> Section:
    """Train for so many steps; words and the model go to `folder`."""
    known = ["".join(word.split()) for word in words().targets]
    file, out = folder / "words.txt", folder / "gaps"
    write_text(file, "".join(f"{word}\n" for word in known))
    model = new_masked_lm(known, SHAPE, READING)
    recipe = Recipe(steps=steps, learning_rate=2e-3, warmup=steps // 10)
    for record in train_masked_lm(model, known, None, recipe, masked=0.0, tokens=READING.tokens):
        log.info("gaps: step %d of %d, loss %.2f", record.step, record.steps, record.loss)
    model.save_pretrained(out)
    sampler = Gibbs(model, keep=(TEMPLATE,), chains=64, sweeps=max(SHOWN), thin=5, temperature=0.7)
    states = list(sampler.sweeps())
    told = diagnostics(sampler, states)
    rows = [(str(sweep), *(_shown(text, known) for text in states[sweep].texts[:6])) for sweep in SHOWN]
    last = states[-1].texts
    found = sorted(set(last) & set(known))
    command = (
        f"minent text train --task masked-lm --train {file} --out {out} --masked 0 --tokenizer characters …\n"
        f"minent text sample --model {out} --keep {TEMPLATE} --chains 64 --sweeps {max(SHOWN)} --temperature 0.7"
    )
    facts = [
        (f"{sum(text in set(known) for text in last)} / {len(last)}", say("chains that end at a word of docstrings")),
        (f"{len(set(last))}", say("different ends")),
        (f"{told.self_bleu:.0f}", say("self-BLEU: 100 were all alike")),
        (f"{len(known):,}", say("words to learn from")),
    ]
    heads = [say("sweep"), *(say("chain {}").format(i) for i in range(1, 7))]
    html = (
        f'<div class="written">{table(heads, rows)}</div><p>{say("Words at the end:")} {escape(", ".join(found))}</p>'
    )
    return Section(say("Gibbs sampling from a masked language model"), say(ASKED), command, facts, html, "sampling.md")


def _shown(text: str, known: list[str]) -> Html:
    return Html(f"<b>{escape(text)}</b>" if text in known else escape(text))
