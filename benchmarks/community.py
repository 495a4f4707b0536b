"""Communities by the map equation: minent beside infomap, networkit and igraph, on one thread.

python benchmarks/community.py [--large lfr_1000000_05.npz]    prints the tables and writes results/community.json
python benchmarks/community.py --quick                         a minute's worth, printed only (so --graphs, --methods)
python benchmarks/community.py --write docs/benchmarks.md      the tables of results/community.json as a page

Every method meets every graph in a process of its own. CPU seconds (time.process_time) of building the network from
arrays and of optimising it are taken apart, median over seeds 1, 2, …; reading results and scoring them count for
nobody. minent's kernels are compiled, never interpreted, and were compiled before: one run on a small graph, and one on
the graph itself, are not counted. All two-level codelengths are computed by minent from the labels, in bits per step;
multilevel ones are each library's own. Memory is what one build and one search add to the peak of a further process
that has done the small graph only, input arrays not counted.
"""

import argparse
import ctypes
import datetime
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "community.json"
SEEDS, PATIENCE = 5, 30  # seeds, and CPU seconds after which no further one is started (but the third)
REAL = ("power", "hep-th", "PGPgiantcompo", "astro-ph", "MIT8", "deezer_HU")  # in the geometric means
QUICK = ("power", "hep-th", "lfr_1000_05", "wiki-Vote_d")
Case = tuple[Callable[..., Any], Callable[[Any, int], tuple[Any, float]]]  # arrays → network; network, seed → labels, L


def minent(effort: str, two_level: bool) -> Case:
    from minent import community, data, kernels

    kernels.INTERPRETED_WORK = -1

    def build(source: np.ndarray, target: np.ndarray, directed: bool, seed: int) -> Any:
        return data.Graph.from_links(source, target, directed=directed)

    def search(network: Any, seed: int) -> tuple[Any, float]:
        tree = community.find(network, two_level=two_level, effort=effort, seed=seed, threads=1)  # type: ignore[arg-type]
        return lambda: tree.labels, tree.codelength

    return build, search


def infomap(effort: str, two_level: bool) -> Case:
    from infomap import Infomap

    def build(source: np.ndarray, target: np.ndarray, directed: bool, seed: int) -> Any:
        network = Infomap(silent=True, two_level=two_level, directed=directed, seed=seed, num_trials=1)
        network.add_links(np.stack((source, target), axis=1))
        return network

    def search(network: Any, seed: int) -> tuple[Any, float]:
        network.run()

        def labels() -> np.ndarray:
            modules = network.get_modules(depth_level=-1)
            return np.array([modules.get(node, -node) for node in range(1 + max(modules))])

        return labels, network.codelength

    return build, search


def networkit(effort: str, two_level: bool) -> Case:
    import networkit as library

    library.setNumberOfThreads(1)

    def build(source: np.ndarray, target: np.ndarray, directed: bool, seed: int) -> Any:
        return library.GraphFromCoo((source, target), n=1 + int(max(source.max(), target.max())))

    def search(network: Any, seed: int) -> tuple[Any, float]:
        library.setSeed(seed, False)
        run = library.community.LouvainMapEquation(network).run()
        return lambda: run.getPartition().getVector(), np.nan

    return build, search


def igraph(effort: str, two_level: bool) -> Case:
    from igraph import Graph

    def build(source: np.ndarray, target: np.ndarray, directed: bool, seed: int) -> Any:
        return Graph(1 + int(max(source.max(), target.max())), np.stack((source, target), axis=1))

    def search(network: Any, seed: int) -> tuple[Any, float]:
        random.seed(seed)
        found = network.community_infomap(trials=1)
        return lambda: found.membership, found.codelength

    return build, search


