"""Which attribute of links is their weight: the one that is named, or whose name says so; and what it says of each."""

from collections.abc import Iterable, Sequence
from typing import Any

from minent.errors import BadInput

NONE = "none"  # no weights, where None is: by its name


def weight_name(
    names: Iterable[Any], weight: str | int | None, known: Sequence[str], notes: list[str], of: str = "attribute"
) -> Any:
    """The name among those of attributes that is the weight's; None: links have none. Raises BadInput.

    weight   the name; "none" for no weights; None: the one of `known` names that is there, "weight" before others

    >>> weight_name(["value", "since"], None, ("weight", "value", "count"), notes := [])
    'value'
    >>> notes
    ["the attribute 'value' is the weight of links"]
    """
    names = list(names)
    told = ", ".join(repr(name) for name in names)
    if weight == NONE:
        return None
    if weight is not None:
        if weight not in names:
            raise BadInput(f"no link has the {of} {weight!r}; there {_are(names, of)}")
        return weight
    found = [name for name in names if str(name).lower() in known]
    if "weight" in found:
        return "weight"
    if len(found) > 1:
        raise BadInput(f"which {of} is the weight of links, {' or '.join(map(repr, found))}? Name it: weight (or none)")
    if found:
        notes.append(f"the {of} {found[0]!r} is the weight of links")
        return found[0]
    if names:
        notes.append(f"links have no weight: none of {told} is taken for one")
    return None


def weights(values: Sequence[Any], notes: list[str]) -> list[float]:
    """Each link's weight as a number, 1 where it has none. Raises BadInput.

    >>> weights([2, None, "0.5"], notes := []), notes
    ([2.0, 1.0, 0.5], ['1 of 3 links says no weight and weighs 1'])
    """
    missing = sum(value is None for value in values)
    if missing:
        one = missing == 1
        says = "says no weight and weighs 1" if one else "say no weight and weigh 1"
        notes.append(f"{missing} of {len(values)} links {says}")
    made = []
    for k, value in enumerate(values):
        try:
            made.append(1.0 if value is None else float(value))
        except (TypeError, ValueError, OverflowError):
            raise BadInput(f"link weights must be numbers; got {str(value)[:60]!r} for link {k}") from None
    return made


def _are(names: list[Any], of: str) -> str:
    if not names:
        return f"is no {of} of links"
    return f"{'is' if len(names) == 1 else 'are'} {', '.join(map(repr, names))}"
