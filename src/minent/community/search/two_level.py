"""The two-level search. Nodes are moved from scratch twice, in two random orders; what both agree on are the cores,
which merge into modules. Then single nodes move by turns with blocks: cores, or nodes that hang together in a module.
"""

from itertools import cycle

import numpy as np

from minent.community.search.merging import inside, lifted, merge, met, renumbered
from minent.community.search.search import Field, Labels, Search
from minent.community.search.units import NO_PORT, Units, codebooks, frozen
from minent.entropy import sum_plogp

SMALL = 20_000  # links, both ways, of networks on which everything is tried
STEADY = 0.0025  # tuning ends when a round saves less than this share of the codelength
SCALES = 2.0, 1.0, 0.5  # of the flow inside a module while it is cut into blocks: the less, the smaller they are
FEW = 0.02  # blocks are done when no more than this share of them moved
SWEEPS = 1.5  # over the nodes, from scratch, for each of the partitions that make cores
MEMBERS = 3  # searches whose agreement makes the cores of one more
FINE = 1e-2  # a node moves if that saves this many bits times its share of the nodes


def scattered(search: Search, nodes: Units, sweeps: float) -> Labels:
    """The modules that nodes gather in from scratch."""
    label = np.arange(nodes.number, dtype=np.int32)
    search.move(nodes, label, nodes, sweeps=sweeps, least=FINE)
    return label


def fine_tuned(search: Search, nodes: Units, label: Labels, modules: Units) -> Labels:
    """Single nodes move."""
    label = label.copy()
    search.move(nodes, label, modules, by_module=True, least=FINE)
    renumbered(search.run, label)
    return label


def block_tuned(search: Search, nodes: Units, block: Labels, label: Labels) -> tuple[Labels, Units, float]:
    """Blocks move, nodes with the same number in `block`, all of one module; then modules. And the bits saved."""
    count = renumbered(search.run, block)
    blocks = merge(nodes, block, count, search.run, search.engine)
    up = lifted(label, block, count)
    modules = merge(blocks, up, int(up.max()) + 1, search.run, search.engine)
    before = codebooks(modules)
    search.move(blocks, up, modules)
    up, modules = search.climb(blocks, up)
    return up[block], modules, before - codebooks(modules)


def blocks_within(search: Search, units: Units, label: Labels, scale: float) -> Labels:
    """Each module cut into blocks, as if it were a network of its own with all flow scaled."""
    block, group = np.arange(units.number, dtype=np.int32), label
    books = np.zeros(int(label.max()) + 1)
    while True:
        rate = np.zeros(units.number)
        search.run(inside)(units.indptr, units.indices, units.flow, group, rate)
        rate *= units.pace * scale / 2
        words = None if units.words is None else units.words._replace(preferred=-1)
        ports = {"port_from": NO_PORT, "port_to": NO_PORT}
        alone = frozen(units._replace(pace=units.pace * scale, out=rate, into=rate, **ports, words=words))
        up = np.arange(units.number, dtype=np.int32)
        moved = search.move(alone, up, alone, Field(group, books), sweeps=2.0)
        if moved == 0:
            return block
        count = renumbered(search.run, up)
        block, units = up[block], merge(units, up, count, search.run, search.engine)
        group = lifted(group, up, count)
        if moved < FEW * len(up):
            return block


def core_tuned(search: Search, nodes: Units, cores: Labels, label: Labels) -> tuple[Labels, Units, float]:
    """Blocks of cores move; as `block_tuned`."""
    part, count = met(search.run, cores, label)
    units = merge(nodes, part, count, search.run, search.engine)
    up = lifted(label, part, count)
    up, modules, saved = block_tuned(search, units, blocks_within(search, units, up, 1.0), up)
    return up[part], modules, saved


def two_level_partition(search: Search, nodes: Units, effort: str) -> tuple[Labels, Units]:
    """The module of each node, and the modules as units."""
    if effort == "fast":
        label = fine_tuned(search, nodes, *search.climb(nodes, scattered(search, nodes, 2.0)))
        return search.climb(nodes, label)
    found = [from_cores(search, nodes, agreed(search, [scattered(search, nodes, SWEEPS) for _ in range(2)]), STEADY)]
    few = nodes.words is not None and len(nodes.indices) <= SMALL  # words make more of the first moves matter
    if effort == "best" or few:
        while len(found) < MEMBERS:
            cores = agreed(search, [scattered(search, nodes, SWEEPS) for _ in range(2)])
            found.append(from_cores(search, nodes, cores, STEADY))
        found.append(from_cores(search, nodes, agreed(search, [label for label, _ in found]), STEADY / 40))
    return min(found, key=lambda pair: codebooks(pair[1]))


def confirmed(search: Search, nodes: Units, label: Labels) -> tuple[Labels, Units]:
    """Modules made of what a partition and one more from scratch agree on."""
    return from_cores(search, nodes, agreed(search, [label, scattered(search, nodes, SWEEPS)]), STEADY)


def agreed(search: Search, labels: list[Labels]) -> Labels:
    """The parts that all partitions agree on."""
    part = labels[0]
    for label in labels[1:]:
        part = met(search.run, part, label)[0]
    return part


def from_cores(search: Search, nodes: Units, cores: Labels, steady: float) -> tuple[Labels, Units]:
    """Modules made of cores, and tuned while a round saves more than the share `steady` of the codelength."""
    label, modules = search.climb(nodes, cores.copy())
    label, modules, saved = core_tuned(search, nodes, cores, fine_tuned(search, nodes, label, modules))
    return until_steady(search, nodes, label, modules, saved, steady)


def tuned(search: Search, nodes: Units, label: Labels) -> tuple[Labels, Units]:
    """Modules made of given ones."""
    modules = merge(nodes, label, int(label.max()) + 1, search.run, search.engine)
    label = fine_tuned(search, nodes, label, modules)
    del modules
    label, modules = search.climb(nodes, label)
    return until_steady(search, nodes, label, modules, np.inf, STEADY)


def until_steady(
    search: Search, nodes: Units, label: Labels, modules: Units, saved: float, steady: float
) -> tuple[Labels, Units]:
    """Blocks and nodes move by turns until that saves little."""
    entropy = -sum_plogp(nodes.visit)
    for scale in cycle(SCALES):
        before = codebooks(modules)
        if saved <= steady * (before + entropy):
            break
        del modules  # so that none are held beside the next
        label, modules, _ = block_tuned(search, nodes, blocks_within(search, nodes, label, scale), label)
        label = fine_tuned(search, nodes, label, modules)
        del modules
        label, modules = search.climb(nodes, label)
        saved = before - codebooks(modules)
    return label, modules