TWO_LEVEL = {
    "minent fast": minent, "minent balanced": minent, "minent best": minent,
    "networkit": networkit, "igraph": igraph, "infomap": infomap,
}  # fmt: skip
METHODS = TWO_LEVEL | {name + ", multilevel": TWO_LEVEL[name] for name in TWO_LEVEL if name[:2] in ("mi", "in")}
UNDIRECTED_ONLY = ("networkit", "igraph")
COMPARED = {  # ours, theirs, which of their codelengths is to be met
    "balanced beside infomap, two-level": ("minent balanced", "infomap", "median"),
    "fast beside networkit, two-level": ("minent fast", "networkit", "median"),
    "best beside the best of all infomap's seeds, two-level": ("minent best", "infomap", "best"),
    "balanced beside infomap, multilevel": ("minent balanced, multilevel", "infomap, multilevel", "median"),
    "best beside infomap, multilevel": ("minent best, multilevel", "infomap, multilevel", "median"),
}


def small_graph() -> tuple[np.ndarray, np.ndarray]:
    """Modules within modules: 1000 nodes, most links within groups of 20, fewer within groups of 100."""
    rng = np.random.default_rng(1)
    source = rng.integers(0, 1000, 8000, dtype=np.int32)
    width = rng.choice([20, 100, 1000], 8000, p=[0.7, 0.2, 0.1])
    return source, (source // width * width + rng.integers(0, width)).astype(np.int32)


def measured(method: str, path: Path, seeds: int, warm: bool) -> dict[str, Any]:
    """One method on one graph, in this process; without `warm`, memory."""
    source, target, truth = (np.load(path).get(key) for key in ("u", "v", "truth"))
    directed, two_level = path.stem.endswith("_d"), method in TWO_LEVEL
    build, search = METHODS[method](method.split(",")[0].split()[-1], two_level)
    search(build(*small_graph(), directed, 1), 1)[0]()
    if warm and method.startswith("minent"):
        search(build(source, target, directed, 1), 1)
    ctypes.CDLL(None).malloc_trim(0)  # what loading left free must not hide what the call takes
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts from here
    before, peak, found = resident("VmRSS"), 0, []
    for seed in range(1, seeds + 1):
        start = time.process_time()
        network = build(source, target, directed, seed)
        built = time.process_time()
        labels, codelength = search(network, seed)
        end = time.process_time()
        peak = peak or resident("VmHWM") - before
        found.append({"build": built - start, "search": end - built, "codelength": codelength, "labels": labels()})
        if seed >= 3 and sum(run["build"] + run["search"] for run in found) > PATIENCE:
            break
    if warm or seeds == 1:
        score(found, source, target, truth, directed, two_level)
    middle = {key: statistics.median(run[key] for run in found) for key in ("build", "search", "codelength")}
    row = {"graph": path.stem, "links": len(source), "method": method, "seeds": len(found), **middle}
    row["best"] = min(run["codelength"] for run in found)
    row["modules"] = statistics.median(len(set(run["labels"])) for run in found)
    if truth is not None and "ami" in found[0]:
        row |= {"ami": statistics.median(run["ami"] for run in found), "planted": found[0]["planted"]}
    return row if warm else row | {"bytes_per_link": peak / len(source)}


def score(found: list[dict], source: Any, target: Any, truth: Any, directed: bool, two_level: bool) -> None:
    """Codelength and adjusted mutual information with the planted modules, for each partition found."""
    from minent.community import codelength
    from minent.data import Graph

    graph = Graph.from_links(source, target, directed=directed)
    truth = None if truth is None else truth[: graph.number_of_nodes]
    for run in found:
        run["codelength"] = codelength(graph, run["labels"]) if two_level else run["codelength"]
        if truth is not None:
            run |= {"ami": agreement(truth, np.asarray(run["labels"])), "planted": codelength(graph, truth)}


def agreement(truth: np.ndarray, labels: np.ndarray) -> float:
    from sklearn.metrics import adjusted_mutual_info_score

    pairs = np.unique(np.stack((truth, labels)), axis=1).shape[1]
    same = pairs == len(np.unique(truth)) == len(np.unique(labels))
    return 1.0 if same else float(adjusted_mutual_info_score(truth, labels))


def resident(field: str) -> int:
    return 1024 * int(Path("/proc/self/status").read_text().split(field + ":")[1].split()[0])


def two_threads(path: Path) -> dict[str, Any]:
    """Wall seconds of four trials on one thread and on two, and the machine's load before."""
    build, search = minent("balanced", True)
    from minent.community import find

    graph = build(*(np.load(path)[end] for end in "uv"), False, 1)
    search(graph, 1)
    row: dict[str, Any] = {"graph": path.stem, "trials": 4, "load": os.getloadavg()[0]}
    for threads in (1, 2) * 3:  # the fastest of three, in turn
        start = time.perf_counter()
        find(graph, two_level=True, trials=4, threads=threads)
        row[str(threads)] = min(row.get(str(threads), np.inf), time.perf_counter() - start)
    return row


def alone(*call: str) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", __file__, "--one", *call]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()[-1])


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *map(list, rows)]
    wide = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * wide[0]] + ["-" * (width - 1) + ":" for width in wide[1:]])
    cells = ([line[0].ljust(wide[0])] + [c.rjust(w) for c, w in zip(line[1:], wide[1:], strict=True)] for line in lines)
    return "\n".join("| " + " | ".join(line) + " |" for line in cells) + "\n"


