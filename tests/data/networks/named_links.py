"""Networks read from text, and their links by name, as tests of readers look at them."""

import io

from minent.data import read_graph


def read(text, **said):
    return read_graph(io.BytesIO(text if isinstance(text, bytes) else text.encode()), **said)


def links(network):
    names = list(range(network.number_of_nodes)) if network.names is None else network.names.tolist()
    source, target, weight = network.links()
    weight = [1.0] * len(source) if weight is None else weight.tolist()
    return {(names[a], names[b]): w for a, b, w in zip(source.tolist(), target.tolist(), weight, strict=True)}
