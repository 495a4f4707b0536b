"""Communities of networks of states, of layers, and infomap's own example networks: minent beside infomap 2.16.

A memory network is made of walks that stay in planted groups which share nodes, or of random links between planted
groups of states; layers have groups of their own. Each row is medians of several seeds on one thread: CPU seconds from
arrays to the tree, building and search, after one run that is not counted; for the example networks (some links each)
codelengths only.

    python benchmarks/community_states.py [--seeds 5] [--write docs/benchmarks_states.md]
"""

import argparse
import json
import time
import warnings
from datetime import date
from importlib.metadata import version
from pathlib import Path

import infomap
import numpy as np

import minent
from minent import kernels
from minent.data import Graph, States, multilayer

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results" / "community_states.json"


def grouped(rng, number, groups, links, inside):
    """Ends of random links, a share of them inside random groups."""
    group = rng.integers(groups, size=number)
    order, start = np.argsort(group, kind="stable"), np.searchsorted(np.sort(group), np.arange(groups + 1))
    source = rng.integers(number, size=links)
    first, size = start[group[source]], np.diff(start)[group[source]]
    near = order[first + (rng.random(links) * size).astype(int)]
    return source, np.where(rng.random(links) < inside, near, rng.integers(number, size=links))


def planted(rng):
    """20,000 states of 4,000 nodes."""
    return *grouped(rng, 20_000, 200, 100_000, 0.85), rng.uniform(0.5, 2, 100_000), rng.integers(4000, size=20_000)


def walked(rng, nodes=1000, groups=40, steps=30_000):
    """The second-order memory of a walk: a state is a step from one node to the next."""
    member = np.array([rng.choice(nodes, 2 * nodes // groups, replace=False) for _ in range(groups)])
    leaves = rng.random(steps) > 0.9
    group = rng.integers(groups, size=steps)[np.maximum.accumulate(np.where(leaves, np.arange(steps), 0))]
    node = member[group, rng.integers(member.shape[1], size=steps)]
    code, state = np.unique(node[:-1] * nodes + node[1:], return_inverse=True)
    pair, count = np.unique(state[:-1] * len(code) + state[1:], return_counts=True)
    return *np.divmod(pair, len(code)), count.astype(float), code % nodes


def layers(rng, nodes=5000):
    """Four layers of 20,000 links."""
    ends = [grouped(rng, nodes, 100, 20_000, 0.8) for _ in range(4)]
    return np.repeat(np.arange(1, 5), 20_000), *map(np.concatenate, zip(*ends, strict=True))


MADE = {"memory (planted)": planted, "memory (walk)": walked, "layers": layers}


def ours(data, effort, two_level, seed):
    start = time.process_time()
    if len(data) == 3:
        network = multilayer(*data)
    else:
        source, target, weight, node = data
        network = States.of(Graph.from_links(source, target, weight, directed=True, names=np.arange(len(node))), node)
    tree = minent.community.find(network, two_level=two_level, effort=effort, seed=seed, threads=1)
    return time.process_time() - start, tree.codelength


def reference(data, two_level, seed):
    start = time.process_time()
    search = infomap.Infomap(silent=True, seed=seed, num_trials=1, two_level=two_level, directed=len(data) == 4)
    if len(data) == 3:
        for layer, source, target in zip(*(column.tolist() for column in data), strict=True):
            search.add_multilayer_intra_link(layer, source, target, 1.0)
    else:
        for state, node in enumerate(data[3].tolist()):
            search.add_state_node(state, node)
        search.add_links(np.stack(data[:3], axis=1))
    search.run()
    return time.process_time() - start, search.codelength


def compare(name, data, seeds):
    rows = {}
    for two_level in (False, True):
        for method in ("infomap", "fast", "balanced", "best"):
            run = reference if method == "infomap" else lambda *rest, effort=method: ours(rest[0], effort, *rest[1:])
            run(data, two_level, 99)
            seconds, bits = np.transpose([run(data, two_level, seed) for seed in range(1, seeds + 1)])
            row = {"cpu": float(np.median(seconds)), "L": float(np.median(bits)), "best": float(bits.min())}
            rows[f"{method} {'two-level' if two_level else 'multilevel'}"] = row
            peer = rows[f"infomap {'two-level' if two_level else 'multilevel'}"]
            faster = f"{peer['cpu'] / row['cpu']:.1f}×"
            told = f"{row['cpu']:.3f} | {faster} | {row['L']:.4f} | {row['best']:.4f} |"
            print(f"| {name} | {method} {'two-level' if two_level else 'multilevel'} | {told}", flush=True)
    return rows


def examples(folder, seeds):
    """Codelengths of the reference's example networks: the median of ours, at each effort, and of the reference."""
    found = {}
    for path in sorted(folder.glob("*.net")):
        efforts = ("fast", "balanced", "best")
        bits = {
            e: [minent.community.find(path, effort=e, seed=s).codelength for s in range(1, seeds + 1)] for e in efforts
        }
        peers = []
        for seed in range(1, seeds + 1):
            search = infomap.Infomap(silent=True, seed=seed, directed=minent.data.as_graph(path).directed)
            search.read_file(str(path))
            search.run()
            peers.append(search.codelength)
        found[path.stem] = {key: float(np.median(value)) for key, value in {**bits, "infomap": peers}.items()}
        print(
            f"| {path.stem} | " + " | ".join(f"{key} {value:.5f}" for key, value in found[path.stem].items()),
            flush=True,
        )
    return found


def page(saved):
    """What was measured, as a page."""
    peer = saved["versions"]["infomap"]
    parts = [
        "# States and layers: measured\n",
        f"`benchmarks/community_states.py`, {saved['date']}; one thread, medians of {saved['seeds']} seeds beside",
        f"infomap {peer}. CPU seconds from state links to the tree, building with them: compare within a table.\n",
        "| network | search | CPU s | less CPU | L median | L best |\n|---|---|---|---|---|---|",
    ]
    for name, rows in saved["made"].items():
        for method, row in rows.items():
            faster = rows[f"infomap {method.split()[1]}"]["cpu"] / row["cpu"]
            told = f"{row['cpu']:.3f} | {faster:.1f}× | {row['L']:.4f} | {row['best']:.4f}"
            parts.append(f"| {name} | {method} | {told} |")
    parts.append("\n## The example networks of the reference's package\n\nBits, multilevel.\n")
    parts.append("| network | fast | balanced | best | infomap |\n|---|---|---|---|---|")
    parts += [
        f"| {name} | {' | '.join(f'{bits:.5f}' for bits in row.values())} |" for name, row in saved["examples"].items()
    ]
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--write", type=Path, help="a page of what was kept, and nothing else")
    options = parser.parse_args()
    if options.write:
        options.write.write_text(page(json.loads(RESULTS.read_text())))
        return
    warnings.simplefilter("ignore")
    found = examples(Path(infomap.__file__).parent / "datasets" / "data", options.seeds)
    kernels.INTERPRETED_WORK = -1
    made = {name: compare(name, make(np.random.default_rng(0)), options.seeds) for name, make in MADE.items()}
    versions = {package: version(package) for package in ("minent", "infomap", "numpy", "numba", "scipy")}
    saved = {
        "date": date.today().isoformat(),
        "seeds": options.seeds,
        "versions": versions,
        "made": made,
        "examples": found,
    }
    RESULTS.write_text(json.dumps(saved, indent=1) + "\n")


if __name__ == "__main__":
    main()