def graph_table(rows: list[dict]) -> str:
    """Everything about one graph; the last column says how much less CPU than infomap, of the same number of levels."""
    reference = {row["method"]: row["build"] + row["search"] for row in rows}
    head = ("method", "seeds", "build s", "search s", "L median", "L best", "modules", "AMI", "B/link", "× infomap")

    def cells(row: dict) -> Iterator[str]:
        yield from (row["method"], str(row["seeds"]), f"{row['build']:.4f}", f"{row['search']:.4f}")
        yield from (f"{row['codelength']:.4f}", f"{row['best']:.4f}", f"{row['modules']:.0f}")
        yield f"{row['ami']:.4f}" if "ami" in row else ""
        yield f"{row['bytes_per_link']:.0f}"
        theirs = reference.get("infomap, multilevel" if "multilevel" in row["method"] else "infomap")
        yield f"{theirs / reference[row['method']]:.1f}" if theirs else ""

    planted = f", planted partition {rows[0]['planted']:.4f} bits" if "planted" in rows[0] else ""
    return f"### {rows[0]['graph']}: {rows[0]['links']:,} links{planted}\n\n" + table(head, map(cells, rows))


def compared(rows: list[dict], ours: str, theirs: str, goal: str) -> str:
    """Our codelength and CPU beside theirs on each graph, and geometric means over the real ones."""
    by = {(row["graph"], row["method"]): row for row in rows}
    lines, ratios = [], []
    for graph in dict.fromkeys(row["graph"] for row in rows):
        if (graph, ours) in by and (graph, theirs) in by:
            a, b = by[graph, ours], by[graph, theirs]
            wanted = b["best" if goal == "best" else "codelength"]
            whole, search = (b["build"] + b["search"]) / (a["build"] + a["search"]), b["search"] / a["search"]
            ratios += [(whole, search)] * (graph in REAL)
            lengths = f"{a['codelength']:.4f}", f"{wanted:.4f}", f"{a['codelength'] - wanted:+.4f}"
            lines.append((graph + " *" * (graph in REAL), *lengths, f"{whole:.1f}", f"{search:.1f}"))
    if ratios:
        means = np.exp(np.log(ratios).mean(axis=0))
        lines.append((f"geometric mean of the {len(ratios)} *", "", "", "", *(f"{mean:.1f}" for mean in means)))
    head = ("graph", "L, ours (median)", f"L, theirs ({goal})", "difference", "× less CPU", "× less, search only")
    return table(head, lines) if lines else ""


def summary(result: dict) -> str:
    parts = [(name, compared(result["rows"], *what)) for name, what in COMPARED.items()]
    text = "\n".join(f"### minent {name}\n\n{part}" for name, part in parts if part)
    if row := result.get("threads"):
        text += f"\nFour trials on {row['graph']}, wall time: {row['1']:.3f} s on one thread, {row['2']:.3f} s on two "
        text += f"({row['1'] / row['2']:.2f}×; the machine's load was {row['load']:.2f} before).\n"
    return text


