"""Pajek's vertices: `number "name" [weight]`, or coordinates and shapes after the name, which are passed over."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from minent.data.networks.lines.records import weight_of
from minent.data.networks.naming.names import name_array
from minent.data.networks.pajek.names import described
from minent.data.networks.pajek.sections import Section

MOST = 1_000_000  # vertices beyond one for each byte of the file


class Vertices(NamedTuple):
    """The vertices by the numbers they have in the file."""

    ids: Int[np.ndarray, " vertices"]
    names: np.ndarray
    weights: Float[np.ndarray, " vertices"] | None
    number: int | None = None  # where *Vertices says it, no other vertices are known
    primaries: int | None = None  # of a two-mode network; the others are features

    @property
    def wanted(self) -> str:
        if self.number is None:
            return "numbers of vertices"
        return f"numbers of vertices from {int(self.ids[0]) if self.number else 1} to {int(self.ids[-1:].sum())}"

    def places(self, ids: Int[np.ndarray, "..."]) -> Int[np.ndarray, "..."]:
        """Where each of these ids stands among the vertices; -1 where it does not."""
        if not len(self.ids):
            return np.full(ids.shape, -1)
        if self.number is not None:
            at = ids - self.ids[0]
            return np.where((at >= 0) & (at < self.number), at, -1)
        order = np.argsort(self.ids, kind="stable")
        at = order[np.minimum(np.searchsorted(self.ids[order], ids), len(order) - 1)]
        return np.where(self.ids[at] == ids, at, -1)

    def with_others(self, ids: Int[np.ndarray, " ids"], notes: list[str]) -> "Vertices":
        """These vertices, and after them those of `ids` that are none of them, in order."""
        others = np.unique(ids[self.places(ids) < 0])
        if not len(others):
            return self
        if len(self.ids):
            notes.append(f"{len(others)} vertices of links are not under *Vertices, the first is {others[0]}")
        weights = None if self.weights is None else np.append(self.weights, np.ones(len(others)))
        named = self.names.dtype == object
        names = np.append(self.names, name_array(list(map(str, others.tolist()))) if named else others)
        return Vertices(np.append(self.ids, others), names, weights, None, self.primaries)


NONE = Vertices(np.zeros(0, np.int64), np.zeros(0, np.int64), None)


def vertices_of(section: Section, size: int, notes: list[str]) -> Vertices:
    """The vertices under *Vertices, *Vertices n, or of a two-mode network *Vertices n m, in a file of `size` bytes."""
    number, primaries = _counts(section, size)
    largest = 2**63 - 1 if number is None else number
    called: dict[int, str | None] = {}
    weights: dict[int, float] = {}
    passed = 0
    for line, text in section.lines():
        word, name, numbers, more = described(text, section, line)
        at = int(word) if word.isascii() and word.isdigit() and len(word) < 20 else -1
        if not 0 <= at <= largest:
            wanted = "a number" if number is None else f"a number from 1 to {number}"
            raise section.refused(f'a vertex needs {wanted} and a "name"; got {text[:60]!r}', line)
        if at in called:
            raise section.refused(f"vertex {word} stands twice", line)
        called[at] = name
        passed += more or len(numbers) > 1
        if len(numbers) == 1:
            weights[at] = weight_of(numbers[0], "node", section.file, line)
    if number is None:
        ids = np.fromiter(called, np.int64, len(called))
    else:
        first = 0 if 0 in called and number not in called else 1
        if 0 in called and first:
            raise section.refused(f"vertices are numbered from 1 to {number}, or from 0; got both 0 and {number}")
        ids = np.arange(first, first + number)
    names = _names(ids, called)
    if names.dtype == object and len(set(names.tolist())) < len(names):
        notes.append("names of *Vertices stand twice: nodes go by their numbers")
        names = ids
    return Vertices(ids, names, _weights(ids, weights, passed, notes), number, primaries)


def _counts(section: Section, size: int) -> tuple[int | None, int | None]:
    words = section.argument.split()
    if not all(word.isascii() and word.isdigit() for word in words) or len(words) > 2:
        raise section.refused(f"*Vertices says their number, or two of a two-mode network; got {section.argument!r}")
    number, primaries = [*map(int, words), None, None][:2]
    if number is not None and number > MOST + size:
        raise section.refused(f"*Vertices says {number}, too many for a file of {size} bytes")
    if number is not None and primaries is not None and primaries > number:
        raise section.refused(f"{primaries} vertices of the first mode are more than all {number}")
    return number, primaries


def _names(ids: np.ndarray, called: dict[int, str | None]) -> np.ndarray:
    if all(name is None for name in called.values()):
        return ids
    if len(called) == len(ids) and None not in called.values() and [*called] == ids.tolist():
        return name_array(list(called.values()))
    return name_array([str(i) if (name := called.get(i)) is None else name for i in ids.tolist()])


def _weights(ids: np.ndarray, weights: dict[int, float], passed: int, notes: list[str]) -> np.ndarray | None:
    if passed:
        notes.append(f"coordinates and shapes of {passed} vertices are passed over")
    if not weights:
        return None
    if missing := len(ids) - len(weights):
        notes.append(f"{missing} vertices without a weight have weight 1")
    return np.array([weights.get(i, 1.0) for i in ids.tolist()])
