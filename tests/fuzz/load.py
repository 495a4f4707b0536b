"""Memory stays where it is, however many lines are written, judged or read: more work takes longer, not more room.

    python tests/fuzz/load.py [--lines 10000]

runs each command over a tenth of the lines, then over all of them, in one process, and tells by how much its peak rose.
"""

import argparse
import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]
from fuzz.commands import came, made  # noqa: E402

COMMANDS = (
    "text write many.tsv --model seq2seq --longest 3 -o out.txt", "text classify many.tsv --model classify -o out.tsv",
    "text likelihood many.txt --model masked-lm -o out.tsv",
    "text sample --model masked-lm --from many.txt --sweeps 1 -o out.jsonl",
    "text exposure --model seq2seq --data many.tsv -o out.csv", "community find many.csv -o out.tree",
    "text train --task classify --train many.tsv --out new --dim 8 --heads 2 --layers 1 --hidden 8 --tokenizer words "
    "--steps 2",
)  # fmt: skip
MOST = 2_000  # bytes a line, of its result and what is kept of it


def peak() -> int:
    """Bytes that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def write(lines: int) -> None:
    """Files of so many lines, whose lengths and words are the same however many there are."""
    texts = [f"w{i % 7} w{i % 5} w{i % 3}" for i in range(lines)]
    Path("many.txt").write_text("\n".join(texts) + "\n")
    Path("many.tsv").write_text("".join(f"{'ab'[i % 2]}\t{one}\n" for i, one in enumerate(texts)))
    links = "".join(f"{i % 97},{i * 7 % 89},1\n" for i in range(lines))
    Path("many.csv").write_text("source,target,weight\n" + links)


def load(lines: int) -> list[tuple[str, float]]:
    """Each command with the bytes that the peak rose by for each line beyond a tenth of them."""
    told = []
    for command in COMMANDS:
        peaks = []
        for count in (lines // 10, lines):
            write(count)
            if (what := came(command.split(), seconds=3600))[0] != "done":
                sys.exit(f"{command}: {what}")
            peaks.append(peak())
            shutil.rmtree("new", ignore_errors=True)
        told.append((command, (peaks[1] - peaks[0]) / (lines - lines // 10)))
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=10_000)
    asked, begun = parser.parse_args(), time.monotonic()
    with tempfile.TemporaryDirectory() as root:
        os.chdir(root)
        made(Path(root))
        told = load(asked.lines)
        os.chdir("/")
    for command, rose in told:
        print(f"{rose:8,.0f} bytes a line  {command[:80]}")
    bad = sum(rose > MOST for _, rose in told)
    print(
        f"{asked.lines:,} lines through {len(told)} commands in {time.monotonic() - begun:.0f} s: {bad} above {MOST:,}"
    )
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
