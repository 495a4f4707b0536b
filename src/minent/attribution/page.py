"""A page that says why: of each input the examples that made its score, as signed bars that add up to it."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import numpy as np

from minent.attribution.chinese import CHINESE
from minent.attribution.explanation import Explanation
from minent.attribution.labels import of_labels
from minent.plot.page import Page, document
from minent.plot.speaking import Language, Say, speaker

Shown = Callable[[int], str]


def because(
    explanation: Explanation,
    inputs: Shown,
    examples: Shown,
    *,
    labels: Sequence[str],
    truth: Sequence[str | None] | None = None,
    taught: Sequence[str] | None = None,
    rows: Sequence[int | str] | None = None,
    k: int = 6,
    of: str = "score",
    title: str = "because",
    language: Language = "en",
) -> Page:
    """One self-contained page; `explanation` holds all outputs, and of each input the highest is told.

    - `inputs`, `examples`: HTML that shows the input, or the training example, of a number.
    - `labels`: names of the outputs; of one output that is a logit, two: of no and of yes. `truth` and `taught`: labels
      of the inputs and the training examples; `rows`: what these are called by, else their places.
    - `of`: what the outputs are, as "log-probability".
    - `k`: how many examples that raised a score, and how many that lowered it, are shown; the others are one bar.
    - `language`: what the page is told in, English or Chinese ("zh"); what is not exact is told in English.

    >>> parts = Explanation(np.array([[3.0]]), np.array([[1.0]]), np.array([[[2.5, 0.0, -0.5]]]), {})
    >>> because(parts, str, str, labels=["cat"])
    Page(... characters of HTML)
    """
    say, verdict = speaker(language, CHINESE), explanation.verdict
    told = f"<p>{escape(say(TOLD).format(say(of), explanation.relative_residual, say(verdict)))}</p>"
    notes = "".join(f"<li>{escape(note)}" for note in (*explanation.doubts, *explanation.notes))
    asked: dict[str, Any] = {"labels": labels, "truth": truth, "taught": taught, "rows": rows}
    shown = sections(explanation, inputs, examples, **asked, k=k, of=of, language=language)
    title = f"{say(title)} ({say(verdict)})" if verdict == "not to be trusted" else say(title)
    body = told + (f'<ul lang="en">{notes}</ul>' if notes else "") + shown
    return document(title, body, style=STYLE, language=language)


def sections(
    explanation: Explanation,
    inputs: Shown,
    examples: Shown,
    *,
    labels: Sequence[str],
    truth: Sequence[str | None] | None = None,
    taught: Sequence[str] | None = None,
    rows: Sequence[int | str] | None = None,
    k: int = 6,
    of: str = "score",
    language: Language = "en",
) -> str:
    """What `because` shows of each input, as HTML for a page that has STYLE."""
    parted, say = [], speaker(language, CHINESE)
    for i, scores in enumerate(explanation.prediction):
        o, label = int(scores.argmax()), int(of_labels(scores).argmax())
        says = f"{scores[o]:.4g}" if len(labels) == 1 else labels[label]
        parts = explanation.contributions[i, o]
        helpers, hurters = explanation.top(i, o, k)
        named = [one for one, _ in helpers + hurters]
        rest = parts[~np.isin(explanation.whose(i, o), named)]
        bars: list[tuple[str, float]] = [(say("before training"), explanation.initial[i, o])]
        for one, part in helpers + hurters:
            bars.append((_example(one, rows[one] if rows else one, examples, taught, say), part))
        bars += [(_others(rest, say), rest.sum())] if explanation.examples is None else []
        bars += [(escape(say(name)), term[i, o]) for name, term in explanation.other.items()]
        bars += [(say("what the sum lacks"), explanation.residual[i, o])]
        widest = max(max(abs(value) for _, value in bars), abs(scores[o]), 1e-300)
        lines = "".join(_row(what, value, widest) for what, value in bars)
        yes = labels[-1] if len(scores) == 1 else labels[o]
        total = _row(say("{} of {}").format(escape(say(of)), escape(yes)), scores[o], widest, "total")
        told = say("input {}: the model says {}").format(i, f"<b>{escape(says)}</b>")
        if truth is not None and truth[i] not in (None, says):
            told += say(", should be {}").format(f"<b>{escape(str(truth[i]))}</b>")
        parted.append(
            f'<section><div class="input">{inputs(i)}<p>{told}</p></div>'
            f"<table class=bars>{lines}{total}</table></section>"
        )
    return "\n".join(parted)


def _example(place: int, row: int | str, shown: Shown, taught: Sequence[str] | None, say: Say) -> str:
    told = say("example {}").format(f"{row:,}" if isinstance(row, int) else escape(row))
    told += "" if taught is None else say(", taught as {}").format(f"<b>{escape(taught[place])}</b>")
    return f'<div class="example"><span class="shown">{shown(place)}</span><span>{told}</span></div>'


def _others(parts: np.ndarray, say: Say) -> str:
    raised, lowered = parts[parts > 0], parts[parts < 0]
    told = say("{:,} others together: {:,} raised it by {:.4f}, {:,} lowered it by {:.4f}")
    return told.format(len(parts), len(raised), raised.sum(), len(lowered), abs(lowered.sum()))


def _row(what: str, value: float, widest: float, kind: str = "") -> str:
    width = 50 * abs(value) / widest
    left = 50 - width if value < 0 else 50
    sign = "down" if value < 0 else "up"
    bar = f'<div class="bar {sign}" style="left:{left:.2f}%;width:{width:.2f}%"></div>'
    number = f"{value:+.4f}".replace("-", "−")
    return f'<tr class="{kind}"><td>{what}<td class=track><div>{bar}</div><td class=number>{number}'


TOLD = """Bars add up to the {} below them: what the model said before training, and what each training example added
to that along training (blue raises it, red lowers it). In all the sums lack {:.1e} of what training changed: {}."""
STYLE = """
.input { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem 1.2rem; overflow-wrap: anywhere }
.input:not(:has(img)) { flex-direction: column; align-items: flex-start } .input:not(:has(img)) p { margin: .5rem 0 }
.input img, .shown img { display: block; image-rendering: pixelated }
.input img { width: 6rem } .shown img { width: 2.4rem }
.example { display: flex; align-items: center; gap: .1rem .7rem; line-height: 1.3 }
.shown { max-width: 26rem; overflow-wrap: anywhere }
.example:not(:has(img)) { flex-direction: column; align-items: flex-start }
.example:not(:has(img)) > span + span { color: var(--soft) }
.shown table, .input table { font-size: .75rem } .shown td { white-space: nowrap }
.bars { width: 100% } .bars > * > tr > td { padding: .15rem .4rem; border: 0 }
.track { width: 40% }
.track > div { position: relative; height: 1rem; background: linear-gradient(#888, #888) 50% / 1px 100% no-repeat }
.bar { position: absolute; top: 0; height: 1rem; border-radius: 2px } .up { background: var(--up) }
.down { background: var(--down) }
.bars .number { text-align: right; width: 6rem }
@media (max-width: 40rem) {
  .bars { font-size: .85rem } .bars > * > tr > td { padding: .15rem .2rem }
  .track { width: 27% } .bars .number { width: 4rem }
}
.bars > * > tr.total > td { border-top: 2px solid currentColor; font-weight: bold }
"""
