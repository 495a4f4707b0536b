"""Rows that lie apart are searched by tasks that know nothing but what they are told, to the last bit as elsewhere."""

from itertools import pairwise

import numpy as np
import pytest

from minent.community.search import engine, exchanged
from minent.community.search.engine import ALONE, Engine, Rows
from minent.community.search.merging import merge, renumbered
from minent.community.search.search import Search
from minent.community.search.two_level import two_level_partition
from minent.community.search.units import Units, units_of
from minent.community.walk.models import flow_of
from minent.data import Graph
from minent.kernels import compiled, interpreted, read_only


def frozen(value):
    """What arrives: nothing of it can be written to."""
    if isinstance(value, np.ndarray):
        return read_only(value.copy())
    if isinstance(value, tuple):
        return type(value)(*map(frozen, value)) if hasattr(value, "_fields") else tuple(map(frozen, value))
    return value


class Pretended(Engine):
    """Shards of another size, in reverse order, whose tasks are given copies."""

    def __init__(self, units: Units, shards: int) -> None:
        super().__init__()
        bounds = np.unique(np.linspace(0, units.number, shards + 1).astype(int)).tolist()
        rows = [
            (a, b, Rows(a, units.indptr[a : b + 1] - units.indptr[a], *(
                one[units.indptr[a] : units.indptr[b]] if len(one) > 1 else one for one in units[1:3]
            )))
            for a, b in pairwise(bounds)
        ]  # fmt: skip
        self.known, self.asked = [(units[1:3], rows)], 0

    def far(self, units):
        if not engine.large(len(units.indices)):
            return None
        for (indices, flow), rows in self.known:
            if indices.ctypes.data == units.indices.ctypes.data and len(flow) == len(units.flow):
                self.asked += 1
                return rows
        return None

    def lie(self, entries, far):
        self.known.append((entries, far))

    def each(self, task, told, items):
        found = [task(*map(frozen, told), *map(frozen, item)) for item in reversed(list(items))]
        return iter(found[::-1])


def planted(weighted: bool) -> Graph:
    rng = np.random.default_rng(2)
    source = rng.integers(0, 600, 6000)
    size = rng.choice([20, 100, 600], len(source), p=[0.6, 0.25, 0.15])
    target = source // size * size + rng.integers(0, size)
    code = np.unique(np.minimum(source, target % 600) * 600 + np.maximum(source, target % 600))
    code = code[code // 600 != code % 600]
    return Graph.from_links(code // 600, code % 600, rng.uniform(0.5, 2, len(code)) if weighted else None)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MANY", 500), ("CROWD", 20), ("SHARD", 1 << 9)):
        monkeypatch.setattr(engine, name, value)


@pytest.mark.parametrize("weighted", [False, True])
def test_rows_that_lie_apart_merge_to_the_last_bit(weighted: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exchanged, "FINEST", 3)
    units, rng = units_of(flow_of(planted(weighted))), np.random.default_rng(4)
    assert (len(units.flow) > 1) == weighted
    for modules in (1, 2, 60, 400):
        label = rng.integers(0, modules, units.number).astype(np.int32)
        count = renumbered(interpreted, label)
        whole = merge(units, label, count, compiled)
        for shards in (1, 7):
            apart = Pretended(units, shards)
            found = merge(units, label, count, compiled, apart)
            assert apart.asked == 1 and len(apart.known) == 2
            for one, other in zip(whole[:8], found[:8], strict=True):
                assert one.dtype == other.dtype and one.tolist() == other.tolist()


@pytest.mark.parametrize("effort", ["fast", "balanced"])
@pytest.mark.parametrize("weighted", [False, True])
def test_tasks_that_know_what_they_are_told_find_the_same_modules(weighted: bool, effort: str):
    units, found, asked = units_of(flow_of(planted(weighted))), [], []
    for place in (ALONE, Pretended(units, 1), Pretended(units, 4), Pretended(units, 50)):
        search = Search(np.random.default_rng(1), compiled, place)
        label, modules = two_level_partition(search, units, effort)
        found.append((label.tolist(), modules.visit.tolist(), modules.flow.tolist()))
        asked.append(getattr(place, "asked", 0))
    assert 10 < len(set(found[0][0])) < 60 and min(asked[1:]) > 4
    assert all(one == found[0] for one in found)
