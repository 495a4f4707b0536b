"""What nodes of a file are called: by labels where those tell all apart, else by ids; by integers where all are."""

from collections.abc import Sequence
from typing import Any

LABELS = ("label", "name")


def called(ids: Sequence[Any], attributes: Sequence[dict[str, Any]], notes: list[str]) -> list[Any]:
    """The name of each node with these ids and attributes.

    >>> called(["n0", "n1"], [{"label": "甲"}, {"label": "乙"}], notes := []), notes
    (['甲', '乙'], ["nodes are called by their 'label'"])
    """
    for key in LABELS:
        labels = [node.get(key) for node in attributes]
        if not labels or any(label is None or label == "" for label in labels):
            if any(label is not None for label in labels):
                notes.append(f"nodes are called by their ids, for some have no {key!r}")
            continue
        if all(isinstance(label, float) and label.is_integer() for label in labels):  # as igraph writes numbers
            labels = [int(label) for label in labels if label is not None]
            notes.append("names like 1.0 are integers")
        labels = integers_or_text(labels)
        if len(set(labels)) < len(labels):
            notes.append(f"nodes are called by their ids, for more than one has the same {key!r}")
            continue
        if labels != integers_or_text(ids):
            notes.append(f"nodes are called by their {key!r}")
        return labels
    return integers_or_text(ids)


def integers_or_text(names: Sequence[Any]) -> list[Any]:
    """Names as integers where all of them are, as they are written (so 007 is text), and below 2**63; else as text.

    >>> integers_or_text(["7", 8]), integers_or_text(["007", "7"]), integers_or_text(["1", "b"])
    ([7, 8], ['007', '7'], ['1', 'b'])
    """
    text = [name if isinstance(name, str) else str(name) for name in names]
    return [int(name) for name in text] if all(map(_is_integer, text)) else text


def _is_integer(text: str) -> bool:
    digits = text.removeprefix("-")
    plain = digits.isascii() and digits.isdigit() and (digits[0] != "0" or text == "0")
    return plain and len(digits) < 20 and int(digits) < 2**63
