"""Searches from several random orders, some at a time, with the same results whatever the number of threads."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

from minent.community.options import WALK, Objective, Options
from minent.community.search.disk import engine_of, is_on_disk, on_ray
from minent.community.search.multilevel import SMALL, multilevel
from minent.community.search.nested.fusing import fused
from minent.community.search.nested.nest import Nest
from minent.community.search.preferred import preferred_partition
from minent.community.search.search import Search
from minent.community.search.two_level import tuned
from minent.community.search.units import Units, units_of
from minent.community.tree.given import tree_of
from minent.community.tree.grow import grow
from minent.community.tree.tree import Tree
from minent.community.walk.flow import Flow
from minent.community.walk.objective import walk_of
from minent.errors import BadInput
from minent.kernels import log, runner

WORK = {"fast": 1, "balanced": 2, "best": 8}  # how much longer kernels run for a harder search


class Found(NamedTuple):
    """What a search found, without what it worked with: its codelength, less the entropy of nodes, and its tree."""

    bits: float
    parent: Int[np.ndarray, " modules"]
    module: Int[np.ndarray, " nodes"]


def searched(
    network: Any, options: Options, directed: bool | None, objective: Objective, metadata: Any, initial: Any
) -> tuple[Flow, Tree | None, Iterator[Found]]:
    """The walk, given modules that may be returned, and what each search finds, in order: nothing without links."""
    check(options)
    walk = {name: getattr(options, name) for name in WALK}
    flow = walk_of(network, directed, objective, metadata, **walk)
    two_level = options.two_level or objective.preferred_modules is not None
    trials, threads = options.trials, options.threads or os.cpu_count() or 1
    same = replace(options, threads=None, ray=None)  # the moves are the same on any
    nodes, told = units_of(flow, engine_of(flow.network)), f"{same} {objective} {metadata!r} {initial!r}"
    start = None if initial is None else grow(flow, *tree_of(initial, flow.network, partial=True))
    run = runner(trials * WORK[options.effort] * len(nodes.indices))
    workers = 1 if is_on_disk(flow.network) else min(trials, threads)

    def trial(number: int) -> Found:
        def search(only_two: bool) -> Nest:
            engine = engine_of(flow.network, threads // workers, f"{told} {number} {only_two}")
            engine = engine if options.ray is None else on_ray(engine, flow.network, nodes)
            order = Search(np.random.default_rng([options.seed, number]), run, engine)
            return one_search(order, nodes, only_two, options.effort, start)

        found = search(two_level)
        if not two_level and start is None and len(nodes.indices) <= SMALL:  # more than two are never longer there
            found = fused(found, search(True))
        if trials > 1:
            log.info("trial %d of %d", number + 1, trials)
        return Found(found.cost(), *found.tree())

    def results() -> Iterator[Found]:
        if len(nodes.indices) == 0:
            return
        if workers == 1:
            yield from map(trial, range(trials))
        else:
            with ThreadPoolExecutor(workers) as pool:
                yield from pool.map(trial, range(trials))

    return flow, None if start is not None and two_level and start.depth > 1 else start, results()


def shortest(found: Iterable[Found]) -> Found | None:
    """The first of those that cost the least."""
    return min(found, key=lambda one: one.bits, default=None)


def grown(flow: Flow, found: Found | None, start: Tree | None = None) -> Tree:
    """The tree that was found, or given where that costs less; `plainest` where neither costs less."""
    tree = None if found is None else grow(flow, found.parent, found.module)
    if tree is not None and start is not None and start.codelength < tree.codelength - 1e-10:
        tree = start
    if tree is not None and tree.codelength < tree.one_level_codelength - 1e-10 and not flow.lone.any():
        return tree
    plain = plainest(flow)
    return tree if tree is not None and tree.codelength < plain.codelength - 1e-10 else plain


def plainest(flow: Flow) -> Tree:
    """All nodes in one module, but those without a link to another: each is alone, where that costs no more."""
    one, lone = grow(flow, np.array([-1, 0], np.int32), np.ones(len(flow.visit), np.int32)), flow.lone
    if not lone.any():
        return one
    module = np.where(lone, np.cumsum(lone) + (not lone.all()), 1).astype(np.int32)
    apart = grow(flow, np.array([-1] + [0] * int(module.max()), np.int32), module)
    return apart if apart.codelength <= one.codelength + 1e-10 else one


def one_search(search: Search, nodes: Units, only_two: bool, effort: str, start: Tree | None) -> Nest:
    """Nested modules from one random order, or from given modules."""
    if not only_two:
        begin = None if start is None else Nest.of(nodes, start.parent, start.module, search.run)
        return multilevel(search, nodes, effort, begin)
    if start is None:
        return Nest.flat(nodes, *preferred_partition(search, nodes, effort), search.run)
    return Nest.flat(nodes, *tuned(search, nodes, start.labels.astype(np.int32)), search.run)


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
