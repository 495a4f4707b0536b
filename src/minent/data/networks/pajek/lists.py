"""*Arcslist and *Edgeslist, a vertex and those it is linked to on each line; *Matrix, the weights of all links."""

import numpy as np

from minent.data.networks.lines.records import weight_of
from minent.data.networks.pajek.links import Rows, integers
from minent.data.networks.pajek.sections import Section
from minent.data.networks.pajek.vertices import Vertices


def listed(section: Section, wanted: str) -> Rows:
    """The links of *Arcslist or *Edgeslist.

    >>> listed(Section("arcslist", "", b"1 3 5\\n4 1\\n", 1, "a.net"), "numbers").ends.tolist()
    [[1, 3], [1, 5], [4, 1]]
    """
    pairs: list[tuple[int, int]] = []
    for line, text in section.lines():
        words = text.split()
        first, *others = integers(words, 1, wanted, section, line, text)
        pairs += [(first, other) for other in others]
    return Rows(np.array(pairs, np.int64).reshape(len(pairs), 2), np.ones(len(pairs)))


def matrix_of(section: Section, vertices: Vertices, notes: list[str]) -> tuple[str, Rows]:
    """Arcs, or edges where the matrix is symmetric, and the links of *Matrix, of which 0 is none; of a two-mode network
    with a row for each primary vertex and a column for each other. Raises BadLine.

    >>> from minent.data.networks.pajek.vertices import NONE
    >>> said, square = [], NONE._replace(ids=np.array([1, 2]), number=2)
    >>> matrix_of(Section("matrix", "", b"0 3\\n1 0\\n", 1, "a.net"), square, said)[1].weight.tolist()
    [3.0, 1.0]
    """
    count, primaries = len(vertices.ids), vertices.primaries
    rows, columns = (count, count) if primaries is None else (primaries, count - primaries)
    first = 0 if primaries is None else primaries
    values = []
    for line, text in section.lines():
        words = text.split()
        if len(words) != columns:
            raise section.refused(f"a row of *Matrix needs {columns} numbers here; got {len(words)}", line)
        values.append([weight_of(word, "link", section.file, line) for word in words])
    if len(values) != rows:
        raise section.refused(f"*Matrix needs {rows} rows here; got {len(values)}")
    matrix = np.array(values).reshape(rows, columns)
    kind = "edges" if primaries is not None else "arcs"
    if primaries is None and np.array_equal(matrix, matrix.T):
        kind, matrix = "edges", np.triu(matrix)
        notes.append("*Matrix is symmetric: its links are edges")
    source, target = np.nonzero(matrix)
    return kind, Rows(vertices.ids[np.stack([source, first + target], 1)], matrix[source, target])
