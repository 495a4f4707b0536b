"""A walker stays in its module where the next node lies in it; step by step, as in Esquivel & Rosvall (2011)."""

import numpy as np


def overlapping_codelength(links: np.ndarray, modules: list[set[int]]) -> float:
    """Two-level codelength; `links` (nodes, nodes) are symmetric weights, `modules` the nodes of each module."""
    nodes = len(links)
    states = [(i, m) for m, inside in enumerate(modules) for i in sorted(inside)]
    assert {i for i, _ in states} == set(range(nodes))
    step = np.zeros((len(states), len(states)))
    for s, (i, m) in enumerate(states):
        for t, (j, other) in enumerate(states):
            homes = sum(j in inside for inside in modules)
            chance = links[i, j] / links[i].sum()
            if j in modules[m]:
                step[s, t] = chance if other == m else 0.0
            else:
                step[s, t] = chance / homes
    visit = np.ones(len(states)) / len(states)
    for _ in range(20_000):
        visit = (visit + visit @ step) / 2
    enter, leave, inside = np.zeros((3, len(modules)))
    for s, (_, m) in enumerate(states):
        inside[m] += visit[s]
        for t, (_, other) in enumerate(states):
            if m != other:
                leave[m] += visit[s] * step[s, t]
                enter[other] += visit[s] * step[s, t]
    bits = entropy(enter) * enter.sum() if enter.sum() > 0 else 0.0
    for m in range(len(modules)):
        book = np.array([leave[m], *(visit[s] for s, (_, home) in enumerate(states) if home == m)])
        bits += entropy(book) * book.sum()
    return float(bits)


def entropy(rates: np.ndarray) -> float:
    share = rates[rates > 0] / rates.sum()
    return float(-(share * np.log2(share)).sum())
