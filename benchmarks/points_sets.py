"""Points whose classes are known: twelve sets by which minent's defaults were chosen, and twelve drawn afterwards.

digits           8 × 8 pixels of handwritten digits (scikit-learn)
mnist            28 × 28 pixels of handwritten digits, the test images; the first 2,000 of them
modules          source of Python packages, without their names: which package is it of?
docstrings       of packages: which?
lines            English lines: from captions, an encyclopedia, novels, phrases or plays?
iris wine cancer measures of flowers, wines and tumours, each of variance one (scikit-learn)
blobs uneven moons   drawn in few dimensions (scikit-learn)
"""

import ast
import gzip
import importlib.util
import re
from pathlib import Path

import numpy as np

LINES = {
    "captions": "multi30k/train.en", "encyclopedia": "bert-gen/wiki103.5k.txt", "novels": "bert-gen/tbc.5k.txt",
    "phrases": "tatoeba_cmn/cmn.txt", "plays": "tinyshakespeare.txt",
}  # fmt: skip
PACKAGES = "numpy", "scipy", "sklearn", "pandas", "networkx", "matplotlib", "torch", "igraph"
CHOSEN = [
    "digits", "mnist", "mnist 2,000", "modules", "docstrings", "lines", "iris", "wine", "cancer", "blobs", "uneven",
    "moons",
]  # fmt: skip
DRAWN = [
    "mnist, later half", "mnist 0 1 2 6 7", "mnist halved", "digits 5 to 9", "wine as it is", "circles",
    "blobs of ten dimensions", "classification", "stretched blobs", "machines and people", "chinese", "comments",
]  # fmt: skip


def points_of(name, folder):
    """Points and their true classes."""
    from sklearn import datasets

    if name in TEXTS:
        return vectors_of(*TEXTS[name](folder / "text"))
    if "mnist" in name:
        x, y = mnist(folder)
        if name == "mnist halved":
            return x[-6000:-2000].reshape(-1, 14, 2, 14, 2).mean((2, 4)).reshape(-1, 196), y[-6000:-2000]
        some = np.isin(y, [0, 1, 2, 6, 7]) if name == "mnist 0 1 2 6 7" else np.ones(len(y), bool)
        span = {"mnist 2,000": slice(2000), "mnist, later half": slice(5000, None)}.get(name, slice(None))
        return x[some][span], y[some][span]
    if name in ("iris", "wine", "cancer"):
        x, y = getattr(datasets, "load_" + name.replace("cancer", "breast_cancer"))(return_X_y=True)
        return (x - x.mean(0)) / x.std(0), y
    if name == "digits 5 to 9":
        x, y = datasets.load_digits(return_X_y=True)
        return x[y > 4], y[y > 4]
    return MADE[name](datasets)


MADE = {
    "digits": lambda data: data.load_digits(return_X_y=True),
    "wine as it is": lambda data: data.load_wine(return_X_y=True),
    "blobs": lambda data: data.make_blobs(1000, centers=5, random_state=1),
    "uneven": lambda data: data.make_blobs(
        [1000, 300, 100, 50], cluster_std=[2.0, 1.0, 0.5, 0.3], n_features=4, random_state=2
    ),
    "moons": lambda data: data.make_moons(1000, noise=0.08, random_state=1),
    "circles": lambda data: data.make_circles(1000, noise=0.04, factor=0.5, random_state=11),
    "blobs of ten dimensions": lambda data: data.make_blobs(
        1500, centers=8, cluster_std=[2.5, 2.8, 3.0, 3.2, 3.5, 2.7, 2.6, 3.0], n_features=10, random_state=11
    ),
    "classification": lambda data: data.make_classification(
        2000, 20, n_informative=6, n_redundant=4, n_classes=5, n_clusters_per_class=1, class_sep=2, random_state=11
    ),
    "stretched blobs": lambda data: stretched(*data.make_blobs(900, centers=3, random_state=170)),
}  # fmt: skip


def stretched(x, y):
    return x @ np.array([[0.6, -0.6], [-0.4, 0.8]]), y


def mnist(folder):
    files = [folder / "images" / "mnist" / f"t10k-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1")]
    images, labels = (gzip.decompress(file.read_bytes()) for file in files)
    return np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784) / 255, np.frombuffer(labels, np.uint8, offset=8)


def vectors_of(texts, labels):
    from minent.data import text_vectors

    return text_vectors(texts), np.unique(labels, return_inverse=True)[1]


def modules(folder):
    from minent.data import modules

    found = modules()
    return found.texts, found.labels


def lines(folder, sources=LINES, each=1000, shortest=6, seed=1):
    """Lines of `shortest` words or more of each source, drawn by one seed, and where they are from."""
    random, texts, labels = np.random.default_rng(seed), [], []
    for label, file in sources.items():
        some = {line.split("\t")[0].strip() for line in (folder / file).read_text("utf-8").split("\n")}
        some = sorted(line for line in some if len(line.split()) >= shortest)
        some = drawn(random, some, each)
        texts, labels = texts + some, labels + [label] * len(some)
    return texts, labels


def written(folder, said, packages=PACKAGES, each=400, seed=1):
    random, texts, labels = np.random.default_rng(seed), [], []
    for package in packages:
        root = Path(importlib.util.find_spec(package).origin).parent
        files = [
            file.read_text("utf-8", errors="ignore") for file in sorted(root.rglob("*.py")) if "test" not in str(file)
        ]
        some = drawn(random, sorted({text for file in files for text in said(file)}), each)
        texts, labels = texts + some, labels + [package] * len(some)
    return texts, labels


def docstrings_of(source):
    try:
        nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    except (SyntaxError, ValueError):
        return []
    return [text for text in map(ast.get_docstring, nodes) if text and len(text.split()) > 40]


def comments_of(source):
    text = " ".join(re.findall(r"#\s?(.*)", source))
    return [text] * (len(text.split()) > 60)


def chinese(folder):
    random, texts, labels = np.random.default_rng(11), [], []
    of = {
        "titles": ("csl_title/test.tsv", -1),
        "verses": ("quatrain7.tsv.gz", -1),
        "phrases": ("tatoeba_cmn/cmn.txt", 1),
    }
    for label, (file, column) in of.items():
        held = (folder / file).read_bytes()
        rows = (gzip.decompress(held) if file.endswith(".gz") else held).decode().split("\n")
        some = drawn(random, sorted({row.split("\t")[column].strip() for row in rows if "\t" in row}), 900)
        texts, labels = texts + some, labels + [label] * len(some)
    return texts, labels


def drawn(random, texts, most):
    return [texts[i] for i in random.choice(len(texts), min(most, len(texts)), replace=False)]


MACHINES = {
    "bert": "bert-gen/bert-large-uncased-len40-burnin250-topk100-temp1.000.txt",
    "gpt": "bert-gen/gpt-len40-topk100-temp1.000.txt",
    "wiki": "bert-gen/wiki103.5k.txt",
    "captions": "multi30k/train.en",
}
TEXTS = {
    "modules": modules,
    "docstrings": lambda folder: written(folder, docstrings_of),
    "lines": lines,
    "machines and people": lambda folder: lines(folder, MACHINES, 800, 12, 11),
    "chinese": chinese,
    "comments": lambda folder: written(folder, comments_of, PACKAGES[:6], 250, 11),
}
