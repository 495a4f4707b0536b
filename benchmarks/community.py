"""Communities: minent beside infomap, networkit and igraph on the same networks, in one run.

Each method runs on each network in a process of its own, on one thread, after one run that is not counted (numba
compiles or loads its kernels then; interpreted kernels are switched off). What is counted: CPU seconds from arrays of
links to the partition, building the network and optimising apart, for several seeds; codelength as minent computes it
from the partition; adjusted mutual information with planted communities; and, in another process that runs once and
without a warm-up on that network, peak memory beyond the arrays in bytes a link.

    python benchmarks/community.py [--data FOLDER] [--quick] [--large LFR.npz] [--seeds 5] [--write docs/benchmarks.md]
    python benchmarks/community.py --only hyp0 hsbm      measures these anew, and keeps what was measured of others
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results" / "community.json"
REAL = ["power", "hep-th", "PGPgiantcompo", "astro-ph", "MIT8", "deezer_HU"]  # real, undirected, 5,000 links or more
LONG = ["hrg_1e5", "lfr_100000_05"]  # of a million links: three seeds, and not all peers
NETWORKS = [*REAL, *LONG, "wiki-Vote_d", "dirLFR_5k_03_d"]
HIERARCHIES = ["hyp0", "hsbm", "path5k", "tree10k", "grid100", "lfr20k_062"]  # multilevel only, where they are there
TWO = ["minent fast", "minent balanced", "minent best", "infomap", "networkit", "igraph"]
MULTI = ["minent fast multilevel", "minent balanced multilevel", "minent best multilevel", "infomap multilevel"]
DIRECTED = [name for name in TWO if name not in ("networkit", "igraph")]


def runner(method, u, v, directed):
    """A function of the seed that returns (built at, labels or Tree, codelength or None)."""
    name, *rest = method.split()
    two = "multilevel" not in rest
    n = int(max(u.max(), v.max())) + 1
    if name == "minent":
        import minent
        from minent import kernels

        kernels.INTERPRETED_WORK = -1

        def run(seed):
            network = minent.Graph.from_links(u, v, directed=directed)
            built = time.process_time()
            tree = minent.community.find(network, two_level=two, effort=rest[0], seed=seed, threads=1)
            return built, tree, tree.codelength
    elif name == "infomap":
        import warnings

        import infomap

        warnings.simplefilter("ignore")

        def run(seed):
            search = infomap.Infomap(silent=True, seed=seed, num_trials=1, two_level=two, directed=directed)
            search.add_links(np.stack([u, v], axis=1))
            built = time.process_time()
            search.run()
            return built, search, search.codelength
    elif name == "networkit":
        import networkit

        networkit.setNumberOfThreads(1)

        def run(seed):
            networkit.setSeed(seed, False)
            network = networkit.GraphFromCoo((u, v), n=n)
            built = time.process_time()
            search = networkit.community.LouvainMapEquation(network, True)
            search.run()
            return built, search.getPartition(), None
    else:
        import random

        import igraph

        def run(seed):
            random.seed(seed)
            network = igraph.Graph(n=n, edges=np.stack([u, v], axis=1))
            built = time.process_time()
            return built, network.community_infomap(trials=1), None

    return run, n


def labels_of(found, n):
    if hasattr(found, "labels"):
        return found.labels
    if hasattr(found, "membership"):
        return np.array(found.membership)
    if hasattr(found, "getVector"):
        return np.array(found.getVector())
    modules = {node.node_id: node.module_id for node in found.nodes}
    return np.array([modules.get(i, -1 - i) for i in range(n)])


def measure(method, path, seeds, memory):
    """What one process prints: a row for each seed."""
    with np.load(path) as file:
        u, v = file["u"].astype(np.int32), file["v"].astype(np.int32)
        truth = file.get("truth", None)
    directed = "_d" in Path(path).stem[-2:]
    run, n = runner(method, u, v, directed)
    small = runner(method, np.arange(200, dtype=np.int32) % 60, np.arange(200, dtype=np.int32) * 7 % 60, directed)[0]
    small(1)
    if memory:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        run(1)
        peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / len(u)
        print(json.dumps({"bytes": peak}))
        return
    if len(u) < 3e6:
        run(99)
    for seed in range(1, seeds + 1):
        start = time.process_time()
        built, found, bits = run(seed)
        end = time.process_time()
        row = {"build": built - start, "optimise": end - built}
        from minent.community import codelength

        label = labels_of(found, n)
        row["L"] = codelength((u, v), label, directed=directed) if bits is None else bits
        if truth is not None:
            from sklearn.metrics import adjusted_mutual_info_score

            row["ami"] = float(adjusted_mutual_info_score(truth[: len(label)], label))
        print(json.dumps(row), flush=True)


def one(method, path, seeds, memory=False):
    words = [sys.executable, str(HERE), "--one", method, str(path), "--seeds", str(seeds), *["--memory"] * memory]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        print(f"{method} on {Path(path).stem} failed: {done.stderr.strip().splitlines()[-1:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def compare(name, path, methods, seeds):
    rows = {}
    for method in methods:
        if found := one(method, path, seeds):
            column = {key: [row[key] for row in found] for key in found[0]}
            cpu = np.add(column["build"], column["optimise"])
            rows[method] = {
                "cpu": float(np.median(cpu)), "build": float(np.median(column["build"])),
                "L": float(np.median(column["L"])), "best": min(column["L"]),
                "ami": float(np.median(column["ami"])) if "ami" in column else None,
                "bytes": one(method, path, 1, memory=True)[0]["bytes"], "seeds": len(found),
            }  # fmt: skip
    print(table(name, rows), flush=True)
    return rows


def table(name, rows):
    """Markdown, one row a method; `faster` is infomap's CPU seconds (two-level or multilevel alike) by the method's."""
    lines = [f"\n### {name}\n", "| method | CPU s | of it building | faster | L median | L best | AMI | bytes a link |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for method, row in rows.items():
        peer = rows.get("infomap multilevel" if "multilevel" in method else "infomap")
        faster = f"{peer['cpu'] / row['cpu']:.1f}×" if peer else ""
        ami = "" if row["ami"] is None else f"{row['ami']:.3f}"
        lines.append(
            f"| {method} | {row['cpu']:.4f} | {row['build']:.4f} | {faster} | {row['L']:.4f} | {row['best']:.4f} "
            f"| {ami} | {row['bytes']:.0f} |"
        )
    return "\n".join(lines)


def means(results):
    """Geometric means over all networks, and over those of each kind, of how many times less CPU minent takes."""
    lines = ["\n### Geometric means over networks\n"]
    lines += [
        "| networks | method | peer | less CPU (mean; least) | L not above the peer's median |",
        "|---|---|---|---|---|",
    ]
    pairs = [(effort, "infomap") for effort in TWO[:3]] + [("minent fast", "networkit")]
    pairs += [(effort, "infomap multilevel") for effort in MULTI[:3]]
    kinds = {"all": [*NETWORKS, *HIERARCHIES], "real": REAL, "hierarchies": HIERARCHIES}
    kinds["a million links"] = [name for name in NETWORKS if name in LONG]
    kinds["directed"] = [name for name in NETWORKS if name.endswith("_d")]
    for kind, names in kinds.items():
        for method, peer in pairs:
            both = [results[name] for name in names if name in results and {method, peer} <= results[name].keys()]
            if both:
                ratio = [rows[peer]["cpu"] / rows[method]["cpu"] for rows in both]
                good = sum(rows[method]["L"] <= rows[peer]["L"] + 1e-9 for rows in both)
                mean = np.exp(np.mean(np.log(ratio)))
                found = f"{mean:.1f}×; {min(ratio):.1f}× | {good} of {len(both)} |"
                lines.append(f"| {kind} | {method} | {peer} | {found}")
    return "\n".join(lines)


def threads(path):
    """Wall time of four trials on one thread by that on two."""
    import minent

    with np.load(path) as file:
        network = minent.Graph.from_links(file["u"].astype(np.int32), file["v"].astype(np.int32))
    minent.community.find(network, seed=0)
    ratios = []
    for seed in range(3):
        wall = []
        for count in (1, 2):
            start = time.perf_counter()
            minent.community.find(network, trials=4, seed=seed, threads=count)
            wall.append(time.perf_counter() - start)
        ratios.append(wall[0] / wall[1])
    return float(np.median(ratios))


def report(saved):
    head = f"""# Communities: measured

