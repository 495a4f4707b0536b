"""Which files are meant: one, several, those that a pattern fits, or the shards in a folder."""

import os
import re
from collections.abc import Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import Any

from minent.data.bytes import PACKED
from minent.data.natural import natural
from minent.errors import BadInput

ABOUT = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")  # what datasets write beside
SPLIT = re.compile(r"(train|valid(?:ation)?|dev|test|eval)(?![a-z])", re.IGNORECASE)


def files_of(path: str | os.PathLike[str] | Any, kinds: Sequence[str]) -> list[Any]:
    """The files at a path, in the order of the numbers in their names; of a folder those of `kinds` in it, or in a
    folder `data` in it, as Hugging Face's datasets have them. Raises BadInput where there are none, and for a folder
    with several splits (train, test, …).

    >>> files_of("pairs.tsv", (".tsv",)), files_of(["a.tsv", "-"], (".tsv",))
    (['pairs.tsv'], ['a.tsv', '-'])
    """
    if isinstance(path, list | tuple):
        if not path:
            raise BadInput("a file is wanted; got an empty list")
        return [file for one in path for file in files_of(one, kinds)]
    if not isinstance(path, str | os.PathLike) or str(path) == "-":
        return [path]
    if Path(path).is_dir():
        return _shards(Path(path), kinds)
    if has_magic(str(path)) and not Path(path).exists():
        found = sorted(glob(str(path), recursive=True), key=natural)  # noqa: PTH207 (a Path may not be absolute there)
        if not found:
            raise BadInput(f"there is no file that {str(path)!r} fits")
        return found
    return [path]


def _shards(folder: Path, kinds: Sequence[str]) -> list[Any]:
    places = [place for place in (folder, folder / "data") if place.is_dir()]
    found = [file for place in places for file in place.iterdir() if file.name[0] != "." and file.name not in ABOUT]
    files = [file for file in found if kind(file) in kinds]
    splits: dict[str, list[Path]] = {}
    for file in files:
        named = SPLIT.match(file.name)
        splits.setdefault(named[1].lower() if named else "", []).append(file)
    if files and any(folder.glob("*/*.txt")):
        raise BadInput(
            f"{str(folder)!r} holds tables ({files[0].name}, …) beside folders of texts; say which are meant"
        )
    if len(splits) > 1:
        told = ", ".join(sorted(name or "others" for name in splits))
        one = next(file for name, group in splits.items() if name for file in group)
        pattern = one.with_name(f"{SPLIT.match(one.name)[1]}*")  # type: ignore[index]
        raise BadInput(f"{str(folder)!r} holds several splits ({told}); say one, such as '{pattern}'")
    return sorted(files, key=natural)


def kind(file: Path) -> str:
    """The last suffix of a name but .gz and the like."""
    return next((suffix.lower() for suffix in reversed(file.suffixes) if suffix.lower()[1:] not in PACKED), "")
