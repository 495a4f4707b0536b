"""Streams that are terminals, closed, full or left by their readers; numbers that are none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOSTILE = "\x1b]52;c;aGk=\x07"
MINENT = [sys.executable, "-m", "minent"]
posix = pytest.mark.skipif(os.name != "posix", reason="terminals and devices of POSIX")


@pytest.fixture
def links(tmp_path):
    path = tmp_path / "links.tsv"
    path.write_text(f"a\tb{HOSTILE}\t1\nb{HOSTILE}\tc\t2\n")
    return path


def on_a_terminal(command):
    """What a command sends to a terminal that is its standard output and error."""
    import pty

    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, close_fds=True) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                more = os.read(ours, 4096)
            except OSError:
                break
            if not more:
                break
            shown += more
        process.wait(60)
    os.close(ours)
    return process.returncode, shown


@posix
def test_names_cannot_command_a_terminal(links, tmp_path):
    code, shown = on_a_terminal([*MINENT, "community", "find", str(links)])
    assert code == 0 and rb"b\x1b]52;c;aGk=\x07" in shown and b"\x1b]" not in shown
    code, shown = on_a_terminal([*MINENT, "community", "find", str(tmp_path / f"no{HOSTILE}thing")])
    assert code == 2 and b"no\\x1b]52" in shown and b"\x1b]" not in shown
    piped = subprocess.run([*MINENT, "community", "find", str(links), "-o", "-"], capture_output=True, check=True)
    assert f'"b{HOSTILE}"'.encode() in piped.stdout  # data stays what it is


def shell(line):
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120)


@posix
def test_streams_that_are_closed_or_full(links):
    find = f"{' '.join(MINENT)} community find {links}"
    assert shell(f"{find} >&-").returncode == 0
    assert shell(f"{find} 2>&- </dev/null").returncode == 0
    empty = shell(f"{' '.join(MINENT)} community find - <&-")
    assert empty.returncode == 2 and "there are no links in 'standard input'" in empty.stderr
    if Path("/dev/full").exists():
        lost = shell(f"{find} 2>/dev/full")
        assert lost.returncode == 0 and "bits per step" in lost.stdout
        full = shell(f"{find} >/dev/full")
        assert full.returncode == 1 and full.stderr == "minent: [Errno 28] No space left on device\n"
        assert shell(f"{' '.join(MINENT)} community find nothere 2>/dev/full").returncode == 2


@pytest.mark.parametrize(("options", "sentence"), [
    (["community", "find", "x", "--seed", str(2**63)], f"--seed must be from 0 to {2**63 - 1}; got {2**63}"),
    (["community", "find", "x", "--seed", "-1"], "seed must be"),
    (["text", "write", "x", "--model", "m", "--length-penalty=-inf"], "must be from -10 to 10; got -inf"),
    (["text", "export", "m", "--out", "o", "--quantization", "x"], 'Invalid value "x" for --quantization'),
    (["attribution", "explain", "--memory", "nan", "--data", "d", "r"], "memory must be"),
])  # fmt: skip
def test_numbers_that_are_none_are_refused(options, sentence, tmp_path):
    run = subprocess.run([*MINENT, *options], capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert run.returncode == 2 and sentence in " ".join(run.stderr.split()) and "mistake" not in run.stderr
