"""What a file beside pictures says of their classes: dataset.json of StyleGAN's dataset_tool, or metadata.csv or .jsonl
of Hugging Face's imagefolder, with columns file_name and label."""

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from minent.data.images.account import Account
from minent.data.images.entries import Entry
from minent.data.tables.table import read_table
from minent.data.text_file import TextFile
from minent.errors import BadInput, some

STYLEGAN, METADATA = "dataset.json", ("metadata.csv", "metadata.jsonl")
LABEL = ("label", "class", "target")  # what a column of classes is called


def given(files: Sequence[Entry], within: tuple[str, ...], root: object, account: Account) -> dict[str, Any] | None:
    """The class of each picture by its name below `within`; of none where such a file says that there are no classes,
    and None where there is no such file, or it says nothing of classes. Raises BadInput for a broken one."""
    found = [one for name in (STYLEGAN, *METADATA) for one in files if one.parts == (*within, name)]
    if not found or found[0].source is None:
        return None
    if len(found) > 1:
        names = some(one.parts[-1] for one in found)
        raise BadInput(f"one file says of what classes pictures are; {str(root)!r} has {names}")
    name, source = found[0].parts[-1], found[0].source()
    try:
        data = source.read() if isinstance(source, BytesIO) else Path(source).read_bytes()
    except OSError as error:
        raise BadInput(f"{name} in {str(root)!r} cannot be read: {error.strerror}") from None
    return _stylegan(data, root, account) if name == STYLEGAN else _metadata(data, name, root, account)


def classes_of(known: Mapping[str, Any], pictures: Sequence[Entry], depth: int, root: object) -> list[Any]:
    """The class of each picture, named from `depth` on. Raises BadInput where one has none."""
    if not known:
        return [None] * len(pictures)
    names = ["/".join(one.parts[depth:]) for one in pictures]
    if missing := [name for name in names if name not in known]:
        raise BadInput(
            f"the file of classes in {str(root)!r} must give every picture a class; it gives {missing[0]!r} none"
        )
    return [known[name] for name in names]


def _stylegan(data: bytes, root: object, account: Account) -> dict[str, Any]:
    """{"labels": [["00000/img0.png", 6], …]}, or null."""
    try:
        told = json.loads(data)["labels"]
        known = {} if told is None else {str(name): label for name, label in told}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadInput(f"{STYLEGAN} in {str(root)!r} must hold labels, a name and a class each") from None
    account.facts.append(f"{'no ' * (told is None)}classes by {STYLEGAN}")
    return known


def _metadata(data: bytes, name: str, root: object, account: Account) -> dict[str, Any] | None:
    file = TextFile(f"{root}/{name}", Path(name).suffix, data)
    for label in LABEL:
        table = read_table([file], {"file_name": "file_name", "label": label}, optional=("label",))
        if "label" in table.texts:
            break
    else:
        account.facts.append(f"{name} says nothing of classes ({', '.join(LABEL)})")
        return None
    known: dict[str, Any] = {}
    for picture, said in zip(table.texts["file_name"], table.texts["label"], strict=True):
        if known.setdefault(picture.replace("\\", "/").removeprefix("./"), said.strip()) != said.strip():
            raise BadInput(f"a picture has one class; {name} in {str(root)!r} gives {picture!r} two")
    account.facts.append(f"classes by {label} in {name}")
    return known
