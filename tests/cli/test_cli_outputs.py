"""What commands write is never what they read; "-" is standard input or output; what has no effect is refused."""

import io
import os
import subprocess
import sys
from pathlib import Path

import networkx
import pandas
import pytest

from minent.cli import main
from minent.community import Tree, find

EDGES = "".join(f"{a},{b}\n" for a, b in networkx.karate_club_graph().edges)
ONE_WAY = "".join(f"{a} {b}\n" for a, b in [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 3), (1, 0), (0, 6)])
FIND = "community", "find"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("l.csv").write_text(EDGES)
    Path("one_way.txt").write_text(ONE_WAY)
    return tmp_path


def ran(*words, text=None, env=None):
    """The command in a process of its own, with bytes in and out."""
    command = [sys.executable, "-m", "minent", *map(str, words)]
    run = subprocess.run(command, input=text, capture_output=True, env={**os.environ, "COLUMNS": "80", **(env or {})})
    assert b"Traceback" not in run.stderr
    return run


def refused(capsys, *words) -> str:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    assert end.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


@pytest.mark.parametrize("option", ["-o", "--memberships", "--sure", "--map"])
def test_what_is_read_is_never_written_over(folder, capsys, option):
    Path("same.csv").symlink_to("l.csv")
    Path("hard.csv").hardlink_to("l.csv")
    for name in ("l.csv", "./l.csv", folder / "l.csv", "same.csv", "hard.csv"):
        assert "is read, and would be written over" in refused(capsys, *FIND, "l.csv", option, name)
    find("l.csv").write("a.csv")
    words = *FIND, "l.csv", "--initial", "a.csv"
    assert "is read" in refused(capsys, *words, option, "a.csv")
    Path("clubs.csv").write_text("0,a\n")
    assert "is read" in refused(capsys, *FIND, "l.csv", "--metadata", "clubs.csv", option, "clubs.csv")
    assert "two outputs would be written to" in refused(capsys, *FIND, "l.csv", "-o", "x.csv", option, "./x.csv")
    assert Path("l.csv").read_text() == EDGES


def test_other_commands_do_not_write_over_what_they_read(folder, capsys):
    Path("t.txt").write_text("a\n")
    Path("a.html").write_text("<p>")
    for words in (
        ("community", "cluster", "t.txt", "--map", "t.txt"),
        ("community", "compare", "a.html", "l.csv", "-o", "a.html"),
        ("text", "write", "t.txt", "--model", "m", "-o", "t.txt"),
        ("text", "classify", "t.txt", "--model", "m", "-o", "t.txt"),
        ("text", "train", "--task", "classify", "--train", ".", "--out", folder),
        ("text", "export", ".", "--out", folder),
        ("gan", "train", ".", "--out", folder),
        ("attribution", "explain", ".", "--data", "a.html", "-o", "a.html"),
    ):
        if words[1] in ("write", "classify", "export"):
            pytest.importorskip("torch")
        said = refused(capsys, *words)
        assert "is read, and would be written over" in said or "no folder of" in said, words
    assert Path("t.txt").read_text() == "a\n"


def test_what_is_replaced_is_said(folder, capsys):
    words = [*FIND, "l.csv", "-o", "a.tree", "--memberships", "m.csv", "--map", "m.html"]
    for verb in ("wrote", "replaced"):
        main(words)
        said = capsys.readouterr().out
        assert all(f"{verb} {name}" in said for name in ("a.tree", "m.csv", "m.html: open it in a browser"))


def test_a_dash_is_standard_output_for_each_output(folder):
    tree = find("l.csv")
    for option, begins in (
        ("-o", b"# minent"),
        ("--memberships", b"node,module,share,flow"),
        ("--sure", b"name,module,"),
    ):
        run = ran(*FIND, "l.csv", "--trials", 2, option, "-")
        assert run.returncode == 0 and run.stdout.startswith(begins) and b"34 nodes" in run.stderr
    assert ran(*FIND, "l.csv", "--map", "-").stdout.lower().startswith(b"<!doctype html")
    two = ran(*FIND, "l.csv", "-o", "-", "--map", "-")
    assert two.returncode == 2 and b"one output goes to standard output" in two.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["l.csv", "one_way.txt"] and tree.number_of_modules > 1


def test_a_dash_is_a_mark_that_divides_and_standard_input(folder):
    run = ran(*FIND, "-", "--delimiter", "-", "--two-level", text=EDGES.replace(",", "-").encode())
    assert run.returncode == 0 and b"34 nodes, 78 undirected links" in run.stdout
    bad = ran(*FIND, "l.csv", "--trials", "-")
    assert bad.returncode == 2 and b'"-"' in bad.stderr and b"\1" not in bad.stderr
    twice = ran(*FIND, "-", "--initial", "-", text=b"")
    assert twice.returncode == 2 and b"standard input is read once" in twice.stderr


@pytest.mark.parametrize("suffix", [".tree", ".ftree", ".clu", ".json", ".csv"])
def test_a_tree_comes_by_standard_input(folder, suffix):
    tree = find("l.csv")
    tree.write(f"a{suffix}")
    content = Path(f"a{suffix}").read_bytes()
    compared = ran("community", "compare", f"a{suffix}", "-", text=content)
    assert compared.returncode == 0 and b"1.0000" in compared.stdout, compared.stderr
    begun = ran(*FIND, "l.csv", "--initial", "-", "--evaluate", text=content)
    assert begun.returncode == 0 and f"{tree.codelength:.4f} bits".encode() in begun.stdout


