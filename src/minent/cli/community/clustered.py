"""Points and texts from files, the clusters they are in as a table, and new ones put into them."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from cyclopts import Parameter

from minent.cli.community.kept import write_table
from minent.cli.inputs import read_texts
from minent.cli.outputs import aside, outputs, to_standard_output
from minent.community.options import Points
from minent.data.tables.columns import TextColumn
from minent.errors import BadInput, require

if TYPE_CHECKING:
    import pandas as pd


class Given(NamedTuple):
    """What a file of points or texts holds: a vector for each, what they are called, and how texts become vectors."""

    vectors: Any
    names: Any
    texts: list[str] | None
    space: Any


def given(path: str, columns: TextColumn | None, model: Path | None, space: Any = None) -> Given:
    """The points of a file, or the texts of one as vectors: by a `model`, or by the words they share, which are those
    of a `space` where texts are to be compared with others."""
    from minent.data.points.vectors import holds_vectors, read_vectors

    if path != "-" and columns is None and holds_vectors(path):
        if model is not None:
            raise BadInput(f"a model turns texts into vectors; {path!r} holds vectors")
        return Given(*read_vectors(path), None, None)
    texts = read_texts(path, columns or TextColumn()).texts
    if model is not None:
        require("torch", "torch", "embed texts by a model")
        from minent.text.embedding import embed

        return Given(embed(texts, model), texts, texts, None)
    from minent.data.texts.words import WordSpace

    space = space or WordSpace.of(texts)
    return Given(space.vectors(texts), texts, texts, space)


def chosen(options: Points | None, found: Given) -> Points:
    """The options, where texts are told by directions."""
    options = options or Points()
    return replace(options, metric="cosine") if options.metric == "auto" and found.texts is not None else options


def cluster_table(tree: Any) -> "pd.DataFrame":
    """A row for each point in the order of the input: its cluster ("2", or "2:1" in a nested tree: as on the screen and
    on the map), and the columns that trees have."""
    import pandas as pd

    from minent.community.tree.files.columns import node_ids

    paths = tree.node_paths
    clusters = [path.rpartition(":")[0] for path in paths]
    flat = tree.depth == 1
    columns = {
        "path": paths,
        "flow": tree.visit,
        "name": list(map(str, tree.node_names)),
        "node_id": node_ids(tree).tolist(),
    }
    return pd.DataFrame({"cluster": list(map(int, clusters)) if flat else clusters, **columns})


def assign(
    new: str,
    /,
    *,
    points: str,
    clusters: Path,
    model: Annotated[Path | None, Parameter(show_default=False)] = None,
    columns: Annotated[TextColumn | None, Parameter(name="*")] = None,
    options: Annotated[Points | None, Parameter(name="*")] = None,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("-"),
) -> None:
    """Put new points or texts into clusters that were found: each where most of its nearest are.

    Parameters
    ----------
    new
        Vectors or texts, as `cluster` reads them.
    points
        What was clustered; --model, --neighbours, --metric and --similarity are to be those of then.
    clusters
        What `cluster` wrote: .tree .ftree .json .csv .parquet.
    model
        Folder of transformers or sentence-transformers that turns texts into vectors; without it, shared words do.
    out
        Where to write a table of names and clusters, in the order of the input: .csv, .parquet, or - for standard
        output. The cluster of what is like none is empty.
    """
    import numpy as np
    import pandas as pd

    if not to_standard_output(out) and out.suffix.lower() not in (".csv", ".parquet"):
        raise BadInput(f"clusters are written as .csv or .parquet, or to standard output; got {out.name!r}")
    wrote = outputs([out], [new, points, clusters])
    from minent.community import Tree
    from minent.community.points.assign import assign as assigned
    from minent.data.networks.neighbours import Neighbourhood

    tree, known = Tree.read(clusters), given(points, columns, model)
    names = list(range(known.vectors.shape[0])) if known.names is None else known.names
    if list(map(str, tree.node_names)) != list(map(str, names)):
        raise BadInput(f"{str(clusters)!r} holds clusters of other points than {points!r}, or in another order")
    fresh = given(new, columns, model, known.space)
    if (fresh.texts is None) != (known.texts is None):
        raise BadInput("texts are put into clusters of texts, vectors into those of vectors; got one of each")
    options = chosen(options, known)
    labels = assigned(Neighbourhood.of(known.vectors, **options.linked), tree.labels, fresh.vectors, options.threads)
    paths = dict(zip(tree.labels.tolist(), (path.rpartition(":")[0] for path in tree.node_paths), strict=True))
    called = range(len(labels)) if fresh.names is None else fresh.names
    kind = "Int64" if tree.depth == 1 else "string"
    column = [
        None if label < 0 else int(paths[label]) if tree.depth == 1 else paths[label] for label in labels.tolist()
    ]
    write_table(out, pd.DataFrame({"name": list(called), "cluster": pd.array(column, dtype=kind)}))
    with aside(out):
        alone = int((labels < 0).sum())
        print(f"{len(labels) - alone:,} of {len(labels):,} in {len(np.unique(labels[labels >= 0])):,} clusters")
        print(f"{alone:,} like none of those that were clustered\n" * bool(alone), end="")
        if not to_standard_output(out):
            print(wrote(out))
