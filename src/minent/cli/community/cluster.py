"""`minent community cluster`: clusters of points and texts from the command line."""

import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from minent.cli.community.clustered import chosen, cluster_table, given
from minent.cli.community.kept import check, check_map, keep, kept, names_of, write_table
from minent.cli.inputs import named
from minent.cli.outputs import aside, outputs, to_standard_output
from minent.community.options import Points
from minent.data.tables.columns import TextColumn


def cluster(
    points: str,
    /,
    *,
    model: Annotated[Path | None, Parameter(show_default=False)] = None,
    columns: Annotated[TextColumn | None, Parameter(name="*")] = None,
    options: Annotated[Points | None, Parameter(name="*")] = None,
    out: Annotated[tuple[Path, ...], Parameter(name=["--out", "-o"], negative="", show_default=False)] = (),
    map: Path | None = None,
    names: Annotated[Path | None, Parameter(show_default=False)] = None,
) -> None:
    """Find clusters of vectors or texts, and how many there are.

    Parameters
    ----------
    points
        Vectors (.npy, .npz of scipy, .parquet, .csv of numbers), or texts: one a line, or a column of them (.tsv, .csv,
        .jsonl, .json, .parquet), in one file, or in several by a pattern or a folder; - reads lines.
    model
        Folder of transformers or sentence-transformers that turns texts into vectors; without it, shared words do.
    out
        Where to write the clusters: .csv .parquet (a row for each point, in the order of the input, with its cluster),
        .tree .ftree .clu .json .nwk; may be given again; - for standard output. Clusters are numbered from 1, the most
        visited first, in files, on the screen and on the map.
    map
        Where to write an interactive map, one HTML page (.html; - for standard output), or a picture: .svg .png .pdf.
    names
        Names of modules for the map, by their paths: .json, as the page keeps them, or .csv of path and name.
    """
    from minent.cli.terminal import progress, summary

    check(out)
    wrote = outputs((*out, map), [points, names])
    check_map(map)
    names_given = names_of(names, map)
    with progress() as say:
        say(f"reading {points}")
        from minent.community.points.cluster import clustered
        from minent.community.points.telling import module_words
        from minent.data.networks.neighbours import Neighbourhood

        start = time.perf_counter()
        found = given(points, columns, model)
        options = chosen(options, found)
        read = time.perf_counter()
        say(f"linking {found.vectors.shape[0]:,} points")
        known = Neighbourhood.of(found.vectors, **options.linked)
        network = known.graph(options.undirected, found.names)
        link = time.perf_counter()
        say(f"searching {network.number_of_nodes:,} points and {network.number_of_links:,} links")
        tree = clustered(network, options, known.place)
        searched = time.perf_counter()
        called = None if found.texts is None else module_words(found.texts, tree)
        tables = [path for path in out if not to_standard_output(path) and path.suffix.lower() in (".csv", ".parquet")]
        for path in tables:
            write_table(path, cluster_table(tree))
        others = tuple(path for path in out if path not in tables)
        keep(say, tree, others, map, network, names_given, called, title=named(points))
    spent = read - start, link - read, searched - link
    with aside(*out, map):
        summary(network, tree, called=called)
        print("read in {:.2f} s, linked in {:.2f} s, searched in {:.2f} s".format(*spent))
        kept(wrote, *out, map=map)
