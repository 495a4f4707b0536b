"""Links into a network, from lines of text and from arrays: CPU seconds and peak memory beside infomap and networkit,
each case in a process of its own.

python benchmarks/reading.py    prints the table and writes results/reading.json
"""

import ctypes
import json
import multiprocessing
import os
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

REPEATS, PATIENCE = 5, 60  # calls, and CPU seconds after which no further call is made
SIZES = {"1e6 links, 1e5 nodes": (10**6, 10**5), "1e7 links, 1e6 nodes": (10**7, 10**6)}
Arrays = tuple[np.ndarray, np.ndarray]


def links(number: int, nodes: int) -> Arrays:
    """Random links, none twice, in random order, as int32."""
    rng = np.random.default_rng(1)
    keys = rng.integers(0, nodes, (2, int(number * 1.01)), dtype=np.int32)
    keys.sort(axis=0)
    pairs = np.unique(keys[0].astype(np.int64) * nodes + keys[1])
    pairs = rng.permutation(pairs)[:number]
    return (pairs // nodes).astype(np.int32), (pairs % nodes).astype(np.int32)


def minent_arrays(arrays: Arrays) -> object:
    from minent.data import Graph

    return Graph.from_links(*arrays)


def minent_arrays_weighted(arrays: Arrays) -> object:
    from minent.data import Graph

    return Graph.from_links(*arrays, np.full(len(arrays[0]), 0.5))


def minent_arrays_directed(arrays: Arrays) -> object:
    from minent.data import Graph

    return Graph.from_links(*arrays, directed=True)


def scipy_arrays(arrays: Arrays) -> object:
    from scipy.sparse import coo_array

    source, target = arrays
    both = np.concatenate([source, target]), np.concatenate([target, source])
    return coo_array((np.ones(len(both[0]), np.int8), both)).tocsr()


def infomap_arrays(arrays: Arrays) -> object:
    from infomap import Infomap

    network = Infomap(silent=True)
    network.add_links(np.stack(arrays, axis=1))
    return network


def networkit_arrays(arrays: Arrays) -> object:
    import networkit

    networkit.setNumberOfThreads(1)
    return networkit.GraphFromCoo(arrays, n=1 + int(max(end.max() for end in arrays)))


def minent_text(path: str) -> object:
    from minent.data.bytes import opened, text
    from minent.data.networks.choices import Choices
    from minent.data.networks.lines.link_lines import planned
    from minent.data.networks.lines.link_lists import links_of_lines
    from minent.data.networks.plan import Plan

    data = text(opened(path)).data
    return links_of_lines(data, *planned(data, Plan(path, "lines"), Choices()))


def minent_graph(path: str) -> object:
    from minent.data import read_graph

    return read_graph(path)


def infomap_text(path: str) -> object:
    from infomap import Infomap

    network = Infomap(silent=True)
    network.read_file(path)
    return network


def networkit_text(path: str) -> object:
    import networkit

    networkit.setNumberOfThreads(1)
    return networkit.graphio.EdgeListReader(" ", 0).read(path)


ARRAYS = {
    "minent": minent_arrays, "minent, directed": minent_arrays_directed, "minent, weighted": minent_arrays_weighted,
    "scipy coo → csr": scipy_arrays, "networkit GraphFromCoo": networkit_arrays, "infomap add_links": infomap_arrays,
}  # fmt: skip
TEXT = {  # integers
    "minent, parsing": minent_text, "minent, to Graph": minent_graph,
    "networkit EdgeListReader": networkit_text, "infomap read_file": infomap_text,
}  # fmt: skip


def written(folder: Path, ends: Arrays) -> dict[str, Path]:
    """The same links as lines of text: integers, weights beside them, names in place of numbers."""
    import pyarrow as pa
    import pyarrow.csv

    numbers = pa.array(ends[0]), pa.array(ends[1])
    names = [pa.array(np.char.add("node ", end.astype(str))) for end in ends]
    weight = pa.array(np.random.default_rng(2).integers(1, 1000, len(ends[0])) / 8)
    files = {}
    for what, columns, mark in (
        ("integers", [*numbers], " "), ("integers, weights", [*numbers, weight], " "),
        ("names", names, "\t"), ("names, weights", [*names, weight], "\t"),
    ):  # fmt: skip
        files[what] = folder / f"{what}.txt"
        options = pyarrow.csv.WriteOptions(include_header=False, delimiter=mark, quoting_style="none")
        pyarrow.csv.write_csv(pa.table(columns, names=list("uvw"[: len(columns)])), files[what], options)
    return files


def measured(case: Callable, size: tuple[int, int], path: str | None) -> dict[str, float]:
    """Median CPU seconds of a call, all threads counted, and its peak bytes per link beyond what it is given.

    A first call on few links loads libraries and kernels, and is not counted; nothing is repeated past PATIENCE.
    """
    given = path or links(*size)
    from minent import kernels

    kernels.INTERPRETED_WORK = -1
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as small:
        small.write("0 1\n1 2\n")
        small.flush()
        case(small.name if path else tuple(np.array([end, 2], np.int32) for end in (0, 1)))
    ctypes.CDLL(None).malloc_trim(0)  # what loading left free must not hide what the call takes
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of making the links
    before = resident("VmRSS")
    seconds, peak = [], 0
    while len(seconds) < REPEATS and sum(seconds) < PATIENCE:
        start = time.process_time()
        network = case(given)
        seconds.append(time.process_time() - start)
        peak = peak or resident("VmHWM") - before
        del network
    return {"seconds": statistics.median(seconds), "repeats": len(seconds), "bytes_per_link": peak / size[0]}


def resident(field: str) -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split(field + ":")[1].split()[0])


def child(queue: multiprocessing.Queue, *arguments: object) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    queue.put(measured(*arguments))  # type: ignore[arg-type]


def alone(*arguments: object) -> dict[str, float]:
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=child, args=(queue, *arguments))
    process.start()
    answer = queue.get()
    process.join()
    return answer


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        first = next(iter(SIZES.values()))
        tables = []
        for what, path in written(Path(folder), links(*first)).items():
            cases = TEXT if what == "integers" else {k: v for k, v in TEXT.items() if k.startswith("minent")}
            tables.append((f"1e6 lines, {what}", cases, first, str(path)))
        tables += [(f"arrays, {what}", ARRAYS, size, None) for what, size in SIZES.items()]
        for what, cases, size, file in tables:
            print(f"{what:32} {'CPU s per 1e6 links':>20} {'peak bytes per link':>20}")
            for name, case in cases.items():
                row = {"what": what, "case": name, "links": size[0], **alone(case, size, file)}
                rows.append(row)
                print(f"  {name:30} {row['seconds'] / size[0] * 1e6:20.4f} {row['bytes_per_link']:20.1f}", flush=True)
    machine = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.system(),
    }
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    machine["model"] = model[0].split(":")[1].strip() if model else ""
    versions = {
        name: version(name) for name in ("minent", "numpy", "numba", "pyarrow", "scipy", "infomap", "networkit")
    }
    result = {
        "repeats": REPEATS,
        "machine": machine,
        "python": platform.python_version(),
        "versions": versions,
        "rows": rows,
    }
    (Path(__file__).parent / "results" / "reading.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
