"""Clusters of points: minent beside KMeans with the true number, HDBSCAN, and Leiden (modularity) on the same graph.

Adjusted mutual information and adjusted Rand index with the true classes, CPU seconds with making the graph, one
thread, three seeds; each run is kept as it is made, and a run that is there is not made again. What HDBSCAN leaves out
counts as one cluster. Texts are vectors of length 1 (`minent.data.texts.words`).

    python benchmarks/points.py [--data FOLDER] [--sets digits …] [--texts FILE.tsv] [--seeds 3] [--write docs/….md]

digits    8 × 8 pixels of handwritten digits (scikit-learn).
mnist     28 × 28 pixels of handwritten digits, the test images.
modules   Source of Python packages, without their names: which package is it of?
lines     English lines: are they from captions, an encyclopedia, novels, phrases or plays?
texts     Lines of label<TAB>text in a file of your own.
"""

import argparse
import gzip
import json
import os
import platform
import re
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "points.json"
PEERS = ["minent", "minent, Markov time 1", "minent, euclidean", "leiden", "kmeans", "hdbscan"]
SETS = ["digits", "mnist", "modules", "lines"]
LINES = {
    "captions": "multi30k/train.en", "encyclopedia": "bert-gen/wiki103.5k.txt", "novels": "bert-gen/tbc.5k.txt",
    "phrases": "tatoeba_cmn/cmn.txt", "plays": "tinyshakespeare.txt",
}  # fmt: skip


def points_of(name, folder, texts):
    """Points and their true classes."""
    if name == "digits":
        from sklearn.datasets import load_digits

        return load_digits(return_X_y=True)
    if name == "mnist":
        files = [folder / "images" / "mnist" / f"t10k-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1")]
        images, labels = (gzip.decompress(file.read_bytes()) for file in files)
        pixels = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784) / 255
        return pixels, np.frombuffer(labels, np.uint8, offset=8)
    from minent.data import modules, read_labelled
    from minent.data.texts.words import text_vectors

    if name == "lines":
        texts, labels = lines_of(folder / "text")
    else:
        examples = modules() if name == "modules" else read_labelled(texts)
        texts, labels = examples.texts, examples.labels
    if labels is None:
        raise SystemExit("texts want labels: lines of label<TAB>text")
    vectors = text_vectors(texts)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1), np.unique(labels, return_inverse=True)[1]


def lines_of(folder, each=1000, shortest=6):
    """Lines of `shortest` words or more of each source, drawn by one seed, and where they are from."""
    random, texts, labels = np.random.default_rng(1), [], []
    for label, file in LINES.items():
        lines = {line.split("\t")[0].strip() for line in (folder / file).read_text("utf-8").split("\n")}
        lines = sorted(line for line in lines if len(line.split()) >= shortest)
        texts += [lines[i] for i in random.choice(len(lines), each, replace=False)]
        labels += [label] * each
    return texts, labels


def labels_by(peer, points, classes, seed):
    if peer.startswith("minent"):
        from minent.community import cluster

        options = {"metric": "euclidean"} if "euclidean" in peer else {"markov_time": 1.0} if "Markov" in peer else {}
        return cluster(points, **options, seed=seed, threads=1).labels
    if peer == "leiden":
        import random

        import igraph

        from minent.data.networks.neighbours import neighbour_graph

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


def report(known):
    """The tables of what results/ holds."""
    versions = ", ".join(f"{name} {number}" for name, number in known["versions"].items())
    parts = [
        "# Clusters of points: measured",
        f"\n`benchmarks/points.py` on {known['date']}, {known['machine']}, one thread",
        f"({versions}).",
        "Means over seeds, ± half the range; AMI and ARI with the true classes; CPU seconds with making the graph.",
        "Leiden (modularity) is given the links of minent's own graph, without direction, and KMeans the true number",
        "of clusters; HDBSCAN wants 15 points a cluster, and what it leaves out counts as one.",
    ]  # fmt: skip
    for name in [name for name in (*SETS, "texts") if name in known["sizes"]]:
        size, classes = known["sizes"][name]
        told = re.search(rf"^{name} +(.*)$", __doc__, re.MULTILINE)[1]
        parts.append(f"\n## {name}: {size:,} points of {classes} classes\n\n{told}\n")
        parts.append("| method | AMI | ARI | clusters | CPU s |\n|---|---|---|---|---|")
        for peer in PEERS:
            runs = [run for key, run in known["runs"].items() if key.startswith(f"{name}/{peer}/")]
            mean = {field: np.mean([run[field] for run in runs]) for field in runs[0]}
            spread = np.ptp([run["ami"] for run in runs]) / 2
            parts.append(
                f"| {peer} | {mean['ami']:.3f} ± {spread:.3f} | {mean['ari']:.3f} | {mean['clusters']:.0f} "
                f"| {mean['seconds']:.2f} |"
            )
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("MINENT_DATA", HERE.parents[1] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--texts", type=Path, help="lines of label<TAB>text")
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
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
        points, classes = points_of(name, options.data, options.texts)
        for peer in PEERS:
            labels_by(peer, points[:400], classes[:400], 1)  # kernels are compiled or loaded
            for seed in range(1, 1 + (1 if peer == "hdbscan" else options.seeds)):
                key = f"{name}/{peer}/{seed}"
                if key not in known["runs"]:
                    known["sizes"][name] = len(points), len(np.unique(classes))
                    known["versions"] = {package: version(package) for package in packages}
                    known["machine"] = (
                        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
                    )
                    known["date"] = date.today().isoformat()
                    known["runs"][key] = measure(peer, points, classes, seed)
                    RESULTS.write_text(json.dumps(known, indent=1) + "\n")
    print(report(known))
    if options.write:
        options.write.write_text(report(known), encoding="utf-8")


if __name__ == "__main__":
    main()