def test_tables_of_modules_are_begun_from(folder, capsys):
    main([*FIND, "l.csv", "--trials", "2", "--two-level", "--memberships", "m.csv", "--sure", "s.parquet"])
    bits = capsys.readouterr().out.split(" bits per step")[0].split()[-1]
    for table in ("m.csv", "s.parquet"):
        main([*FIND, "l.csv", "--initial", table, "--evaluate"])
        assert f"{bits} bits per step" in capsys.readouterr().out
    modules = pandas.read_csv("m.csv").module, pandas.read_parquet("s.parquet").module
    assert all({*one} == {*range(1, one.max() + 1)} and one.max() > 2 for one in modules)  # from 1, as in all files


@pytest.mark.parametrize("model", ["directed", "rawdir", "outdirdir"])
def test_a_flow_model_of_directed_links_makes_links_directed(folder, capsys, model):
    main([*FIND, "one_way.txt", "--flow-model", model])
    said = capsys.readouterr().out
    assert "9 directed links" in said
    main([*FIND, "one_way.txt", "--flow-model", model, "--directed"])
    assert said.split("read in")[0] == capsys.readouterr().out.split("read in")[0]
    assert f"{find('one_way.txt', flow_model=model).codelength:.4f} bits" in said
    assert f"{find('one_way.txt').codelength:.4f} bits" not in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "--relax-rate 0.3",
            "relax_rate is of networks of layers, and 'l.csv' has none; a column of layers is named by",
        ),
        ("--relax-limit 1", "relax_limit is of networks of layers"),
        ("--relax-by jensen-shannon", "relax_by is of networks of layers"),
        ("--layers", "layers is of networks of layers"),
        ("--order 2 --relax-rate 0.3", "--relax-rate is of networks of layers; paths have none"),
        ("--metadata-rate 0.5", "metadata_rate is that of metadata, and there is none"),
        ("--metadata-weighted=false", "metadata_weighted is that of metadata"),
        ("--to-nodes", "the flow model 'undirected' has no jumps: to_nodes would have no effect"),
        ("--recorded", "recorded would have no effect"),
        ("--teleportation 0.3", "teleportation would have no effect"),
        ("--flow-model rawdir --teleportation 0.3", "the flow model 'rawdir' has no jumps"),
        ("--directed --regularised 1 --recorded", "prior links are jumps, and there recorded would have no effect"),
        ("--evaluate --initial l.csv --trials 3", "--trials is of a search, and --evaluate makes none"),
        ("--format table", "Invalid value"),
    ],
)
def test_what_has_no_effect_is_refused(folder, capsys, words, said):
    assert said in refused(capsys, *FIND, "l.csv", *words.split())


def test_a_map_of_depths_that_is_not_drawn_is_refused(folder, capsys):
    assert "--depth is that of the modules that --out draws" in refused(
        capsys, "community", "compare", "a.tree", "b.tree", "--depth", "2"
    )


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_pipes_are_utf_8_whatever_the_console_says(folder, encoding):
    Path("zh.tsv").write_text("甲\t乙\n乙\t丙\n丙\t甲\n丁\té\n", encoding="utf-8")
    env = {"PYTHONIOENCODING": encoding}
    run = ran(*FIND, "zh.tsv", "-o", "-", env=env)
    assert run.returncode == 0 and '"甲"'.encode() in run.stdout and run.stdout.decode().count("\n") > 10
    assert "甲" in ran(*FIND, "zh.tsv", env=env).stdout.decode()
    missing = ran(*FIND, "没有.tsv", env=env)
    assert missing.returncode == 2 and "没有.tsv" in missing.stderr.decode()


def test_a_terminal_shows_a_question_mark_for_what_it_cannot_show(folder, monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", terminal)
    Path("zh.csv").write_text("甲,乙\n乙,b\n", encoding="utf-8")
    main([*FIND, "zh.csv"])
    terminal.flush()
    assert b"?, b" in terminal.buffer.getvalue()


def test_names_that_lines_cannot_hold_are_refused_before_the_search(folder, capsys):
    Path("broken.csv").write_text('"a\nb",c\nc,d\n')
    assert "no way to write a name with a line break" in refused(capsys, *FIND, "broken.csv", "-o", "x.tree")
    run = ran(*FIND, "broken.csv", "-o", "-")
    assert run.returncode == 2 and run.stdout == b""
    main([*FIND, "broken.csv", "-o", "x.csv"])
    assert "a\nb" in Tree.read("x.csv").node_names


def test_memory_has_no_layers(folder, capsys):
    Path("paths.txt").write_text("a b c\nc b a\nd b e\n" * 3)
    main([*FIND, "paths.txt", "--order", "2", "-o", "a.csv"])
    said = capsys.readouterr().out
    assert "6 states of 4 nodes, " in said and "layers" not in said
    assert "layer_id" not in pandas.read_csv("a.csv").columns
