"""How training went: one JSON object a line, one line a step (jsonlines.org)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minent.files import write_text


def append(path: Path, line: Mapping[str, Any]) -> None:
    """Add one line to the log, at once."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def rewind(path: Path, step: int) -> None:
    """Drop what the log says of the time after `step`, half a line at its end included."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)[:step] if path.exists() else []
    write_text(path, "".join(lines))
