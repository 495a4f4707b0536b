"""The page that a tour ends with: a card for each stop, with what was asked, the picture, the figures, the command."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from minent.plot.page import Page, document
from minent.plot.speaking import Say

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Section:
    """One stop of the tour."""

    name: str
    asked: str
    """What it is about, in a sentence or three."""

    command: str
    """What does it on one's own data."""

    facts: Sequence[tuple[str, str]]
    """Figures that were found, and what each is of; the first is the one to remember."""

    html: str
    """What there is to see."""

    guide: str
    """The page in docs/ that goes on from here."""

    def told(self, width: int = 9) -> str:
        """The figures for a terminal."""
        return "\n".join(f"{value:>{width}}  {of}" for value, of in self.facts)


class Html(str):
    """What is no text to be shown as it is."""


def follow(name: str, records: Iterable[Any]) -> None:
    """Train to the end, and say where it stands; a record has its `step` and how many `steps` there are."""
    for record in records:
        log.info("%s: step %d of %d", name, record.step, record.steps)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are text, or `Html`; what is wide scrolls."""
    head = "".join(f"<th>{escape(head)}" for head in heads)
    cells = [[cell if isinstance(cell, Html) else escape(cell) for cell in row] for row in rows]
    body = "".join(f"<tr>{''.join(f'<td>{cell}' for cell in row)}" for row in cells)
    return f'<div class="wide"><table><tr>{head}{body}</table></div>'


def figure(drawn: str, caption: str) -> str:
    """A picture, which is HTML, and below it what it shows."""
    return f"<figure>{drawn}<figcaption>{escape(caption)}</figcaption></figure>"


def alive(page: Page, title: str) -> str:
    """A whole page within this one."""
    frame = f'<iframe srcdoc="{escape(page)}" title="{escape(title)}" loading="lazy"></iframe>'
    return f'<div class="map">{frame}</div>'


def index(sections: Sequence[Section], say: Say, *, language: str = "en", style: str = "") -> Page:
    """All stops on one page, with a list of them above; `style` is what they want beside the look of all pages."""
    listed = "".join(f'<a href="#stop-{i}">{escape(one.name)}</a>' for i, one in enumerate(sections, 1))
    lead = say(
        "Entropy is the cost of learning. All that you see here was made just now, on this machine, from data that "
        "installed packages carry."
    )
    cards = "".join(_card(one, i, say) for i, one in enumerate(sections, 1))
    body = f'<p class="lead">{escape(lead)}</p><nav>{listed}</nav>{cards}'
    return document(say("A tour of minent"), body, style=_style() + style, language=language)


def _card(one: Section, number: int, say: Say) -> str:
    facts = "".join(f"<div><dd>{escape(value)}</dd><dt>{escape(of)}</dt></div>" for value, of in one.facts)
    return (
        f'<section id="stop-{number}"><h2>{escape(one.name)}</h2><p>{escape(one.asked)}</p><dl>{facts}</dl>'
        f'{one.html}<pre>{escape(one.command)}</pre><p class="soft">{_onward(one.guide, say)}</p></section>'
    )


def _onward(guide: str, say: Say) -> str:
    """Where it goes on: a link where the documentation is at hand, as in a checkout, else its name."""
    name = f"{say('docs')}/{guide}"
    page = Path(__file__).resolve().parents[3] / name
    linked = f'<a href="{escape(page.as_uri())}">{escape(name)}</a>' if page.is_file() else escape(name)
    return f"{escape(say('More:'))} {linked}"


def _style() -> str:
    return (files("minent.tour") / "page.css").read_text("utf-8")
