"""A self-contained HTML page is text: a notebook shows it in a frame, a file holds it whole.

All pages have one template (assets/page.html), which lets nothing in from elsewhere, and one look (assets/look.css).
"""

import os
import re
from collections.abc import Mapping
from html import escape
from importlib.resources import files

from minent.files import write_text


class Page(str):
    """The text of an HTML page.

    >>> page = Page("<!doctype html><p>a map")
    >>> page
    Page(23 characters of HTML)
    >>> page._repr_html_()
    '<iframe srcdoc="&lt;!doctype html&gt;&lt;p&gt;a map" width="100%" height="600" style="border: 0"></iframe>'
    """

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the page, whole or not at all."""
        write_text(path, self)

    def __repr__(self) -> str:
        return f"Page({len(self):,} characters of HTML)"

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{escape(self)}" width="100%" height="600" style="border: 0"></iframe>'


def asset(name: str) -> str:
    """The text of a file in assets/."""
    return (files("minent.plot") / "assets" / name).read_text("utf-8")


def filled(name: str, parts: Mapping[str, str]) -> str:
    """The text of a file in assets/ with what stands for each {{part}} in it; what is put in is not looked at again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda part: parts[part[1]], asset(name))


def page(title: str, body: str, style: str, *, language: str = "en") -> Page:
    """A page with that title, which is text, that body, which is HTML, and beside the look of all pages that style."""
    look = f"{asset('look.css')}{style}"
    spoken = {"zh": "zh-CN"}.get(language, language)
    parts = {"language": spoken, "title": escape(" ".join(title.split())), "style": look, "body": body}
    return Page(filled("page.html", parts))


def document(title: str, body: str, *, style: str = "", language: str = "en") -> Page:
    """A page to read, with its title above: paragraphs, tables, figures, `<section>`s, which stand on cards.

    >>> document("a < b", "<p>so it is")
    Page(... characters of HTML)
    """
    head = f'<h1 dir="auto">{escape(title)}</h1>\n'
    return page(title, f"<main>\n{head}{body}\n</main>", asset("document.css") + style, language=language)
