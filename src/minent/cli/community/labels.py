"""What nodes are labelled with: --metadata."""

from pathlib import Path
from typing import Any


def labels_in(metadata: Path | None, network: Any) -> dict[Any, str] | None:
    """The label of each node that the file names."""
    if metadata is None:
        return None
    from minent.data.networks.lines.attributes import read_attributes

    return read_attributes(
        metadata, range(network.number_of_nodes) if network.names is None else network.names.tolist()
    )
