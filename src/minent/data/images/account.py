"""What reading tells: what was read, by which rules, what was passed over; and the splits that data come in."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from minent.errors import BadInput, some

SPLITS = {
    "train": ("train", "training"), "validation": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "eval"),
}  # fmt: skip


@dataclass
class Account:
    """Sentences on what was read, and on what was not; `split` is the one that is wanted, None for train."""

    split: str | None = None
    facts: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)

    def sentences(self) -> list[str]:
        return self.facts + ([f"passed over: {', '.join(self.passed)}"] if self.passed else [])

    def chosen(self, names: Sequence[str], place: object) -> list[str]:
        """Of the names of splits those that are of the wanted one. Raises BadInput where there are none."""
        wanted = split_of(self.split or "train")
        if wanted is None:
            raise BadInput(f"split must be one of {', '.join(SPLITS)}; got {self.split!r}")
        found = [name for name in names if split_of(name) == wanted]
        if not found:
            told = f"{str(place)!r} is divided into {some(names)}"
            raise BadInput(f"{told}; split must name one of these, and got {self.split or 'none'}")
        self.facts.append(f"split {some(found)}")
        if rest := [name for name in names if name not in found]:
            self.passed.append(f"split {some(rest)}")
        self.split = None  # it has been obeyed
        return found


def split_of(name: str) -> str | None:
    """Which split a name means: train, validation or test; None for any other name.

    >>> split_of("Valid"), split_of("cat")
    ('validation', None)
    """
    return next((split for split, names in SPLITS.items() if name.lower() in names), None)


def counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' * (number != 1)}"