def page(result: dict) -> str:
    doc, machine = (__doc__ or "").split("\n\n")[-1].strip(), result["machine"]
    names = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    graphs = dict.fromkeys(row["graph"] for row in result["rows"])
    tables = "\n".join(graph_table([row for row in result["rows"] if row["graph"] == graph]) for graph in graphs)
    where = f"Measured on {result['date']}: {machine['model'] or machine['processor']}, {machine['cores']} cores, "
    where += f"{machine['system']}, load {machine['load']:.2f} at the start; Python {result['python']}, {names}."
    return (
        f"# Benchmarks: communities\n\nWritten by `benchmarks/community.py --write`.\n\n{doc}\n\n{where}\n\n"
        f"## In short\n\nA difference at or below zero and a ratio above one are in minent's favour. Real graphs with "
        f"5,000 links or more bear a star.\n\n{summary(result)}\n## Graph by graph\n\n{tables}"
    )


def machine() -> dict[str, Any]:
    path = Path("/proc/cpuinfo")
    model = [line.split(":")[1].strip() for line in path.read_text().splitlines() if line.startswith("model name")]
    processor = platform.processor() or platform.machine()
    return {
        "processor": processor,
        "model": model[0] if model else "",
        "cores": os.cpu_count(),
        "system": platform.system(),
        "load": os.getloadavg()[0],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = os.environ.get("MINENT_DATA") or HERE.parent.parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(data), help="the folder that holds graphs/*.npz")
    parser.add_argument("--large", type=Path, help="an .npz of many links: one seed, few methods")
    parser.add_argument("--large-infomap", action="store_true", help="infomap on the large graph too: minutes")
    parser.add_argument("--quick", action="store_true", help="four graphs, two seeds")
    parser.add_argument("--graphs", help="only these, with commas between")
    parser.add_argument("--methods", help="only methods whose name holds one of these, with commas between")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write the page, measure nothing")
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        options.write.write_text(page(json.loads(RESULTS.read_text())))
    elif options.one:
        method, path, *rest = options.one
        found = two_threads(Path(path)) if method == "threads" else measured(method, Path(path), *map(int, rest))
        print(json.dumps(found))
    else:
        bench(options)


def bench(options: argparse.Namespace) -> None:
    wanted = options.graphs.split(",") if options.graphs else QUICK if options.quick else None
    paths = {path.stem: path for path in (options.data / "graphs").glob("*.npz")}
    if not paths:
        print(f"no graphs measured: {options.data / 'graphs'} holds no .npz; say --data FOLDER or set MINENT_DATA")
    sizes = {name: len(np.load(path)["u"]) for name, path in paths.items() if wanted is None or name in wanted}
    names, rows, result = sorted(sizes, key=sizes.__getitem__), [], {"date": str(datetime.date.today())}
    libraries = ("minent", "infomap", "networkit", "igraph", "numpy", "numba", "scipy")
    result |= {"machine": machine(), "python": platform.python_version(), "rows": rows}
    result["versions"] = {name: version(name) for name in libraries}

    def measure(path: Path, methods: Iterable[str], seeds: int) -> None:
        start = len(rows)
        for method in methods:
            if options.methods and not any(part in method for part in options.methods.split(",")):
                continue
            if path.stem.endswith("_d") and method in UNDIRECTED_ONLY:
                continue
            row = alone(method, str(path), "1", "0")
            if seeds > 1:
                many = seeds * 2 if method == "infomap" and seeds == SEEDS else seeds  # its best of ten is a goal
                row |= alone(method, str(path), str(many), "1")
            rows.append(row)
        print(graph_table(rows[start:]) if len(rows) > start else "", flush=True)

    for name in names:
        measure(paths[name], METHODS, 2 if options.quick else options.seeds)
    if options.large:
        few = ["minent fast", "minent balanced", "networkit"] + ["infomap"] * options.large_infomap
        measure(options.large, few, 1)
    if "deezer_HU" in names:
        result["threads"] = alone("threads", str(paths["deezer_HU"]))
    print(summary(result))
    if not (wanted or options.methods or not paths):
        RESULTS.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
