"""Codelengths of networks regular enough to be written down: the map equation with every rate counted in link ends."""

from math import log2

Links = dict[tuple[int, int], float]
Partition = list[list[int]]


def two_triangles() -> tuple[Links, Partition, float]:
    """Two triangles joined by a link: 14 link ends; nodes 2, 2 and 3 of them, and one leaves each module.

    L = 1/7 H(½, ½) + 2 · 8/14 H(1/8, 2/8, 2/8, 3/8) ≈ 2.3207.
    """
    links = dict.fromkeys([(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5), (2, 3)], 1.0)
    return links, [[0, 1, 2], [3, 4, 5]], 1 / 7 + 8 / 7 * (3 / 8 + 2 * 2 / 4 + 3 / 8 * log2(8 / 3))


def ring_of_cliques(cliques: int, size: int) -> tuple[Links, Partition, float]:
    """A ring of c cliques of k nodes, each joined to the next by one link, every clique a module; k ≥ 2, c ≥ 3.

    T = c (k(k−1) + 2) link ends, of which 2 leave each clique. With u = k(k−1) + 4 the use of a clique's codebook,
    T L = 2c log₂ c + c (2 log₂ u/2 + (k−2)(k−1) log₂ u/(k−1) + 2k log₂ u/k).
    """
    c, k = cliques, size
    partition = [list(range(i * k, i * k + k)) for i in range(c)]
    links = {(a, b): 1.0 for module in partition for a in module for b in module if a < b}
    links |= {(i * k + k - 1, (i + 1) % c * k): 1.0 for i in range(c)}
    u, total = k * (k - 1) + 4, c * (k * (k - 1) + 2)
    inside = 2 * log2(u / 2) + (k - 2) * (k - 1) * log2(u / (k - 1)) + 2 * k * log2(u / k)
    return links, partition, (2 * c * log2(c) + c * inside) / total


def nested_ring_of_cliques(arcs: int, cliques: int, size: int) -> tuple[Links, list[Partition], float]:
    """A ring of s·c cliques of k nodes, described in s arcs of c neighbouring cliques; s ≥ 2, k ≥ 2, s·c ≥ 3.

    Arcs and cliques alike are entered and left over 2 of the T link ends, so against the two-level code the index's
    2sc log₂ sc becomes 2s log₂ s for the arcs and 2s(c+1) log₂(c+1) inside them.
    """
    s, c = arcs, cliques
    links, partition, flat = ring_of_cliques(s * c, size)
    total = s * c * (size * (size - 1) + 2)
    nested = [partition[i * c : i * c + c] for i in range(s)]
    change = 2 * s * log2(s) + 2 * s * (c + 1) * log2(c + 1) - 2 * s * c * log2(s * c)
    return links, nested, flat + change / total
