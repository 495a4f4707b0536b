"""Communities of links on disk: planted links in a folder of Parquet, and `minent community find` on it under an
enforced limit of memory, what that process holds and how long each part takes.

The limit is RLIMIT_DATA: all that a process holds itself; pages of files that it reads are the system's, which takes
them back where it needs them. Peak of what it holds: RssAnon, looked at ten times a second. Disk: the
most in its scratch.

    python benchmarks/community_disk.py make FOLDER --links 10000000 [--weighted] [--directed]
    python benchmarks/community_disk.py find FOLDER --memory 2GB [--limit 3GB] [--effort fast] [--directed]
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from contextlib import suppress
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results" / "community_disk.json"
BLOCK = 100_000  # nodes whose links are drawn together
SIZE = 50  # of a group of nodes


def planted(folder, nodes, weighted, directed, seed=1):
    """Ten links a node, none twice: six in a group of 50 (at distances in a ring, drawn for each group) and four to
    anywhere, these `directed` turned round for every other. Names are numbers with gaps, in no order."""
    folder.mkdir(parents=True)
    nodes -= nodes % (8 * SIZE)
    far = np.random.default_rng(seed).integers(nodes // 16, nodes // 8, (8, 2))
    for number, first in enumerate(range(0, nodes, BLOCK)):
        random, ends = np.random.default_rng([seed, number]), []
        node = np.arange(first, min(first + BLOCK, nodes))
        group, place = node - node % SIZE, node % SIZE
        distances = random.permuted(np.tile(np.arange(1, SIZE // 2), (len(node) // SIZE, 1)), axis=1)
        ends += [(node, group + (place + distances[(node - first) // SIZE, k]) % SIZE) for k in range(6)]
        for k, (a, b) in enumerate(far.tolist()):  # each leads to other nodes than the rest, and only upwards
            target = 8 * (((a | 1) * node + b) % (nodes // 8)) + k
            kept = (target > node) & (target // SIZE != node // SIZE)
            kept = node[kept], target[kept]
            ends.append(kept[::-1] if directed and k % 2 else kept)
        source, target = (np.concatenate(side) for side in zip(*ends, strict=True))
        order = random.permutation(len(source))
        columns = dict(
            zip(("source", "target"), (called(side[order], nodes) for side in (source, target)), strict=True)
        )
        if weighted:
            columns["weight"] = random.exponential(1.0, len(source))
        parquet.write_table(pa.table(columns), folder / f"part-{number:05d}.parquet")


def called(node, nodes):
    return (7919 * node % nodes) * 5 + 10**9


def held(process):
    """Bytes that a process holds itself, now."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().split("\n")
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def disk(scratch):
    """Bytes on disk below it; of files that were unlinked and are read too, what their blocks are is not seen."""
    total = 0
    for path in scratch.rglob("*"):
        with suppress(OSError):
            total += path.stat().st_blocks * 512
    return total


def measured(options):
    scratch = options.folder.parent / f"{options.folder.name}-scratch"
    scratch.mkdir(exist_ok=True)
    limit = None if options.limit is None else bytes_of(options.limit)
    words = ["community", "find", str(options.folder), "--memory", options.memory, "--effort", options.effort]
    words += ["--two-level"] * (not options.multilevel) + ["--directed"] * options.directed
    words += [
        "--threads",
        str(options.threads),
        "-o",
        str(options.folder.parent / f"{options.folder.name}-modules.parquet"),
    ]
    start = time.perf_counter()
    run = subprocess.Popen(
        [sys.executable, "-m", "minent", *words],
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=None if limit is None else lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),
    )
    peak, most, at = 0, 0, {}
    while run.poll() is None:
        now, (room, done) = held(run.pid), (disk(scratch), {path.name for path in scratch.rglob("*-done")})
        marks = {"names": "names-done", "rows": "rows-done"}
        if options.directed:
            marks["turned"] = "back-rows-done"
        stage = next((name for name, mark in marks.items() if mark not in done), "search")
        at[stage] = max(at.get(stage, 0), now)
        peak, most = max(peak, now), max(most, room)
        time.sleep(0.1)
    said = run.stdout.read()
    print(said)
    return {
        "command": " ".join(words[:2] + ["…"] + words[3:-2]),
        "code": run.returncode, "seconds": time.perf_counter() - start, "limit": options.limit,
        "CPU": sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]),
        "held": peak, "held in": at, "disk": most, "left behind": len(list(scratch.rglob("*"))),
        "said": [line for line in said.split("\n") if "links" in line or "bits" in line or " in " in line],
    }  # fmt: skip


def bytes_of(text):
    from minent.data.networks.folders.folder import memory_of

    return memory_of(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["make", "find"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--links", type=int, default=10_000_000, help="about so many")
    parser.add_argument("--weighted", action="store_true")
    parser.add_argument("--directed", action="store_true")
    parser.add_argument("--multilevel", action="store_true")
    parser.add_argument("--memory", default="8GB")
    parser.add_argument("--limit")
    parser.add_argument("--effort", default="fast")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.what == "make":
        planted(options.folder, options.links // 10, options.weighted, options.directed)
        return
    row = measured(options)
    links = sum(parquet.read_metadata(path).num_rows for path in options.folder.glob("*.parquet"))
    row |= {"links": links, "held a link": row["held"] / links, "disk a link": row["disk"] / links}
    row |= {"date": date.today().isoformat(), "machine": f"{platform.machine()}, {os.cpu_count()} cores"}
    print(json.dumps(row, indent=1))
    saved = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    saved[f"{options.folder.name}, {row['command']}"] = row
    RESULTS.write_text(json.dumps(saved, indent=1) + "\n")


if __name__ == "__main__":
    main()
