"""A territory for each module: nested discs; at each depth their area is in proportion to their flow.

The discs of siblings are packed side by side, and all heaps of a depth are drawn to one scale, by which the widest for
its flow just fits in its parent. From the root down, each heap is then turned, or mirrored, so that it faces what it is
linked with outside: the best turn of centres c towards pulls p is the angle of Σ c̄ p, of the mirrored ones Σ c p,
whichever is longer.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Int

from minent.plot.packing import pack

RIM = 1.03


@dataclass(frozen=True, eq=False)
class Links:
    """Flow between nodes, each link in both directions."""

    source: Int[np.ndarray, " links"]
    target: Int[np.ndarray, " links"]
    flow: Float[np.ndarray, " links"]


@dataclass(frozen=True, eq=False)
class Territories:
    """Where each module lies (the root: the unit disc around 0), and the flow between siblings, each pair once."""

    centre: Complex[np.ndarray, " modules"]
    radius: Float[np.ndarray, " modules"]
    links: Links
    area: Float[np.ndarray, " levels"]  # of a unit of flow, in units of π, at each depth


def territories(
    parent: Int[np.ndarray, " modules"],
    module: Int[np.ndarray, " nodes"],
    area: Float[np.ndarray, " nodes"],
    links: Links,
) -> Territories:
    """Nested discs for the modules of a tree (see `minent.community.Tree` for `parent` and `module`).

    area  (nodes,) above zero, any unit
    """
    line = ancestors(parent)
    depth = (line >= 0).sum(1) - 1
    low, high = line[module[links.source]], line[module[links.target]]
    apart = (low != high).argmax(1)
    crosses = module[links.source] != module[links.target]
    every = np.arange(len(apart))
    pairs = _summed(low[every, apart][crosses], high[every, apart][crosses], links.flow[crosses], len(parent))

    flow = np.bincount(module, area, len(parent))
    for m in range(len(parent) - 1, 0, -1):
        flow[parent[m]] += flow[m]
    inside, scale = np.zeros(len(parent), complex), np.ones(int(depth.max()) + 1)
    for level in range(1, int(depth.max()) + 1):
        here = np.flatnonzero(depth == level)
        here = here[np.argsort(parent[here], kind="stable")]
        above, group = np.unique(parent[here], return_inverse=True)
        number = np.full(len(parent), -1)
        number[here] = np.arange(len(here))
        at_level = number[pairs.source] >= 0
        ends = number[pairs.source[at_level]], number[pairs.target[at_level]]
        inside[here], around = pack(np.sqrt(flow[here]), group, *ends, pairs.flow[at_level])
        scale[level] = scale[level - 1] * (np.sqrt(flow[above]) / around).min() / RIM  # the fullest heap tells
    inside *= scale[depth]
    radius = np.sqrt(flow) * scale[depth]

    centre = np.zeros(len(parent), complex)
    for level in range(1, int(depth.max()) + 1):
        here = np.flatnonzero(depth == level)
        outward = crosses & (apart < level) & (depth[module[links.source]] >= level)
        mine, theirs = low[outward, level], high[outward]
        theirs = theirs[np.arange(len(theirs)), np.minimum((theirs >= 0).sum(1), level) - 1]
        towards = centre[theirs] - centre[parent[mine]]
        pull = pulled(mine, towards, links.flow[outward], len(parent))
        centre[here] = centre[parent[here]] + faced(inside[here], parent[here], pull[here])
    once = pairs.source < pairs.target
    links = Links(pairs.source[once], pairs.target[once], pairs.flow[once])
    size = radius[0] if radius[0] > 0 else 1.0
    return Territories(centre / size, radius / size, links, (scale / size) ** 2)


def pulled(
    place: Int[np.ndarray, " links"],
    towards: Complex[np.ndarray, " links"],
    flow: Float[np.ndarray, " links"],
    size: int,
) -> Complex[np.ndarray, " places"]:
    """The sum of the directions each place is linked towards, weighted by flow."""
    return _sum_complex(place, towards / np.maximum(np.abs(towards), 1e-12) * flow, size)


def faced(
    inside: Complex[np.ndarray, " discs"], group: Int[np.ndarray, " discs"], pull: Complex[np.ndarray, " discs"]
) -> Complex[np.ndarray, " discs"]:
    """Each group turned around 0, or mirrored and turned, so that its discs face where they are pulled.

    >>> np.round(faced(np.array([1, -1j]), np.array([0, 0]), np.array([1j, -1])), 9).tolist()
    [1j, (-1+0j)]
    """
    turned = _sum_complex(group, inside.conj() * pull, int(group.max(initial=-1)) + 1)[group]
    mirrored = _sum_complex(group, inside * pull, int(group.max(initial=-1)) + 1)[group]
    mirror = np.abs(mirrored) > np.abs(turned) * (1 + 1e-9)
    return np.where(mirror, inside.conj(), inside) * np.exp(1j * np.angle(np.where(mirror, mirrored, turned)))


def ancestors(parent: Int[np.ndarray, " modules"]) -> Int[np.ndarray, "modules levels"]:
    """Row m: the modules from the root to m, then -1.

    >>> ancestors(np.array([-1, 0, 0, 2])).tolist()
    [[0, -1, -1], [0, 1, -1], [0, 2, -1], [0, 2, 3]]
    """
    upwards, here = [], np.arange(len(parent))
    while (here >= 0).any():
        upwards.append(here)
        here = np.where(here >= 0, parent[here], -1)
    line = np.stack(upwards[::-1], 1)
    return np.take_along_axis(line, np.argsort(line < 0, axis=1, kind="stable"), 1)


def _summed(source, target, flow, modules):
    pair, place = np.unique(source.astype(np.int64) * modules + target, return_inverse=True)
    return Links(pair // modules, pair % modules, np.bincount(place, flow, len(pair)).astype(float))


def _sum_complex(place, value, size):
    return np.bincount(place, value.real, size) + 1j * np.bincount(place, value.imag, size)
