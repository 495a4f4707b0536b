"""Nested modules of a network, as what people call: tables, files and a map of them.

Two arrays hold the tree: the parent of each module (-1: the root, module 0) and the leaf module of each node.
"""

import os
from collections import Counter
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from minent.community.tree.description import Description
from minent.community.tree.files.formats import write
from minent.community.tree.files.physical import physical
from minent.community.tree.files.reading import read
from minent.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

    from minent.plot.page import Page


@dataclass(frozen=True, eq=False, repr=False)
class Tree(Description):
    """Nested modules of a network, frozen. Siblings stand in order of decreasing flow, modules breadth-first.

    `parent` (modules,) and `module` (nodes,) are the tree itself: module 0 is the root, parent[0] is -1, parent[m] < m,
    and module[i] is the leaf module of node i. Rates are per step of the walk, codelengths are bits per step.
    What a file does not tell is NaN (`community.codelength(network, tree)` computes it again).
    """

    def to_frame(self) -> "pd.DataFrame":
        """A row for each node: node (index), name, path ("1:2:3": the third node of module 1:2), module, flow.

        Where nodes are states: name is that of the physical node, and state, and layer in a network of layers, stand
        beside it."""
        import pandas as pd

        columns = {"node": np.arange(len(self.module)), "name": self.node_names, "path": self.node_paths}
        beside = {"state": self.states, "layer": self.layers}
        told = {name: column.tolist() for name, column in beside.items() if column is not None}
        return pd.DataFrame({**columns, "module": self.labels, "flow": self.visit, **told})

    def node_attributes(self) -> dict[Any, dict[str, Any]]:
        """Module, path and flow of each node by its name, as `networkx.set_node_attributes(graph, …)` takes them.

        A node with states may lie in several modules: its flow is all of its visits, its module the one with the
        largest share of them, its path that of the most visited state there, and `share` how large that is; the other
        modules are in `memberships`.

        >>> from minent.community import find
        >>> find(([0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3])).node_attributes()[5]["path"]
        '2:3'
        """
        rows = list(zip(self.node_names, self.labels.tolist(), self.node_paths, self.visit.tolist(), strict=True))
        if self.physical is None:
            return self._by_name([{"module": module, "path": path, "flow": flow} for _, module, path, flow in rows])
        path_in = {row[:2]: row[2] for row in sorted(rows, key=lambda row: row[3])}
        table = self.memberships().sort_values("share", kind="stable", ascending=False)
        total, main = table.groupby("node", sort=False).flow.sum(), table.drop_duplicates("node")
        return {
            name: {"module": module, "path": path_in[name, module], "flow": float(total[name]), "share": share}
            for name, module, share in zip(main.node, main.module.tolist(), main.share.tolist(), strict=True)
        }

    def to_dict(self, depth: int | None = None) -> dict[Any, int]:
        """The module of each node by its name, from 0 as in `labels_at(depth)`; None: leaf modules.

        Of a node with states it is the one with the largest share of its visits. Raises BadInput where two nodes have
        one name, as does `node_attributes`.

        >>> from minent.community import find
        >>> find(([0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3])).to_dict()
        {0: 0, 1: 0, 2: 0, 3: 1, 4: 1, 5: 1}
        """
        if self.physical is None:
            labels = self.labels if depth is None else self.labels_at(depth)
            return self._by_name(labels.tolist())
        table = self.memberships(depth).sort_values("share", kind="stable").drop_duplicates("node", keep="last")
        return dict(zip(table.sort_index().node, table.sort_index().module.tolist(), strict=True))

    def _by_name(self, values: list[Any]) -> dict[Any, Any]:
        names = self.node_names
        found = dict(zip(names, values, strict=True))
        if len(found) < len(names):
            twice = next(name for name, times in Counter(names).items() if times > 1)
            raise BadInput(f"names are to tell nodes apart; {twice!r} is of several: to_frame() has a row for each")
        return found

    def memberships(self, depth: int | None = None) -> "pd.DataFrame":
        """The modules of each physical node: a row for each node and module, with the share of the node's visits there.

        node (its name), module (as in `labels_at(depth)`; None: leaf modules), share (they sum to 1), flow. A node
        without states has one row.
        """
        import pandas as pd

        physical, names = np.arange(len(self.module)) if self.physical is None else self.physical, self.node_names
        _, first, physical = np.unique(physical, return_index=True, return_inverse=True)
        modules = self.labels if depth is None else self.labels_at(depth)
        count = int(modules.max(initial=0)) + 1
        pairs, place = np.unique(physical * np.int64(count) + modules, return_inverse=True)
        node, module = np.divmod(pairs, count)
        flow = np.bincount(place, self.visit, minlength=len(pairs))
        total, parts = np.bincount(node, flow)[node], np.bincount(node)[node]
        share = np.divide(flow, total, out=1.0 / parts, where=total > 0)
        there = (flow > 0) | (total == 0)  # an unvisited state of a visited node is nowhere
        node, module, share, flow = node[there], module[there], share[there], flow[there]
        called = [names[i] for i in first[node].tolist()]
        return pd.DataFrame({"node": called, "module": module, "share": share, "flow": flow})

    def write(self, path: str | os.PathLike[str], *, depth: int = 1, states: bool = True) -> None:
        """Write by suffix: .tree, .ftree, .clu (the modules at `depth`), .json, .csv, .parquet or .nwk, whole or not at
        all; .tree where there is none and `path` is a stream, as /dev/stdout. states=False: the states of a node in a
        module are one row, as in the reference's physical trees.

        Raises BadInput for another suffix, and for .ftree where the tree was read from a file, which tells no flows."""
        write(self if states else physical(self), path, depth)

    @classmethod
    def read(cls, path: str | os.PathLike[str] | Any) -> "Tree":
        """Read what `write` or the reference Infomap wrote: .tree, .ftree, .clu, .json, .csv or .parquet, packed or
        not; "-" (standard input), a pipe and an open binary file are known by what they hold. A .csv or .parquet may
        also be a table of labels: columns name or node, and module or path, as `to_frame`, `memberships` and
        `Stability.write` have them.

        Nodes are sorted by their id. Raises BadInput for another suffix, BadLine for what cannot be read."""
        return cls(**vars(read(path)))

    def plot(self, *, title: str | None = None, called: Any = None) -> "Page":
        """An interactive map (see `minent.plot.network_map`): notebooks show it, `.write("map.html")` keeps it, and
        `.write("map.svg")` (.png, .pdf) a picture of it.

        Raises BadInput where the tree was read from a file, which tells no links."""
        from minent.plot import network_map

        if self.flow is None:
            raise BadInput("a map needs links; a tree that was read has none: minent.plot.network_map(network, tree)")
        return network_map(self.flow.network, self, title=title, called=called)

    def __repr__(self) -> str:
        nodes = f"{len(self.module)} nodes"
        if self.states is not None and self.physical is not None:
            nodes = f"{len(self.module)} states of {len(np.unique(self.physical))} nodes"
        bits = "unknown" if np.isnan(self.codelength) else f"{self.codelength:.4f} bits"
        shape = f"{nodes}, {self.number_of_modules} modules, depth {self.depth}"
        return f"Tree({shape}, codelength {bits} of {self.one_level_codelength:.4f})"

    def _repr_html_(self) -> str:
        modules, shown = self.modules(), 10
        rows = "".join(
            f"<tr><td>{m.path}</td><td>{m.flow:.4f}</td><td>{m.size}</td>"
            f"<td>{escape(', '.join(map(str, m.top)))}</td></tr>"
            for m in modules[:shown]
        )
        more = f"<p>… and {len(modules) - shown} more</p>" if len(modules) > shown else ""
        head = "<tr><th>module</th><th>flow</th><th>nodes</th><th>most visited</th></tr>"
        return f"<p>{escape(repr(self))}</p><table><thead>{head}</thead><tbody>{rows}</tbody></table>{more}"
