"""Find the modules of a network: the tree with which a random walk on it is described in the fewest bits."""

from dataclasses import replace
from typing import Any

from minent.community.in_files import in_files, lies_in_files
from minent.community.options import PLAIN, Effort, FlowModel, Objective, Options, seeded
from minent.community.overlap import check_shareable, shared
from minent.community.tree.tree import Tree
from minent.community.trials import grown, searched, shortest


def find(
    network: Any,
    *,
    directed: bool | None = None,
    two_level: bool = False,
    effort: Effort = "balanced",
    trials: int = 1,
    seed: Any = 1,
    threads: int | None = None,
    flow_model: FlowModel | None = None,
    teleportation: float = 0.15,
    recorded: bool = False,
    to_nodes: bool = False,
    overlapping: bool = False,
    no_self_links: bool = False,
    weight_threshold: float = 0.0,
    memory: str | int | None = None,
    ray: str | None = None,
    markov_time: float | None = None,
    objective: Objective = PLAIN,
    metadata: Any = None,
    initial: Any = None,
) -> Tree:
    """The modules of a network, nested as deep as that shortens the description of a walk on it.

    `network` is anything that `minent.data.as_graph` takes: a path, (source, target[, weight]) arrays, a networkx or
    igraph graph, a scipy matrix, a table; `directed` says whether its links have a direction (None: what `flow_model`
    asks for, or else what the network says, or else no).

    - `two_level`: modules hold nodes only, no modules.
    - `effort`: "fast", one pass; "balanced"; "best", the agreement of several searches, tuned for long.
    - `trials`: searches from different random orders, of which the shortest description wins, `threads` at a time
      (None: as many as there are cores), or one search of a large network by all of them. The same `seed` gives the
      same tree whatever the threads; None draws one, and a numpy Generator is drawn from.
    - `flow_model`, `teleportation`, `recorded`, `to_nodes`: the walk; see `flow_of`.
    - `overlapping`: a node may lie in several modules (see `minent.community.overlap`); the tree is then one of states,
      of which a node has one for each of its modules, `memberships` has a row for each, and it costs no more.
    - `no_self_links`, `weight_threshold`: links from a node to itself, and those that weigh less, are left out.
    - `memory`: "8GB" (the same where not given), to work in where links lie on disk: those of a folder of Parquet or
      lines, of a URI or dataset that pyarrow knows, and of a file where this is said. The tree is the same as of links
      in memory. See docs/scale.md.
    - `ray`: machines to work on where links lie in files: the address of a Ray cluster; "auto", that which runs here or
      else one of this machine alone, which is stopped at the end; "local", always the latter. The tree is the same.
    - `markov_time`: steps of the walk that are described at once: the more, the larger the modules (None: as
      `objective` has it, 1).
    - `objective`: a prior against missing links and what else a description may heed; see `Objective`.
    - `metadata`: labels that are described too, as `codelength` takes modules (None: none), or a path to a file of
      lines, node and label.
    - `initial`: modules to begin from, as `codelength` takes them; what is found costs no more than they do. A node
      without one (None, NaN, not named) begins alone.

    Raises BadInput for a network or an option that cannot be used.

    >>> tree = find(([0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3]))
    >>> tree
    Tree(6 nodes, 2 modules, depth 1, codelength 2.3207 bits of 2.5567)
    >>> tree.labels.tolist()
    [0, 0, 0, 1, 1, 1]
    """
    objective = objective if markov_time is None else replace(objective, markov_time=markov_time)
    if lies_in_files(network, memory, ray):
        where = {"threads": threads, "ray": ray}
        told = {"two_level": two_level, "effort": effort, "trials": trials, "seed": seed, **where}
        told |= {"flow_model": flow_model, "teleportation": teleportation, "recorded": recorded, "to_nodes": to_nodes}
        told |= {"overlapping": overlapping, "objective": objective, "metadata": metadata, "initial": initial}
        left = {"no_self_links": no_self_links, "weight_threshold": weight_threshold, "memory": memory}
        asked = {"flow_model": flow_model, "recorded": recorded, "overlapping": overlapping, **where}
        with in_files(network, directed, objective, **asked, **left) as graph:
            return find(graph, **told)
    walk = flow_model, teleportation, recorded, to_nodes
    searching = two_level, effort, trials, seeded(seed), threads
    options = Options(*searching, *walk, overlapping, no_self_links, weight_threshold, None, ray)
    flow, start, searches = searched(network, options, directed, objective, metadata, initial)
    if overlapping:
        check_shareable(flow, options, objective == PLAIN and metadata is None)
    tree = grown(flow, shortest(searches), start)
    return shared(tree, options) if overlapping else tree
