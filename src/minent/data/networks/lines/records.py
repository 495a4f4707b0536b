"""Lines as records of fields: what divides them, what is quoted, and what is a remark."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from minent.errors import BadLine

COMMENTS = "#%"
DELIMITERS = "\t;,|"
OPEN = re.compile(rb'(?:^|[,;\t|]) *("(?:[^"]++|"")*+)\Z')
SPAN = re.compile(rb'"(?:[^"]++|"")*+"(?= *(?:[,;\t|\n]|\Z))')
QUOTED = re.compile(r'(?<![^\t;,| ])"(?:[^"]++|"")*+"(?![^\t;,| ])')
BLANK = re.compile(r'[ \t]*(?:"((?:[^"]++|"")*+)"(?=[ \t]|\Z)|([^ \t]+))')
DECIMAL_COMMAS = re.compile(r"\s*(?:[^\s,]+\s+){2,}[+-]?\d+,\d+\s*")
Fields = list[str | None]  # None: nothing stands there; "" was quoted


class Record(NamedTuple):
    """A line, or more where a quoted field holds newlines: its number, its bytes' place, and its text."""

    line: int
    start: int
    text: str


def records(data: bytes, start: int = 0, line: int = 1) -> Iterator[Record]:
    r"""The records that are not blank, from a place on which line `line` begins.

    >>> [record.text for record in records(b'a,"b\nc"\n\nd,e')]
    ['a,"b\nc"', 'd,e']
    """
    quotes = b'"' in data
    while start < len(data):
        end = _line_end(data, start)
        if quotes:
            end = _record_end(data, start, end)
        raw = data[start:end]
        if raw.strip():
            yield Record(line, start, raw.decode())
        line += 1 + raw.count(b"\n")
        start = end + 1


def _line_end(data: bytes, start: int) -> int:
    end = data.find(b"\n", start)
    return len(data) if end < 0 else end


def _record_end(data: bytes, start: int, end: int) -> int:
    """Where the record ends whose first line does at `end`."""
    tail = start
    while data.count(b'"', tail, end) % 2 and (opened := OPEN.search(data[tail:end])):
        place = tail + opened.start(1)
        span = SPAN.match(data, place)
        if not span or not re.search(rb"[,;\t|]", data[start:place] + data[span.end() : span.end() + 2]):
            break
        tail, end = span.end(), _line_end(data, span.end())
    return end


def is_comment(text: str, head: bool, chosen: str | None) -> bool:
    """Whether a line is a remark: a mark and a blank, a mark alone, or, at the head of a file, a mark."""
    text = text.lstrip(" \t")
    if chosen is not None:
        return bool(chosen) and text.startswith(chosen)
    if text[:1] not in COMMENTS:
        return False
    return head or text.lstrip(text[0])[:1] in ("", " ", "\t")


def split(text: str, delimiter: str) -> Fields:
    """The fields of a record without the blanks around them. Raises ValueError where a quote does not close.

    >>> split('a; "b;c" ;""; ', ";"), split('"New  York"   Rome', " ")
    (['a', 'b;c', '', None], ['New  York', 'Rome'])
    """
    if '"' not in text:
        if delimiter == " ":
            return [word for word in text.replace("\t", " ").split(" ") if word]
        return [field.strip(" ") or None for field in text.split(delimiter)]
    if delimiter == " ":
        return _words(text)
    fields: Fields = []
    quoted, plain = _patterns(delimiter)
    at = -1
    while at < len(text):
        if found := quoted.match(text, at + 1):
            fields.append(found[1].replace('""', '"'))
        else:
            found = plain.match(text, at + 1)
            field = found[0].strip(" ") if found else ""
            if field[:1] == '"' and field.count('"') % 2:
                raise ValueError
            fields.append(field or None)
        at = found.end() if found else len(text)
    return fields


def _words(text: str) -> Fields:
    fields: Fields = []
    for quoted, word in ((found[1], found[2]) for found in BLANK.finditer(text)):
        if quoted is None and word[0] == '"' and word.count('"') % 2:
            raise ValueError
        fields.append(word if quoted is None else quoted.replace('""', '"'))
    return fields


@cache
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    mark = re.escape(delimiter)
    return re.compile(rf' *"((?:[^"]++|"")*+)" *(?={mark}|\Z)'), re.compile(rf"[^{mark}]*")


def delimiter_of(sample: list[Record], file: object) -> str:
    """The mark that is on all lines, or a blank. Raises BadLine where a mark is on some of them only.

    >>> delimiter_of([Record(1, 0, "a\\tb 1"), Record(2, 6, "c\\td 1")], "a.txt")
    '\\t'
    """
    bare = [QUOTED.sub("", record.text) if '"' in record.text else record.text for record in sample]
    for mark in DELIMITERS:
        if all(mark in text for text in bare):
            if mark == "," and all(map(DECIMAL_COMMAS.fullmatch, bare)):
                problem = "--delimiter must say what divides fields: blank, where 1,5 is a number, or comma; got"
                raise BadLine(f"{problem} {sample[0].text[:60]!r}", file, sample[0].line)
            return mark
    words = {len(text.split()) for text in bare}
    for mark in DELIMITERS:
        has = [mark in text for text in bare]
        if any(has) and not (mark == "\t" and len(words) == 1 and words <= {2, 3}):
            one, other = sample[has.index(True)].line, sample[has.index(False)].line
            what = {"\t": "a tab", ";": "a semicolon", ",": "a comma", "|": "a bar"}[mark]
            problem = f"--delimiter must say what divides fields: {what} does on line {one}, and there is none"
            raise BadLine(problem, file, other)
    return " "


def weight_of(text: str, of: str, file: object, line: int) -> float:
    """A weight that can be one, of a link or what `of` says. Raises BadLine."""
    try:
        weight = float(text.replace("_", "x"))  # 1_0 is 10 to Python alone
    except ValueError:
        raise BadLine(f"{of} weight must be a number; got {text!r}", file, line) from None
    if weight < 0:
        raise BadLine(f"{of} weight must not be negative; got {text}", file, line)
    if not weight < float("inf"):
        raise BadLine(f"{of} weight must be a finite number; got {text}", file, line)
    return weight
