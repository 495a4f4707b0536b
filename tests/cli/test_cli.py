import logging
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
from cyclopts import Parameter

from minent import __version__, cli
from minent.cli import terminal
from minent.community.tree.grow import grow
from minent.community.tree.tree import Tree
from minent.community.walk.models import flow_of
from minent.data.networks.graph import Graph


@pytest.fixture
def karate(tmp_path):
    path = tmp_path / "karate.txt"
    path.write_text("".join(f"{a} {b}\n" for a, b in nx.karate_club_graph().edges))
    return path


def minent(*arguments, text=None, **options):
    """The command in a process of its own, as a user runs it."""
    environment = {**os.environ, "COLUMNS": "80", **options.pop("env", {})}
    command = [sys.executable, "-m", "minent", *map(str, arguments)]
    return subprocess.run(command, input=text, capture_output=True, text=True, env=environment, **options)


def nested(names=None) -> tuple[Graph, Tree]:
    source, target = np.array(nx.karate_club_graph().edges).T
    network = Graph.from_links(source, target, names=names)
    module = np.where(np.arange(34) < 10, 1, np.where(np.arange(34) < 20, 3, 4))
    tree = grow(flow_of(network), np.array([-1, 0, 0, 2, 2]), module)
    assert tree.depth == 2
    return network, tree


def test_the_summary_says_what_was_found(karate):
    run = minent("community", "find", karate, "--two-level")
    assert run.returncode == 0, run.stderr
    assert "34 nodes, 78 undirected links" in run.stdout
    assert "3 modules in 1 level" in run.stdout and "4.7044 of one module" in run.stdout


def test_standard_input_is_a_file_like_any_other(karate):
    by_name, piped = minent("community", "find", karate), minent("community", "find", "-", text=karate.read_text())
    assert piped.returncode == 0, piped.stderr
    assert piped.stdout.split("read in")[0] == by_name.stdout.split("read in")[0] != ""


def test_relations_of_pajek_are_layers_with_limits_of_their_own(tmp_path):
    network = tmp_path / "a.net"
    network.write_text('*Vertices 3\n*Arcs :1 "likes"\n1 2\n2 3\n3 1\n*Arcs :2 "helps"\n1 2\n2 1\n')
    run = minent("community", "find", network)
    assert run.returncode == 2 and "--layers" in run.stderr
    layers, up = minent("community", "find", network, "--layers"), ("--relax-limit-up", 0, "--relax-limit-down", 0)
    assert layers.returncode == 0 and "5 states of 3 nodes in 2 layers, 9 directed links" in layers.stdout
    alone = minent("community", "find", network, "--layers", *up)
    assert "5 states of 3 nodes in 2 layers, 5 directed links" in alone.stdout


def test_every_output_is_written(karate, tmp_path):
    outputs = [tmp_path / name for name in ("a.tree", "b.clu", "c.json")]
    options = [word for path in outputs for word in ("-o", path)]
    run = minent("community", "find", karate, *options, "--map", tmp_path / "map.html")
    assert run.returncode == 0, run.stderr
    trees = [Tree.read(path) for path in outputs]
    assert len({len(tree.module) for tree in trees}) == 1 and len(trees[0].module) == 34
    assert (tmp_path / "map.html").read_text(encoding="utf-8").lower().startswith("<!doctype html")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["community", "find", "none.txt"], "none.txt"),
        (["community", "find", "bad.txt"], "line 2 of"),
        (["community", "find", "karate.txt", "-o", "a.xml"], "a tree is written as .tree, "),
        (["community", "find", "karate.txt", "-o", "bad.txt/a.tree"], "'bad.txt"),
        (["community", "find", "karate.txt", "--effort", "bes"], 'Did you mean "best"?'),
        (["community", "find", "karate.txt", "--trails", "3"], "Did you mean --trials?"),
        (["community", "find"], "LINKS requires an argument"),
        (["comunity"], 'Did you mean "community"?'),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(karate, arguments, sentence):
    (karate.parent / "bad.txt").write_text("1 2 0.5\n2 3 -0.5\n")
    run = minent(*arguments, cwd=karate.parent)
    assert run.returncode == 2 and run.stdout == ""
    assert run.stderr.startswith("minent: ") and sentence in run.stderr and run.stderr.count("\n") == 1


def test_debug_shows_where_an_error_came_from(karate):
    run = minent("community", "find", karate, "-o", "a.xml", "--debug")
    assert "Traceback" in run.stderr and "BadInput" in run.stderr


