"""KONECT's lists say what they are in their first line: % sym, asym or bip, and what their weights are."""

import re

HEAD = re.compile(
    rb"%[ \t]*(sym|asym|bip)[ \t]+(?:unweighted|positive|(?:multi|pos)*(?:weighted|signed)|dynamic)[ \t]*(?:\n|\Z)"
)


def konect_kind(data: bytes) -> str:
    """ "sym", "asym" or "bip" of a list of KONECT's, "" of any other.

    >>> konect_kind(b"% bip unweighted\\n1 1\\n"), konect_kind(b"% symbols weighted\\n1 1\\n")
    ('bip', '')
    """
    found = HEAD.match(data)
    return found[1].decode() if found else ""
