"""Which column is what: by the name it has, by what was chosen, or, where columns have no names, by its place.

Ends that have no known name are the first two columns only where no other column could be one.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from minent.data.networks.choices import Choices, Column
from minent.data.networks.lines.columns.names import (
    ENDS,
    WEIGHTS,
    called,
    ends_named,
    is_index,
    plain,
    says_no_weight,
    says_other,
)
from minent.data.networks.lines.columns.values import counts_up, is_dates, is_numbers, no_end, times
from minent.errors import BadInput

MATRIX = (
    "this looks like a matrix of rows by columns: --format matrix reads a cell as a link from its row to its column"
)
Sample = Sequence[Sequence[Any]]


class Roles(NamedTuple):
    """Places of columns; those of `kind` say whether links are directed, as Gephi writes."""

    source: int
    target: int
    weight: int | None = None
    layer: int | None = None
    kind: int | None = None
    passed_over: tuple[int, ...] = ()


def roles(names: Sequence[str], sample: Sample, choices: Choices, named: bool = True) -> Roles:
    """What each column is; `sample` holds some values of each (None: missing), without names they are numbers from 1.

    Raises BadInput for what cannot be told.

    >>> roles(["id", "u", "v", "count"], [[1, 2], "ab", "bc", [5, 3]], Choices())
    Roles(source=1, target=2, weight=3, layer=None, kind=None, passed_over=(0,))
    """
    names = list(names)
    told = [_chosen(names, getattr(choices, role), role) for role in ("source", "target", "weight", "layer")]
    source, target, weight, layer = told
    free = [i for i in range(len(names)) if i not in told and not (named and is_index(names, i))]
    if source is None or target is None:
        source, target = (_ends if named else _ends_placed)(names, sample, free, (source, target))
    free = [i for i in free if i not in (source, target)]
    if len({source, target, *(i for i in (weight, layer) if i is not None)}) < sum(i is not None for i in told[2:]) + 2:
        raise BadInput(f"source, target, weight and layer must be different columns of {names}")
    kind = next((i for i in free if named and plain(names[i]) == "type" and _is_gephi(sample[i])), None)
    free = [i for i in free if i != kind]
    if weight is None and choices.weight is None:
        weight = (_weight_named if named else _weight_placed)(names, sample, free, max(source, target))
    used = {source, target, weight, layer, kind}
    return Roles(source, target, weight, layer, kind, tuple(i for i in range(len(names)) if i not in used))


def told(names: Sequence[str], found: Roles) -> dict[str, Any]:
    """Columns by their names, for a plan."""
    named = {role: getattr(found, role) for role in ("source", "target", "weight", "layer")}
    return {
        **{role: "" if place is None else names[place] or str(place + 1) for role, place in named.items()},
        "passed_over": tuple(names[i] for i in found.passed_over),
    }  # fmt: skip


def _chosen(names: list[str], column: Column, role: str) -> int | None:
    if column is None or (role == "weight" and isinstance(column, str) and column.lower() == "none"):
        return None
    if isinstance(column, str):
        same = [i for i, name in enumerate(names) if name == column]
        same = same or [i for i, name in enumerate(names) if plain(name) == plain(column)]
        if len(same) > 1:
            numbers = " or ".join(f"--{role} {i + 1}" for i in same)
            raise BadInput(f"{len(same)} columns are called {column!r}: say its number, {numbers}")
        if same:
            return same[0]
    if isinstance(column, int) or column.isdecimal():
        if 1 <= int(column) <= len(names):
            return int(column) - 1
        raise BadInput(f"{role} must be one of {len(names)} columns; got {column}")
    raise BadInput(f"there is no column {column!r} for --{role} among {names}")


def _ends(names: list[str], sample: Sample, free: list[int], chosen: tuple[int | None, int | None]) -> tuple[int, int]:
    """The ends by name, or else the first columns that are nothing else, where the others are numbers."""
    source, target = chosen
    if source is None and target is None and (found := ends_named([names[i] for i in free])):
        return free[found[0]], free[found[1]]
    for i in free:
        for ends in ((source, i), (i, target)):
            if None not in ends and tuple(plain(names[end]) for end in ends if end is not None) in ENDS:
                return ends  # type: ignore[return-value]
    if source is None and target is None and _is_matrix(names, sample):
        raise BadInput(f"{MATRIX}; a list of links needs --source and --target, columns of {names}")
    able = [i for i in free if not says_other(names[i])]
    wanted = (source is None) + (target is None)
    if len(able) < wanted:
        raise BadInput(f"a table of links needs a source and a target column; got the columns {names}")
    words = [i for i in able[wanted:] if any(sample[i]) and not is_numbers(sample[i]) and not is_dates(sample[i])]
    others = able[wanted:] if wanted == 1 else words
    if others or (wanted == 2 and len(able) > 2 and no_end(sample[able[0]], sample[able[1]])):
        raise BadInput(f"--source and --target must say which columns links go between; got the columns {names}")
    return _first(able, source, target)


def _ends_placed(
    names: list[str], sample: Sample, free: list[int], chosen: tuple[int | None, int | None]
) -> tuple[int, int]:
    """The first columns where those after them hold numbers or dates, and the first no times or numbers of rows."""
    source, target = chosen
    wanted = (source is None) + (target is None)
    if len(free) < wanted:
        raise BadInput(f"a list of links needs a source and a target; got {len(names)} columns")
    rest = [i for i in free[wanted:] if not is_numbers(sample[i]) and not is_dates(sample[i])]
    some = len(free) == 3 and wanted == 2 and any(re.match(r"[+-]?[\d.,]+$", str(value)) for value in sample[free[2]])
    other = no_end(sample[free[0]], sample[free[1]]) if wanted == 2 and len(free) > 2 else ""
    if other or (rest and not some):
        why = f"column {free[0] + 1} holds {other}" if other else f"column {rest[0] + 1} holds words"
        raise BadInput(f"--source and --target must say which of {len(names)} columns links go between, for {why}")
    return _first(free, source, target)


def _first(able: list[int], source: int | None, target: int | None) -> tuple[int, int]:
    rest = iter(able)
    return next(rest) if source is None else source, next(rest) if target is None else target


def _is_matrix(names: list[str], sample: Sample) -> bool:
    """Whether words that differ stand in the first column or an index, and numbers in all others."""
    words = [i for i, column in enumerate(sample) if not is_numbers(column)]
    if len(words) != 1 or None in sample[words[0]] or len(set(sample[words[0]])) < len(sample[words[0]]):
        return False
    index = is_index(names, words[0])
    others = [name for i, name in enumerate(names) if i != words[0]]
    return (index or words[0] == 0) and len(others) > 2 - index and not any(map(says_other, others))


def _weight_named(names: list[str], sample: Sample, free: list[int], _ends: int) -> int | None:
    """The column whose name says so; one more of numbers, whose name says nothing, is asked about."""
    found = [i for i in free if plain(names[i]) in WEIGHTS]
    if sure := [i for i in found if WEIGHTS.index(plain(names[i])) < 3]:
        found = sure
    if len(found) > 1:
        options = " or ".join(f"--weight {called(names, i)}" for i in found)
        raise BadInput(f"several columns may hold weights: {options} says which")
    if found:
        return found[0]
    if numbers := [i for i in free if is_numbers(sample[i]) and not says_no_weight(names[i])]:
        raise _asked(names, numbers)
    return None


def _weight_placed(names: list[str], sample: Sample, free: list[int], ends: int) -> int | None:
    """The only further column of numbers that are no times or numbers of rows, if it stands behind the ends; the third
    of three where some of it are numbers."""
    rows = [i for i in free if i == 0 and len(sample[0]) > 1 and counts_up(sample[0])]
    numbers = [i for i in free if is_numbers(sample[i]) and i not in rows]
    plainly = [i for i in numbers if times(sample[i]) != "times"]
    if len(plainly) > 1 or any(times(sample[i]) or i < ends for i in plainly) or (numbers and not plainly):
        raise _asked(names, plainly or numbers)
    if not numbers and len(free) == 1 and free[0] > ends and not is_dates(sample[free[0]]):
        return free[0]
    return plainly[0] if plainly else None


def _asked(names: list[str], numbers: list[int]) -> BadInput:
    said = [called(names, i) for i in numbers]
    if len(said) == 1:
        what = f"column {said[0]}" if said[0].isdecimal() else said[0]
        python = f" (weight={said[0]!r} or weight='none')" if not said[0].isdecimal() else ""
        return BadInput(f"is {what} a weight? --weight {said[0]} or --weight none{python}")
    options = ", ".join(f"--weight {one}" for one in said[:3]) + ", …" * (len(said) > 3)
    return BadInput(f"which of {len(said)} columns of numbers is the weight? {options} or --weight none")


def _is_gephi(values: Sequence[Any]) -> bool:
    said = {value.strip().lower() for value in values if isinstance(value, str)}
    return bool(said) and said <= {"directed", "undirected"}
