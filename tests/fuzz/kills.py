"""Whenever a command is killed, or finds the disk full, nothing is lost, and the next one ends as if it had not been.

    python tests/fuzz/kills.py [--times 1000] [--seconds 1200] [--seed 1]

Each command runs in a process of its own, which is killed before one of its file events, or to which that event is
refused as on a full disk. Then an output is the old or the new one, no input has changed, and the command (for a run,
its resumption) gives what one gives that nobody disturbed, and clears away what was left.
"""

import argparse
import contextlib
import errno
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1])]
from fuzz.campaign import end  # noqa: E402
from fuzz.commands import came, made  # noqa: E402
from fuzz.lines import FILES, FOLDERS, left_over  # noqa: E402

from minent import files  # noqa: E402

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate", "os.link", "os.symlink"}
FILLS = {"open", "os.mkdir", "os.rename", "os.link", "os.symlink"}  # what a full disk refuses
TIMED = "log.jsonl", "README.md"  # in a folder: tells when it was written


def disturbed(line: str, way: str, at: int) -> tuple[str, str, int]:
    """What came of a command in a process of its own, which at its file event numbered `at` is `killed`, or finds the
    disk `full` then and on; what it said, and how many events there were."""
    back, out = os.pipe()
    child = os.fork()
    if not child:
        os.close(back)
        events = 0

        def count(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal events
            if event in CHANGES or (event == "open" and arguments[2] & WRITING and arguments[0] != os.devnull):
                events += 1
                if events > at and way == "killed":
                    os.kill(os.getpid(), signal.SIGKILL)
                if events > at and way == "full" and event in FILLS:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(arguments[0]))

        try:
            files.tidy.cache_clear()  # as a new process has it
            sys.addaudithook(count)
            told = came(line.split())
            os.write(out, json.dumps((*told, events)).encode())
        finally:
            os._exit(0)
    os.close(out)
    with os.fdopen(back, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return tuple(json.loads(told)) if told else ("killed", "", at)


def stands(folder: Path) -> dict[str, str]:
    """The files of a folder, but for what tells the time, by what is in them."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in TIMED)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def again(line: str) -> str:
    """The command line by which one goes on."""
    resumed = " train " in f" {line}" and any(Path("new").glob("checkpoints/step-*"))
    return line + " --resume" * resumed


def faults(line: str, way: str, at: int, right: dict[str, str], old: dict[str, str]) -> list[str]:
    """What is wrong after a command was disturbed in this folder, where undisturbed it ends `right`."""
    what, said, _ = disturbed(line, way, at)
    now, wrong = stands(Path()), []
    if way == "full" and (what not in ("status 1", "refused", "done") or "mistake" in said):
        wrong.append(f"{what}: {said}")
    if way == "full" and what == "done" and {name: now.get(name) for name in right} != right:
        wrong.append("said to be done, and is not")
    wrong += [f"{name} changed" for name in old if now.get(name) not in (old[name], right.get(name))]
    if all(now.get(name) == told for name, told in right.items()) and " train " not in line:
        wrong += [f"the new one is there, and {name} is left" for name in left_over(Path()) if way == "full"]
        return wrong
    what, said, _ = disturbed(again(line), "", 0)
    then = stands(Path())
    if what != "done" and not ("is there already" in said and then | right == then):
        return [*wrong, f"cannot go on: {what}: {said}"]
    wrong += [f"{name} is another after going on" for name in right if then.get(name) != right[name]]
    return wrong + [f"{name} is left" for name in left_over(Path())]


def restored(kept: Path) -> None:
    for path in Path().iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(kept, Path(), dirs_exist_ok=True)


@contextlib.contextmanager
def place() -> Iterator[Path]:
    """In a folder of its own with all that the commands want; what was there can be `restored` from what is given."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as root, tempfile.TemporaryDirectory() as kept:
        os.chdir(root)
        try:
            made(Path(root))
            shutil.copytree(root, kept, dirs_exist_ok=True)
            yield Path(kept)
        finally:
            os.chdir(here)


def undisturbed(line: str, kept: Path) -> tuple[dict[str, str], int]:
    """The files that a command leaves, alike whenever it is run, and its number of events."""
    ends, events = [], 0
    for _ in range(2):
        restored(kept)
        what, said, events = disturbed(line, "", 0)
        if what != "done":
            sys.exit(f"a good command line is not done: {line}: {what}: {said}")
        ends.append(stands(Path()))
    return {name: told for name, told in ends[0].items() if ends[1].get(name) == told}, events


def campaign(
    times: int, seconds: float, seed: int, lines: Sequence[str] = (*FILES, *FOLDERS)
) -> tuple[Counter[str], list[str]]:
    """How often a command was killed or found the disk full, and what was wrong afterwards."""
    chance, counts, bad, begun = random.Random(seed), Counter[str](), [], time.monotonic()
    warnings.simplefilter("ignore")
    with place() as kept:
        old = stands(Path())
        known = {line: undisturbed(line, kept) for line in lines}
        tries = [(line, way, at) for line in known for way in ("killed", "full") for at in range(known[line][1])]
        chance.shuffle(tries)
        for line, way, at in tries[:times]:
            if time.monotonic() - begun > seconds:
                break
            restored(kept)
            before = dict(old)
            if line in FILES:
                Path(line.split()[-1]).write_bytes(b"old")
                before |= stands(Path())
            wrong = faults(line, way, at, known[line][0], before)
            counts[way] += 1
            bad += [f"{way} at {at}: {line}: {one}" for one in wrong]
    return counts, bad


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=1200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.dont_write_bytecode = True
    end("kills and full disks", *campaign(asked.times, asked.seconds, asked.seed))


if __name__ == "__main__":
    main()
