"""Find the modules of a network: the tree with which a random walk on it is described in the fewest bits."""

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from minent.community.codelength import tree_of, walk_of
from minent.community.flow import Flow
from minent.community.levels import Levels
from minent.community.multilevel import multilevel
from minent.community.options import PLAIN, Effort, FlowModel, Objective, Options
from minent.community.preferred import preferred_partition
from minent.community.search import Search
from minent.community.tree import Tree, grow
from minent.community.two_level import tuned
from minent.community.units import Units, units_of
from minent.errors import BadInput
from minent.kernels import log, runner

WORK = {"fast": 1, "balanced": 2, "best": 8}  # how much longer kernels run for a harder search


def find(
    network: Any,
    *,
    directed: bool | None = None,
    two_level: bool = False,
    effort: Effort = "balanced",
    trials: int = 1,
    seed: int = 1,
    threads: int | None = None,
    flow_model: FlowModel | None = None,
    teleportation: float = 0.15,
    recorded: bool = False,
    to_nodes: bool = False,
    objective: Objective = PLAIN,
    metadata: Any = None,
    initial: Tree | Mapping[Any, Any] | Iterable[Any] | None = None,
) -> Tree:
    """The modules of a network, nested as deep as that shortens the description of a walk on it.

    `network` is anything that `minent.data.as_graph` takes: a path, (source, target[, weight]) arrays, a networkx or
    igraph graph, a scipy matrix, a table; `directed` says whether its links have a direction (None: what `flow_model`
    asks for, or else what the network says, or else no).

    - `two_level`: modules hold nodes only, no modules.
    - `effort`: "fast", one pass; "balanced"; "best", the agreement of several searches, tuned for long.
    - `trials`: searches from different random orders, of which the shortest description wins, `threads` at a time
      (None: as many as there are cores). The same `seed` gives the same tree whatever the threads.
    - `flow_model`, `teleportation`, `recorded`, `to_nodes`: the walk; see `flow_of`.
    - `objective`: Markov time, a prior against missing links and what else a description may heed; see `Objective`.
    - `metadata`: a label for each node, or a mapping from names to labels (None: none), described too.
    - `initial`: modules to begin from, as `codelength` takes them; what is found costs no more than they do.

    Raises BadInput for a network or an option that cannot be used.

    >>> tree = find(([0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3]))
    >>> tree
    Tree(6 nodes, 2 modules, depth 1, codelength 2.3207 bits of 2.5567)
    >>> tree.labels.tolist()
    [0, 0, 0, 1, 1, 1]
    """
    options = Options(two_level, effort, trials, seed, threads, flow_model, teleportation, recorded, to_nodes)
    flow, start, searches = searched(network, options, directed, objective, metadata, initial)
    return grown(flow, min(searches, key=Levels.cost, default=None), start)


def searched(
    network: Any, options: Options, directed: bool | None, objective: Objective, metadata: Any, initial: Any
) -> tuple[Flow, Tree | None, Iterator[Levels]]:
    """The walk, given modules that may be returned, and what each search finds, in order: nothing without links."""
    check(options)
    walk = {name: getattr(options, name) for name in ("flow_model", "teleportation", "recorded", "to_nodes")}
    flow = walk_of(network, directed, objective, metadata, **walk)
    two_level = options.two_level or objective.preferred_modules is not None
    nodes, trials = units_of(flow), options.trials
    start = None if initial is None else grow(flow, *tree_of(initial, flow.network.names, len(flow.visit)))
    run = runner(trials * WORK[options.effort] * len(nodes.indices))

    def trial(number: int) -> Levels:
        search = Search(np.random.default_rng([options.seed, number]), run)
        found = one_search(search, nodes, two_level, options.effort, start)
        if trials > 1:
            log.info("trial %d of %d", number + 1, trials)
        return found

    def results() -> Iterator[Levels]:
        if len(nodes.indices) == 0:
            return
        workers = min(trials, options.threads or os.cpu_count() or 1)
        if workers == 1:
            yield from map(trial, range(trials))
        else:
            with ThreadPoolExecutor(workers) as pool:
                yield from pool.map(trial, range(trials))

    return flow, None if start is not None and two_level and start.depth > 1 else start, results()


def grown(flow: Flow, found: Levels | None, start: Tree | None = None) -> Tree:
    """The tree that was found, or given where that costs less; all nodes in one module where neither costs less."""
    tree = None if found is None else grow(flow, *found.tree())
    if tree is not None and start is not None and start.codelength < tree.codelength - 1e-10:
        tree = start
    if tree is not None and tree.codelength < tree.one_level_codelength - 1e-10:
        return tree
    return grow(flow, np.array([-1, 0], np.int32), np.ones(len(flow.visit), np.int32))


def one_search(search: Search, nodes: Units, only_two: bool, effort: str, start: Tree | None) -> Levels:
    """Nested partitions from one random order, or from given modules."""
    begin = None if start is None else start.labels.astype(np.int32)
    if only_two:
        label, modules = preferred_partition(search, nodes, effort) if begin is None else tuned(search, nodes, begin)
        return Levels((nodes, modules), (label,))
    return multilevel(search, nodes, effort, begin)


def check(options: Options) -> None:
    """Raises BadInput for a value that an option cannot have."""
    if options.effort not in WORK:
        raise BadInput(f"effort is 'fast', 'balanced' or 'best'; got {options.effort!r}")
    for name in ("trials", "threads"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise BadInput(f"{name} must be at least 1; got {value}")
    if options.seed < 0:
        raise BadInput(f"seed must not be negative; got {options.seed}")
