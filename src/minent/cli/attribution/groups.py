"""`minent attribution groups`."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from minent.cli.attribution.asked import Folder, Options, at_least_one, explained, told
from minent.cli.attribution.recorded import Explaining, opened
from minent.cli.community.kept import check, keep, kept
from minent.cli.outputs import aside, outputs
from minent.cli.processes import speaks


def groups(
    run: Folder,
    /,
    *,
    options: Options = None,
    neighbours: int = 10,
    seed: int = 1,
    out: Annotated[tuple[Path, ...], Parameter(name=["--out", "-o"], negative="", show_default=False)] = (),
) -> None:
    """Find groups of training examples that teach the same thing: modules of the network of like contributions.

    Parameters
    ----------
    neighbours
        How many examples each is linked to.
    seed
        The same seed finds the same groups.
    out
        Where to write the tree: .tree .ftree .clu .json .csv .parquet .nwk; may be given again; - for standard output.
    """
    at_least_one("neighbours", neighbours)
    check(out)
    options = options or Explaining()
    wrote = outputs(out, [options.train])
    recorded = opened(run, options)
    import numpy as np

    from minent import community
    from minent.cli.terminal import summary

    parts = explained(recorded, recorded.there(recorded.train[0]), options)
    if not speaks():
        return
    network = replace(parts.graph(neighbours), names=np.array(recorded.rows))
    tree = community.find(network, seed=seed)
    keep(lambda _: None, tree, out, None, network)
    with aside(*out):
        summary(network, tree, called=_labels(tree, recorded.taught), heading="taught as (how many)")
        kept(wrote, *out)
    told(parts)


def _labels(tree: Any, taught: list[str]) -> list[list[str]]:
    """The commonest labels of each top module, and how many examples have them."""
    counts = [Counter[str]() for _ in tree.parent]
    for module, label in zip(tree.ancestors(1)[tree.module].tolist(), taught, strict=True):
        counts[module][label] += 1
    return [[f"{label} ({count})" for label, count in one.most_common(5)] for one in counts]
