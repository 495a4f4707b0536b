"""Pairs of texts, a source and the target it should become: tables, JSON lines, Parquet, or two parallel files."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from minent.data.bytes import open_text
from minent.data.tables.rows import Row, rows_of
from minent.errors import BadInput, BadLine


@dataclass(frozen=True)
class Pairs:
    """Texts, and beside each the text it should become."""

    sources: list[str]
    targets: list[str]

    def __len__(self) -> int:
        return len(self.sources)

    def at(self, places: Iterable[int]) -> "Pairs":
        """Those pairs, in that order."""
        places = list(places)
        return Pairs([self.sources[i] for i in places], [self.targets[i] for i in places])


def read_pairs(
    path: str | os.PathLike[str] | Any,
    target: str | os.PathLike[str] | Any = None,
    *,
    source: str = "source",
    target_column: str = "target",
) -> Pairs:
    """The pairs in one file, or in two parallel ones; `source` and `target_column` name the columns of a table.

    .csv              the first line names the columns; fields that hold commas, quotes or newlines are quoted
    .jsonl .ndjson    one object a line
    .parquet          a table
    any other, "-" or an open binary file: lines source<TAB>target, quotes are text; where both columns are named in
                      the first line, that line is a header, and there may be more columns
    path and target   two files with one text a line: line n of `target` belongs to line n of `path`

    UTF-8; files of lines may be gzipped; lines that are blank (on both sides) are passed over. Texts stay as they are.
    Raises BadInput, BadLine for a line at fault.

    >>> import io
    >>> read_pairs(io.BytesIO("Hi.\\t你好。\\nThanks!\\t谢谢！\\n".encode()))
    Pairs(sources=['Hi.', 'Thanks!'], targets=['你好。', '谢谢！'])
    """
    if source == target_column:
        raise BadInput(f"source and target must be two columns; got {source!r} for both")
    file = open_text(path)
    if target is None:
        rows = rows_of(file, [source, target_column], header=all)
    else:
        other = open_text(target)
        lines, others = file.lines(), other.lines()
        if len(lines) != len(others):
            raise BadInput(
                f"parallel files must have as many lines as one another; got {len(lines)} in {str(file.name)!r} "
                f"and {len(others)} in {str(other.name)!r}"
            )
        rows = (
            Row({source: a, target_column: b}, partial(BadLine, file=other.name if a.strip() else file.name, line=n))
            for n, (a, b) in enumerate(zip(lines, others, strict=True), 1) if a.strip() or b.strip()
        )  # fmt: skip
    pairs = Pairs([], [])
    for row in rows:
        pairs.sources.append(row.text(source))
        pairs.targets.append(row.text(target_column))
    if not pairs.sources:
        raise BadInput(f"there are no pairs in {str(file.name)!r}")
    return pairs


def held_out(pairs: Pairs, share: float, seed: int = 1) -> tuple[Pairs, Pairs]:
    """The pairs to learn from, and a share of them, drawn, to judge by; both in their order."""
    held = np.zeros(len(pairs), bool)
    held[np.random.default_rng(seed).permutation(len(pairs))[: max(1, int(share * len(pairs)))]] = True
    return pairs.at(np.flatnonzero(~held).tolist()), pairs.at(np.flatnonzero(held).tolist())
