"""Files of runs, of models and beside them, and what reads them: more places where the campaign begins."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from minent.attribution import Explanation, read_explanation, write_explanation
from minent.cli.attribution.recorded import Explaining, opened
from minent.cli.community.kept import names_of
from minent.cli.kept_options import of_run
from minent.cli.recipe import with_recipe
from minent.cli.text.sampled import lines_of
from minent.gan import Generator
from minent.gan.game import refuse_other
from minent.gan.options import Playing
from minent.plot.run import lines, read_log
from minent.text.classification.classifier import Classifier
from minent.text.embedding import _pooling
from minent.text.gibbs.rules import read_rules
from minent.text.masked.load import load
from minent.text.masked.vocabulary import vocabulary_of
from minent.training import checkpoint
from minent.training.weights import read

RULES = '[[rule]]\nkind = "only"\nplaces = [1, -1]\ntokens = ["w1", "w2"]\n[[rule]]\nkind = "repeat"\nbut = ["w1"]\n'
RECIPE = 'task = "seq2seq"\ntrain = ["a.tsv", "b.tsv"]\nlearning_rate = 0.001\nsteps = 4\n'
POOLING = '{"word_embedding_dimension": 8, "pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}'
RUN = (
    "config.json", "tokenizer.json", "options.json", "log.jsonl", "trajectory/trajectory.json",
    "trajectory/steps-00000001.safetensors", "trajectory/train.jsonl", "trajectory/end.safetensors",
    "checkpoints/step-00000002/state.json", "checkpoints/step-00000002/optimizer.safetensors",
)  # fmt: skip


@cache
def _made() -> Path:
    """The small models of the campaign of command lines, once a process."""
    from fuzz.commands import made

    folder = Path(tempfile.mkdtemp(prefix="minent-fuzz-"))
    with chdir(folder):
        made(folder)
    return folder


def _run(folder: Path) -> None:
    """All that a command reads of the run of a text classifier."""
    of_run(["text", "train", "--resume", str(folder)])
    lines(read_log(folder))
    state, recipe, _ = checkpoint.told(folder / "checkpoints" / "step-00000002")
    checkpoint.best(folder / "checkpoints", state, bool(recipe.get("ema")))
    read(folder / "checkpoints" / "step-00000002" / "optimizer.safetensors")
    Classifier.from_pretrained(folder).classify(["w1 w2"])
    run = opened(folder, Explaining())
    for step in run.trajectory.steps:
        run.trajectory.weights(step.number)
    run.trajectory.weights(run.trajectory.end + 1)


def _within(depth: int, reads: Callable[[Path], Any]) -> Callable[[Path], Any]:
    return lambda path: reads(path.parents[depth])


def run_seeds(folder: Path) -> Iterator[tuple[str, bytes, Callable[[Path], Any]]]:
    """Names, contents and readers, where `folder` gets the files that stand beside them."""
    for name in ("classify", "gan", "masked-lm"):
        shutil.copytree(_made() / name, folder / name)
    for name in RUN:
        yield f"classify/{name}", (folder / "classify" / name).read_bytes(), _within(name.count("/"), _run)
    for name in ("config.json", "tokenizer.json", "model.safetensors", "tokenizer_config.json"):
        if (path := folder / "masked-lm" / name).is_file():
            yield f"masked-lm/{name}", path.read_bytes(), _within(0, load)
    game = (folder / "gan" / "game.json").read_bytes()
    options = json.loads(game)
    classes, playing = options.pop("classes"), Playing(**options)
    yield "gan/game.json", game, lambda path: refuse_other(path.parent, playing, classes)
    config = (folder / "gan" / "config.json").read_bytes()
    yield "gan/config.json", config, _within(0, Generator.from_pretrained)
    (folder / "because").mkdir()
    explained = Explanation(np.array([[3.0]]), np.array([[1.0]]), np.array([[[2.5, 0.0, -0.5]]]), {})
    write_explanation(explained, folder / "because" / "because.parquet")
    yield "because.parquet", (folder / "because" / "because.parquet").read_bytes(), read_explanation
    vocabulary = vocabulary_of(Tokenizer.from_file(str(folder / "masked-lm" / "tokenizer.json")))
    yield "rules.toml", RULES.encode(), lambda path: read_rules(path, vocabulary)
    yield "recipe.toml", RECIPE.encode(), lambda path: with_recipe(["text", "train", str(path)])
    yield "names.json", b'{"1": "optics", "1:2": "lasers"}', lambda path: names_of(path, Path("map.html"))
    yield "names.csv", b'path,name\n1,optics\n1:2,"a, b"\n', lambda path: names_of(path, Path("map.html"))
    yield "sampled.jsonl", b'{"line": 1, "text": "a"}\n{"line": 2, "text": "b"}\n', lines_of
    yield "bert/1_Pooling/config.json", POOLING.encode(), _within(1, _pooling)
