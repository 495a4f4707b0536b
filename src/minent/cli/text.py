"""`minent text`: models of text from the command line."""

import os
import sys
import time
import tomllib
from collections import deque
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from minent.errors import BadInput, require
from minent.nn.shape import Shape
from minent.text.options import Reading
from minent.training.recipe import Recipe

text = App(name="text", help="Models of text: trained, run and scored.")
FLAGS = "task", "train", "dev", "out", "resume"
HELD = 0.1  # of the texts, where there are no others to judge by


@text.command
def train(
    *,
    task: Literal["classify"],
    train: Path,
    dev: Path | None = None,
    out: Path,
    resume: Annotated[bool, Parameter(show_default=False)] = False,
    reading: Annotated[Reading | None, Parameter(name="*")] = None,
    shape: Annotated[Shape | None, Parameter(name="*")] = None,
    recipe: Annotated[Recipe | None, Parameter(name="*")] = None,
) -> None:
    """Train a model: minent text train [recipe.toml] --task classify --train texts.tsv --out model

    Every option may stand in recipe.toml instead, by its name (learning_rate = 0.001); options given override it.

    Parameters
    ----------
    task
        What to learn: classify texts by their labels.
    train
        Texts with labels: .tsv (label, text), .csv, .jsonl, .parquet, or a folder with one folder for each label.
    dev
        Texts to judge by; a tenth of the training texts if not given.
    out
        Folder for the model, its checkpoints and log.jsonl.
    resume
        Go on with a run that was stopped.
    """
    require("torch", "torch", "train models of text")
    from minent.data import read_labelled, split
    from minent.terminal import training
    from minent.text.classification import new_classifier, train_classifier

    reading, shape, recipe = reading or Reading(), shape or Shape(), recipe or Recipe()
    start, examples = time.perf_counter(), read_labelled(train)
    examples, held = split(examples, HELD, recipe.seed) if dev is None else (examples, read_labelled(dev))
    classifier = new_classifier(examples, shape, reading, recipe.seed)
    records = train_classifier(classifier, examples, held, recipe, tokens=reading.tokens, folder=out, resume=resume)
    if os.environ.get("RANK", "0") != "0":  # one of torchrun's processes speaks for all
        deque(records, maxlen=0)
        return
    weights = sum(parameter.numel() for parameter in classifier.parameters())
    print(f"{len(examples):,} texts to learn from, {len(held):,} to judge by; {len(classifier.labels)} labels")
    print(f"{weights:,} weights, {shape.attention} attention, texts of at most {shape.longest} tokens")
    training(records)
    print(f"wrote {out} in {time.perf_counter() - start:.0f} s")


@text.command
def classify(
    texts: str,
    /,
    *,
    model: Path,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], show_default=False)] = None,
) -> None:
    """Label texts: a line label<TAB>probability for each, in their order; and the accuracy where labels are given.

    Parameters
    ----------
    texts
        A file of one text a line, or as for training, with labels or without; - reads standard input.
    model
        Folder that `minent text train --task classify` wrote.
    output
        File to write the lines to, instead of standard output.
    """
    require("torch", "torch", "classify texts")
    from minent.files import write_text
    from minent.text.classifier import Classifier

    classifier, examples = Classifier.from_pretrained(model), read_texts(texts)
    probabilities = classifier.probabilities(examples.texts)
    best = probabilities.argmax(1)
    lines = "".join(f"{classifier.labels[i]}\t{p[i]:.4f}\n" for i, p in zip(best, probabilities, strict=True))
    if output is None:
        sys.stdout.write(lines)
    else:
        write_text(output, lines)
    if examples.labels is not None:
        right = sum(classifier.labels[i] == label for i, label in zip(best, examples.labels, strict=True))
        print(f"accuracy {right / len(best):.4f} ({right:,} of {len(best):,})", file=sys.stderr)


def read_texts(path: str) -> Any:
    """Texts, with their labels where the file has any."""
    from minent.cli.community import STANDARD_INPUT
    from minent.data import read_labelled

    if path == STANDARD_INPUT:
        return read_labelled("-", label=None)
    try:
        return read_labelled(path)
    except BadInput as error:
        try:
            return read_labelled(path, label=None)
        except BadInput:
            raise error from None


def with_recipe(words: list[str]) -> list[str]:
    """The words of the command line, `text train recipe.toml` replaced by the options in the file that are not given.

    Raises BadInput for a file that is no TOML, or has other keys than options."""
    if words[:2] != ["text", "train"] or not words[2:] or not words[2].endswith(".toml"):
        return words
    file, given = words[2], {word.split("=")[0] for word in words[3:]}
    try:
        table = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{file!r} is not TOML: {error}") from None
    known = [*FLAGS, *(field.name for kind in (Reading, Shape, Recipe) for field in fields(kind))]
    if unknown := [key for key in table if key not in known]:
        raise BadInput(f"{file!r} may set {', '.join(known)}; got {unknown[0]!r}")
    options = ((f"--{key.replace('_', '-')}", value) for key, value in table.items())
    return [
        *words[:2],
        *(word for option, value in options if option not in given for word in _words(option, value)),
        *words[3:],
    ]


def _words(option: str, value: Any) -> Iterator[str]:
    if value is not False:
        yield option
    if not isinstance(value, bool):
        yield str(value)
