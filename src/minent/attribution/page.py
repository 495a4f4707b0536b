"""A page that says why: of each input the examples that made its score, as signed bars that add up to it."""

from collections.abc import Callable, Sequence
from html import escape

import numpy as np

from minent.attribution.explanation import Explanation
from minent.attribution.labels import of_labels
from minent.plot.page import Page, document

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
) -> Page:
    """One self-contained page; `explanation` holds all outputs, and of each input the highest is told.

    - `inputs`, `examples`: HTML that shows the input, or the training example, of a number.
    - `labels`: names of the outputs; of one output that is a logit, two: of no and of yes. `truth` and `taught`: labels
      of the inputs and the training examples; `rows`: what these are called by, else their places.
    - `of`: what the outputs are, as "log-probability".
    - `k`: how many examples that raised a score, and how many that lowered it, are shown; the others are one bar.

    >>> parts = Explanation(np.array([[3.0]]), np.array([[1.0]]), np.array([[[2.5, 0.0, -0.5]]]), {})
    >>> because(parts, str, str, labels=["cat"])
    Page(... characters of HTML)
    """
    told = TOLD.format(of=escape(of), residual=explanation.relative_residual, verdict=explanation.verdict)
    notes = "".join(f"<li>{escape(note)}" for note in (*explanation.doubts, *explanation.notes))
    shown = sections(explanation, inputs, examples, labels=labels, truth=truth, taught=taught, rows=rows, k=k, of=of)
    title = f"{title} ({explanation.verdict})" * (explanation.verdict == "not to be trusted") or title
    return document(title, told + (f"<ul>{notes}</ul>" if notes else "") + shown, style=STYLE)


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
) -> str:
    """What `because` shows of each input, as HTML for a page that has STYLE."""
    parted = []
    for i, scores in enumerate(explanation.prediction):
        o, label = int(scores.argmax()), int(of_labels(scores).argmax())
        says = f"{scores[o]:.4g}" if len(labels) == 1 else labels[label]
        parts = explanation.contributions[i, o]
        helpers, hurters = explanation.top(i, o, k)
        named = [one for one, _ in helpers + hurters]
        rest = parts[~np.isin(explanation.whose(i, o), named)]
        bars: list[tuple[str, float]] = [("before training", explanation.initial[i, o])]
        bars += [(_example(one, rows[one] if rows else one, examples, taught), part) for one, part in helpers]
        bars += [(_example(one, rows[one] if rows else one, examples, taught), part) for one, part in hurters]
        bars += [(_others(rest), rest.sum())] if explanation.examples is None else []
        bars += [(escape(name), term[i, o]) for name, term in explanation.other.items()]
        bars += [("what the sum lacks", explanation.residual[i, o])]
        widest = max(max(abs(value) for _, value in bars), abs(scores[o]), 1e-300)
        lines = "".join(_row(what, value, widest) for what, value in bars)
        yes = labels[-1] if len(scores) == 1 else labels[o]
        total = _row(f"{escape(of)} of {escape(yes)}", scores[o], widest, "total")
        told = f"says <b>{escape(says)}</b>"
        if truth is not None and truth[i] not in (None, says):
            told += f", should be <b>{escape(str(truth[i]))}</b>"
        parted.append(
            f'<section><div class="input">{inputs(i)}<p>input {i}: the model {told}</p></div>'
            f"<table class=bars>{lines}{total}</table></section>"
        )
    return "\n".join(parted)


def _example(place: int, row: int | str, shown: Shown, taught: Sequence[str] | None) -> str:
    label = "" if taught is None else f", taught as <b>{escape(taught[place])}</b>"
    called = f"{row:,}" if isinstance(row, int) else escape(row)
    return f'<div class="example"><span class="shown">{shown(place)}</span><span>example {called}{label}</span></div>'


def _others(parts: np.ndarray) -> str:
    raised, lowered = parts[parts > 0], parts[parts < 0]
    return (
        f"{len(parts):,} others together: {len(raised):,} raised it by {raised.sum():.4f}, "
        f"{len(lowered):,} lowered it by {-lowered.sum():.4f}"
    )


def _row(what: str, value: float, widest: float, kind: str = "") -> str:
    width = 50 * abs(value) / widest
    left = 50 - width if value < 0 else 50
    sign = "down" if value < 0 else "up"
    bar = f'<div class="bar {sign}" style="left:{left:.2f}%;width:{width:.2f}%"></div>'
    number = f"{value:+.4f}".replace("-", "−")
    return f'<tr class="{kind}"><td>{what}<td class=track><div>{bar}</div><td class=number>{number}'


TOLD = """<p>Bars add up to the {of} below them: what the model said before training, and what each training example
added to that along training (blue raises it, red lowers it). In all the sums lack {residual:.1e} of what training
changed: {verdict}.</p>"""
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
