"""A command does what it is asked or refuses it in a sentence, with status 2: no mistake, no traceback, no wait.

    python tests/fuzz/commands.py [--lines 10000] [--seconds 600] [--seed 1]

takes good command lines of all commands, sets one to three of their options at random to what may and may not be,
drops, doubles and exchanges words, and runs each in this process.
"""

import argparse
import contextlib
import importlib
import io
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import typing
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from cyclopts import Parameter

sys.path[:0] = [str(Path(__file__).parents[1])]
from fuzz.campaign import end, limit  # noqa: E402

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # names of models that are none are not asked for: that waits
from minent.cli import app  # noqa: E402
from minent.cli import main as run  # noqa: E402

HANGS = 20  # CPU seconds
MEMORY = 8 * 10**9  # bytes of addresses beyond what is there before: threads take many, and use few
SMALL = "--dim 8 --heads 2 --layers 1 --hidden 8 --tokenizer words --steps 2"
GOOD = [
    "community find links.csv -o found.csv", "community find links.csv --map map.html --trials 2",
    "community find states.net --directed -o found.tree", "community find paths.txt --format paths --order 2",
    "community cluster points.npy -o clusters.csv", "community cluster texts.txt",
    "community assign points.npy --points points.npy --clusters clusters0.csv -o assigned.csv",
    "community compare a.tree b.tree -o compared.html", "plot classify -o curves.html", "doctor",
    f"text train --task classify --train labels.tsv --out new {SMALL}",
    f"text train --task seq2seq --train pairs.tsv --out new {SMALL}",
    f"text train --task masked-lm --train texts.txt --out new {SMALL}",
    "text train --resume classify --steps 3", "gan train images.npy --out new --width 4 --batch 8 --steps 1",
    "text write texts.txt --model seq2seq --longest 3", "text classify labels.tsv --model classify -o said.tsv",
    "text exposure --model seq2seq --data pairs.tsv -o table.csv", "text likelihood texts.txt --model masked-lm",
    "text sample --model masked-lm --length 3 --sweeps 2", "text score texts.txt --reference texts.txt",
    "text lengthen masked-lm --longest 600 --out new", "text export seq2seq --out new",
    "gan draw --model gan -n 4 -o drawn.png", "gan score --model gan --data images.npy",
    "attribution explain classify --data labels.tsv --first 2 -o because.html", "attribution mislabels classify",
    "attribution groups classify -o groups.csv",
]  # fmt: skip
NUMBERS: list[str] = "0 1 2 3 -1 1.5 -0.5 0.1 nan inf -inf 1e-320 1e309 99999999999999999999 x ² 1,5 1_0 0x2 ''".split()  # noqa: SIM905
NAMES = [
    "\x1b]52;",
    "", "-", "nothere", "texts.txt", "links.csv", "new", "classify", "../..", "/", "/dev/null", "a\tb", "中",
    "a" * 300, "auto", "all", "*.csv", "new.html", "new.txt", "file.py:f", "1", "a,b", "~", "%s", "{}", "--",
]  # fmt: skip
LONG = (
    "--steps",
    "--epochs",
    "--sweeps",
    "--chains",
    "--trials",
    "--burn-in",
    "--n-dis",
    "--best-of",
)  # may take for ever
COMPILED = "--compile"  # torch traces no calls whose types the tests check


def options() -> dict[tuple[str, ...], list[tuple[str, Any]]]:
    """Of each command the names and types of its options."""
    found: dict[tuple[str, ...], list[tuple[str, Any]]] = {}

    def walk(one: Any, path: tuple[str, ...]) -> None:
        below = [name for name in one if not name.startswith("-")]
        for name in below:
            walk(one[name], (*path, name))
        if not below:
            arguments = one.assemble_argument_collection(default_parameter=Parameter(negative=""))
            named = [(each.names[0], each.hint) for each in arguments if each.names]
            found[path] = [(name, hint) for name, hint in named if name[:2] == "--" and name != COMPILED]

    walk(app, ())
    return found


def value(name: str, kind: Any, chance: random.Random) -> list[str]:
    """The words of an option, as they may be or not."""
    kinds = [kind, *typing.get_args(kind)]
    if bool in kinds:
        return [name]
    choices = [one for each in kinds if typing.get_origin(each) is typing.Literal for one in typing.get_args(each)]
    if choices and chance.random() < 0.8:
        return [name, str(chance.choice(choices))]
    if (int in kinds or float in kinds) and chance.random() < 0.9:
        return [name, chance.choice(NUMBERS[:6] if name in LONG else NUMBERS)]
    return [name, chance.choice(NAMES)]


