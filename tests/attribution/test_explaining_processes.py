"""Processes that share the inputs explain them as one does."""

import os
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import torch
from attribution import distributed, runs
from attribution.runs import MODELS, OPTIMIZERS, explained, recorded

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}


def torchrun(*words):
    done = subprocess.run([*TORCHRUN, *map(str, words)], capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    return done


def test_two_processes_give_the_explanation_that_one_does_and_both_have_it(tmp_path):
    recorded(tmp_path, MODELS["transformer"], OPTIMIZERS["AdamW"], every=2)
    torchrun(runs.__file__, tmp_path)
    whole = asdict(explained(tmp_path))
    assert np.linalg.norm(whole["contributions"][0] - whole["contributions"][4]) > 0.01
    for rank in (0, 1):
        with np.load(tmp_path / f"rank{rank}.npz") as found:
            for name in ("prediction", "initial", "contributions"):
                np.testing.assert_allclose(found[name], whole[name], rtol=0, atol=1e-12)
            np.testing.assert_allclose(found["weight decay"], whole["other"]["weight decay"], rtol=0, atol=1e-12)
            assert tuple(found["notes"]) == whole["notes"] != ()


def test_the_command_line_writes_the_page_of_one_process_once(tmp_path):
    _, (x, y) = recorded(tmp_path / "run", MODELS["relu"], OPTIMIZERS["momentum"], dtype=torch.float32)
    np.savez(tmp_path / "train.npz", x=x.numpy(), y=y.numpy())
    (tmp_path / "made.py").write_text("from attribution.runs import MODELS\nnet = MODELS['relu']\n")
    words = ["-m", "minent", "attribution", "explain", tmp_path / "run", "--model", f"{tmp_path / 'made.py'}:net"]
    words += ["--train", tmp_path / "train.npz", "--data", tmp_path / "train.npz", "--first", 1]
    two = torchrun(*words, "-o", tmp_path / "two.html")
    assert two.stdout.count("wrote") == two.stderr.count("Explanation(") == 1
    subprocess.run([sys.executable, *map(str, words), "-o", tmp_path / "one.html"], check=True, env=ENVIRONMENT)
    one, other = ((tmp_path / name).read_text().split("<section>") for name in ("one.html", "two.html"))
    assert len(one) == len(other) == 2  # one input: a process had none
    assert one[1].split("what the sum lacks")[0] == other[1].split("what the sum lacks")[0]


def test_a_distributed_run_is_explained_exactly_with_the_examples_of_all_processes(tmp_path):
    torchrun(distributed.__file__, tmp_path)
    lacks = [float(path.read_text()) for path in tmp_path.glob("*.txt")]
    assert len(lacks) == 4 and max(lacks) < 1e-12
