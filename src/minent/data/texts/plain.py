"""Texts as they are, in no table: one a line, or one a file."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from pathlib import Path

from minent.data.natural import natural
from minent.data.tables.files import kind
from minent.data.tables.json_rows import first_object
from minent.data.tables.plan import Seen
from minent.data.tables.row import Row, column
from minent.data.tables.rows import KINDS
from minent.data.tables.table import Numbered, Table, gathered
from minent.data.text_file import TextFile, open_text
from minent.errors import BadInput, BadLine


def one_a_line(file: TextFile, name: str) -> bool:
    """Whether a file holds a text a line, not JSON lines; in .txt these have a field of that name."""
    first = first_object(file.first)
    return first is None or (file.kind == ".txt" and column(name, list(first)) is None)


def text_lines(files: Sequence[TextFile], skip_bad: int, folder: Path | None = None) -> Table:
    """The texts of files that hold one a line; blank lines are passed over. With a `folder` they lie there (see
    `gathered`). Raises BadLine."""
    seen = Seen(roles={"text": "text"}, said=["one text a line"])
    if first_object(files[0].first) is not None:
        seen.say("the first is a JSON object, and taken as text")

    def rows() -> Numbered:
        for file in files:
            seen.encoding = file.found
            seen.starts.append(seen.rows)
            for number, line in enumerate(file.lines(), 1):
                if line.strip():
                    yield seen.rows, Row({"text": line}, partial(BadLine, file=file.name, line=number))
                else:
                    seen.blank += 1
                seen.rows += 1

    table = gathered(rows(), files, seen, skip_bad, folder, "lines")
    return replace(table, plan=replace(table.plan, columns={}))


def text_files(folder: Path, labelled: bool, encoding: str | None, skip_bad: int, place: Path | None = None) -> Table:
    """A text a file, a folder for each label; what is hidden is passed over, and what is no .txt is told. With a
    `place` they lie there (see `gathered`)."""
    found = [one for one in folder.glob("*/*") if one.is_file() and "." not in (one.name[0], one.parent.name[0])]
    files = sorted((file for file in found if file.suffix.lower() == ".txt"), key=natural)
    if not files:
        deeper = [*folder.glob("*/*/*.txt"), *(file for file in found if kind(file) in KINDS)]
        inner = next((str(folder / file.relative_to(folder).parts[0]) for file in deeper), None)
        hint = f"; name a folder in it, such as {inner!r}" if inner else ""
        wanted = "must hold tables, or one folder for each label with .txt files in it; there are none"
        raise BadInput(f"{str(folder)!r} {wanted}{hint}")
    seen = Seen(roles={"label": "label", "text": "text"} if labelled else {"text": "text"}, said=["a text a file"])
    seen.rows = len(files)
    if len(found) > len(files):
        seen.say(f"passed over {len(found) - len(files):,} other files")

    def rows() -> Numbered:
        for number, file in enumerate(files):
            fault = partial(_in_file, file=file)
            try:
                text = open_text(file, encoding, lenient=skip_bad > 0).decoded[0]
                yield number, Row({"label": file.parent.name, "text": text}, fault)
            except BadInput as error:
                yield number, error

    told = [] if place is None else [(file.parent.name, file.name, _digest(file)) for file in files]
    table = gathered(rows(), [], seen, skip_bad, place, ("files", labelled, encoding, told))
    return replace(table, plan=replace(table.plan, files=(str(folder),), columns={}, passed_over=()))


def _digest(file: Path) -> str:
    """What tells what a file holds; why it cannot be read."""
    try:
        return blake2b(file.read_bytes(), digest_size=16).hexdigest()
    except OSError as error:
        return str(error)


def _in_file(problem: str, file: Path) -> BadInput:
    return BadInput(f"{problem} in {str(file)!r}")
