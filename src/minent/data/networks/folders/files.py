"""Which files hold links: those of a folder, of a URI or of a dataset of pyarrow, whatever it lies on; not what begins
with "_" or ".", as engines call their own files."""

import os
from pathlib import Path
from typing import Any, NamedTuple

from minent.data.natural import natural
from minent.errors import BadInput


class File(NamedTuple):
    """A file on a file system of Arrow; `told` is its size and when it was changed."""

    system: Any
    path: str
    size: int
    told: str

    def open(self) -> Any:
        """To be read anywhere."""
        return self.system.open_input_file(self.path)


def is_stored(network: Any) -> bool:
    """Whether it is a folder, a URI or a dataset of pyarrow.

    >>> is_stored("s3://bucket/links"), is_stored(os.curdir), is_stored("links.csv")
    (True, True, False)
    """
    if isinstance(network, str | os.PathLike):
        return "://" in str(network) or (str(network) != "-" and Path(network).is_dir())
    return hasattr(network, "get_fragments") and hasattr(network, "schema")


def files_of(network: Any) -> list[File]:
    """The files, in the natural order of their paths. Raises BadInput where there is none."""
    import pyarrow as pa
    from pyarrow import fs

    if not isinstance(network, str | os.PathLike) and not hasattr(network, "get_fragments"):
        raise BadInput(
            f"memory and ray are for links in files: a path, a URI or a dataset; got {type(network).__name__}"
        )
    if str(network) == "-":
        raise BadInput("memory and ray are for links in files, which are read twice; standard input is read once")
    if not isinstance(network, str | os.PathLike):
        if not hasattr(network, "files"):
            raise BadInput(f"a dataset of links is one of files; got {type(network).__name__}")
        system, paths, name = network.filesystem, network.files, "the dataset"
    else:
        name = str(network)
        try:
            system, root = fs.FileSystem.from_uri(bounded(name)) if "://" in name else (fs.LocalFileSystem(), name)
            [info] = system.get_file_info([root])
            if info.type == fs.FileType.NotFound:
                raise BadInput(f"there is no {name!r}")
            paths = [root]
            if info.type == fs.FileType.Directory:
                found = system.get_file_info(fs.FileSelector(root, recursive=True))
                paths = [one.path for one in found if one.type == fs.FileType.File and _shown(one.path, root)]
        except (OSError, pa.ArrowException) as error:
            raise BadInput(f"{name!r} cannot be read: {_short(error)}") from None
    infos = system.get_file_info(sorted(paths, key=natural))
    if not infos:
        raise BadInput(f"there are no files of links in {name!r} (files and folders called _… and .… are passed over)")
    return [File(system, one.path, one.size or 0, f"{one.size} {one.mtime_ns}") for one in infos]


def bounded(uri: str) -> str:
    """A URI whose store is asked for a minute, where nobody answers: Google's is asked for a quarter of an hour else.

    >>> bounded("gs://bucket/links"), bounded("gs://bucket?retry_limit_seconds=9"), bounded("s3://bucket/links")
    ('gs://bucket/links?retry_limit_seconds=60', 'gs://bucket?retry_limit_seconds=9', 's3://bucket/links')
    """
    if not uri.startswith(("gs://", "gcs://")) or "retry_limit_seconds=" in uri:
        return uri
    return f"{uri}{'&' if '?' in uri else '?'}retry_limit_seconds=60"


def _shown(path: str, root: str) -> bool:
    return not any(part.startswith(("_", ".")) for part in path[len(root) :].split("/"))


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