def changed(line: str, known: dict[tuple[str, ...], list[tuple[str, Any]]], chance: random.Random) -> list[str]:
    words = line.split()
    path = tuple(words[: 1 if words[0] in ("plot", "doctor") else 2])
    for _ in range(chance.choice([1, 1, 2, 3])):
        way, at = chance.randrange(10), chance.randrange(len(words))
        if way < 7 and known[path]:
            words += value(*chance.choice(known[path]), chance)
        elif way == 7:
            words.pop(at)
        elif way == 8:
            words[at] = chance.choice(NAMES)
        else:
            words.insert(at, chance.choice(words))
        if len(words) < len(path) or tuple(words[: len(path)]) != path:
            break
    return words


def came(words: list[str], seconds: float = HANGS) -> tuple[str, str]:
    """What came of a command: done, refused, or something bad; and what it said last."""

    class Hang(BaseException):
        pass

    def alarm(*_: Any) -> None:
        raise Hang

    out, told, status = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO()), 0
    signal.signal(signal.SIGPROF, alarm)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(b"w1 w2\n"))
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(told):
            run(words)
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 1
    except Hang:
        return "hang", f"over {seconds:g} s"
    except BaseException as error:
        return "traceback", f"{type(error).__name__}: {str(error)[:150]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdin = before
    told.flush()
    said = told.buffer.getvalue().decode(errors="replace")  # type: ignore[attr-defined]
    last = said.strip().splitlines()[-1] if said.strip() else ""
    if status == 0:
        return "done", last
    if status == 2 and last.startswith("minent: ") and len(last) < 2000 and "Traceback" not in said:
        return "refused", last
    return f"status {status}", last[:300]


def made(folder: Path) -> None:
    """Models and files, small ones."""
    chance = np.random.default_rng(0)
    texts = [f"w{i % 7} w{i % 5} w{i % 3}" for i in range(40)]
    files = {
        "texts.txt": "\n".join(texts), "pairs.tsv": "".join(f"{one}\t{one}\n" for one in texts),
        "labels.tsv": "".join(f"{'ab'[i % 2]}\t{one}\n" for i, one in enumerate(texts)),
        "links.csv": "source,target,weight\n" + "".join(f"{i % 9},{i % 5 + 4},{i % 3 + 1}\n" for i in range(30)),
        "states.net": '*Vertices 2\n1 "a"\n2 "b"\n*States\n1 1\n2 2\n3 1\n*Links\n1 2\n2 3\n3 1\n',
        "paths.txt": "a b c\nb c a\nc a b\n",
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text)
    np.save(folder / "points.npy", chance.normal(size=(30, 2)))
    np.save(folder / "images.npy", chance.integers(0, 256, (24, 8, 8)).astype(np.uint8))
    for line in (
        f"text train --task classify --train labels.tsv --out classify --record 1 {SMALL}",
        f"text train --task seq2seq --train pairs.tsv --out seq2seq {SMALL}",
        f"text train --task masked-lm --train texts.txt --out masked-lm {SMALL}",
        "gan train images.npy --out gan --width 4 --batch 8 --steps 1", "community find links.csv -o a.tree",
        "community find links.csv --two-level -o b.tree", "community cluster points.npy -o clusters0.csv",
    ):  # fmt: skip
        if (what := came(line.split()))[0] != "done":
            sys.exit(f"a good command line is not done: {line}: {what}")


def campaign(lines: int, seconds: float, seed: int) -> tuple[Counter[str], list[str]]:
    """How often each thing came of so many command lines, or as many as there is time for; and each that is bad."""
    chance, counts, bad, begun, here = random.Random(seed), Counter[str](), [], time.monotonic(), Path.cwd()
    warnings.simplefilter("ignore")
    known = options()
    with tempfile.TemporaryDirectory() as root:
        os.chdir(root)
        try:
            made(Path(root))
            held = {path.name for path in Path(root).iterdir()}
            shutil.copytree(root, f"{root}/.kept")
            for _ in range(lines):
                if time.monotonic() - begun > seconds:
                    break
                words = changed(chance.choice(GOOD), known, chance)
                if not {"tour"} & set(words):
                    what, said = came(words)
                    counts[what] += 1
                    if what not in ("done", "refused"):
                        bad.append(f"{what}: {' '.join(map(repr, words))}: {said}")
                os.chdir(root)
                for path in Path(root).iterdir():  # what it left, or changed, is not there for the next
                    if path.name not in held | {".kept"}:
                        shutil.rmtree(path) if path.is_dir() else path.unlink()
                shutil.copytree(f"{root}/.kept", root, dirs_exist_ok=True)
        finally:
            os.chdir(here)
    return counts, bad


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for name in ("attribution", "gan", "text.gibbs"):  # all is loaded before memory is measured
        importlib.import_module(f"minent.{name}")
    limit(MEMORY)
    end("command lines", *campaign(asked.lines, asked.seconds, asked.seed))


if __name__ == "__main__":
    main()
