"""Curves within a page leave letters to the browser."""

import pytest

pytest.importorskip("matplotlib")

from minent.plot.curves import curves, inline


def test_letters_that_matplotlib_has_no_font_for_are_text_of_the_page():
    lines = {"随机替换": [90.0, 80.0]}
    drawn = inline(curves(["1", "2"], lines, across="词元数", up="正确率，%"))  # warnings are errors
    assert drawn.startswith("<svg") and "随机替换" in drawn and "词元数" in drawn
