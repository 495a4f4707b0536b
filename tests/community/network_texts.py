"""Random networks in the words of Pajek and the referee, written as people write them: comments, names with blanks and
quotes, weights on some lines only, sections that stand twice.
"""

import numpy as np

KINDS = ("undirected", "directed", "bipartite", "states", "multilayer", "intra", "inter")
NODES = 14


def network_text(kind: str, seed: int) -> str:
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    lines = ["# a network", f"*Vertices {NODES}" if seed % 2 else "*Vertices", "# id name"]
    lines += [f'{i} "node {i}" ' if i % 3 else f'{i} "a "{i}", alias"' for i in range(1, NODES + 1)]
    links = {"bipartite": bipartite, "states": states, "multilayer": multilayer, "intra": intra, "inter": inter}
    return "\n".join([*lines, *links.get(kind, plain)(rng, kind)]) + "\n"


def weight(rng: np.random.Generator) -> str:
    return f" {rng.uniform(0.3, 3):.3f}" if rng.random() < 0.7 else ""


def near(rng: np.random.Generator, of: int, first: int = 1) -> tuple[int, int]:
    """Two of so many, mostly in one group of four."""
    a = int(rng.integers(of))
    b = min(a // 4 * 4 + int(rng.integers(4)), of - 1) if rng.random() < 0.7 else int(rng.integers(of))
    return a + first, b + first


def plain(rng: np.random.Generator, kind: str) -> list[str]:
    half = [[f"{a} {b}{weight(rng)}" for a, b in (near(rng, NODES) for _ in range(16))] for _ in range(2)]
    heading = "*Edges" if kind == "undirected" else "*Arcs"
    return [heading, "# source target weight", *half[0], heading.lower(), *half[1]]


def bipartite(rng: np.random.Generator, _: str) -> list[str]:
    pairs = [(near(rng, 9)[0], int(rng.integers(10, NODES + 1))) for _ in range(24)]
    return ["*Bipartite 10", "# node feature weight", *(f"{a} {b}{weight(rng)}" for a, b in pairs)]


def states(rng: np.random.Generator, _: str) -> list[str]:
    number = rng.permutation(100)[:24] + 1
    told = [f'{s} {rng.integers(1, NODES + 1)} "state "{s}"" {rng.uniform(0.1, 1):.2f}' for s in number.tolist()]
    links = [near(rng, 24, 0) for _ in range(60)]
    more = [f"{number[a]} {number[b]}{weight(rng)}" for a, b in links]
    return ["*States", "# state node name", *told[:10], "*States", *told[10:], "*Links", *more]


def multilayer(rng: np.random.Generator, _: str) -> list[str]:
    ends = [(int(rng.integers(1, 4)), *near(rng, NODES)) for _ in range(50)]
    across = [layer % 3 + 1 if rng.random() < 0.3 else layer for layer, _, _ in ends]
    return ["*Multilayer", *(f"{x} {a} {y} {b}{weight(rng)}" for (x, a, b), y in zip(ends, across, strict=True))]


def intra(rng: np.random.Generator, _: str) -> list[str]:
    ends = [(int(rng.integers(1, 6)), *near(rng, NODES)) for _ in range(50)]
    rows = [f"{layer} {a} {b}{weight(rng)}" for layer, a, b in ends]
    return ["*Intra", "# layer node node weight", *rows[:20], "*Intra", *rows[20:]]


def inter(rng: np.random.Generator, _: str) -> list[str]:
    lines = intra(rng, _)
    states = [line.split()[:2] for line in lines if line[0].isdigit()]
    return [*lines, "*Inter", *(f"{layer} {a} {int(layer) % 5 + 1}{weight(rng)}" for layer, a in states[:15])]
