"""Clusters of points: minent beside Leiden on the same links, KMeans with the true number, and HDBSCAN.

Adjusted mutual information and adjusted Rand index with the true classes, CPU seconds with making the graph, one
thread, three seeds; each run is kept as it is made, and a run that is there is not made again. What HDBSCAN leaves out
counts as one cluster. The sets are those of `points_sets.py`.

    python benchmarks/points.py [--data FOLDER] [--sets digits …] [--texts FILE.tsv] [--seeds 3] [--write docs/….md]
"""

import argparse
import json
import os
import platform
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
from points_sets import CHOSEN, DRAWN, points_of, vectors_of

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "points.json"
LEIDEN = {  # modularity at its usual resolution; the best of .25 .5 .75 1 1.5 on the first twelve; CPM likewise
    "leiden": ("modularity", 1.0),
    "leiden, resolution 0.5": ("modularity", 0.5),
    "leiden, resolution 0.25": ("modularity", 0.25),
    "leiden, CPM": ("CPM", 0.25),
}
PEERS = ["minent", "minent, Markov time 1", *LEIDEN, "kmeans", "hdbscan"]
SLOW = 1e6  # numbers in the points, of more of which HDBSCAN takes minutes


def labels_by(peer, points, classes, seed):
    if peer.startswith("minent"):
        from minent.community import cluster

        return cluster(points, **({"markov_time": 1.0} if "Markov" in peer else {}), seed=seed, threads=1).labels
    if peer in LEIDEN:
        import random

        import igraph

        from minent.data.networks.neighbours import neighbour_graph

        random.seed(seed)
        source, target, weight = neighbour_graph(points, undirected=True).links()
        graph = igraph.Graph(n=len(points), edges=np.stack([source, target], axis=1))
        kind, resolution = LEIDEN[peer]
        scale = 2 * weight.sum() / len(points) ** 2 if kind == "CPM" else 1.0  # CPM's is a density of links
        return np.array(
            graph.community_leiden(kind, weights=weight, resolution=resolution * scale, n_iterations=-1).membership
        )
    if peer == "kmeans":
        from sklearn.cluster import KMeans

        return KMeans(len(np.unique(classes)), n_init=10, random_state=seed).fit_predict(points)
    from sklearn.cluster import HDBSCAN

    return HDBSCAN(min_cluster_size=15, copy=True).fit_predict(points)


def measure(peer, points, classes, seed):
    from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

    start = time.process_time()
    labels = labels_by(peer, points, classes, seed)
    spent = time.process_time() - start
    scores = {"ami": adjusted_mutual_info_score(classes, labels), "ari": adjusted_rand_score(classes, labels)}
    return {**scores, "clusters": len(np.unique(labels)), "seconds": spent}


def runs_of(known, name, peer):
    return [run for key, run in known["runs"].items() if key.startswith(f"{name}/{peer}/")]


def mean(known, name, peer, field="ami"):
    return np.mean([run[field] for run in runs_of(known, name, peer)])


def table(known, names):
    """A row for each set: AMI of each peer, ± half the range over seeds; and how it stands with Leiden."""
    peers = [peer for peer in PEERS if any(runs_of(known, name, peer) for name in names)]
    yield f"| set | points, classes | {' | '.join(peers)} |\n|---|---|{'---|' * len(peers)}"
    for name in names:
        cells = []
        for peer in peers:
            runs = [run["ami"] for run in runs_of(known, name, peer)]
            cells.append(f"{np.mean(runs):.3f} ± {np.ptp(runs) / 2:.3f}" if runs else "")
        yield f"| {name} | {known['sizes'][name][0]:,}, {known['sizes'][name][1]} | {' | '.join(cells)} |"
    everywhere = [peer for peer in peers if all(runs_of(known, name, peer) for name in names)]
    means = [f"{np.mean([mean(known, n, p) for n in names]):.3f}" if p in everywhere else "" for p in peers]
    yield f"| **mean** | | {' | '.join(means)} |"
    seconds = [f"{sum(mean(known, n, p, 'seconds') for n in names):.1f}" if p in everywhere else "" for p in peers]
    yield f"| CPU seconds, all | | {' | '.join(seconds)} |"
    better = [
        f"{sum(mean(known, n, 'minent') >= mean(known, n, p) - 5e-4 for n in names)}" if p in LEIDEN else ""
        for p in peers
    ]
    yield f"| minent no lower on | | {' | '.join(better)} |"


def report(known):
    """The tables of what results/ holds."""
    versions = ", ".join(f"{name} {number}" for name, number in known["versions"].items())
    parts = [
        "# Clusters of points: measured",
        f"\n`benchmarks/points.py` on {known['date']}, {known['machine']}, one thread",
        f"({versions}).",
        "Adjusted mutual information with the true classes: means over three seeds, ± half the range; CPU seconds with",
        "making the graph. Leiden (igraph's, until it no longer improves) is given the links of minent's own graph,",
        "without direction: modularity at its usual resolution 1, at 0.25, of 0.25, 0.5, 0.75, 1 and 1.5 the best by",
        "mean over the first twelve sets, and at 0.5; CPM at the best of 0.25, 0.5, 1 and 2 times the links' density.",
        "KMeans is told the true number of clusters; HDBSCAN wants 15 points a cluster, and is left out where it takes",
        "minutes.",
    ]  # fmt: skip
    told = (CHOSEN, "Twelve sets by which the defaults were chosen"), (DRAWN, "Twelve drawn after they had been")
    for names, heading in told:
        names = [name for name in names if name in known["sizes"]]
        if names:
            parts += [f"\n## {heading}\n", *table(known, names)]
    if "texts" in known["sizes"]:
        parts += ["\n## Texts of your own\n", *table(known, ["texts"])]
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("MINENT_DATA", HERE.parents[1] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--texts", type=Path, help="lines of label<TAB>text")
    parser.add_argument("--sets", nargs="+", default=CHOSEN + DRAWN, choices=CHOSEN + DRAWN)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    import faiss
    import sklearn.cluster  # noqa: F401  (its threads are then known)
    from threadpoolctl import threadpool_limits

    faiss.omp_set_num_threads(1)
    threadpool_limits(1)
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"runs": {}, "sizes": {}}
    packages = "minent", "numpy", "scikit-learn", "faiss-cpu", "igraph", "numba"
    for name in [*options.sets, *(["texts"] if options.texts else [])]:
        points = classes = None
        for peer in PEERS:
            for seed in range(1, 1 + (1 if peer == "hdbscan" else options.seeds)):
                key = f"{name}/{peer}/{seed}"
                if key in known["runs"]:
                    continue
                if points is None:
                    points, classes = own(options.texts) if name == "texts" else points_of(name, options.data)
                    known["sizes"][name] = len(points), len(np.unique(classes))
                if peer == "hdbscan" and points.size > SLOW:
                    continue
                if seed == 1:
                    labels_by(peer, points[:100], classes[:100], 1)  # kernels are compiled or loaded
                known["versions"] = {package: version(package) for package in packages}
                known["machine"] = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
                known["date"] = date.today().isoformat()
                known["runs"][key] = measure(peer, points, classes, seed)
        RESULTS.write_text(json.dumps(known, indent=1) + "\n")
    print(report(known))
    if options.write:
        options.write.write_text(report(known), encoding="utf-8")


def own(path):
    from minent.data import read_labelled

    found = read_labelled(path)
    if found.labels is None:
        raise SystemExit("texts want labels: lines of label<TAB>text")
    return vectors_of(found.texts, found.labels)


if __name__ == "__main__":
    main()
