"""Whether Arrow reads text as is meant: quotes around whole fields, and numbers without zeros in front."""

import numpy as np

ZERO, QUOTE, NEWLINE = b'0"\n'
BLOCK = 1 << 18


def splits_alike(body: bytes, delimiter: str) -> bool:
    """Whether no quote is there, or quotes that open and close whole fields of a line, with nothing but words between:
    no quote, no blank at an end, not nothing."""
    if b'"' not in body:
        return True
    signs = np.frombuffer(b"\n" + body + b"\n", np.uint8)
    marks = np.flatnonzero((signs == QUOTE) | (signs == NEWLINE))
    is_quote = signs[marks] == QUOTE
    quotes = marks[is_quote]
    if len(quotes) % 2 or b'""' in body or (delimiter == " " and (b"  " in body or b"\t" in body)):
        return False
    if (np.cumsum(is_quote, dtype=np.int32)[~is_quote] % 2).any():  # newlines after an odd number of quotes
        return False
    edge, blank = np.zeros(256, bool), np.zeros(256, bool)
    edge[[ord(delimiter), NEWLINE]] = blank[[ord(" "), ord("\t")]] = True
    opens, closes = quotes[::2], quotes[1::2]
    outside = edge[signs[opens - 1]].all() and edge[signs[closes + 1]].all()
    return bool(outside and not blank[signs[opens + 1]].any() and not blank[signs[closes - 1]].any())


def zeros_in_front(lines: bytes, delimiter: str) -> bool:
    """Whether any field begins with a zero and a digit, or 0x, which Arrow takes for a number too."""
    for start in range(0, len(lines), BLOCK):  # in the cache
        ahead = lines[start - 2 : start] if start else b"\n\n"
        signs = np.frombuffer(ahead + lines[start : start + BLOCK + 1] + b"\n", np.uint8)
        before = signs[1:-2]
        begins = before < ord(".")
        if ord(delimiter) > ord("."):
            begins |= before == ord(delimiter)
        begins &= signs[2:-1] == ZERO
        at = np.flatnonzero(begins) + 2
        after, minus = signs[at + 1], signs[at - 1] == ord("-")
        more = (after - np.uint8(ZERO) <= 9) | (after | 32 == ord("x"))
        if (more & ~(minus & ((signs[at - 2] | 32) == ord("e")))).any():
            return True
    return False
