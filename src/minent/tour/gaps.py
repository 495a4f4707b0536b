"""Gaps: a masked language model learns numbers in words, and chains fill a template by Gibbs sampling."""

from html import escape
from pathlib import Path

from minent.files import write_text
from minent.nn.shape import Shape
from minent.plot.speaking import Say
from minent.text.gibbs import Gibbs, diagnostics
from minent.text.masked.training import new_masked_lm, train_masked_lm
from minent.text.options import Reading
from minent.tour.page import Html, Section, follow, table
from minent.tour.spelled import in_words, numbers
from minent.training.recipe import Recipe

ASKED = """A small masked language model learns to fill gaps in 4,000 numbers in English words, the same as above. Then
64 chains start from a template whose blanks are masks: hide one word, draw it from what the model says of the gap, and
so on, many times over. Below are some chains on their way; coloured is what is a number, by the rules of English, which
nobody told the model."""
SHAPE = Shape(dim=64, heads=4, layers=2, hidden=256, longest=32)
READING = Reading("words", vocabulary=100, tokens=2048)
TEMPLATE = "_ _ thousand _ hundred _ _"
SHOWN, CHAINS = (0, 5, 20), 8


def gaps(folder: Path, say: Say, steps: int = 500) -> Section:
    """Train for so many steps; numbers and the model go to `folder`."""
    learned = numbers()[0].targets
    file, out = folder / "numbers.txt", folder / "gaps"
    write_text(file, "".join(f"{one}\n" for one in learned))
    model = new_masked_lm(learned, SHAPE, READING)
    recipe = Recipe(steps=steps, learning_rate=3e-3, warmup=steps // 10)
    follow("gaps", train_masked_lm(model, learned, None, recipe, masked=0.0, tokens=READING.tokens))
    model.save_pretrained(out)
    sampler = Gibbs(model, keep=(TEMPLATE,), chains=64, sweeps=max(SHOWN), thin=5, temperature=0.7)
    states = list(sampler.sweeps())
    last, known, right = states[-1].texts, set(learned), {in_words(n) for n in range(100_000)}
    command = (
        f"minent text train --task masked-lm --train {file} --out {out} --masked 0 --tokenizer words …\n"
        f'minent text sample --model {out} --keep "{TEMPLATE}" --chains 64 --sweeps {max(SHOWN)} --temperature 0.7'
    )
    facts = [
        (f"{sum(text in right for text in last)} / {len(last)}", say("chains that end at a number")),
        (f"{len(set(last) & right - known)}", say("different numbers that it had not learned from")),
        (f"{diagnostics(sampler, states).self_bleu:.0f}", say("self-BLEU: 100 were all alike")),
    ]
    rows = [[_shown(states[sweep].texts[i], right) for sweep in SHOWN] for i in range(CHAINS)]
    html = f'<div class="written">{table([say("after {} sweeps").format(sweep) for sweep in SHOWN], rows)}</div>'
    return Section(say("Gibbs sampling from a masked language model"), say(ASKED), command, facts, html, "sampling.md")


def _shown(text: str, right: set[str]) -> Html:
    return Html(f"<b>{escape(text)}</b>" if text in right else escape(text))
