"""Links of files a part at a time: row groups of Parquet, and pieces of text that end with a line. What is read of each
is a table of ends, and perhaps weights, as of a single file."""

import lzma
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from minent.data.bytes import Held, text
from minent.data.networks.folders.progress import Progress
from minent.data.networks.folders.scratch import Scratch
from minent.data.networks.folders.understood import Understood, line_end, unpacked
from minent.data.networks.lines.link_lines import Layout
from minent.data.networks.lines.link_lists import links_of_lines
from minent.data.networks.lines.link_records import WHOLE
from minent.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 1 << 20  # of a table
PIECE = 1 << 24  # bytes of text
Each = Callable[[Callable[..., Any], tuple[Any, ...], Iterable[tuple[Any, ...]]], Iterator[Any]]  # as `in_turn`


class Part(NamedTuple):
    """A part of a file: its name, how many bytes of input it is about, and what reads it."""

    name: str
    size: int
    tables: Callable[[], Iterator["pa.Table"]]


def parts(files: list[Understood]) -> Iterator[Part]:
    """All parts, in their order."""
    for number, one in enumerate(files):
        make = _row_groups if one.layout is None else _pieces
        for k, (size, tables) in enumerate(make(one)):
            yield Part(f"{number:05d}-{k:05d}", size, partial(_named, one, tables))


def undone(
    scratch: Scratch,
    stage: str,
    parts: Iterator[Part],
    progress: Progress,
    each: Each,
    task: Callable[..., Any],
    told: tuple[Any, ...],
) -> Iterator[tuple[Part, Any]]:
    """The parts that a stage has not passed, and what `task` makes of each."""
    waiting: deque[Part] = deque()

    def asked() -> Iterator[tuple[Part]]:
        for part in parts:
            if scratch.has(f"{stage}-{part.name}-done"):
                progress.add(part.size, True)
            else:
                waiting.append(part)
                yield (part,)

    for found in each(task, told, asked()):
        yield waiting.popleft(), found


def in_turn(task: Callable[..., Any], told: tuple[Any, ...], items: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
    """What `task` makes of what is told to all, and of each item; here, one after the other."""
    return (task(*told, *item) for item in items)


def _named(one: Understood, tables: Callable[[], Iterator["pa.Table"]]) -> Iterator["pa.Table"]:
    """The tables; what is wrong with them names the file."""
    from pyarrow import ArrowException

    try:
        yield from tables()
    except (ArrowException, OSError, EOFError, lzma.LZMAError, UnicodeDecodeError) as error:
        kind = "file" if one.layout else "Parquet file"
        raise BadInput(f"{one.file.path!r} is not a whole {kind}: {' '.join(str(error).split())[:200]}") from None


def _row_groups(one: Understood) -> Iterator[tuple[int, Callable[[], Iterator["pa.Table"]]]]:
    from pyarrow import parquet

    wanted = {role: one.fields[place] for role, place in one.roles._asdict().items()
              if role in ("source", "target", "weight") and place is not None}  # fmt: skip

    def tables(group: int) -> Iterator["pa.Table"]:
        import pyarrow as pa

        with one.file.open() as opened:
            found = parquet.ParquetFile(opened, pre_buffer=False)
            columns, row = list(wanted.values()), 0
            for batch in found.iter_batches(ROWS, [group], columns, use_threads=False):
                batch.validate(full=True)
                table = pa.Table.from_batches([batch]).select(columns).rename_columns(list(wanted))
                for role in wanted:
                    if table.column(role).null_count:
                        at = row + table.column(role).is_null().to_pylist().index(True)
                        raise BadInput(
                            f"every link needs a {role}; row {at} of row group {group} of {one.file.path!r} has none"
                        )
                yield table
                row += len(table)

    with one.file.open() as opened:
        groups = parquet.ParquetFile(opened).metadata.num_row_groups
    for group in range(groups):
        yield one.file.size // groups, partial(tables, group)


def _pieces(one: Understood) -> Iterator[tuple[int, Callable[[], Iterator["pa.Table"]]]]:
    layout = one.layout
    assert layout is not None
    with unpacked(one.file) as stream:
        left, line = b"", 1
        while True:
            more = stream.read(PIECE)
            data = left + more
            end = line_end(data) if more else len(data)
            if more and not end:
                left = data
                continue
            left, data = data[end:], data[:end]
            if not data:
                return
            yield len(data), partial(_table, one, data, layout if line == 1 else layout._replace(start=0, line=line))
            line += data.count(b"\n")


def _table(one: Understood, data: bytes, layout: Layout) -> Iterator["pa.Table"]:
    data = text(Held(one.file.path, data), one.plan.encoding).data
    table, plan = links_of_lines(data, replace(one.plan, skipped=()), layout)
    if WHOLE in plan.notes:
        raise BadInput(f"names are written as 1.0 in {one.file.path!r}; in a folder they are integers as 1, or text")
    yield table.select([name for name in table.column_names if name in ("source", "target", "weight")])
