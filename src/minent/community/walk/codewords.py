"""What a module's codebook names beside its exit, where units share words: the states of a physical node, or the labels
of metadata. Each adds to the codelength of module m

    −Σ_k rate_k plogp(x_mk),   x_mk = Σ_{i in m} x_ik

with rate 1 for the visits of physical node k, η for those of metadata label k, and −η for all that carry any label.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from minent.entropy import each_plogp
from minent.kernels import read_only


class Words(NamedTuple):
    """The words of each unit as compressed sparse rows, and what each module costs beside its codebook."""

    indptr: Int[np.ndarray, " _"]
    key: Int[np.ndarray, " _"]
    amount: Float[np.ndarray, " _"]
    rate: Float[np.ndarray, " keys"]
    shared: int  # keys below are physical nodes, whose states attract each other
    price: float  # bits of every module
    preferred: int  # number of modules, each more or less of which costs a bit; -1 for any

    def merged(self, label: Int[np.ndarray, " units"], count: int) -> "Words":
        """The words of the units that `label` makes of these."""
        row = np.repeat(label.astype(np.int64), np.diff(self.indptr))
        code, place = np.unique(row * max(len(self.rate), 1) + self.key, return_inverse=True)
        amount = np.bincount(place, self.amount, minlength=len(code))
        row, key = np.divmod(code, max(len(self.rate), 1))
        indptr = np.searchsorted(row, np.arange(count + 1)).astype(np.int32)
        return self._replace(
            indptr=read_only(indptr), key=read_only(key.astype(np.int32)), amount=read_only(amount.astype(float))
        )

    def costs(self) -> Float[np.ndarray, " units"]:
        """What the words of each unit cost where it is a module."""
        bits = -self.rate[self.key] * each_plogp(self.amount)
        row = np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr))
        return np.bincount(row, bits, minlength=len(self.indptr) - 1).astype(float)

    def without(self, units: int) -> "Words":
        """The same of modules in modules, whose words are not in the codebook above: only their price."""
        empty = read_only(np.zeros(units + 1, np.int32))
        return self._replace(
            indptr=empty, key=read_only(np.zeros(0, np.int32)), amount=read_only(np.zeros(0)), shared=0
        )

    def users(self) -> tuple[Int[np.ndarray, " _"], Int[np.ndarray, " _"], Float[np.ndarray, " _"]]:
        """For each shared key, the units that have it, and how much of it, as rows."""
        row = np.repeat(np.arange(len(self.indptr) - 1, dtype=np.int32), np.diff(self.indptr))
        of = np.flatnonzero(self.key < self.shared)
        of = of[np.argsort(self.key[of], kind="stable")]
        start = np.searchsorted(self.key[of], np.arange(self.shared + 1)).astype(np.int32)
        return read_only(start), read_only(row[of]), read_only(self.amount[of])


def words_of(
    kinds: list[tuple[Int[np.ndarray, " units"], Float[np.ndarray, " units"], float]],
    shared: bool,
    price: float,
    preferred: int | None,
    units: int,
) -> Words:
    """The words of nodes: each kind is (key of each node, its amount, rate of its words); the first kind's keys may be
    `shared`."""
    key, amount, rate = [], [], []
    first = 0
    for keys, amounts, bits in kinds:
        count = int(keys.max(initial=-1)) + 1
        key.append(keys + first)
        amount.append(amounts)
        rate.append(np.full(count, float(bits)))
        first += count
    n, many = units, len(kinds)
    table = np.array(key, np.int32).reshape(many, n).T.ravel(), np.array(amount, float).reshape(many, n).T.ravel()
    indptr = (many * np.arange(n + 1)).astype(np.int32)
    rates = np.concatenate([np.zeros(0), *rate])
    known = len(rate[0]) if shared else 0
    indptr, key, amount, rate = map(read_only, (indptr, *table, rates))
    return Words(indptr, key, amount, rate, known, price, -1 if preferred is None else preferred)
