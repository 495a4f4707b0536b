"""What nodes are labelled with, in a file of lines: node, then label."""

from pathlib import Path
from typing import Any

from minent.errors import BadLine


def labels_in(metadata: Path | None, network: Any) -> dict[Any, str] | None:
    """The label of each node that the file names."""
    if metadata is None:
        return None
    from minent.data.bytes import open_text

    names = range(network.number_of_nodes) if network.names is None else network.names.tolist()
    called, labels = {str(name): name for name in names}, {}
    for number, line in enumerate(open_text(metadata).lines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        node, _, label = line.strip().replace("\t", " ", 1).partition(" ")
        if node not in called or not label.strip():
            raise BadLine(f"wanted the name of a node and its label; got {line!r}", metadata, number)
        labels[called[node]] = label.strip()
    return labels
