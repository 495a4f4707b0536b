"""What the library does, on data that installed packages carry, in some minutes, and a page to look at."""

import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from minent.plot.speaking import Language, Say, speaker
from minent.tour.chinese import CHINESE
from minent.tour.networks import networks
from minent.tour.page import Section, index

SHARES = 2, 3, 9, 50, 28, 27, 110, 9
"""About how long each stop takes beside the others; a stop that is longer than that is a stop like any other."""


def tour(folder: Path, language: Language = "en") -> Iterator[str]:
    """Visit every stop; write index.html, which grows with each, and what it links to to `folder`; yield what to say,
    for 80 columns, in English or Chinese ("zh").

    Without torch only networks are visited. Raises MissingExtra without scikit-learn."""
    say = speaker(language, CHINESE)
    seen: list[Section] = []
    begun = start = time.perf_counter()
    for number, (section, style) in enumerate(stops(folder, say), 1):
        seen.append(section)
        index(seen, say, language=language, style=style).write(folder / "index.html")
        now = time.perf_counter()
        left = (now - begun) * sum(SHARES[number:]) / sum(SHARES[:number])
        took = f"{now - start:.0f} s" + (say(", about {:.0f} s left").format(left) if number < len(SHARES) else "")
        yield f"{number} / {len(SHARES)}  {section.name} ({took})\n{section.told(16)}"
        start = time.perf_counter()
    if len(seen) < len(SHARES):
        yield say('pip install "minent[all]" to see what it does with texts, images and models')
    yield say("open {}").format((folder / "index.html").resolve())


def stops(folder: Path, say: Say) -> Iterator[tuple[Section, str]]:
    """Each stop, and the style of what it shows."""
    for section in networks(folder, say):
        yield section, ""
    if find_spec("torch") is None:
        return
    from minent.attribution.page import STYLE
    from minent.tour.both_ends import both_ends
    from minent.tour.drawn import drawn
    from minent.tour.gaps import gaps
    from minent.tour.histories import histories
    from minent.tour.lengths import lengths
    from minent.tour.reasons import reasons

    for stop in (lengths, both_ends, histories, gaps, drawn, reasons):
        yield alone(stop, folder, say), STYLE


def alone(stop: Callable[[Path, Say], Section], folder: Path, say: Say) -> Section:
    """A stop on one thread: models are small, and threads that wait for one another lose more than they win."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return stop(folder, say)
    finally:
        torch.set_num_threads(threads)
