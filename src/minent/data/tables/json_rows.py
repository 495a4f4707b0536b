"""Rows in JSON: one object a line (jsonlines.org), or an array of objects."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from minent.data.tables.row import Row
from minent.errors import BadInput, BadLine


def first_object(line: str) -> dict[str, Any] | None:
    """The JSON object that a line is, if it is one."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def objects(lines: Iterator[tuple[int, str]], name: object) -> Iterator[Row | BadInput]:
    """The objects of numbered lines, and errors where a line is none."""
    for number, line in lines:
        fault = partial(BadLine, file=name, line=number)
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield fault(f"a line must be one JSON object ({error})")
            continue
        yield _object(fields, fault)


def array(content: str, name: object) -> Iterator[Row | BadInput]:
    """The objects of one array, or of the one array in an object. Raises BadInput where there is none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        wanted = "must hold an array of JSON objects, or one object a line"
        raise BadInput(f"{str(name)!r} {wanted} ({error})") from None
    if isinstance(found, dict):
        arrays = [value for value in found.values() if isinstance(value, list)]
        if len(arrays) > 1:
            raise BadInput(f"{str(name)!r} must hold one array of JSON objects; got an object of {', '.join(found)}")
        found = arrays[0] if arrays else [found]
    if not isinstance(found, list):
        raise BadInput(f"{str(name)!r} must hold an array of JSON objects; got {str(found)[:60]}")
    for number, fields in enumerate(found):
        yield _object(fields, partial(in_row, file=name, row=number))


def _object(fields: Any, fault: Callable[[str], BadInput]) -> Row | BadInput:
    if isinstance(fields, dict):
        return Row(fields, fault)
    return fault(f"a row must be one JSON object; got {str(fields)[:60]}")


def in_row(problem: str, file: object, row: int) -> BadInput:
    """An error that names a row, from 0."""
    return BadInput(f"{problem} in row {row} of {str(file)!r}")
