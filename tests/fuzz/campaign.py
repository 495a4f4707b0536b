"""Readers read what they are given or refuse it in a sentence that names the file: nothing else, and soon.

    python tests/fuzz/campaign.py [--inputs 20000] [--seconds 300] [--seed 1] [--keep FOLDER]

changes small good files in every way that files are changed on their way, reads each, and counts what came of it.
What went wrong can be kept.
"""

import argparse
import logging
import random
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from minent.errors import BadInput

sys.path[:0] = [str(Path(__file__).parents[1])]
from fuzz.seeds import Seed, seeds  # noqa: E402

HANGS = 10  # CPU seconds
MEMORY = 500 * 10**6  # bytes beyond what is there before, and fifty times the input
LONG = 20  # one input of so many may take long
TOKENS = [
    *b" \0 \n \r \t , ; \" ' : # % * [ ] { } < > 0 1 -1 1.5 1e309 -1e-320 nan inf null true 2000000000".split(b" "),
    b"", b"99999999999999999999", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\x80", "\u4e2d\u00b2".encode(), b"\x1b]52;",
    b"*Vertices 2000000000\n", b"*Edges\n", b"*Links\n", b"[" * 2000, b"1:" * 3000, b"\\u0000", b"\\ud800", b"&lt;",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
]  # fmt: skip


class Hang(BaseException):
    """No exception that a reader may catch."""


def changed(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """The same, but for one to four changes."""
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        i, j = sorted(chance.randrange(len(data) + 1) for _ in range(2))
        way = chance.randrange(8)
        if way == 0 and data:
            i = min(i, len(data) - 1)
            data = data[:i] + bytes([data[i] ^ 1 << chance.randrange(8)]) + data[i + 1 :]
        elif way == 1:
            data = data[:i] + data[j:]
        elif way == 2:
            data = data[:j] + data[i:]
        elif way == 3:
            data = data[:i]
        elif way == 4:
            other = chance.choice(others)
            data = data[:i] + other[chance.randrange(len(other) + 1) :]
        elif way == 5:
            lines = data.split(b"\n")
            chance.shuffle(lines)
            data = b"\n".join(lines)
        else:
            data = data[:i] + chance.choice(TOKENS) + data[min(j, i + chance.randrange(6)) :]
    return data


def tried(seed: Seed, data: bytes, folder: Path) -> tuple[str, str]:
    """What came of reading it: read, refused, nameless (in a sentence without its name), hang, memory, mistake; why."""

    def alarm(*_: Any) -> None:
        raise Hang

    path = folder / seed.name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(data)
    signal.signal(signal.SIGPROF, alarm)
    signal.setitimer(signal.ITIMER_PROF, HANGS)
    try:
        seed.read(path)
    except BadInput as error:
        named = path.name in str(error) or path.parent.name in str(error)
        return "refused" if named else "nameless", str(error)
    except Hang:
        return "hang", f"over {HANGS} s"
    except MemoryError as error:
        return "memory", repr(error)
    except BaseException as error:
        return "mistake", f"{type(error).__name__}: {str(error)[:120]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "read", ""


def campaign(inputs: int, seconds: float, seed: int, keep: Path | None = None) -> tuple[Counter[str], list[str]]:
    """How often each thing came of so many inputs, or as many as there is time for; and a line for each that is bad."""
    chance, counts, bad, begun = random.Random(seed), Counter[str](), [], time.monotonic()
    with tempfile.TemporaryDirectory() as root:
        every = list(seeds(Path(root)))
        others, kinds = [one.data for one in every], [[one for one in every if one.slow is it] for it in (False, True)]
        for number in range(inputs):
            if time.monotonic() - begun > seconds:
                break
            one = chance.choice(kinds[number % LONG == 0])
            data = changed(one.data, chance, others)
            what, why = tried(one, data, Path(root))
            (Path(root) / one.name).write_bytes(one.data)
            counts[what] += 1
            if what not in ("read", "refused"):
                bad.append(f"{what}: {one.name}: {why}")
                if keep is not None:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{number:06d}-{one.name.replace('/', '-')}").write_bytes(data)
    return counts, bad


def limit(memory: int) -> None:
    """From here on, so many bytes of addresses more are had, and no others."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + memory, resource.RLIM_INFINITY))


def end(tried: str, counts: Counter[str], bad: list[str]) -> None:
    """Tell what came of a campaign, and leave with its status."""
    print(*(f"{n} × {line}" for line, n in Counter(bad).most_common(80)), sep="\n")
    print(f"{sum(counts.values()):,} {tried}: {', '.join(f'{n:,} {what}' for what, n in counts.most_common())}")
    sys.exit(bool(bad))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        for one in seeds(Path(root)):  # all that is imported and compiled is, before memory is measured
            if (came := tried(one, one.data, Path(root)))[0] != "read":
                sys.exit(f"a good file is not read: {one.name}: {came}")
    limit(MEMORY)
    end("inputs", *campaign(asked.inputs, asked.seconds, asked.seed, asked.keep))


if __name__ == "__main__":
    logging.getLogger("minent").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    main()
