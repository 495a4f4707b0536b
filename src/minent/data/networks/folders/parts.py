"""Links of files a part at a time: row groups of Parquet, and pieces of text that end with a line. What is read of each
is a table of ends, and perhaps weights, as of a single file."""

import bz2
import gzip
import lzma
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from minent.data.bytes import PACKED, Held, in_pieces, text
from minent.data.networks.choices import Choices
from minent.data.networks.folders.files import File
from minent.data.networks.formats import binary_format, text_format
from minent.data.networks.lines.columns.names import ends_named
from minent.data.networks.lines.columns.roles import Roles, told
from minent.data.networks.lines.konect import konect_kind
from minent.data.networks.lines.link_lines import Layout, planned
from minent.data.networks.lines.link_lists import links_of_lines
from minent.data.networks.lines.link_records import WHOLE
from minent.data.networks.lines.link_tables import SAMPLE, roles_of
from minent.data.networks.lines.matrix_names import is_matrix
from minent.data.networks.plan import Plan
from minent.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 1 << 20  # of a table
PIECE = 1 << 24  # bytes of text
HEAD = 1 << 20  # bytes of a file, by which it is understood


class Part(NamedTuple):
    """A part of a file: its name, how many bytes of input it is about, and what reads it."""

    name: str
    size: int
    tables: Callable[[], Iterator["pa.Table"]]


class Understood(NamedTuple):
    """A file, how it is read, and, of text, in what layout."""

    file: File
    plan: Plan
    roles: Roles
    layout: Layout | None
    directed: bool | None
    fields: list[str]


def understood(file: File, choices: Choices) -> Understood | None:
    """How a file of links is to be read, as far as its beginning tells; None where it holds none.

    Raises BadInput for another file, naming it."""
    from pyarrow import ArrowException

    try:
        with _unpacked(file) as stream:
            head = stream.read(HEAD)
        if head[:4] == b"PAR1":
            return _of_parquet(file, choices)
        if not head.strip():
            return None
        return _of_text(file, head, choices)
    except (ArrowException, OSError, EOFError, lzma.LZMAError) as error:
        raise BadInput(f"{file.path!r} cannot be read: {' '.join(str(error).split())[:200]}") from None


def _of_parquet(file: File, choices: Choices) -> Understood | None:
    import pyarrow as pa
    from pyarrow import parquet

    with file.open() as opened:
        found = parquet.ParquetFile(opened)
        schema, rows = found.schema_arrow, found.metadata.num_rows
        first = pa.Table.from_batches([next(found.iter_batches(SAMPLE))], schema) if rows else schema.empty_table()
    if not rows:
        return None
    names = [str(name) for name in schema.names]
    try:
        roles = roles_of(first, choices)
    except BadInput as error:
        raise BadInput(f"{error} in {file.path!r}") from None
    plan = Plan(file.path, "parquet", header=True, **told(names, roles))
    return Understood(file, plan, roles, None, None, names)


def _of_text(file: File, head: bytes, choices: Choices) -> Understood | None:
    if binary_format(Held(file.path, head)) or not in_pieces(head):
        raise BadInput(f"{file.path!r} is no Parquet nor lines of links in UTF-8; a folder holds links in one of these")
    if len(head) >= HEAD:
        head = head[: _line_end(head)]
    data, encoding, newline = text(Held(file.path, head), choices.encoding)
    if (kind := text_format(data, file.path)) != "lines" or is_matrix(data, file.path, choices):
        raise BadInput(f"{file.path!r} is {'a matrix' if kind == 'lines' else kind}; a folder holds links, one a line")
    if (konect := konect_kind(data)) == "bip":
        raise BadInput(f"{file.path!r} is bipartite (% bip): it is read alone, into memory")
    plan = Plan(file.path, "lines", encoding=encoding, newline=newline)
    if data.strip().count(b"\n") == 0 and choices.header is not False and _names_columns(data):
        return None
    plan, layout = planned(data, plan, choices)
    return Understood(file, plan, layout.roles, layout, True if konect == "asym" else None, [])


def _names_columns(line: bytes) -> bool:
    """Whether a line alone is a header: its first words are known names of ends."""
    return ends_named([word.strip(' "') for word in re.split("[\t,;]", line.decode().strip())]) is not None


def agreed(files: list[Understood]) -> Understood:
    """The first of files that hold the same columns. Raises BadInput, naming one that does not."""
    first = files[0]
    for other in files[1:]:
        if (first.layout is None) != (other.layout is None):
            raise BadInput(
                f"links are all in Parquet or all in lines; {other.file.path!r} and {first.file.path!r} differ"
            )
        if first.layout is None:
            same = _columns(first) == _columns(other)
        else:
            same = other.roles[:5] == first.roles[:5] and other.plan.delimiter == first.plan.delimiter
        if not same:
            raise BadInput(
                f"files of links have the same columns; {other.file.path!r} has {other.plan} "
                f"and {first.file.path!r} has {first.plan}"
            )
    return first


def _columns(one: Understood) -> tuple[str, ...]:
    return one.plan.source, one.plan.target, one.plan.weight, one.plan.layer


def parts(files: list[Understood]) -> Iterator[Part]:
    """All parts, in their order."""
    for number, one in enumerate(files):
        make = _row_groups if one.layout is None else _pieces
        for k, (size, tables) in enumerate(make(one)):
            yield Part(f"{number:05d}-{k:05d}", size, partial(_named, one, tables))


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
    with _unpacked(one.file) as stream:
        left, line = b"", 1
        while True:
            more = stream.read(PIECE)
            data = left + more
            end = _line_end(data) if more else len(data)
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


def _line_end(data: bytes) -> int:
    """Where the last whole line ends, outside of quotes where these tell; 0 where none does."""
    end = max(data.rfind(b"\n"), data.rfind(b"\r") if b"\n" not in data else -1) + 1
    if b'"' in data and data.count(b'"', 0, end) % 2:
        for _ in range(100):
            before = data.rfind(b"\n", 0, max(end - 1, 0)) + 1
            if not before:
                break
            end = before
            if data.count(b'"', 0, end) % 2 == 0:
                break
    return end


def _unpacked(file: File) -> Any:
    """What a file holds, unpacked as it is read."""
    opened = file.open()
    begins = opened.read(16)
    opened.seek(0)
    packed = next((kind for kind, mark in PACKED.items() if re.match(mark, begins)), "")
    if packed == "zst":
        import pyarrow as pa

        return pa.CompressedInputStream(opened, "zstd")
    if packed:
        return {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}[packed](opened)
    return opened
