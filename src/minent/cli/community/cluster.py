"""`minent community cluster`: clusters of points and texts from the command line."""

import time
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from minent.cli.community.kept import check, keep, kept
from minent.cli.inputs import named, read_texts
from minent.cli.outputs import aside, outputs
from minent.community.options import Points
from minent.data.tables.columns import TextColumn
from minent.errors import BadInput, require


def cluster(
    points: str,
    /,
    *,
    model: Annotated[Path | None, Parameter(show_default=False)] = None,
    columns: Annotated[TextColumn | None, Parameter(name="*")] = None,
    options: Annotated[Points | None, Parameter(name="*")] = None,
    output: Annotated[tuple[Path, ...], Parameter(name=["--output", "-o"], negative="", show_default=False)] = (),
    map: Path | None = None,
) -> None:
    """Find clusters of vectors or texts, and how many there are.

    Parameters
    ----------
    points
        Vectors (.npy, .parquet), or texts: one a line, or a column of them (.tsv, .csv, .jsonl, .json, .parquet), in
        one file, or in several by a pattern or a folder; - reads lines.
    model
        Folder of transformers or sentence-transformers that turns texts into vectors; without it, shared words do.
    output
        Where to write the tree: .tree .ftree .clu .json .csv .parquet .nwk; may be given again; - for standard output.
    map
        Where to write an interactive map, one HTML page; - for standard output.
    """
    from minent.cli.terminal import progress, summary

    check(output)
    wrote = outputs((*output, map), [points])
    options = options or Points()
    with progress() as say:
        say(f"reading {points}")
        from minent.community.points.cluster import clustered
        from minent.community.points.telling import module_words
        from minent.data.networks.neighbours import neighbour_graph
        from minent.data.points.vectors import holds_vectors, read_vectors

        start = time.perf_counter()
        if points != "-" and columns is None and holds_vectors(points):
            if model is not None:
                raise BadInput(f"a model turns texts into vectors; {points!r} holds vectors")
            (vectors, names), texts = read_vectors(points), None
        else:
            texts = names = read_texts(points, columns or TextColumn()).texts
            say(f"embedding {len(texts):,} texts")
            vectors = embedded(texts, model)
        embedding = time.perf_counter()
        say(f"linking {len(vectors):,} points")
        network = neighbour_graph(vectors, names=names, **options.linked)
        link = time.perf_counter()
        say(f"searching {network.number_of_nodes:,} points and {network.number_of_links:,} links")
        tree = clustered(network, options)
        searched = time.perf_counter()
        called = None if texts is None else module_words(texts, tree)
        keep(say, tree, output, map, network, title=named(points), called=called)
    spent = embedding - start, link - embedding, searched - link
    with aside(*output, map):
        summary(network, tree, called=called)
        print("read in {:.2f} s, linked in {:.2f} s, searched in {:.2f} s".format(*spent))
        kept(wrote, *output, map=map)


def embedded(texts: list[str], model: Path | None) -> Any:
    """A vector for each text."""
    if model is None:
        from minent.data.texts.words import text_vectors

        return text_vectors(texts)
    require("torch", "torch", "embed texts by a model")
    from minent.text.embedding import embed

    return embed(texts, model)