def fails(monkeypatch, capsys, error) -> tuple[int, str]:
    def broken(*arguments, **options):
        raise error

    monkeypatch.setattr(cli, "app", SimpleNamespace(parse_args=broken))
    with pytest.raises(SystemExit) as end:
        cli.main([])
    return end.value.code, capsys.readouterr().err


def test_interruption_is_silent_and_status_130(tmp_path):
    said = tmp_path / "said"
    listening = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # it may start ignored
    command = [sys.executable, "-c", f"{listening}; from minent.cli import main; main(['community', 'find', '-'])"]
    with said.open("wb") as out, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out) as run:
        run.stdin.write(b"1 2\n" * 500_000)  # more than a pipe holds: once written, the command is reading
        time.sleep(0.5)  # and now it waits for more
        run.send_signal(signal.SIGINT)
        assert run.wait(60) == 130
        run.stdin.close()
    assert said.read_text() == ""


def test_other_errors_are_status_1_and_no_traceback(monkeypatch, capsys):
    assert fails(monkeypatch, capsys, PermissionError(13, "Permission denied", "x")) == (
        1,
        "minent: 'x': Permission denied\n",
    )
    status, said = fails(monkeypatch, capsys, ZeroDivisionError("division by zero"))
    assert status == 1 and said.startswith("minent: ZeroDivisionError: division by zero (a mistake in minent")


def test_a_reader_who_leaves_early_is_no_error(karate):
    command = f'"{sys.executable}" -m minent community find "{karate}" | true; echo ${{PIPESTATUS[0]}}'
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert run.stdout in ("141\n", "0\n") and "Traceback" not in run.stderr and "Broken" not in run.stderr


def test_the_summary_fits_80_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    names = np.array([f"a rather long name [bold]for[/bold] number\n{i}" for i in range(34)], object)
    terminal.summary(*nested(names))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "2 top modules, 3 leaf modules in 2 levels" in lines[1]
    assert any("a rather long name [bold]for[/bold]" in line for line in lines)


def test_what_the_library_logs_is_said_on_standard_error(capsys):
    with terminal.progress() as say:
        say("reading")
        logging.getLogger("minent").warning("compiling kernels, once")
    assert capsys.readouterr().err == "compiling kernels, once\n"
    assert logging.getLogger("minent").handlers == []


def test_version_and_help():
    assert minent("--version").stdout.strip() == __version__
    start = time.perf_counter()
    run = minent("--help")
    assert run.returncode == 0 and "community" in run.stdout and "tour" in run.stdout
    assert time.perf_counter() - start < 3  # the tight bound, best of several, is in test_foundation.py


def test_doctor_says_what_is_installed_and_what_could_be(capsys, monkeypatch):
    cli.main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"minent {__version__}, Python 3.") and max(map(len, lines[:-2])) <= 80  # then paths
    told = {line.split()[0]: line for line in lines}
    assert {"base", "torch", "hub", "knn", "plot", "score", "threads", "kernels"} <= set(told)
    assert told["base"].split() == ["base", "installed"] and "numpy" in "".join(lines)
    module = sys.modules["minent.cli.doctor"]  # its name in the package is that of the command
    found = module.installed
    monkeypatch.setattr(module, "installed", lambda package: None if package == "faiss-cpu" else found(package))
    cli.main(["doctor"])
    assert 'knn          pip install "minent[knn]" for faiss-cpu' in capsys.readouterr().out
    monkeypatch.setattr(module, "installed", lambda package: None)
    cli.main(["doctor"])
    assert max(map(len, capsys.readouterr().out.splitlines()[:-3])) <= 80


def test_a_shell_can_complete_commands(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    cli.main(["--install-completion", "--shell", "bash", "--output", str(tmp_path / "minent.bash")])
    assert "minent" in (tmp_path / "minent.bash").read_text()


def commands(app, *words):
    """All commands that are below an app, with the words that call them."""
    below = [name for name in app if not name.startswith("-")]
    return {words: app} if not below else {k: v for name in below for k, v in commands(app[name], *words, name).items()}


def test_one_word_names_what_is_written_and_o_is_short_for_it():
    writing = set()
    for words, command in commands(cli.app).items():
        names = [one.names for one in command.assemble_argument_collection(default_parameter=Parameter(negative=""))]
        assert not {"--output", "--outfile", "--o"} & {name for one in names for name in one}, words
        writing |= {words for one in names if "--out" in one and "-o" in one}
        assert all(("--out" in one) == ("-o" in one) for one in names), words
    assert {("text", "train"), ("gan", "train"), ("text", "lengthen"), ("community", "find"), ("plot",)} <= writing
