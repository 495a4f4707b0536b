"""Clusters of points: minent beside KMeans with the true number, HDBSCAN, and Leiden (modularity) on one graph.

Adjusted mutual information and adjusted Rand index with the true classes, CPU seconds, three seeds; each run is kept as
it is made, and a run that is there is not made again. What HDBSCAN leaves out counts as one cluster.

    python benchmarks/points.py [--data FOLDER] [--sets digits mnist texts] [--texts FILE.tsv] [--seeds 3]
"""

import argparse
import gzip
import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).resolve().parent / "results" / "points.json"
PEERS = ["minent", "minent 15 neighbours", "minent euclidean", "leiden", "kmeans", "hdbscan"]
SETS = ["digits", "mnist", "texts"]


def points_of(name, folder):
    """Points and their true classes."""
    if name == "digits":
        from sklearn.datasets import load_digits

        return load_digits(return_X_y=True)
    files = [folder / "images" / "mnist" / f"t10k-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1")]
    images, labels = (gzip.decompress(file.read_bytes()) for file in files)
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784) / 255
    return pixels, np.frombuffer(labels, np.uint8, offset=8)


def texts_of(path):
    from minent.data import read_labelled
    from minent.data.words import text_vectors

    examples = read_labelled(path)
    if examples.labels is None:
        raise SystemExit("texts want labels: lines of label<TAB>text")
    return text_vectors(examples.texts), np.unique(examples.labels, return_inverse=True)[1]


def labels_by(peer, points, classes, seed):
    if peer.startswith("minent"):
        from minent.community import cluster

        metric = "euclidean" if "euclidean" in peer else "cosine"
        near = 15 if "15" in peer else 40
        return cluster(points, neighbours=near, metric=metric, seed=seed, threads=1).labels
    if peer == "leiden":
        import random

        import igraph

        from minent.data.neighbours import neighbour_graph

        random.seed(seed)
        source, target, weight = neighbour_graph(points, undirected=True).links()
        graph = igraph.Graph(n=len(points), edges=np.stack([source, target], axis=1))
        found = graph.community_leiden(objective_function="modularity", weights=weight, n_iterations=-1)
        return np.array(found.membership)
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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("MINENT_DATA", "../shared/data")))
    parser.add_argument("--texts", type=Path, help="lines of label<TAB>text")
    parser.add_argument("--sets", nargs="+", default=["digits", "mnist"], choices=SETS)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"runs": {}}
    packages = "numpy", "scikit-learn", "faiss-cpu", "igraph", "numba"
    known["versions"] = {name: version(name) for name in packages}
    known["machine"] = f"{platform.machine()}, {os.cpu_count()} cores"
    for name in options.sets:
        points, classes = texts_of(options.texts) if name == "texts" else points_of(name, options.data)
        for peer in PEERS:
            labels_by(peer, points[:400], classes[:400], 1)  # kernels are compiled or loaded
            for seed in range(1, 1 + (1 if peer == "hdbscan" else options.seeds)):
                key = f"{name}/{peer}/{seed}"
                if key not in known["runs"]:
                    known["runs"][key] = measure(peer, points, classes, seed)
                    RESULTS.write_text(json.dumps(known, indent=1) + "\n")
        print(f"\n{name}: {len(points):,} points, {len(np.unique(classes))} classes\n")
        print("| method | AMI | ARI | clusters | CPU s |\n|---|---|---|---|---|")
        for peer in PEERS:
            runs = [run for key, run in known["runs"].items() if key.startswith(f"{name}/{peer}/")]
            mean = {field: np.mean([run[field] for run in runs]) for field in runs[0]}
            spread = np.ptp([run["ami"] for run in runs])
            print(
                f"| {peer} | {mean['ami']:.3f} (± {spread / 2:.3f}) | {mean['ari']:.3f} | {mean['clusters']:.0f} "
                f"| {mean['seconds']:.2f} |"
            )


if __name__ == "__main__":
    main()
