"""Layers follow one another as numbers, dates and ordered categories do; words tell no order."""

import io

import numpy as np
import pandas as pd
import polars as pl
import pytest

from minent.data import as_graph, layered, read_graph
from minent.data.networks.layers.order import order_of
from minent.errors import BadInput


@pytest.mark.parametrize("given, order", [
    (["10.5", "9.5", "11.5"], ["9.5", "10.5", "11.5"]),
    ([10.5, 9.5, 11], [9.5, 10.5, 11]),
    (["2024-1-10", "2024-1-9", "2023-12-31"], ["2023-12-31", "2024-1-9", "2024-1-10"]),
    (["2024-Q2", "2023-Q4"], ["2023-Q4", "2024-Q2"]),
    (["day 10", "day 9"], ["day 9", "day 10"]),
    (["10:00:01.5", "10:00:01.25"], ["10:00:01.25", "10:00:01.5"]),
    (["-1", "-2"], ["-2", "-1"]),
    (["1,5", "1,25", "10"], ["1,25", "1,5", "10"]),
    (pd.Categorical(["high", "low"], ["low", "high"], ordered=True), ["low", "high"]),
    (pd.Series(pd.Categorical(["high", "low"], ["low", "mid", "high"], ordered=True)), ["low", "high"]),
    (np.array(["2024-01-05", "2024-01-03"], "M8[ns]"), ["2024-01-03", "2024-01-05"]),
    ([pd.Timestamp("2024-01-05 10:00:00.5"), pd.Timestamp("2024-01-05 10:00")],
     ["2024-01-05T10:00:00", "2024-01-05T10:00:00.500000"]),
])  # fmt: skip
def test_layers_are_in_their_order(given, order):
    found = order_of(given)
    assert (found.layers, found.words) == (order, False)


@pytest.mark.parametrize("given", [
    ["mon", "tue"], ["3.10.2024", "4.9.2024"], ["2024-01-01T10:00+01:00", "2024-01-01T10:00+02:00"], ["nan", "1"],
    pd.Categorical(["high", "low"]), ["a1", "b2"],
])  # fmt: skip
def test_where_words_tell_no_order_a_limit_is_refused(given):
    assert order_of(given).words
    network = layered([1, 2], [2, 3], given)
    assert "layers in the order" in str(network.plan)
    for limit in ("relax_limit", "relax_limit_up", "relax_limit_down"):
        with pytest.raises(BadInput, match=f"{limit} counts layers in their order, which words do not tell"):
            layered([1, 2], [2, 3], given, **{limit: 1})


def steps(network, source, target):
    """Whether a walk goes from a node in a layer to another layer."""
    names = network.names.tolist()
    return any(names[a][0] == source and names[b][0] == target for a, b in zip(*network.links()[:2], strict=True))


def test_limits_count_numbers_in_text_as_numbers():
    text = b"u,v,when\na,b,9.5\na,c,10.5\na,d,11.5\n"
    network = read_graph(io.BytesIO(text), layer="when", relax_limit=1)
    assert steps(network, 9.5, 10.5) and not steps(network, 9.5, 11.5)
    assert str(network.plan) == "source=u, target=v, layer=when; layers in the order 9.5, 10.5, 11.5"


def test_ordered_categories_of_tables_keep_their_order():
    sizes = ["low", "mid", "high"]
    frame = pd.DataFrame({"u": list("aaa"), "v": list("bcd"), "s": pd.Categorical(sizes, sizes, ordered=True)})
    other = pl.DataFrame({"u": list("aaa"), "v": list("bcd"), "s": pl.Series(sizes, dtype=pl.Enum(sizes))})
    for table in (frame, other):
        network = as_graph(table, layer="s")
        assert list(dict.fromkeys(layer for layer, _ in network.names.tolist())) == sizes
    limited = as_graph(frame, layer="s", relax_limit=1)
    assert steps(limited, "low", "mid") and not steps(limited, "low", "high")


def test_layers_have_a_plan():
    assert str(layered([1, 2], [2, 3], [1, 2]).plan) == "object"
    assert str(layered([1, 2], [2, 3], [0.5, 1.5]).plan) == "object; layers in the order 0.5, 1.5"


def test_categories_of_polars_are_names():
    frame = pl.DataFrame(
        {"source": list("aab"), "target": list("bcd")}, schema={name: pl.Categorical for name in ("source", "target")}
    )
    assert as_graph(frame).names.tolist() == list("abcd") and as_graph(frame).number_of_links == 3


def test_numbers_with_commas_that_may_be_thousands_tell_no_order():
    assert order_of(["1,234", "2"]).words


LAYERS = {
    "*Intra\n1 1 2 1\n2 1 2 1\n*Inter\n1 1 2 1\n": "along links between layers",
    "*Multilayer\n1 1 2 1 1\n": "along links of \\*Multilayer",
}


@pytest.mark.parametrize("text", LAYERS)
def test_relaxing_is_refused_where_links_join_layers(text):
    assert read_graph(io.BytesIO(text.encode())).number_of_nodes > 1
    with pytest.raises(BadInput, match=LAYERS[text]):
        read_graph(io.BytesIO(text.encode()), relax_rate=0.5)
