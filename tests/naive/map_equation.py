"""A walk is described in as many bits per step as the entropies of its codebooks say, each weighted by its use:

L(M) = q↷ H(Q) + Σᵢ pᵢ↻ H(Pᵢ), and the same again inside every module (Rosvall & Bergstrom 2008, 2011).

Slow, obvious and in plain Python. Nodes are 0..n-1; a partition is a list of lists of nodes, nested as deep as one
likes; flows are those of a `Walk`, splatted: `codelength(nested, *walk)`.
"""

from collections.abc import Iterator, Sequence
from math import log2

from naive.closed_forms import nested_ring_of_cliques, ring_of_cliques, two_triangles  # noqa: F401
from naive.walk import Flows, Walk, pagerank, undirected  # noqa: F401

Module = Sequence["int | Module"]
Partition = list[list[int]]


def entropy(rates: Sequence[float]) -> float:
    """Bits per use of a codebook whose words are used at these rates: H = −Σ (x/Σx) log₂(x/Σx).

    >>> entropy([2, 1, 1])
    1.5
    """
    use = sum(rates)
    return -sum(x / use * log2(x / use) for x in rates if x > 0)


def members(module: int | Module) -> set[int]:
    """All nodes below a module."""
    return {module} if isinstance(module, int) else {node for part in module for node in members(part)}


def crossing(source: set[int], target: set[int], walk: Walk) -> float:
    """Rate of steps from one set of nodes to another, by links and by recorded teleportation."""
    rate = sum(flow for (i, j), flow in walk.link_flow.items() if i in source and j in target)
    if walk.teleport_from and walk.teleport_to:
        rate += sum(walk.teleport_from[i] * walk.teleport_to[j] for i in source for j in target)
    return rate


def codebooks(nested: Module, walk: Walk) -> list[list[float]]:
    """Rates of the words in every codebook, the root's first: leave the module, visit its nodes, enter its parts."""
    everything, inside = set(range(len(walk.visit))), members(nested)
    words, below = [crossing(inside, everything - inside, walk)], []
    for part in nested:
        if isinstance(part, int):
            words.append(walk.visit[part])
        else:
            words.append(crossing(everything - members(part), members(part), walk))
            below += codebooks(part, walk)
    return [words, *below]


def codelength(
    nested: Module,
    link_flow: Flows,
    visit: list[float],
    teleport_from: list[float] | None = None,
    teleport_to: list[float] | None = None,
) -> float:
    """Bits per step of a walk described by nested modules, such as [[0, 1], [[2, 3], [4]]]; [0, 1, 2] is one level.

    >>> codelength([0, 1, 2, 3], {}, [0.25] * 4)
    2.0
    """
    books = codebooks(nested, Walk(link_flow, visit, teleport_from, teleport_to))
    return sum(sum(words) * entropy(words) for words in books if sum(words) > 0)


def set_partitions(nodes: Sequence[int]) -> Iterator[Partition]:
    """Every way to share nodes among modules.

    >>> [sum(1 for _ in set_partitions(range(n))) for n in range(1, 7)]
    [1, 2, 5, 15, 52, 203]
    """
    if not nodes:
        yield []
        return
    *rest, last = nodes
    for partition in set_partitions(rest):
        yield [*partition, [last]]
        for i, module in enumerate(partition):
            yield [*partition[:i], [*module, last], *partition[i + 1 :]]


def trees(nodes: Sequence[int]) -> Iterator[Sequence[Module]]:
    """Every two- and three-level tree in which no module has a single child module.

    >>> [sum(1 for _ in trees(range(n))) for n in range(1, 6)]
    [1, 2, 8, 46, 307]
    """

    def fill(partition: Partition) -> Iterator[list[Module]]:
        if not partition:
            yield []
            return
        first, *others = partition
        for rest in fill(others):
            for parts in set_partitions(first):
                yield [first if len(parts) == 1 else parts, *rest]

    for partition in set_partitions(nodes):
        yield from fill(partition) if len(partition) > 1 else [partition]


def best_partition(
    link_flow: Flows,
    visit: list[float],
    teleport_from: list[float] | None = None,
    teleport_to: list[float] | None = None,
) -> tuple[float, Partition]:
    """Shortest two-level codelength and its partition, by trying all of them (up to about 9 nodes)."""
    walk = Walk(link_flow, visit, teleport_from, teleport_to)
    return min((codelength(partition, *walk), partition) for partition in set_partitions(range(len(visit))))


def best_tree(
    link_flow: Flows,
    visit: list[float],
    teleport_from: list[float] | None = None,
    teleport_to: list[float] | None = None,
) -> tuple[float, Sequence[Module]]:
    """Shortest codelength over all two- and three-level trees, and its tree (up to about 6 nodes)."""
    walk = Walk(link_flow, visit, teleport_from, teleport_to)
    return min(((codelength(tree, *walk), tree) for tree in trees(range(len(visit)))), key=lambda found: found[0])


def moved(partition: Partition, node: int, target: int) -> Partition:
    """The partition after a node went to the module numbered `target`; a number past the last makes a new module.

    >>> moved([[0, 1], [2]], 2, 0), moved([[0, 1], [2]], 0, 2)
    ([[0, 1, 2]], [[1], [2], [0]])
    """
    after = [[other for other in module if other != node] for module in [*partition, []]]
    after[target].append(node)
    return [module for module in after if module]


def move_delta(
    partition: Partition,
    node: int,
    target: int,
    link_flow: Flows,
    visit: list[float],
    teleport_from: list[float] | None = None,
    teleport_to: list[float] | None = None,
) -> float:
    """Change of the two-level codelength when a node moves, by computing it before and after."""
    walk = Walk(link_flow, visit, teleport_from, teleport_to)
    return codelength(moved(partition, node, target), *walk) - codelength(partition, *walk)
