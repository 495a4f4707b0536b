"""A row of a table: its fields by their names, and the place it stands at."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from minent.errors import BadInput

SHOWN = 20  # columns that an error names


@dataclass(frozen=True)
class Row:
    """The fields of one row by their names; `fault` makes a problem with them an error that names the place."""

    fields: Mapping[str, Any]
    fault: Callable[[str], BadInput]

    def text(self, role: str, name: str, *, label: bool = False) -> str:
        """The text of the column called `name`, which is to be the `role`; of a `label`, whole numbers are text too
        (1.0 is 1), and others are none, being of a regression. Raises BadInput."""
        value = self.value(role, name)
        if label and isinstance(value, int | float) and (type(value) is bool or value == value // 1):
            return str(value if type(value) is bool else int(value))
        if label and isinstance(value, str):
            value = re.sub(r"^\s*(-?[0-9]+)\.0*\s*$", r"\1", value)
        if not isinstance(value, str) or (label and _is_part(value)):
            raise self.fault(f"{role} must be text{' or a whole number' if label else ''}; got {str(value)[:60]}")
        if not value.strip():
            raise self.fault(f"{role} must not be empty")
        if "\0" in value:
            raise self.fault(f"{role} must not hold NUL")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            byte = ord(value[error.start]) - 0xDC00  # of what was read all the same: see TextFile.decoded
            if 128 <= byte < 256:
                raise self.fault(f"{role} must be in one encoding; got the byte {byte:#x}") from None
            raise self.fault(f"{role} must be whole characters; got half of one, {value[error.start]!a}") from None
        return value

    def value(self, role: str, name: str) -> Any:
        """The field that a column's name says (see `column`), or the names of nested ones with dots between, and of
        one of a list its number from 0. Raises BadInput."""
        value: Any = self.fields
        for part in [name] if name in self.fields else name.split("."):
            if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
                continue
            if not isinstance(value, Mapping) or (found := column(part, list(value))) is None:
                raise self.fault(missing(role, name, list(nested(self.fields))))
            value = value[found]
        return value


def nested(value: Any, above: str = "") -> Iterator[str]:
    """The names of all fields, of nested ones with dots between.

    >>> list(nested({"id": 1, "said": [{"en": "Hi.", "zh": "你好。"}]}))
    ['id', 'said.0.en', 'said.0.zh']
    """
    inner = dict(enumerate(value)) if isinstance(value, list) else value
    if isinstance(inner, Mapping) and inner:
        for name, one in inner.items():
            yield from nested(one, f"{above}.{name}" if above else str(name))
    else:
        yield above


def _is_part(text: str) -> bool:
    """Whether a text is a number and no whole one; nan and inf may be names."""
    try:
        return isfinite(number := float(text)) and number % 1 != 0
    except ValueError:
        return False


def column(name: str, names: Sequence[str]) -> str | None:
    """The one of `names` that `name` means: itself, itself in another case, or by its number from 1.

    >>> column("source", ["Id", "Source"]), column("1", ["Id", "Source"]), column("target", ["Id"])
    ('Source', 'Id', None)
    """
    if name in names:
        return name
    alike = [one for one in names if one.strip().lower() == name.lower()]
    if len(alike) == 1:
        return alike[0]
    return names[int(name) - 1] if name.isdecimal() and 1 <= int(name) <= len(names) else None


def missing(role: str, name: str, names: Sequence[str]) -> str:
    """What is said where no column is called `name`."""
    there = ", ".join(map(str, names[:SHOWN])) + ", …" * (len(names) > SHOWN)
    return f"there is no column {name!r}; there are {there or 'none'}: say which is the {role} (--{role})"
