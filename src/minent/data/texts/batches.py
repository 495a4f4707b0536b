"""Sequences of like length side by side, padded, as many as a budget of tokens allows.

An example falls into the bucket floor(log length / log 1.1). Buckets are cut into batches from the shortest to the
longest; what is left of one goes first in the next, so that all batches but one are full, and padding is rare.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.data.ragged import Ragged
from minent.errors import BadInput

RATIO = 1.1  # of the longest to the shortest in a bucket


class Batches:
    """Batches of examples given by columns, each example once an epoch.

    A column that is a list of 1-D arrays, or a `Ragged`, is ragged: a batch holds it as a (batch, longest) array filled
    up with `pad`, and `name_mask` of the same shape, True where a token is real. Any other column is an array
    (examples, ...) and stays as it is. A batch also holds "id" (batch,): which examples these are. Integers come as
    int64.

    tokens     the number of examples times the length of the longest sequence among them, at most
    examples   if given, the number of examples in a batch, in place of tokens
    shuffle    False: always the same batches in the same order, from short to long
    An epoch depends on (seed, number) only, and all have `len(batches)` batches.

    Raises BadInput for columns of different lengths, for an empty sequence, and for one longer than the budget.

    >>> batches = Batches({"words": [np.array([5, 6, 7]), np.array([8])], "label": np.array([0, 1])}, shuffle=False)
    >>> for batch in batches.epoch(0):
    ...     print(batch["words"].tolist(), batch["words_mask"].tolist(), batch["label"], batch["id"])
    [[8, 0, 0], [5, 6, 7]] [[True, False, False], [True, True, True]] [1 0] [1 0]
    """

    def __init__(
        self, columns: Mapping[str, Sequence[Any] | np.ndarray | Ragged], *, tokens: int = 8192,
        examples: int | None = None, seed: int = 1, shuffle: bool = True, pad: int = 0,
    ):  # fmt: skip
        counts = {name: len(column) for name, column in columns.items()}
        if len(set(counts.values())) != 1:
            raise BadInput(f"columns must have one length; got {counts}")
        if (tokens if examples is None else examples) < 1:
            raise BadInput(f"a batch holds at least one; got tokens={tokens}, examples={examples}")
        self.columns = {
            name: values if isinstance(values, Ragged) else Ragged.of(values) if _ragged(values) else _array(values)
            for name, values in columns.items()
        }
        ragged = {name: column for name, column in self.columns.items() if isinstance(column, Ragged)}
        if taken := {"id", *(f"{name}_mask" for name in ragged)} & set(columns):
            raise BadInput(f"a batch names {sorted(taken)} itself; call these columns otherwise")
        self.lengths = np.ones(max(counts.values()), np.int64)
        for name, column in ragged.items():
            lengths = column.lengths
            if not lengths.all():
                raise BadInput(f"sequences must not be empty; {name} of example {lengths.argmin()} is")
            self.lengths = np.maximum(self.lengths, lengths)
        if examples is None and self.lengths.max(initial=0) > tokens:
            id = self.lengths.argmax()
            raise BadInput(f"example {id} has {self.lengths[id]} tokens; a batch holds at most {tokens}")
        self.tokens, self.examples, self.seed, self.shuffle, self.pad = tokens, examples, seed, shuffle, pad
        self._buckets = self._by_length()
        self._count = len(self._ids(np.random.default_rng(0)))

    def __len__(self) -> int:
        return self._count

    def fingerprint(self) -> dict[str, Any]:
        """What tells these batches from others: a run is resumed on the same."""
        digest = hashlib.blake2b(digest_size=16)
        for name, column in sorted(self.columns.items()):
            if isinstance(column, Ragged):
                lengths = column.lengths
                _note(digest, name, lengths)
                digest.update(f"{name} {column.flat.dtype} {(int(lengths.sum()),)}".encode())
                for _, part in column.parts():
                    digest.update(np.ascontiguousarray(part).data)
            else:
                _note(digest, name, column)
        size = {"tokens": self.tokens} if self.examples is None else {"batch": self.examples}
        return {"examples": len(self.lengths), "data": digest.hexdigest(), **size}

    def epoch(self, number: int, start: int = 0) -> Iterator[dict[str, np.ndarray]]:
        """The batches of one epoch, from the one numbered `start`."""
        for ids in self._ids(np.random.default_rng([self.seed, number]))[start:]:
            batch = {"id": ids}
            for name, column in self.columns.items():
                if isinstance(column, Ragged):
                    batch[name], batch[f"{name}_mask"] = column.padded(ids, self.pad)
                else:
                    batch[name] = column[ids]
            yield batch

    def _by_length(self) -> list[tuple[int, np.ndarray]]:
        """Buckets from the shortest to the longest: how many of its examples fill a batch, and their ids."""
        bucket = np.floor(np.log(self.lengths) / np.log(RATIO))
        order = np.argsort(bucket, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(bucket[order])) + 1) if len(order) else []
        return [(self.examples or int(self.tokens // self.lengths[ids].max()), ids) for ids in groups]

    def _ids(self, random: np.random.Generator) -> list[Int[np.ndarray, " batch"]]:
        """The examples of each batch. How many there are depends on lengths only."""
        batches: list[np.ndarray] = []
        left = np.empty(0, np.int64)
        for size, ids in self._buckets:
            ids = np.concatenate([left, random.permutation(ids) if self.shuffle else ids])
            full = len(ids) // size * size
            batches += list(ids[:full].reshape(-1, size))
            left = ids[full:]
        batches += [left] if len(left) else []
        return [batches[i] for i in random.permutation(len(batches))] if self.shuffle else batches


def _note(digest: Any, name: str, array: np.ndarray) -> None:
    digest.update(f"{name} {array.dtype} {array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data if array.dtype != object else repr(array).encode())


def _ragged(column: Any) -> bool:
    held_apart = not isinstance(column, np.ndarray) or column.dtype == object
    return held_apart and len(column) > 0 and np.ndim(column[0]) == 1


def _array(column: Any) -> np.ndarray:
    array = np.asarray(column)
    return array.astype(np.int64) if array.dtype.kind in "iu" else array
