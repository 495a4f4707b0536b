"""How the files of a folder hold links, as far as their beginnings tell: Parquet by its columns, text by its first
lines; all of them alike."""

import bz2
import gzip
import lzma
import re
from typing import Any, NamedTuple

from minent.data.bytes import PACKED, Held, in_pieces, text
from minent.data.networks.choices import Choices
from minent.data.networks.folders.files import File
from minent.data.networks.formats import binary_format, text_format
from minent.data.networks.lines.columns.names import ends_named
from minent.data.networks.lines.columns.roles import Roles, told
from minent.data.networks.lines.konect import konect_kind
from minent.data.networks.lines.link_lines import Layout, planned
from minent.data.networks.lines.link_tables import SAMPLE, roles_of
from minent.data.networks.lines.matrix_names import is_matrix
from minent.data.networks.plan import Plan
from minent.errors import BadInput

HEAD = 1 << 20  # bytes of a file, by which it is understood


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
        with unpacked(file) as stream:
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
        head = head[: line_end(head)]
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
            ours, theirs = first.plan.delimiter, other.plan.delimiter
            apart = "" if ours == theirs else f", divided by {theirs!r} and by {ours!r}"
            raise BadInput(
                f"files of links have the same columns; {other.file.path!r} has {other.plan} "
                f"and {first.file.path!r} has {first.plan}{apart}"
            )
    return first


def _columns(one: Understood) -> tuple[str, ...]:
    return one.plan.source, one.plan.target, one.plan.weight, one.plan.layer


def line_end(data: bytes) -> int:
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


def unpacked(file: File) -> Any:
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
