"""Programs of the documentation, each in a process of its own, forked from one with all libraries loaded: as in a new
interpreter, without the seconds that it takes to load torch.
"""

import multiprocessing
import os
import runpy
import sys
import traceback
import warnings
from pathlib import Path

LOADED = ["torch", "pandas", "sklearn.datasets", "networkx", "scipy.sparse", "matplotlib"]
SECONDS = 300


def run(code: str | Path, folder: Path, *, strict: bool = False) -> str:
    """What a program, or a file of one, writes to standard output, run in a folder. Raises AssertionError with what it
    writes to standard error where it fails; `strict`: or warns."""
    out, told = folder / "stdout", folder / "stderr"
    kind = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(kind)
    if kind == "forkserver":
        context.set_forkserver_preload(LOADED)
    process = context.Process(target=_run, args=(code, folder, out, told, strict))
    process.start()
    process.join(SECONDS)
    alive = process.is_alive()
    process.kill()
    assert process.exitcode == 0 and not alive, told.read_text(encoding="utf-8")
    return out.read_text(encoding="utf-8")


def _run(code: str | Path, folder: Path, out: Path, told: Path, strict: bool) -> None:
    os.chdir(folder)
    for number, path in ((1, out), (2, told)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", buffering=1) for number in (1, 2))
    warnings.resetwarnings()
    if strict:
        warnings.simplefilter("error")
    try:
        if isinstance(code, Path):
            sys.argv = [str(code)]
            runpy.run_path(str(code), run_name="__main__")
        else:
            exec(compile(code, "example", "exec"), {"__name__": "__main__"})
    except BaseException as error:
        if not isinstance(error, SystemExit) or error.code:
            traceback.print_exc()
            sys.exit(1)
    finally:
        sys.stdout.flush()
