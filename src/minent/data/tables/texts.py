"""Texts that lie on disk, end to end in UTF-8, and are read as they are looked at."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from typing import Any, overload

import numpy as np
from jaxtyping import Int

from minent.data.ragged import Ragged, mapped, read_ragged, write_ragged
from minent.data.tables.plan import Seen, TablePlan
from minent.files import write_text

TOLD = "told.json"
TOGETHER = 4096  # rows


class Texts(Sequence[str]):
    """Texts in a file; `key` tells them from any others, and `folder` is where more that is made of them may lie."""

    def __init__(self, held: Ragged, folder: Path, key: str):
        self.held, self.folder, self.key = held, folder, key

    def __len__(self) -> int:
        return len(self.held)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        return self.held[place].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        for lengths, flat in self.held.parts():
            data, end = flat.tobytes(), 0
            for length in lengths.tolist():
                start, end = end, end + length
                yield data[start:end].decode()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(map(str.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self):,} texts in {str(self.folder)!r}>"

    def at(self, places: Int[np.ndarray, " those"]) -> "Texts":
        """Those, in that order."""
        key = blake2b(np.ascontiguousarray(places, np.int64).data, key=self.key.encode(), digest_size=16).hexdigest()
        return Texts(self.held.at(places), self.folder, key)


class Joined(Sequence[str]):
    """Texts one after the other that need not lie in one place."""

    def __init__(self, *parts: Sequence[str]):
        self.parts = parts

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self.parts)

    def __getitem__(self, place: Any) -> Any:
        return list(self)[place]


def place_of(texts: Sequence[str]) -> tuple[Path, str] | None:
    """Where what is made of texts may lie, and what tells these from any others; None for those in memory."""
    if isinstance(texts, Texts):
        return texts.folder, texts.key
    places = [place_of(part) for part in texts.parts] if isinstance(texts, Joined) else []
    known = [place for place in places if place is not None]
    return (known[0][0], " ".join(key for _, key in known)) if known and len(known) == len(places) else None


def chosen(texts: Any, places: Int[np.ndarray, " those"]) -> Any:
    """Those of texts, or numbers, in that order; of what lies on disk nothing comes to memory.

    >>> chosen(["a", "b"], np.array([1, 1, 0]))
    ['b', 'b', 'a']
    """
    if isinstance(texts, Texts):
        return texts.at(places)
    return texts[places] if isinstance(texts, np.ndarray) else [texts[i] for i in places.tolist()]


def grouped(texts: Sequence[str]) -> Int[np.ndarray, " texts"]:
    """The number of each text, alike ones have the same, in the order in which they first come. (Those with the same
    digest of 64 bits are taken as alike.)

    >>> grouped(["b", "a", "b"]).tolist()
    [0, 1, 0]
    """
    digests = np.fromiter(
        (int.from_bytes(blake2b(str(text).encode("utf-8", "surrogatepass"), digest_size=8).digest()) for text in texts),
        np.uint64, len(texts),
    )  # fmt: skip
    _, first, group = np.unique(digests, return_index=True, return_inverse=True)
    number = np.empty(len(first), np.int64)
    number[np.argsort(first)] = np.arange(len(first))
    return number[group]


def write_texts(folder: Path, rows: Iterator[tuple[int, list[str]]], seen: Seen, plan: Callable[[], TablePlan]) -> None:
    """Write the numbered texts of rows, of each role a file; what was understood meanwhile is told beside them."""
    part, count = list(islice(rows, TOGETHER)), 0
    roles = list(seen.roles)  # which there are is known with the first row
    with (folder / "rows").open("wb") as numbers:

        def parts() -> Iterator[list[list[bytes]]]:
            nonlocal part, count
            while part:
                numbers.write(np.array([number for number, _ in part], np.int64).data)
                count += len(part)
                yield [[texts[i].encode() for _, texts in part] for i in range(len(roles))]
                part = list(islice(rows, TOGETHER))

        write_ragged(folder, roles, np.uint8, parts())
    told = {"roles": roles, "texts": count, "plan": asdict(plan())}
    write_text(folder / TOLD, json.dumps(told))


def read_texts(folder: Path) -> tuple[dict[str, Texts], Int[np.ndarray, " rows"], TablePlan]:
    """The texts of each role, the numbers of their rows, and the plan, as `write_texts` wrote them."""
    told: dict[str, Any] = json.loads((folder / TOLD).read_text(encoding="utf-8"))
    plan = {name: tuple(value) if isinstance(value, list) else value for name, value in told["plan"].items()}
    texts = {
        role: Texts(read_ragged(folder, role, np.uint8), folder.parent, f"{folder.name} {role}")
        for role in told["roles"]
    }
    return texts, mapped(folder / "rows", np.int64), TablePlan(**plan)  # type: ignore[return-value]
