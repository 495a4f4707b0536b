"""A self-contained HTML page is text: a notebook shows it in a frame, a file holds it whole."""

import os
from html import escape

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
