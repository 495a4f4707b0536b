"""A row of a table: its fields by their names, and the place it stands at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from minent.errors import BadInput


@dataclass(frozen=True)
class Row:
    """The fields of one row by their names; `fault` makes a problem with them an error that names the place."""

    fields: Mapping[str, Any]
    fault: Callable[[str], BadInput]

    def text(self, role: str, name: str, *, label: bool = False) -> str:
        """The text of the column called `name`, which is to be the `role`; of a `label`, whole numbers are text too,
        and others are none, being of a regression. Raises BadInput."""
        value = self.value(role, name)
        if label and isinstance(value, int | float) and (type(value) is bool or value == value // 1):
            return str(value if type(value) is bool else int(value))
        if not isinstance(value, str) or (label and _is_part(value)):
            raise self.fault(f"{role} must be text{' or a whole number' if label else ''}; got {str(value)[:60]}")
        if not value.strip():
            raise self.fault(f"{role} must not be empty")
        if "\0" in value:
            raise self.fault(f"{role} must not hold NUL")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise self.fault(f"{role} must be whole characters; got half of one, {value[error.start]!a}") from None
        return value

    def value(self, role: str, name: str) -> Any:
        """The field that a column's name says (see `column`), or the names of nested ones with dots between. Raises
        BadInput."""
        value: Any = self.fields
        for part in [name] if name in self.fields else name.split("."):
            if not isinstance(value, Mapping) or (found := column(part, list(value))) is None:
                raise self.fault(missing(role, name, list(self.fields)))
            value = value[found]
        return value


def _is_part(text: str) -> bool:
    """Whether a text is a number and no whole one; nan and inf may be names."""
    try:
        return float(text) % 1 != 0 and not text.strip()[0].isalpha()
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
    return f"there is no column {name!r}; there are {', '.join(map(str, names))}: say which is the {role} (--{role})"
