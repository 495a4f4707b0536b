"""Some of the campaign of changed files, in every run of the tests; `make fuzz` is longer."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from snippets import run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="hangs are found by signals of POSIX")


@pytest.mark.parametrize("seed", range(4))
def test_changed_files_are_read_or_refused_by_name(seed):
    from fuzz.campaign import campaign

    counts, bad = campaign(700, 60, seed=seed + 100)
    assert bad == []
    assert counts["read"] > 20 and counts["refused"] > 100


def test_changed_command_lines_are_done_or_refused_in_a_sentence():
    from fuzz.commands import campaign

    counts, bad = campaign(60, 60, seed=7)
    assert bad == []
    assert counts["done"] > 2 and counts["refused"] > 20


def test_nothing_is_lost_where_commands_are_killed_or_the_disk_is_full(tmp_path):
    code = (
        "import json; from fuzz.kills import FILES, FOLDERS, campaign\n"
        "print(json.dumps(campaign(24, 60, seed=3, lines=(FILES[0], FOLDERS[1], FOLDERS[4]))))"
    )
    counts, bad = json.loads(run(code, tmp_path))  # not here: what has computed on threads must not fork
    assert bad == []
    assert counts["killed"] > 2 and counts["full"] > 2


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["--hidden", "9999999999"], "more memory is wanted than there is"),
        (["--hidden", "999999999999999999"], "more memory is wanted than there is"),
        (["--vocabulary", "99999999999999999999"], "--vocabulary must be at most"),
        (["--layers", "999999"], "layers must be at most 1,000"),
    ],
)
def test_models_larger_than_any_are_refused(words, sentence, tmp_path, capsys):
    from minent.cli import main

    (tmp_path / "a.tsv").write_text("a\tb\nb\tc\n")
    command = ["text", "train", "--task", "classify", "--train", str(tmp_path / "a.tsv"), "--out", str(tmp_path / "m")]
    with pytest.raises(SystemExit):
        main([*command, *words])
    told = capsys.readouterr().err
    assert sentence in told and "mistake" not in told


@pytest.mark.slow
def test_memory_stays_where_it_is_however_many_lines_there_are():
    script = Path(__file__).parent / "load.py"
    done = subprocess.run([sys.executable, script, "--lines", "2000"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.endswith(" 0 above 2,000\n"), done.stdout + done.stderr
