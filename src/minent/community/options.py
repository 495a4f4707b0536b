"""How a network is searched, in one frozen value: Python argument, command-line flags and TOML table alike."""

from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np

from minent.errors import BadInput, check

Effort = Literal["fast", "balanced", "best"]
FlowModel = Literal["undirected", "directed", "undirdir", "outdirdir", "rawdir", "precomputed"]


def seeded(seed: Any) -> int:
    """A seed as a number: None draws one, as in numpy.random.default_rng(None), and so does a numpy Generator.

    >>> seeded(7), seeded(np.random.default_rng(0)) == seeded(np.random.default_rng(0))
    (7, True)
    """
    if seed is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**32))
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise BadInput(f"seed must be a whole number, None or a numpy Generator; got {seed!r}")
    return int(seed)


class Checked:
    """Values of a dataclass that are of their kinds: what is only true, as "no" is, or only looks like a number, is
    refused with BadInput."""

    def __post_init__(self) -> None:
        wanted = {
            bool: ("True or False", bool | np.bool_),
            int: ("a whole number", Integral),
            float: ("a number", Real),
        }
        for field in fields(self):  # pyright: ignore[reportArgumentType]
            value, (told, kind) = getattr(self, field.name), wanted.get(field.type, ("", object))
            if not isinstance(value, kind) or (isinstance(value, bool) and field.type in (int, float)):
                raise BadInput(f"{field.name} must be {told}; got {value!r}")


@dataclass(frozen=True)
class Options(Checked):
    """How to search; see `find`."""

    two_level: bool = False
    """Modules hold nodes only, no modules."""

    effort: Effort = "balanced"
    """How hard to search: one pass, the default, or as good as it gets."""

    trials: int = 1
    """Searches from different random orders; the shortest code wins."""

    seed: int = 1
    """The same seed gives the same tree, whatever the threads."""

    threads: int | None = None
    """Threads for trials side by side, or one search of a large network; as many as there are cores if not given."""

    flow_model: FlowModel | None = None
    """What the walk follows; by the direction of the links if not given."""

    teleportation: float = 0.15
    """Probability to jump instead of following a directed link."""

    recorded: bool = False
    """Encode the jumps too."""

    to_nodes: bool = False
    """Jump to nodes evenly instead of in proportion to their links."""

    overlapping: bool = False
    """A node may lie in several modules, where that shortens the description."""

    no_self_links: bool = False
    """Leave out links from a node to itself."""

    weight_threshold: float = 0.0
    """Leave out links that weigh less."""

    memory: str | int | None = None
    """Memory to work in where links lie on disk, as 8GB: those of a folder, and of a file if this is given."""

    ray: str | None = None
    """Machines to work on where links lie in files: a Ray cluster's address; auto, which starts one here if none runs;
    or local, which always does."""


WALK = "flow_model", "teleportation", "recorded", "to_nodes", "no_self_links", "weight_threshold"


@dataclass(frozen=True)
class Objective(Checked):
    """What a description is to say beside the plain map equation; see `minent.community.walk.objective`."""

    markov_time: float = 1.0
    """Steps of the walk between two that are described: the more, the larger the modules."""

    variable_markov_time: bool = False
    """More steps where the network is sparse, so that modules there are not cut into pieces."""

    preferred_modules: int | None = None
    """Number of modules, each more or fewer of which costs a bit; of one level only."""

    regularised: float = 0.0
    """Strength of prior links between all nodes, against modules made by chance; 1 as in the paper, 0 for none."""

    entropy_corrected: float = 0.0
    """Strength of a correction for entropies that few links make too small; 1 as derived, 0 for none."""

    metadata_rate: float = 1.0
    """How often metadata is described, in a step of the walk; where metadata is given."""

    metadata_weighted: bool = True
    """Count the metadata of a node as often as it is visited; or each node's once."""


PLAIN = Objective()


@dataclass(frozen=True)
class Points(Checked):
    """How points become a network, and how that is searched; see `cluster`."""

    neighbours: int | None = None
    """Nearest points that each is linked to, at most; the more, the larger the modules. If not given 40, and no more
    than a quarter of the points."""

    metric: Literal["auto", "cosine", "euclidean"] = "auto"
    """What near means; if not given, cosine for texts, sparse points and those of length 1, else euclidean."""

    similarity: float = 0.5
    """Links of less are left out; 0.5 is as near as the farthest of a point's neighbours."""

    undirected: bool = False
    """Links have no direction."""

    markov_time: float = 2.5
    """Steps of the walk between two that are described: the more, the larger the modules."""

    nested: bool = False
    """Modules may hold modules."""

    effort: Effort = "balanced"
    """How hard to search: one pass, the default, or as good as it gets."""

    trials: int = 5
    """Searches from different random orders; the shortest code wins."""

    seed: int = 1
    """The same seed gives the same tree, whatever the threads."""

    threads: int | None = None
    """Threads to search with; as many as there are cores if not given."""

    def __post_init__(self) -> None:
        super().__post_init__()
        counts = [(name, getattr(self, name)) for name in ("trials", "threads")]
        check(self, *((name, value is None or value >= 1, "at least 1") for name, value in counts))

    @property
    def linked(self) -> dict[str, Any]:
        """How points are linked, as `Neighbourhood.of` takes it."""
        return {name: getattr(self, name) for name in ("neighbours", "metric", "similarity", "threads")}

    @property
    def searched(self) -> dict[str, Any]:
        """How their network is searched, as `find` takes it."""
        objective = Objective(markov_time=self.markov_time)
        more = {name: getattr(self, name) for name in ("effort", "trials", "seed", "threads")}
        return {"two_level": not self.nested, "objective": objective, **more}
