"""What the library does, on data that installed packages carry, in some minutes, and a page to look at."""

import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from minent.files import write_text
from minent.tour.networks import networks
from minent.tour.page import Section, page

STOPS = 9


def tour(folder: Path) -> Iterator[str]:
    """Visit every stop; write index.html and what it links to to `folder`; yield what to say, for 80 columns.

    Without torch only networks are visited. Raises MissingExtra without scikit-learn."""
    sections, start = [], time.perf_counter()
    for number, section in enumerate(stops(folder), 1):
        sections.append(section)
        lines = f"{section.name} ({time.perf_counter() - start:.1f} s)", *section.result.split("; ")
        yield f"{number} of {STOPS}  " + "\n        ".join(lines)
        start = time.perf_counter()
    if len(sections) < STOPS:
        yield 'pip install "minent[all]" to see what it does with texts, images and models'
    write_text(folder / "index.html", page(sections))
    yield f"open {(folder / 'index.html').resolve()}"


def stops(folder: Path) -> Iterator[Section]:
    yield from networks(folder)
    if find_spec("torch") is not None:
        from minent.tour.drawn import drawn
        from minent.tour.gaps import gaps
        from minent.tour.histories import histories
        from minent.tour.lengths import lengths
        from minent.tour.reasons import reasons
        from minent.tour.titles import titles

        yield lengths(folder)
        yield titles(folder)
        yield histories(folder)
        yield gaps(folder)
        yield drawn(folder)
        yield reasons(folder)
