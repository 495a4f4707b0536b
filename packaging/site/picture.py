"""Draws docs/picture.png, the picture of the README: python packaging/site/picture.py

Three things that the library finds by itself: the modules of a network, the clusters of points, the training examples
that made a prediction. All of it is computed here, from data that installed packages carry.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import networkx
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.axes import Axes
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.patheffects import withStroke
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.metrics import adjusted_mutual_info_score
from torch import nn

from minent.attribution import explain, record
from minent.community import cluster, find
from minent.data import as_graph
from minent.plot.drawing import drawing

COLOURS = np.array(
    [plt.get_cmap("tab20")(i)[:3] for i in [0, 2, 4, 6, 8, 10, 12, 16, 18, 1, 3, 5, 7, 9, 11, 13, 17, 19]]
)
UP, DOWN, INK = "#2a78c4", "#c8503c", "#333333"


def places(network, tree):
    """Where a map puts the nodes: x, y and radius of each, in the order of the tree's nodes."""
    assert tree.depth == 1  # then nodes stand by module and falling flow
    _, arrays = drawing(network, tree)
    order = np.lexsort((-np.round(tree.visit, 12), tree.labels))
    put = {name: np.empty(len(order)) for name in ("nodeX", "nodeY", "nodeRadius")}
    for name, values in put.items():
        values[order] = arrays[name]
    return put["nodeX"], -put["nodeY"], put["nodeRadius"]


def communities(axes: Axes) -> None:
    graph = networkx.les_miserables_graph()
    network = as_graph(graph)
    tree = find(network, seed=1)
    x, y, radius = places(network, tree)
    number = {name: i for i, name in enumerate(tree.node_names)}
    for one, other, weight in graph.edges.data("weight"):
        i, j = number[one], number[other]
        axes.plot(x[[i, j]], y[[i, j]], color="#999999", linewidth=0.25 + 0.12 * weight, alpha=0.5, zorder=1)
    for i in range(len(x)):
        axes.add_patch(plt.Circle((x[i], y[i]), radius[i], color=COLOURS[tree.labels[i]], zorder=2))
    white = [withStroke(linewidth=3, foreground="white")]
    for name in ("Valjean", "Cosette", "Javert", "Fantine", "Enjolras", "Combeferre", "Thenardier", "Myriel"):
        at = x[number[name]], y[number[name]]
        axes.annotate(name, at, ha="center", va="center", fontsize=14, color=INK, path_effects=white, zorder=3)
    saved = 1 - tree.codelength / tree.one_level_codelength
    told(axes, "Communities", f"characters of Les Misérables: {tree.number_of_modules} modules\n"
         f"describe a walk in {saved:.0%} fewer bits")  # fmt: skip


def clusters(axes: Axes) -> None:
    digits = load_digits()
    tree = cluster(digits.data, neighbours=40)
    x, y, _ = places(tree.flow.network, tree)
    axes.scatter(x, y, s=7, c=COLOURS[tree.labels % len(COLOURS)], linewidths=0)
    for label in range(tree.number_of_modules):
        inside = tree.labels == label
        if inside.sum() > 40:
            image = OffsetImage(16 - digits.images[inside].mean(0), zoom=3.4, cmap="gray", interpolation="nearest")
            centre = (float(x[inside].mean()), float(y[inside].mean()))
            axes.add_artist(AnnotationBbox(image, centre, pad=0.1, bboxprops={"edgecolor": "#bbbbbb"}))
    score = adjusted_mutual_info_score(digits.target, tree.labels)
    told(axes, "Clusters", f"1,797 digits, no labels: {tree.number_of_modules} clusters found\n"
         f"(mean images; AMI with the true digits {score:.2f})")  # fmt: skip


def reasons(axes: Axes) -> None:
    torch.manual_seed(1)
    digits = load_digits()
    x, y = torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer, run = torch.optim.Adam(model.parameters(), lr=3e-3), tempfile.mkdtemp() + "/run"
    with record(model, optimizer, run) as recording:
        for _ in range(10):
            for ids in torch.randperm(400).split(40):
                optimizer.zero_grad()
                F.cross_entropy(model(x[ids]), y[ids]).backward()
                recording.batch(ids)
                optimizer.step()
    says = model(x[400:]).softmax(1)
    wrong = says.argmax(1) != y[400:]
    asked = 400 + int((says.amax(1) * wrong).argmax())  # its most confident mistake
    parts = explain(model, run, x[asked : asked + 1], outputs="predicted", train=(x[:400], y[:400]))
    raised, lowered = parts.top(input=0, k=3)
    rest = parts.contributions.sum() - sum(part for _, part in raised + lowered)
    bars = [("before training", float(parts.initial.sum()), None)]
    bars += [(f"a {int(y[i])}", part, i) for i, part in raised]
    bars += [(f"a {int(y[i])}", part, i) for i, part in lowered]
    bars += [(f"{400 - 6} others", float(rest), None), ("score", float(parts.prediction.sum()), None)]
    for place, (name, value, example) in enumerate(bars):
        last = place == len(bars) - 1
        axes.barh(-place, value, color=INK if last else UP if value > 0 else DOWN, height=0.7)
        axes.annotate(f"{value:+.2f}", (max(value, 0) + 0.1, -place), va="center", fontsize=13, color=INK)
        axes.annotate(name, (-2.6, -place), va="center", ha="left", fontsize=13, color=INK)
        if example is not None:
            image = OffsetImage(16 - digits.images[example], zoom=3.9, cmap="gray", interpolation="nearest")
            axes.add_artist(AnnotationBbox(image, (-1.5, -place), pad=0.05, bboxprops={"edgecolor": "#bbbbbb"}))
    image = OffsetImage(16 - digits.images[asked], zoom=10, cmap="gray", interpolation="nearest")
    axes.add_artist(
        AnnotationBbox(image, (0.78, 0.42), xycoords="axes fraction", pad=0.1, bboxprops={"edgecolor": INK})
    )
    mistake = f"a {int(y[asked])}, read as {int(says[asked - 400].argmax())}"
    axes.annotate(mistake, (0.78, 0.27), xycoords="axes fraction", ha="center", fontsize=14, color=INK)
    axes.axvline(0, color="#bbbbbb", linewidth=0.8, zorder=0)
    axes.set_xlim(-2.7, 1.25 * max(value for _, value, _ in bars))
    told(axes, "Reasons", "which training examples made this mistake:\n"
         f"a sum, exact to {parts.relative_residual:.0e}")  # fmt: skip


def told(axes: Axes, title: str, text: str) -> None:
    axes.set_title(title, fontsize=21, color=INK, pad=8)
    axes.text(0.5, -0.03, text, transform=axes.transAxes, ha="center", va="top", fontsize=15, color=INK)
    axes.axis("off")


def main() -> None:
    figure, axes = plt.subplots(1, 3, figsize=(16, 6.4), dpi=100, facecolor="white")
    communities(axes[0])
    clusters(axes[1])
    reasons(axes[2])
    for one in axes[:2]:
        one.set_aspect("equal")
    figure.subplots_adjust(left=0.01, right=0.99, top=0.9, bottom=0.15, wspace=0.05)
    figure.canvas.draw()
    pixels = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3])  # type: ignore[attr-defined]
    pixels.quantize(128, dither=Image.Dither.NONE).save(
        Path(__file__).parents[2] / "docs" / "picture.png", optimize=True
    )


if __name__ == "__main__":
    main()
