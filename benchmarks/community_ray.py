"""Communities on many machines, counted: entries read, bytes and messages of one search, over fixed shards that 1 to 64
virtual workers hold. Its tasks are done here one after the other, each given what it would be sent. Not timed but for
the CPU of tasks and of the one that asks.

Weak scaling: as many planted links for each worker. A worker receives once what is told to all, what belongs to its
shards, and, where rows merge, what others tell it; it sends what its tasks found. Counted are bytes of arrays; a
message is a task, or a result that a task is sent from another.

    python benchmarks/community_ray.py [--links 100000] [--workers 1 4 16 64]     counts, and the projection
    python benchmarks/community_ray.py --machines 8                               of that many machines

The projection takes counts a link and a node of the largest run, and the assumptions at the top of this file.
"""

import argparse
import json
import platform
import time
from datetime import date
from pathlib import Path

import numpy as np

from minent import Graph
from minent.community.search import engine
from minent.community.search.engine import Engine, Rows
from minent.community.search.search import Search
from minent.community.search.two_level import two_level_partition
from minent.community.search.units import units_of
from minent.community.walk.models import flow_of
from minent.kernels import compiled

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results" / "community_ray.json"
DEGREE = 10  # links a node
TASK = 0.0033  # seconds that the one that asks takes for each task, as measured with 795 of them on one machine
WIRE, CORES = (
    10e9 / 8,
    16,
)  # bytes a second of a machine's network (each is told once, by whoever was told before), cores
SLOW = 3  # times longer that an entry takes where labels of all nodes fit no cache
READING, DISK = 1.0e-6, 5e8  # CPU seconds a link of reading and sorting, by tasks; bytes a second of the disk
SCRATCH = 23 + 8  # bytes a link that the one that asks writes


