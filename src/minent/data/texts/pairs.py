"""Pairs of texts, a source and the target it should become: tables, JSON lines, Parquet, or two parallel files."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.data.tables.plan import Seen, TablePlan
from minent.data.tables.row import Row
from minent.data.tables.table import Numbered, Table, gathered, opened, read_table
from minent.data.tables.texts import chosen, grouped
from minent.data.text_file import TextFile, open_text
from minent.errors import BadInput, BadLine


@dataclass(frozen=True)
class Pairs:
    """Texts, and beside each the text it should become; the number of each in what was read, and how that was."""

    sources: Sequence[str]
    targets: Sequence[str]
    rows: Sequence[int] | Int[np.ndarray, " rows"] | None = None
    """Of each its row, from 0, over all files, header and blank lines not counted; of lines the number of the line."""

    plan: TablePlan | None = None

    def __len__(self) -> int:
        return len(self.sources)

    def at(self, places: Iterable[int] | Int[np.ndarray, " those"]) -> "Pairs":
        """Those pairs, in that order."""
        wanted = np.fromiter(places, np.int64)
        rows = range(len(self)) if self.rows is None else self.rows
        return Pairs(chosen(self.sources, wanted), chosen(self.targets, wanted), chosen(rows, wanted), self.plan)


def read_pairs(
    path: str | os.PathLike[str] | Any,
    targets: str | os.PathLike[str] | Any = None,
    *,
    source: str = "source",
    target: str = "target",
    encoding: str | None = None,
    skip_bad: int = 0,
    folder: str | os.PathLike[str] | None = None,
) -> Pairs:
    """The pairs in a file, in several (a list, a pattern such as "train-*.parquet", a folder of shards), or in two
    parallel ones. `source` and `target` name columns, or say their numbers from 1; of nested ones, translation.en.

    .csv              the first line names the columns; fields that hold commas, quotes or newlines are quoted
    .jsonl .ndjson    one object a line; .json: that, or an array of objects
    .parquet          a table
    any other, "-" or an open binary file: JSON lines where the first is an object, else source<TAB>target, quotes are
                      text; where both columns are named in the first line, that is a header, and there may be more
    path and targets  two files with one text a line: line n of `targets` belongs to line n of `path`

    Text is UTF-8, UTF-16 by its mark, GB18030 where it can be nothing else, or what `encoding` says; files may be
    packed. Lines that are blank (on both sides) are passed over. Texts stay as they are. As many as `skip_bad` bad rows
    are left out, and told in the plan. With a `folder` texts lie there, and with them what is made of them to train on:
    only what is looked at comes to memory. Who reads the same again, or another process, finds them there. Raises
    BadInput, BadLine for a line at fault.

    >>> import io
    >>> pairs = read_pairs(io.BytesIO("Hi.\\t你好。\\nThanks!\\t谢谢！\\n".encode()))
    >>> pairs.sources, pairs.targets, str(pairs.plan)
    (['Hi.', 'Thanks!'], ['你好。', '谢谢！'], 'source=source, target=target; no header')
    """
    if source == target:
        raise BadInput(f"source and target must be two columns; got {source!r} for both")
    place = None if folder is None else Path(folder)
    if targets is None:
        roles = {"source": source, "target": target}
        table = read_table(
            opened(path, encoding, lenient=skip_bad > 0), roles, header=all, skip_bad=skip_bad, folder=place
        )
    else:
        file, other = (open_text(one, encoding, lenient=skip_bad > 0) for one in (path, targets))
        table = _parallel(file, other, skip_bad, place)
    if not len(table.rows):
        raise table.plan.nothing("pairs")
    return Pairs(table.texts["source"], table.texts["target"], table.rows, table.plan)


def _parallel(file: TextFile, other: TextFile, skip_bad: int, folder: Path | None) -> Table:
    lines, others = (sum(1 for _ in one.lines()) for one in (file, other))
    if lines != others:
        raise BadInput(
            f"parallel files must have as many lines as one another; got {lines} in {str(file.name)!r} "
            f"and {others} in {str(other.name)!r}"
        )
    seen = Seen(encoding=file.found, roles={"source": "source", "target": "target"}, rows=lines)

    def rows() -> Numbered:
        for n, (a, b) in enumerate(zip(file.lines(), other.lines(), strict=True)):
            if a.strip() or b.strip():
                fault = partial(BadLine, file=other.name if a.strip() else file.name, line=n + 1)
                yield n, Row({"source": a, "target": b}, fault)
            else:
                seen.blank += 1

    return gathered(rows(), (file, other), seen, skip_bad, folder, "parallel")


def held_out(pairs: Pairs, share: float, seed: int = 1) -> tuple[Pairs, Pairs]:
    """The pairs to learn from, and a share of them, drawn, to judge by; both in their order. Pairs of one source stand
    together on one side. Raises BadInput where all have the same."""
    group = grouped(pairs.sources)
    if (sources := int(group.max(initial=-1)) + 1) < 2:
        raise BadInput("pairs are held out by their sources, and there is one only; say what to judge by")
    order, sizes = np.random.default_rng(seed).permutation(sources), np.bincount(group)
    wanted = max(1, int(share * len(pairs)))
    order = order[np.argsort(np.maximum(sizes[order], wanted), kind="stable")]  # sources beyond the share come last
    so_many = np.cumsum(sizes[order])
    held = np.isin(group, order[: max(1, np.searchsorted(so_many, wanted, side="right"))])
    return pairs.at(np.flatnonzero(~held)), pairs.at(np.flatnonzero(held))
