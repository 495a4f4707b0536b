"""Which files are pictures, and what their folders say of them: a split, a class, or nothing.

What is hidden or no picture is passed over, and counted. One folder alone is gone into: its name is no class. Folders
called train, test and the like are splits. Where a file lies that says of what classes they are, these count.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from minent.data.images.account import Account, counted, split_of
from minent.data.images.entries import Entry, hidden
from minent.data.images.given import METADATA, STYLEGAN, classes_of, given
from minent.data.images.pictures import PICTURES
from minent.data.natural import natural
from minent.errors import BadInput, some


class Listing(NamedTuple):
    """Pictures by name in natural order, with what gives them to be read; and the class of each, or None."""

    files: list[tuple[str, Any]]
    labels: list[Any] | None


def listed(entries: Iterable[Entry], root: object, account: Account) -> Listing:
    """The pictures among all that lies below a root. Raises BadInput where there are none, where some lie beside
    folders of classes, and where splits lie beside other folders."""
    seen = visible(entries, account)
    files = sorted((one for one in seen if one.source is not None), key=lambda one: [*map(natural, one.parts)])
    pictures = [one for one in files if kind(one) in PICTURES]
    if not pictures:
        held = f"; it holds {some(sorted('/'.join(one.parts) for one in files))}" if files else ""
        raise BadInput(f"{str(root)!r} must hold pictures ({', '.join(PICTURES)}); there are none{held}")
    within, below, known = (), 0, given(files, (), root, account)
    while (known is None or _divided(pictures, len(within))) and (inner := _inner(pictures, within, root, account)):
        pictures = [one for one in pictures if one.parts[len(within)] in inner]
        within += (inner[0],)
        if known is None and len(inner) == 1:
            below, known = len(within), given(files, within, root, account)
    depth, labels = len(within), None if known is None else classes_of(known, pictures, below, root)
    if known is None:
        tops = [one.parts[depth] for one in pictures if len(one.parts) > depth + 1]
        labels = tops if len(tops) == len(pictures) else None
    account.facts += [f"in {'/'.join(within)}/"] * (not all(map(split_of, within)))
    empty = {one.parts[depth] for one in seen if one.source is None and one.parts[:-1] == within}
    empty = sorted(empty - {one.parts[depth] for one in pictures}, key=natural) if labels else []
    about = {(*within[:i], name) for i in range(depth + 1) for name in (STYLEGAN, *METADATA)}
    other = ["/".join(one.parts) for one in files if kind(one) not in PICTURES and one.parts not in about]
    account.passed += [f"{counted(len(other), 'other file')} ({some(other)})"] * bool(other)
    account.passed += [f"{counted(len(empty), 'folder')} without pictures ({some(empty)})"] * bool(empty)
    if labels is not None and all(label is None for label in labels):
        labels = None
    return Listing([("/".join(one.parts), one.source) for one in pictures], labels)


def visible(entries: Iterable[Entry], account: Account) -> list[Entry]:
    """What is not hidden, and leads not back; the rest is counted, a folder once."""
    seen, unseen, back = [], set(), []
    for one in entries:
        at = next((i for i, part in enumerate(one.parts) if hidden(part)), None)
        if at is not None:
            unseen.add(one.parts[: at + 1])
        elif one.back:
            back.append("/".join(one.parts))
        else:
            seen.append(one)
    account.passed += [f"{len(unseen):,} hidden"] * bool(unseen)
    account.passed += [f"{counted(len(back), 'link')} to a folder above ({some(back)})"] * bool(back)
    return seen


def kind(one: Entry) -> str:
    stem, dot, suffix = one.parts[-1].rpartition(".")
    return (dot + suffix).lower() if stem else ""


def _inner(pictures: Sequence[Entry], within: tuple[str, ...], root: object, account: Account) -> list[str]:
    """The folders to go into: the only one, or those of the wanted split; none where folders are classes, or there are
    no folders. Raises BadInput for pictures and for splits that lie beside folders."""
    depth, place = len(within), "/".join([str(root), *within])
    loose = [one.parts[depth] for one in pictures if len(one.parts) == depth + 1]
    folders = list(dict.fromkeys(one.parts[depth] for one in pictures if len(one.parts) > depth + 1))
    if loose and folders:
        raise BadInput(
            f"pictures lie beside folders of pictures ({some(folders)}) in {place!r}: {some(loose)}; either all lie in "
            "folders, a class each, or none"
        )
    splits = [name for name in folders if split_of(name)]
    if splits and (len(splits) == len(folders)):
        return account.chosen(splits, place)
    if len(folders) == 1:
        return folders
    _undivided(pictures, depth, root)
    return []


def _divided(pictures: Sequence[Entry], depth: int) -> bool:
    """Whether all pictures lie in folders that are splits."""
    return all(len(one.parts) > depth + 1 and split_of(one.parts[depth]) for one in pictures)


def _undivided(pictures: Sequence[Entry], depth: int, root: object) -> None:
    """Raises BadInput where splits lie beside classes, or within them."""
    splits: dict[tuple[str, ...], set[str]] = {}
    for one in pictures:
        for i in range(depth, len(one.parts) - 1):
            if split_of(one.parts[i]):
                splits.setdefault(one.parts[:i], set()).add(one.parts[i])
    for place, names in splits.items():
        if len({split_of(name) for name in names}) > 1:
            where = "/".join([str(root), *place])
            raise BadInput(f"splits ({some(sorted(names))}) lie beside or within classes in {where!r}; name one split")


def shards_of(entries: Iterable[Entry], folder: Path, account: Account) -> list[Path]:
    """The Parquet files of a folder, or of the wanted split: train-00000-of-00002.parquet, train/0000.parquet."""
    files = [one.parts for one in visible(entries, account) if one.source is not None and kind(one) == ".parquet"]
    words = {parts: (*parts[:-1], re.split(r"[-_.]", parts[-1])[0]) for parts in files}
    splits = {parts: next(filter(split_of, words[parts]), "") for parts in files}
    if any(splits.values()):
        wanted = account.chosen(sorted({name for name in splits.values() if name}), folder)
        files = [parts for parts in files if splits[parts] in wanted]
    if len(places := {parts[:-1] for parts in files}) > 1:
        told = some(sorted("/".join(parts) for parts in places))
        raise BadInput(f"Parquet lies in several folders of {str(folder)!r}: {told}; name one")
    return [folder.joinpath(*parts) for parts in sorted(files, key=lambda parts: [*map(natural, parts)])]