def planted(links):
    """Links of which six in ten stay among a hundred nodes, as in `community_disk.py`."""
    nodes, rng = links // DEGREE, np.random.default_rng(1)
    source = rng.integers(0, nodes, links)
    near = source // 100 * 100 + rng.integers(0, 100, links)
    target = np.where(rng.random(links) < 0.6, np.minimum(near, nodes - 1), rng.integers(0, nodes, links))
    keep = source != target
    code = np.unique(np.minimum(source, target)[keep] * nodes + np.maximum(source, target)[keep])
    return Graph.from_links(code // nodes, code % nodes)


def weight(value):
    """Bytes of the arrays in it."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    return sum(map(weight, value)) if isinstance(value, (tuple, list)) else 0


class Told:
    """What all are told, counted once for each worker."""

    def __init__(self, value):
        self.value = value


class Counted(Engine):
    """Shards on virtual workers, by turns."""

    def __init__(self, units, workers):
        super().__init__()
        self.workers = workers
        self.entries, self.received, self.sent = (np.zeros(workers) for _ in range(3))
        self.messages = np.zeros(workers, int)
        self.steps = self.asked = self.exchange = 0
        self.seconds = self.counting = 0.0
        rows = [
            (a, b, Rows(a, units.indptr[a : b + 1] - units.indptr[a], units.indices[units.indptr[a] : units.indptr[b]],
                        units.flow))
            for a, b in engine.shards(units.indptr)
        ]  # fmt: skip
        self.known = [(units.indices, rows)]
        self.shards = len(rows)

    def far(self, units):
        if not engine.large(len(units.indices)):
            return None
        return next((far for one, far in self.known if one.ctypes.data == units.indices.ctypes.data), None)

    def lie(self, entries, far):
        self.known[1:] = [(entries[0], far)]

    def put(self, value):
        return Told(value)

    def run(self, k, task, told, item):
        began, worker = time.process_time(), k % self.workers
        plain = [one.value if isinstance(one, Told) else one for one in (*told, *item)]
        mine = [one for one in item if not isinstance(one, Rows)]  # rows lie there
        self.received[worker] += sum(weight(one.value if isinstance(one, Told) else one) for one in mine)
        self.messages[worker] += 1
        start = time.process_time()
        found = task(*plain)
        ended = time.process_time()
        self.seconds += ended - start
        for one in item:
            if isinstance(one, Rows):
                ids = next((other for other in item if isinstance(other, np.ndarray) and other.dtype == np.int32), None)
                self.entries[worker] += len(one.indices) if ids is None else np.diff(one.indptr)[ids - one.first].sum()
        self.sent[worker] += weight(found)
        self.counting += start - began + time.process_time() - ended
        return found

    def each(self, task, told, items):
        self.steps += 1
        self.received += sum(weight(one.value) for one in told if isinstance(one, Told))
        for k, item in enumerate(items):
            yield self.run(k, task, told, item)

    def exchanged(self, task, told, items, parts):
        self.steps += 1
        self.received += sum(weight(one.value) for one in told if isinstance(one, Told))
        made = [self.run(k, task, told, item) for k, item in enumerate(items)]
        self.messages += len(items) * parts // self.workers
        return list(zip(*made, strict=True))

    def kept(self, task, told, items):
        self.steps += 1
        for k, item in enumerate(items):
            self.exchange += weight(item[1:])
            rows, other = self.run(k, task, told, item)
            yield rows, rows, other


def counted(links, workers, effort):
    """One search, two-level, over so many links a worker."""
    engine.MANY, engine.CROWD, engine.SHARD = 0, 1 << 10, 1 << 13
    graph = planted(links * workers)
    units = units_of(flow_of(graph))
    place, found = Counted(units, workers), []
    for one in (Engine(), place):
        start = time.process_time()
        found.append(two_level_partition(Search(np.random.default_rng(1), compiled, one), units, effort)[0])
        seconds = time.process_time() - start
    alone, apart = found
    assert np.array_equal(alone, apart), "the same modules, wherever"
    each = {"entries": place.entries, "received": place.received, "sent": place.sent, "messages": place.messages}
    row = {
        "workers": workers, "links": graph.number_of_links, "nodes": graph.number_of_nodes, "shards": place.shards,
        "modules": int(apart.max()) + 1, "stages": place.steps, "task CPU s": place.seconds,
        "asking CPU s": seconds - place.seconds - place.counting,
        "exchanged": int(place.exchange),
    }  # fmt: skip
    for name, values in each.items():
        row[name] = {"a worker": float(values.mean()), "max over mean": float(values.max() / values.mean())}
    return row


def projected(row, machines):
    """Seconds of the two-level search of 1e9, 1e10, 1e11 links on so many machines, from counts of the largest run."""
    told = row["received"]["a worker"] / row["nodes"]  # each machine is told all, by node
    sent = row["sent"]["a worker"] * row["workers"] / row["links"]
    rows = []
    for links in (1e9, 1e10, 1e11):
        more, nodes, cores = links / row["links"], links / DEGREE, machines * CORES
        seconds = {
            "tasks s": more * SLOW * row["task CPU s"] / cores + READING * links / cores,
            "told s": told * nodes / WIRE + row["exchanged"] * more / machines / WIRE,
            "found s": sent * links / WIRE,
            "asking s": more * SLOW * row["asking CPU s"] + SCRATCH * links / DISK,
            "Ray s": TASK * row["stages"] * engine.MOST,
        }
        room = {"asking GB": 150 * nodes / 1e9, "its disk GB": SCRATCH * links / 1e9, "a machine GB": told * nodes / 1e9
                / row["stages"] * 2 + 8 * links / machines / 1e9}  # fmt: skip
        all_ = {"all s": sum(seconds.values()), "possible": nodes < 2**31}
        rows.append({"links": links, "machines": machines} | seconds | room | all_)
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--links", type=int, default=100_000, help="a worker")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64])
    parser.add_argument("--effort", default="fast")
    parser.add_argument("--machines", type=int, nargs="+", default=[8, 64])
    asked = parser.parse_args()
    rows = []
    for workers in asked.workers:
        rows.append(counted(asked.links, workers, asked.effort))
        told = ", ".join(f"{name} {rows[-1][name]['a worker']:.3g} ({rows[-1][name]['max over mean']:.2f})"
                         for name in ("entries", "received", "sent", "messages"))  # fmt: skip
        print(f"{workers} workers, {rows[-1]['links']:,} links, {rows[-1]['stages']} stages: {told}", flush=True)
    found = [one for machines in asked.machines for one in projected(rows[-1], machines)]
    for one in found:
        print(", ".join(f"{name} {value:.3g}" for name, value in one.items()))
    where = {"machine": platform.processor() or platform.machine(), "date": str(date.today())}
    RESULTS.write_text(json.dumps({"counted": rows, "projected": found, "degree": DEGREE, **where}, indent=1) + "\n")
