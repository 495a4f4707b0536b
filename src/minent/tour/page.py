"""The page that a tour ends with: a section for each stop, with what was asked, the command, and what came out."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Section:
    """One stop of the tour; `result` is parts joined by "; ", `html` what else there is to see."""

    name: str
    asked: str
    command: str
    result: str
    html: str

    def __str__(self) -> str:
        return (
            f"<h2>{escape(self.name)}</h2><p>{escape(self.asked)}</p><pre>{escape(self.command)}</pre>"
            f"<p>{escape(self.result)}</p>\n{self.html}"
        )


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are text; what is wide scrolls."""
    head = "".join(f"<th>{escape(head)}" for head in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}' for cell in row)}" for row in rows)
    return f'<div class="wide"><table><tr>{head}{body}</table></div>'


def page(sections: Sequence[Section]) -> str:
    """A page of its own, in light and dark."""
    return PAGE.replace("SECTIONS", "".join(map(str, sections)))


PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>minent: a tour</title>
<meta name="viewport" content="width=device-width"><style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
pre { padding: .6rem 1rem; background: #8882; border-radius: .4rem; overflow-x: auto }
.wide { overflow-x: auto } table { border-collapse: collapse }
svg { margin-top: 1rem } th, td { text-align: left; padding: .15rem 1.2rem .15rem 0; vertical-align: top }
td { font-variant-numeric: tabular-nums }
</style><h1>A tour of minent</h1>
<p>Entropy is the cost of learning. What you see here was made just now, on this machine, from what installed packages
carry.</p>
SECTIONS</html>
"""
