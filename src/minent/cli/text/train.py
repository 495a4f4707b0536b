"""`minent text train`: models of text from the command line, their options from a file or from flags."""

import time
from collections import deque
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from minent.cli.processes import speaks
from minent.errors import BadInput, require
from minent.nn.shape import Shape
from minent.text.options import Learning, Masking, Reading, Writing
from minent.training.recipe import Recipe

HELD = 0.1  # of the texts, where there are no others to judge by
Files = tuple[Path, Path | None, Path | None, Path | None]
Task = tuple[Writing, Learning, Masking]  # what is written, what from it is learned, what is hidden


def train(
    *,
    task: Literal["classify", "seq2seq", "masked-lm"],
    train: Path,
    target: Path | None = None,
    dev: Path | None = None,
    dev_target: Path | None = None,
    out: Path,
    resume: Annotated[bool, Parameter(show_default=False)] = False,
    record: int = 0,
    reading: Annotated[Reading | None, Parameter(name="*")] = None,
    writing: Annotated[Writing | None, Parameter(name="*")] = None,
    learning: Annotated[Learning | None, Parameter(name="*")] = None,
    masking: Annotated[Masking | None, Parameter(name="*")] = None,
    shape: Annotated[Shape | None, Parameter(name="*")] = None,
    recipe: Annotated[Recipe | None, Parameter(name="*")] = None,
) -> None:
    """Train a model: minent text train [recipe.toml] --task classify --train texts.tsv --out model

    Every option may stand in recipe.toml instead, by its name (learning_rate = 0.001); options given override it.

    Parameters
    ----------
    task
        What to learn: classify texts by their labels, write a text for a text (seq2seq), or fill gaps (masked-lm).
    train
        classify: .tsv (label, text), .csv, .jsonl, .parquet, or a folder with one folder for each label. seq2seq: .tsv
        (source, target), .csv, .jsonl, .parquet, or a file of sources with --target. masked-lm: one text a line, or the
        column text of .tsv, .csv, .jsonl, .parquet.
    target
        File of targets, a line for each line of --train.
    dev
        Texts to judge by; a tenth of the training texts if not given.
    dev_target
        File of targets for --dev.
    out
        Folder for the model, its checkpoints and log.jsonl.
    resume
        Go on with a run that was stopped.
    record
        Record the weights before every so many steps, for `minent attribution`; 0 for none. For --task classify, and
        best with --dropout 0.
    """
    require("torch", "torch", "train models of text")
    from minent.cli.terminal import training

    start = time.perf_counter()
    shape, recipe = shape or Shape(), recipe or Recipe()
    files = train, target, dev, dev_target
    prepare = {"classify": _classifier, "seq2seq": _seq2seq, "masked-lm": _masked_lm}[task]
    task_options = writing or Writing(), learning or Learning(), masking or Masking()
    if record and task != "classify":
        raise BadInput(f"--record is for --task classify; got --task {task}")
    prepare: Any = partial(prepare, record=record) if record else prepare
    model, records, told = prepare(files, reading or Reading(), task_options, shape, recipe, out, resume)
    if not speaks():
        deque(records, maxlen=0)
        return
    weights = sum(parameter.numel() for parameter in model.parameters())
    print(told)
    print(f"{weights:,} weights, {shape.attention} attention, texts of at most {shape.longest} tokens")
    if record and shape.dropout:
        print(f"what dropout of {shape.dropout:g} hides is not recorded: explanations add up with --dropout 0 only")
    training(records)
    print(f"wrote {out} in {time.perf_counter() - start:.0f} s")


def _classifier(
    files: Files, reading: Reading, _: Task, shape: Shape, recipe: Recipe, out: Path, resume: bool, record: int = 0
) -> tuple[Any, Any, str]:
    from minent.data import read_labelled, split
    from minent.text.classification.training import new_classifier, train_classifier

    file, target, dev, dev_target = files
    if target or dev_target:
        raise BadInput(f"labels stand beside their texts, targets are for seq2seq; got {str(target or dev_target)!r}")
    examples = read_labelled(file)
    examples, held = split(examples, HELD, recipe.seed) if dev is None else (examples, read_labelled(dev))
    model = new_classifier(examples, shape, reading, recipe.seed)
    dev_set = held if len(held) else None  # nothing is held out of labels that few texts have
    records = train_classifier(
        model, examples, dev_set, recipe, tokens=reading.tokens, folder=out, resume=resume, record=record
    )
    told = f"{len(examples):,} texts to learn from, {len(held):,} to judge by; {len(model.labels)} labels"
    return model, records, told


def _masked_lm(
    files: Files, reading: Reading, task: Task, shape: Shape, recipe: Recipe, out: Path, resume: bool
) -> tuple[Any, Any, str]:
    from minent.data import read_labelled, split
    from minent.text.masked.training import new_masked_lm, train_masked_lm

    (file, target, dev, dev_target), (*_, masking) = files, task
    if target or dev_target:
        raise BadInput(
            f"a masked language model learns from texts alone; got {str(target or dev_target)!r} for targets"
        )
    texts = read_labelled(file, label=None)
    texts, held = split(texts, HELD, recipe.seed) if dev is None else (texts, read_labelled(dev, label=None))
    model = new_masked_lm(texts.texts, shape, reading, recipe.seed)
    records = train_masked_lm(
        model, texts.texts, held.texts or None, recipe, masked=masking.masked, tokens=reading.tokens, folder=out,
        resume=resume,
    )  # fmt: skip
    return model, records, f"{len(texts):,} texts to learn from, {len(held):,} to judge by"


def _seq2seq(
    files: Files, reading: Reading, task: Task, shape: Shape, recipe: Recipe, out: Path, resume: bool
) -> tuple[Any, Any, str]:
    from minent.data import held_out, read_pairs
    from minent.text.exposure import objective_of
    from minent.text.writing.training import new_seq2seq, train_seq2seq

    (file, target, dev, dev_target), (writing, learning, _) = files, task
    objective = objective_of(learning)
    pairs = read_pairs(file, target)
    pairs, held = held_out(pairs, HELD, recipe.seed) if dev is None else (pairs, read_pairs(dev, dev_target))
    model = new_seq2seq(pairs, shape, reading, writing, recipe.seed)
    records = train_seq2seq(
        model, pairs, held, recipe, objective=objective, smoothing=writing.smoothing, two_pass=writing.two_pass,
        tokens=reading.tokens, folder=out, resume=resume,
    )  # fmt: skip
    told = f"{len(pairs):,} pairs to learn from, {len(held):,} to judge by; {writing.decoder}, {learning.objective}"
    return model, records, told
