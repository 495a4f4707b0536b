"""Which column is what: by the name it has, by what was chosen, or, where columns have no names, by its place."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from minent.data.networks.choices import Choices, Column
from minent.errors import BadInput

ENDS = (
    ("source", "target"), ("from", "to"), ("src", "dst"), ("src", "dest"), ("sender", "receiver"), ("u", "v"),
    ("node1", "node2"), ("node_1", "node_2"), ("id1", "id2"), ("id_1", "id_2"), ("source_id", "target_id"),
    ("from_id", "to_id"), ("from_node", "to_node"), ("fromnodeid", "tonodeid"), ("from_node_id", "to_node_id"),
    ("origin", "destination"), ("follower", "followee"), ("citing", "cited"),
)  # fmt: skip
WEIGHTS = (
    "weight", "weights", "w", "count", "counts", "n", "value", "amount", "freq", "frequency", "strength",
)  # fmt: skip
TIMES = re.compile(r"t|ts|since|start|end|(.*[_ ])?(time|timestamp|date|datetime|year|month|day|hour|at)|created")
OTHERS = re.compile(r"id|key|index|type|label|kind|layer|(edge|link|row)[_ ]?id")
INDEX = re.compile(r"|index|unnamed: ?0|__index_level_\d+__")
UNNAMED = re.compile(r"(?:column_?|f|v)?\d+")
NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*", re.ASCII | re.IGNORECASE)
LARGE = 1e8  # seconds since 1970 are above it since 1973


class Roles(NamedTuple):
    """Places of columns; those of `kind` say whether links are directed, as Gephi writes."""

    source: int
    target: int
    weight: int | None = None
    layer: int | None = None
    kind: int | None = None
    passed_over: tuple[int, ...] = ()


def ends_named(names: Sequence[str]) -> tuple[int, int] | None:
    """Places of source and target among columns with these names; None: no name tells.

    Raises BadInput where two pairs of names do.

    >>> ends_named(["id", "To", "From", "weight"])
    (2, 1)
    """
    place = {_plain(name): i for i, name in reversed(list(enumerate(names)))}
    found = [(place[source], place[target]) for source, target in ENDS if source in place and target in place]
    if len(found) > 1:
        pairs = " or ".join(f"{names[i]} and {names[j]}" for i, j in found[:2])
        raise BadInput(f"links may go between {pairs}: --source and --target say which")
    return found[0] if found else None


def roles(names: Sequence[str], sample: Sequence[Sequence[Any]], choices: Choices, named: bool = True) -> Roles:
    """What each column is; `sample` holds some values of each (None: missing), without names they are numbers from 1.

    Raises BadInput for what cannot be told.

    >>> roles(["id", "u", "v", "count"], [[1, 2], "ab", "bc", [5, 3]], Choices())
    Roles(source=1, target=2, weight=3, layer=None, kind=None, passed_over=(0,))
    """
    told = [_chosen(names, getattr(choices, role), role) for role in ("source", "target", "weight", "layer")]
    source, target, weight, layer = told
    free = [i for i in range(len(names)) if i not in told and not (named and INDEX.fullmatch(_plain(names[i])))]
    if source is None or target is None:
        source, target = _ends(names, sample, free, (source, target), named)
    free = [i for i in free if i not in (source, target)]
    if len({source, target, *(i for i in (weight, layer) if i is not None)}) < sum(i is not None for i in told[2:]) + 2:
        raise BadInput(f"source, target, weight and layer must be different columns of {list(names)}")
    kind = next((i for i in free if named and _plain(names[i]) == "type" and _is_gephi(sample[i])), None)
    free = [i for i in free if i != kind]
    if weight is None and choices.weight is None:
        weight = (_weight_named if named else _weight_placed)(names, sample, free)
    used = {source, target, weight, layer, kind}
    return Roles(source, target, weight, layer, kind, tuple(i for i in range(len(names)) if i not in used))


def told(names: Sequence[str], found: Roles) -> dict[str, Any]:
    """Columns by their names, for a plan."""
    named = {role: getattr(found, role) for role in ("source", "target", "weight", "layer")}
    return {
        **{role: "" if place is None else names[place] or str(place + 1) for role, place in named.items()},
        "passed_over": tuple(names[i] for i in found.passed_over),
    }  # fmt: skip


def _plain(name: str) -> str:
    return name.strip().lower()


def _chosen(names: Sequence[str], column: Column, role: str) -> int | None:
    if column is None or (role == "weight" and isinstance(column, str) and column.lower() == "none"):
        return None
    if isinstance(column, str):
        same = [i for i, name in enumerate(names) if name == column]
        same = same or [i for i, name in enumerate(names) if _plain(name) == _plain(column)]
        if len(same) > 1:
            raise BadInput(f"two columns are called {column!r}: say its number, --{role} {same[0] + 1}")
        if same:
            return same[0]
    if isinstance(column, int) or column.isdecimal():
        if 1 <= int(column) <= len(names):
            return int(column) - 1
        raise BadInput(f"{role} must be one of {len(names)} columns; got {column}")
    raise BadInput(f"there is no column {column!r} for --{role} among {list(names)}")


def _ends(
    names: Sequence[str],
    sample: Sequence[Sequence[Any]],
    free: list[int],
    chosen: tuple[int | None, int | None],
    named: bool,
) -> tuple[int, int]:
    """The ends, those that were not chosen by name, or else the first columns that are nothing else."""
    source, target = chosen
    if source is None and target is None and named and (found := ends_named([names[i] for i in free])):
        return free[found[0]], free[found[1]]
    for i in free if named else ():
        for ends in ((source, i), (i, target)):
            if None not in ends and tuple(_plain(names[end]) for end in ends if end is not None) in ENDS:
                return ends  # type: ignore[return-value]
    able = [i for i in free if not (named and _says_other(names[i]))]
    wanted = (source is None) + (target is None)
    if len(able) < wanted:
        raise BadInput(f"a table of links needs a source and a target column; got the columns {list(names)}")
    others = [i for i in able[wanted:] if wanted == 1 or (not is_numbers(sample[i]) and any(sample[i]))]
    if named and others:
        raise BadInput(f"--source and --target must say which columns links go between; got the columns {list(names)}")
    rest = iter(able)
    return next(rest) if source is None else source, next(rest) if target is None else target


def _says_other(name: str) -> bool:
    plain = _plain(name)
    return plain in WEIGHTS or bool(TIMES.fullmatch(plain) or OTHERS.fullmatch(plain))


def _weight_named(names: Sequence[str], sample: Sequence[Sequence[Any]], free: list[int]) -> int | None:
    found = [i for i in free if _plain(names[i]) in WEIGHTS]
    if plain := [i for i in found if WEIGHTS.index(_plain(names[i])) < 3]:
        found = plain
    if len(found) > 1:
        called = " or ".join(f"--weight {names[i]}" for i in found)
        raise BadInput(f"several columns may hold weights: {called} says which")
    numbers = [i for i in free if is_numbers(sample[i]) and not _says_other(names[i]) and _times(sample[i]) != "times"]
    if not found and len(numbers) == 1:
        name = names[numbers[0]]
        raise BadInput(f"is {name} a weight? --weight {name} or --weight none (weight={name!r} or weight='none')")
    return found[0] if found else None


def _weight_placed(names: Sequence[str], sample: Sequence[Sequence[Any]], free: list[int]) -> int | None:
    """The only further column of numbers; the third of three where it holds anything else, which is then said."""
    numbers = [i for i in free if is_numbers(sample[i]) and _times(sample[i]) != "times"]
    if len(numbers) > 1 or any(_times(sample[i]) for i in numbers):
        number = numbers[0] + 1
        raise BadInput(f"is column {number} a weight? --weight {number} or --weight none")
    if not numbers and len(free) == 1 and not is_numbers(sample[free[0]]):
        return free[0]
    return numbers[0] if numbers else None


def is_number(value: Any) -> bool:
    """Whether a field says a number, or "nan" or "inf"."""
    if isinstance(value, str):
        return bool(NUMBER.fullmatch(value)) or value.strip().lower().lstrip("+-") in ("nan", "inf", "infinity")
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_numbers(values: Sequence[Any]) -> bool:
    there = [value for value in values if value is not None]
    return bool(there) and all(map(is_number, there))


def _times(values: Sequence[Any]) -> str:
    """Whether numbers are "times" (all large, none twice), or "perhaps" (all large and near one another)."""
    numbers = [float(value) for value in values if value is not None]
    if not numbers or not all(LARGE < number < float("inf") for number in numbers):
        return ""
    if len(set(numbers)) == len(numbers):
        return "times"
    return "perhaps" if max(numbers) < 2 * min(numbers) and len(set(numbers)) > 1 else ""


def _is_gephi(values: Sequence[Any]) -> bool:
    said = {value.strip().lower() for value in values if isinstance(value, str)}
    return bool(said) and said <= {"directed", "undirected"}


def are_named(names: Sequence[str]) -> bool:
    """Whether the columns of a table have names, not only numbers: 0, 1; column_0; f0; V1."""
    return not all(UNNAMED.fullmatch(_plain(name)) for name in names)
