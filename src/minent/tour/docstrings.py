"""What the tour reads: docstrings of installed packages, and the words that they are made of."""

import re
from collections import Counter
from functools import cache

from minent.data import Pairs
from minent.data.texts.packages import Docstring, docstrings

PACKAGES = ("numpy", "scipy", "sklearn", "pandas", "networkx")


@cache
def documented(packages: tuple[str, ...]) -> list[Docstring]:
    """Docstrings of the packages; they are parsed once for all stops."""
    return docstrings(packages, per_package=10_000)


def words() -> Pairs:
    """Words of docstrings, and what is left of them without vowels, letter by letter."""
    found = documented(PACKAGES)
    counts = Counter(word for one in found for word in re.findall(r"[a-z]{6,14}", f"{one.summary} {one.body}".lower()))
    known = sorted(word for word, count in counts.items() if count > 2)
    return Pairs([" ".join(re.sub("[aeiou]", "", word)) for word in known], [" ".join(word) for word in known])