`make bench` on {saved["date"]}, {saved["machine"]}; one thread, medians of {saved["seeds"]} seeds
({saved["versions"]}). CPU seconds from arrays of links
to the partition. Machines differ and are noisy: compare within a table.
"""
    parts = [table(name, rows) for name, rows in saved["results"].items()]
    speed = f"\nFour trials of find on deezer_HU: two threads take {saved['threads']:.2f}× less wall time than one.\n"
    return head + means(saved["results"]) + "\n" + speed + "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("MINENT_DATA", HERE.parents[2] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+")
    parser.add_argument("--large", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--one", nargs=2)
    parser.add_argument("--memory", action="store_true")
    options = parser.parse_args()
    if options.one:
        measure(*options.one, options.seeds, options.memory)
        return
    folder = Path(options.data) / "graphs"
    if not folder.is_dir():
        print(f"no networks at {folder}: set MINENT_DATA or --data")
        return
    last = json.loads(RESULTS.read_text()) if options.only else {}
    results = last.get("results", {})
    there = [name for name in HIERARCHIES if (folder / f"{name}.npz").is_file()]
    for name in options.only or ([*NETWORKS[:2], *there[:2]] if options.quick else [*NETWORKS, *there]):
        directed = name.endswith("_d")
        two = [] if name in HIERARCHIES else DIRECTED if directed else TWO
        methods = [*two, *(MULTI if name != "lfr_100000_05" else [])]
        large = name in LONG
        methods = [method for method in methods if not (large and method == "igraph")]
        results[name] = compare(name, folder / f"{name}.npz", methods, 3 if large else options.seeds)
    if options.large:
        methods = ["minent fast", "minent balanced", "networkit"]
        results[options.large.stem] = compare(options.large.stem, options.large, methods, 1)
    packages = ("minent", "infomap", "networkit", "igraph", "numpy", "numba", "scipy")
    saved = {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": ", ".join(f"{package} {version(package)}" for package in packages),
        "seeds": options.seeds, "threads": last.get("threads") or threads(folder / "deezer_HU.npz"), "results": results,
    }  # fmt: skip
    print(means(results), f"\ntwo threads: {saved['threads']:.2f}×")
    if not options.quick:
        RESULTS.write_text(json.dumps(saved, indent=1) + "\n")
    if options.write:
        options.write.write_text(report(saved))


if __name__ == "__main__":
    main()
