"""Nodes laid out in the disc of their module, each with room in proportion to its flow.

Few nodes are packed as discs, linked ones side by side. Many lie like the seeds of a sunflower (Vogel 1979): seed k at
distance √(area before it) and angle k · 137.5°, the highest flow at the centre; those of similar flow then trade places
in their ring, so that each faces the nodes it is linked with.
"""

import numpy as np
from jaxtyping import Complex, Float, Int

from minent.plot.packing import GOLDEN_ANGLE, pack
from minent.plot.territories import Links, Territories, faced, pulled

FEW, ROUNDS, FILLED, RIM = 60, 12, 0.36, 0.94


def sunflower(
    module: Int[np.ndarray, " nodes"], area: Float[np.ndarray, " nodes"], links: Links, lands: Territories
) -> tuple[Complex[np.ndarray, " nodes"], Float[np.ndarray, " nodes"]]:
    """Centre and radius of each node; nodes sorted by module, then by falling area.

    A node's disc covers the share `FILLED` of the room it has, which is its share of its module's area.
    """
    from scipy.sparse import csr_array

    nodes, modules = len(module), len(lands.radius)
    size = np.bincount(module, minlength=modules)
    first = np.cumsum(size) - size
    place = np.arange(nodes) - first[module]
    room = area / np.bincount(module, area, modules)[module]
    unit = RIM * lands.radius[module]
    radius = unit * np.sqrt(FILLED * room)

    total = np.cumsum(room)
    before = total - room - (total - room)[first[module]]
    reach = np.where(place == 0, 0, np.sqrt(np.maximum(before + room / 2, 0)))
    seed = np.minimum(unit * reach, lands.radius[module] - radius) * np.exp(1j * GOLDEN_ANGLE * place)
    few = size[module] <= FEW
    seed[few] = _packed(few, module, room, links, lands) * unit[few]
    ring = np.where(few, place, np.sqrt(place + 0.5) / 1.25).astype(int)
    ring = np.unique(module.astype(np.int64) * (nodes + 1) + ring, return_inverse=True)[1]
    mean = csr_array((links.flow, (links.source, links.target)), shape=(nodes, nodes))
    strength = np.maximum(np.bincount(links.source, links.flow, nodes), 1e-300)
    at = lands.centre[module] + seed
    for _ in range(ROUNDS):
        wish = (mean @ at) / strength - lands.centre[module]
        wish = np.where(np.abs(wish) > 1e-9 * unit, wish, seed)
        at = lands.centre[module] + _facing(seed, wish, ring)
    return at, radius


def _packed(few, module, room, links, lands):
    """Nodes of small modules as discs packed in the unit disc, turned towards the modules they are linked with."""
    number = np.cumsum(few) - 1
    group = np.unique(module[few], return_inverse=True)[1]
    home, away = module[links.source], module[links.target]
    inside, outward = few[links.source] & (home == away), few[links.source] & (home != away)
    ends = number[links.source[inside]], number[links.target[inside]]
    centre, around = pack(np.sqrt(room[few]), group, *ends, links.flow[inside])
    towards = lands.centre[away[outward]] - lands.centre[home[outward]]
    pull = pulled(number[links.source[outward]], towards, links.flow[outward], len(centre))
    return faced(centre / around[group], group, pull) if len(group) else centre


def _facing(seed, wish, ring):
    """The seeds of each ring handed out in the order of the angles wished for, seen from their mean direction."""
    rings = int(ring.max(initial=-1)) + 1
    towards = wish / np.maximum(np.abs(wish), 1e-300)
    mean = np.bincount(ring, towards.real, rings) + 1j * np.bincount(ring, towards.imag, rings)
    back = np.exp(-1j * np.angle(mean))[ring]
    wanting, offered = (np.lexsort((np.round(np.angle(v * back), 9), ring)) for v in (wish, seed))
    given = np.empty_like(seed)
    given[wanting] = seed[offered]
    return given
