"""`minent text train`: models of text from the command line, their options from a file or from flags."""

import time
from collections import deque
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from cyclopts import Parameter

from minent.cli.outputs import check_apart
from minent.cli.processes import speaks
from minent.data.tables.columns import Columns
from minent.errors import BadInput, require
from minent.nn.shape import Shape
from minent.text.options import Learning, Masking, Reading, Writing
from minent.training.recipe import Recipe

HELD = 0.1  # of the texts, where there are no others to judge by
Prepared = tuple[Any, Any, str]  # a model, the records of its training, and what is told of it


class Asked(NamedTuple):
    """What a model is trained on, how, and where it goes."""

    task: Literal["classify", "seq2seq", "masked-lm"]
    train: str
    train_target: Path | None
    dev: str | None
    dev_target: Path | None
    out: Path
    resume: bool
    record: int
    columns: Columns
    reading: Reading
    writing: Writing
    learning: Learning
    masking: Masking
    shape: Shape
    recipe: Recipe


def train(
    *,
    task: Literal["classify", "seq2seq", "masked-lm"],
    train: str,
    train_target: Path | None = None,
    dev: str | None = None,
    dev_target: Path | None = None,
    out: Path,
    resume: Annotated[bool, Parameter(show_default=False)] = False,
    record: int = 0,
    columns: Annotated[Columns | None, Parameter(name="*")] = None,
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
        classify: .tsv (label, text), .csv, .jsonl, .json, .parquet, or a folder with one folder for each label.
        seq2seq: .tsv (source, target), .csv, .jsonl, .json, .parquet, or a file of sources with --train-target.
        masked-lm: one text a line, or the column text of such tables. A pattern in quotes, "train-*.parquet", or a
        folder of shards stands for several files.
    train_target
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
    start = time.perf_counter()
    asked = Asked(
        task, train, train_target, dev, dev_target, out, resume, record, columns or Columns(), reading or Reading(),
        writing or Writing(), learning or Learning(), masking or Masking(), shape or Shape(), recipe or Recipe(),
    )  # fmt: skip
    check(asked)
    check_apart(out, [train, train_target, dev, dev_target])
    prepared = {"classify": classifier, "seq2seq": seq2seq, "masked-lm": masked_lm}[task](asked)
    if not speaks():
        deque(prepared[1], maxlen=0)
        return
    follow(*prepared, asked)
    print(f"wrote {out} in {time.perf_counter() - start:.0f} s")


def check(asked: Asked) -> None:
    """Raises BadInput for what the task has no use for."""
    if asked.record and asked.task != "classify":
        raise BadInput(f"--record is for --task classify; got --task {asked.task}")
    if (targets := asked.train_target or asked.dev_target) and asked.task != "seq2seq":
        if asked.task == "classify":
            raise BadInput(f"labels stand beside their texts, targets are for seq2seq; got {str(targets)!r}")
        raise BadInput(f"a masked language model learns from texts alone; got {str(targets)!r} for targets")


def follow(model: Any, records: Any, told: str, asked: Asked) -> None:
    """Train, and tell how it goes."""
    from minent.cli.terminal import training

    weights, shape = sum(parameter.numel() for parameter in model.parameters()), asked.shape
    print(told)
    print(f"{weights:,} weights, {shape.attention} attention, texts of at most {shape.longest} tokens")
    if asked.record and shape.dropout:
        print(f"what dropout of {shape.dropout:g} hides is not recorded: explanations add up with --dropout 0 only")
    training(records)


def classifier(asked: Asked) -> Prepared:
    """A classifier that is to learn labels."""
    from minent.data import Labelled, read_labelled, split
    from minent.text import new_classifier, train_classifier

    columns, recipe = asked.columns, asked.recipe

    def read(path: str) -> Labelled:
        return read_labelled(
            path, text=columns.text, label=columns.label, encoding=columns.encoding, skip_bad=columns.skip_bad
        )

    texts = read(asked.train)
    texts, held = split(texts, HELD, recipe.seed) if asked.dev is None else (texts, read(asked.dev))
    model = new_classifier(texts, asked.shape, asked.reading, recipe.seed)
    dev = held if len(held) else None  # nothing is held out of labels that few texts have
    records = train_classifier(
        model, texts, dev, recipe, tokens=asked.reading.tokens, folder=asked.out, resume=asked.resume,
        record=asked.record,
    )  # fmt: skip
    names = ", ".join(model.labels[:10]) + ", …" * (len(model.labels) > 10)
    told = f"{len(texts):,} texts to learn from, {len(held):,} to judge by; {len(model.labels)} labels: {names}"
    return model, records, understood(asked.train, texts.plan, told)


def masked_lm(asked: Asked) -> Prepared:
    """A masked language model that is to learn from texts."""
    from minent.data import Labelled, read_labelled, split
    from minent.text import new_masked_lm, train_masked_lm

    columns, recipe = asked.columns, asked.recipe

    def read(path: str) -> Labelled:
        return read_labelled(path, text=columns.text, label=None, encoding=columns.encoding, skip_bad=columns.skip_bad)

    texts = read(asked.train)
    texts, held = split(texts, HELD, recipe.seed) if asked.dev is None else (texts, read(asked.dev))
    model = new_masked_lm(texts.texts, asked.shape, asked.reading, recipe.seed)
    records = train_masked_lm(
        model, texts.texts, held.texts or None, recipe, masked=asked.masking.masked, tokens=asked.reading.tokens,
        folder=asked.out, resume=asked.resume,
    )  # fmt: skip
    told = f"{len(texts):,} texts to learn from, {len(held):,} to judge by"
    return model, records, understood(asked.train, texts.plan, told)


def seq2seq(asked: Asked) -> Prepared:
    """A model that is to learn to write a text for a text."""
    from minent.data import Pairs, held_out, read_pairs
    from minent.text import new_seq2seq, train_seq2seq
    from minent.text.exposure import objective_of

    writing, recipe, objective = asked.writing, asked.recipe, objective_of(asked.learning)
    columns = asked.columns

    def read(path: str, targets: Path | None) -> Pairs:
        return read_pairs(
            path, targets, source=columns.source, target=columns.target, encoding=columns.encoding,
            skip_bad=columns.skip_bad,
        )  # fmt: skip

    pairs = read(asked.train, asked.train_target)
    if asked.dev is None:
        pairs, held = held_out(pairs, HELD, recipe.seed)
    else:
        held = read(asked.dev, asked.dev_target)
    model = new_seq2seq(pairs, asked.shape, asked.reading, writing, recipe.seed)
    records = train_seq2seq(
        model, pairs, held, recipe, objective=objective, smoothing=writing.smoothing, two_pass=writing.two_pass,
        tokens=asked.reading.tokens, folder=asked.out, resume=asked.resume,
    )  # fmt: skip
    learned = f"{writing.decoder}, {asked.learning.objective}"
    told = f"{len(pairs):,} pairs to learn from, {len(held):,} to judge by; {learned}"
    return model, records, understood(asked.train, pairs.plan, told)


def understood(path: str, plan: Any, told: str) -> str:
    """What is told, after how a file was read."""
    return f"{Path(path).name}: {plan}\n{told}" if str(plan or "") else told
