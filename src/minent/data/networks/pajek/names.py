"""What follows the number of a vertex: a name, perhaps in quotes, and then its weight, or coordinates and shapes."""

import re

from minent.data.networks.pajek.sections import Section

WORDS = {  # shapes and the names of properties, which end a name
    "ellipse", "circle", "box", "square", "rectangle", "diamond", "triangle", "cross", "empty", "point", "man", "woman",
    "house", "star", "x_fact", "y_fact", "s_size", "ic", "bc", "bw", "lc", "la", "lr", "lphi", "fos", "font", "phi",
    "r", "q", "hooks", "url", "color", "c", "p", "w", "s", "a", "l", "lp", "ap", "h1", "h2", "a1", "a2", "k1", "k2",
}  # fmt: skip
PLAIN = re.compile(r'(\d+)[ \t]+(?:"([^"]*)"|([^\s"]+))(?:[ \t]+([\d.]+))?', re.ASCII)


def described(text: str, section: Section, line: int) -> tuple[str, str | None, list[str], bool]:
    """The number of a vertex, as it is written, and what follows it, as in `named`."""
    if match := PLAIN.fullmatch(text):
        return match[1], match[2] or match[3] or "", [match[4]] * (match[4] is not None), False
    number, _, rest = text.replace("\t", " ").partition(" ")
    return number, *named(rest.strip(), section, line)


def named(text: str, section: Section, line: int) -> tuple[str | None, list[str], bool]:
    """A name, the numbers after it, and whether more follows; a name in quotes may hold quotes.

    >>> at = Section("vertices", "", b"", 1, "a.net")
    >>> named('"gene "X", alias" 2', at, 2), named('b 0.1 0.2 box ic Red', at, 2)
    (('gene "X", alias', ['2'], False), ('b', ['0.1', '0.2'], True))
    """
    if not text:
        return None, [], False
    if not text.startswith('"'):
        name, _, rest = text.partition(" ")
        words = rest.split()
        if words and not is_number(words[0]) and words[0].lower() not in WORDS:
            raise section.refused(f"a name with blanks stands in quotes; got {text[:60]!r}", line)
    else:
        ends = [quote.start() for quote in re.finditer(r'"(?=\s|$)', text[1:])]
        if not ends:
            raise section.refused(f"a name wants a quote at its end; got {text[:60]!r}", line)
        end = 1 + next((end for end in ends if _follows_a_name(text[end + 2 :])), ends[-1])
        name, words = text[1:end], text[end + 1 :].split()
    if words and re.fullmatch(r"[+-]?\d+,\d+", words[0]):
        raise section.refused(f"a weight or coordinate must be a number; got {words[0]!r}", line)
    numbers = next((i for i, word in enumerate(words) if not is_number(word)), len(words))
    return name, words[:numbers], numbers < len(words)


def _follows_a_name(rest: str) -> bool:
    words = rest.split()
    plain = not words or is_number(words[0]) or words[0].lower() in WORDS
    return rest.count('"') % 2 == 0 and (plain or '"' not in rest)


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
