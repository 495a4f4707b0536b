"""How training went: one JSON object a line, one line a step (jsonlines.org)."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from minent.files import write_text


def journal(path: Path, step: int) -> Callable[[Mapping[str, Any]], None]:
    """What appends a line to the log at `path`, each at once, after all that it says of the time after `step`, half a
    line at its end included, is dropped."""
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []
    write_text(path, "".join(f"{line}\n" for line in lines if _until(line, step)))

    def append(line: Mapping[str, Any]) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    return append


def _until(line: str, step: int) -> bool:
    """Whether a line is whole, and of no later step: the log may have begun anew, or been cut, since."""
    try:
        return json.loads(line)["step"] <= step
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
