"""Communities on all cores: one search of a large network by 1, 2, 4 … threads, beside the search that moves units one
by one; and what moving together costs in codelength on networks so small that `find` itself does not do it there.

Rounds go by turns over all that is compared, in one process, on a machine that does nothing else; wall seconds of
`find` from a network to its tree, medians. COST is the number of threads from which on moving together is sooner done.

    python benchmarks/community_threads.py --large lfr_1000000_05.npz [--data FOLDER] [--rounds 3] [--threads 1 2]
    python benchmarks/community_threads.py               only codelengths, of the shared networks
"""

import argparse
import json
import os
import platform
import time
from datetime import date
from pathlib import Path

import numpy as np

from minent import Graph, kernels
from minent.community import find
from minent.community.search import engine

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results" / "community_threads.json"
TWO = ["power", "hep-th", "PGPgiantcompo", "astro-ph", "MIT8", "deezer_HU", "hrg_1e5", "lfr_100000_05"]
MULTI = [*TWO[:6], "hyp0", "hsbm", "path5k", "tree10k", "grid100", "lfr20k_062"]
DIRECTED = ["wiki-Vote_d", "dirLFR_5k_03_d"]


def network(path):
    with np.load(path) as file:
        ends = file["u"].astype(np.int32), file["v"].astype(np.int32)
    return Graph.from_links(*ends, directed=Path(path).stem.endswith("_d"))


def together(many, crowd=0):
    engine.MANY, engine.CROWD = many, crowd


def lengths(folder, seeds):
    """Codelength of nodes that move together above that of one by one, in percent: medians of both, by effort."""
    rows = {}
    for level, names in (("two-level", [*TWO, *DIRECTED]), ("multilevel", [*MULTI, *DIRECTED])):
        for name in names:
            graph = network(folder / f"{name}.npz")
            for effort in ("fast", "balanced"):
                found = {}
                for how, many in (("one by one", 1 << 60), ("together", len(graph.indices) // 2)):
                    together(many)
                    trees = [find(graph, two_level=level == "two-level", effort=effort, seed=s) for s in range(seeds)]
                    found[how] = float(np.median([tree.codelength for tree in trees]))
                found["above"] = 100 * (found["together"] / found["one by one"] - 1)
                rows[f"{name}, {level}, {effort}"] = found
                print(f"{name}, {level}, {effort}: {found['above']:+.3f} %", flush=True)
    return rows


def speed(path, counts, rounds, multilevel):
    """Wall and CPU seconds of the search of one network, one by one and by so many threads."""
    graph, usual = network(path), (engine.MANY, engine.CROWD)
    ways = [("one by one", 1), *((f"{count} threads", count) for count in counts)]
    wall, cpu, code = ({way: [] for way, _ in ways} for _ in range(3))
    for turn in range(rounds + 1):  # the first compiles, or loads what was compiled
        for way, count in ways:
            together(*((1 << 60, 0) if way == "one by one" else usual))
            start = time.perf_counter(), time.process_time()
            tree = find(graph, two_level=not multilevel, effort="fast", seed=turn, threads=count)
            if turn:
                wall[way].append(time.perf_counter() - start[0])
                cpu[way].append(time.process_time() - start[1])
                code[way].append(tree.codelength)
                print(f"{way}: {wall[way][-1]:.2f} s, {cpu[way][-1]:.2f} CPU s, {code[way][-1]:.6f} bits", flush=True)
    assert all(code[f"{count} threads"] == code[f"{counts[0]} threads"] for count in counts)
    kinds = {"wall": wall, "cpu": cpu, "L": code}
    rows = {way: {kind: float(np.median(of[way])) for kind, of in kinds.items()} for way, _ in ways}
    one, alone = rows.get("1 threads"), rows["one by one"]
    for way, row in rows.items():
        row["faster than one by one"] = alone["wall"] / row["wall"]
        row["faster than one thread"] = one["wall"] / row["wall"] if one and way != "one by one" else None
    sooner = [count for count in counts if rows[f"{count} threads"]["wall"] < alone["wall"]]
    return {"links": graph.number_of_links, "rows": rows, "COST": min(sooner, default=None)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("MINENT_DATA", HERE.parents[2] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--large", type=Path, nargs="*", default=[])
    parser.add_argument("--multilevel", action="store_true")
    parser.add_argument("--threads", type=int, nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    kernels.INTERPRETED_WORK = -1
    saved = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    counts = options.threads or [count for count in (1, 2, 4, 8, 16, 32, 64) if count <= (os.cpu_count() or 1)]
    for path in options.large:
        key = f"{path.stem}, {'multilevel' if options.multilevel else 'two-level'}"
        saved.setdefault("speed", {})[key] = speed(path, counts, options.rounds, options.multilevel)
    if not options.large:
        saved["lengths"] = lengths(options.data / "graphs", options.seeds)
    saved |= {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }
    RESULTS.write_text(json.dumps(saved, indent=1) + "\n")


if __name__ == "__main__":
    main()
