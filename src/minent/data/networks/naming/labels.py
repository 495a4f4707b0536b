"""Labels of nodes as people have them: by the nodes' names or in their order, in a table, or as groups of nodes."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as Group
from typing import Any, NamedTuple

import numpy as np

from minent.errors import BadInput

KEYS = "state", "name", "node"  # columns that say whose label it is, the first that is there
ORDERED = "a label for each node in the network's order, labels by name, or sets of nodes"


class Labels(NamedTuple):
    """A label each, None for none; the name of the node that has it (names=None: they come in the order of the nodes).

    counted    names are only 0, 1, 2, … as pandas counts rows: they count places where they are no names of nodes
    unordered  they come from sets, in no order
    """

    values: list[Any]
    names: list[Any] | None = None
    counted: bool = False
    unordered: bool = False


def labels_of(given: Any, of: str = "module") -> Labels:
    """What `given` says of nodes, called `of` in errors; a label that is a tuple or a list is a path of labels.

    - a mapping, a series of pandas: by name (a series that is only counted: see `Labels`)
    - a table (pandas, polars, pyarrow) with columns as `Tree.to_frame` has them, see `labels_of_columns`
    - sets of nodes: a label for each set
    - any other array or iterable, a partition of igraph or networkit: in the order of the nodes

    Raises BadInput.

    >>> labels_of([{"b"}, {"c"}])
    Labels(values=[0, 1], names=['b', 'c'], counted=False, unordered=True)
    >>> labels_of({"a": 0, "b": float("nan")})
    Labels(values=[0, None], names=['a', 'b'], counted=False, unordered=False)
    """
    if isinstance(given, Mapping):
        return _known(Labels(list(given.values()), list(given)), of)
    if hasattr(given, "columns") or hasattr(given, "column_names"):
        return _of_frame(given, of)
    if hasattr(given, "index") and not callable(given.index):  # a series of pandas
        counted = type(given.index).__name__ == "RangeIndex" and (given.index.start, given.index.step) == (0, 1)
        return _known(Labels(given.astype(object).tolist(), given.index.tolist(), counted), of)
    values = _listed(given, of)
    sets = len(values) > 0 and all(isinstance(value, Group) for value in values)
    return _grouped(values, of) if sets else _known(Labels(values), of)


def _listed(given: Any, of: str) -> list[Any]:
    if isinstance(getattr(given, "membership", None), list):  # igraph
        given = given.membership
    elif hasattr(given, "getVector"):  # networkit
        given = given.getVector()
    for way in ("to_pylist", "to_list"):  # pyarrow, polars
        if hasattr(given, way):
            return getattr(given, way)()
    if hasattr(given, "detach"):
        given = given.detach().cpu()
    if hasattr(given, "__array__"):
        given = np.asarray(given)
        if given.ndim not in (1, 2):
            raise BadInput(f"every node wants one {of}, or a row of them; got labels of shape {given.shape}")
        return [tuple(row) for row in given.tolist()] if given.ndim == 2 else given.tolist()
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise BadInput(f"wanted {ORDERED}; got {given!r}")
    if isinstance(given, Group) and not all(isinstance(one, Group) for one in given):
        raise BadInput(f"wanted {ORDERED}; a set has no order")
    return list(given)


def _known(labels: Labels, of: str) -> Labels:
    """The labels with None for those that are missing, as NaN and NA are. Raises BadInput for what is no label."""
    if set(map(type, labels.values)) <= {int, str}:
        return labels
    values = [tuple(value) if isinstance(value, list) else value for value in labels.values]
    for value in values:
        try:
            hash(value)
        except TypeError:
            groups = "; groups of nodes are sets: list(mapping.values())" if isinstance(value, Group) else ""
            raise BadInput(f"a {of} is a number, text or a tuple; got {value!r}{groups}") from None
    return labels._replace(values=[None if missing(value) else value for value in values])


def missing(label: Any) -> bool:
    """Whether a label is none: None, NaN, or what pandas has in their place.

    >>> missing(None), missing(float("nan")), missing("")
    (True, True, False)
    """
    try:
        return label is None or bool(label != label)
    except TypeError:  # pandas.NA is not even different from itself
        return True
    except ValueError:
        return False


def _grouped(groups: Sequence[Group[Any]], of: str) -> Labels:
    number: dict[Any, int] = {}
    for k, group in enumerate(groups):
        for node in group:
            if number.setdefault(node, k) != k:
                raise BadInput(f"every node wants one {of}; {node!r} is in more than one of the sets")
    return Labels(list(number.values()), list(number), unordered=True)


def _of_frame(frame: Any, of: str) -> Labels:
    if hasattr(frame, "iloc"):  # pandas, whose index may say whose label it is
        columns = {str(name): frame.iloc[:, i].astype(object).tolist() for i, name in enumerate(frame.columns)}
        if not columns.keys() & set(KEYS) and type(frame.index).__name__ != "RangeIndex":
            columns["name"] = frame.index.tolist()
    else:
        import pyarrow as pa

        columns = pa.table(frame).to_pydict()
    return labels_of_columns(columns, of)


def labels_of_columns(columns: Mapping[str, list[Any]], of: str = "module") -> Labels:
    """The labels in a table with columns as `Tree.to_frame`, `memberships` and `stability` write them.

    `name`, or else `node`, is whose label it is (`state`, or `layer` and `name`, of a network of states); the label is
    the modules of `path` ("1:2:1": the first node of module 1:2), or else `module`, or `label`. Raises BadInput.

    >>> labels_of_columns({"node": ["a", "b"], "path": ["1:1", "2:1"]}).values
    [(1,), (2,)]
    """
    key = next((key for key in KEYS if key in columns), None)
    label = next((label for label in ("path", "module", "label") if label in columns), None)
    if key is None or label is None:
        raise BadInput(
            f"a table of labels has a column name or node, and module, path or label, as Tree.to_frame() has them; "
            f"got {', '.join(map(repr, columns))}"
        )
    names = columns[key]
    if "layer" in columns and "name" in columns:
        names = list(zip(columns["layer"], columns["name"], strict=True))
    values = _known(Labels(columns[label]), of).values
    if label == "path":
        values = [None if path is None else _modules(path) for path in values]
        if "module" in columns and _differ(values, columns["module"]):
            raise BadInput("the columns path and module tell different modules; wanted one of them")
    return Labels(values, names)


def _modules(path: Any) -> tuple[int, ...]:
    ranks = str(path).split(":")
    if len(ranks) < 2 or not all(rank.isascii() and rank.isdigit() and int(rank) for rank in ranks):
        raise BadInput(f"a path is modules and the place of the node, numbers from 1, as 1:2:1; got {path!r}")
    return tuple(map(int, ranks[:-1]))


def _differ(ones: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether two labels for each node make different partitions."""
    pairs = set(zip(ones, others, strict=True))
    return not len(pairs) == len(set(ones)) == len(set(others))
