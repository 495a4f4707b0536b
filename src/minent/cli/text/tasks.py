"""What each task of `minent text train` begins with: texts that are read, a model that is to learn, its records."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from minent.cli.inputs import understood
from minent.cli.kept_options import begun
from minent.cli.text.distilled import distilled
from minent.cli.text.held_data import FOLDER
from minent.data.tables.columns import Columns
from minent.errors import BadInput
from minent.nn.shape import Shape
from minent.text.options import Learning, Masking, Reading, Writing
from minent.training.recipe import Recipe

if TYPE_CHECKING:
    from minent.data import Labelled

HELD = 0.1  # of the texts, where there are no others to judge by
Prepared = tuple[Any, Any, str]  # a model, the records of its training, and what is told of it


class Asked(NamedTuple):
    """What a model is trained on, how, and where it goes."""

    task: Literal["classify", "seq2seq", "masked-lm"]
    train: list[str]
    train_target: Path | None
    dev: list[str]
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
    init: str = ""
    distil: str = ""
    lora: int = 0
    freeze: Sequence[str] = ()


COLUMNS = {"classify": ("text", "label"), "seq2seq": ("source", "target"), "masked-lm": ("text",)}


def check(asked: Asked) -> None:
    """Raises BadInput for what the task has no use for."""
    for name in ("source", "target", "text", "label"):
        said = getattr(asked.columns, name)
        if said != name and name not in COLUMNS[asked.task]:
            wanted = " and ".join(f"--{one}" for one in COLUMNS[asked.task])
            raise BadInput(f"--task {asked.task} reads columns by {wanted}; got --{name} {said}")
    for name in ("longest_target", "decoder_layers"):
        if getattr(asked.shape, name) and asked.task != "seq2seq":
            raise BadInput(f"--{name.replace('_', '-')} is for --task seq2seq; got --task {asked.task}")
    if asked.distil and asked.task != "seq2seq":
        raise BadInput(f"--distil is for --task seq2seq; got --task {asked.task}")
    if asked.lora and not asked.init:
        raise BadInput("--lora is for a model of Hugging Face, --init; got no such")
    if asked.init and asked.distil:
        raise BadInput("a model begins as one other model; got --init and --distil")
    other = "init" if asked.init else "distil" if asked.distil else ""
    if other and (asked.shape != Shape() or replace(asked.reading, tokens=Reading().tokens) != Reading()):
        wanted = "a model that is trained further keeps its shape and tokenizer"
        raise BadInput(f"{wanted}; got --{other} and options of these")
    if other and replace(asked.writing, smoothing=Writing().smoothing) != Writing():
        raise BadInput(f"a model that is trained further writes as it did; got --{other} and how to write")
    if asked.record and asked.task != "classify":
        raise BadInput(f"--record is for --task classify; got --task {asked.task}")
    if (targets := asked.train_target or asked.dev_target) and asked.task != "seq2seq":
        if asked.task == "classify":
            raise BadInput(f"labels stand beside their texts, targets are for seq2seq; got {str(targets)!r}")
        raise BadInput(f"a masked language model learns from texts alone; got {str(targets)!r} for targets")


def classifier(asked: Asked) -> Prepared:
    """A classifier that is to learn labels."""
    from minent.data import split
    from minent.text import classifier_from, new_classifier, train_classifier

    recipe = asked.recipe
    texts = labelled(asked, asked.train, asked.columns.label)
    if not asked.dev:
        texts, held = split(texts, HELD, recipe.seed)
    else:
        held = labelled(asked, asked.dev, asked.columns.label)
    if asked.init:
        model = classifier_from(begun(asked.init, asked.out, asked.resume), texts, recipe.seed)
        if asked.lora:
            adapt(model, asked.lora, recipe.seed, "SEQ_CLS")
    else:
        model = new_classifier(texts, asked.shape, asked.reading, recipe.seed)
    dev = held if len(held) else None  # nothing is held out of labels that few texts have
    records = train_classifier(
        model, texts, dev, recipe, tokens=asked.reading.tokens, folder=asked.out, resume=asked.resume,
        record=asked.record,
    )  # fmt: skip
    names = ", ".join(shorten(name, 40, placeholder=" …") for name in model.labels[:10])
    names += ", …" * (len(model.labels) > 10)
    if 2 * len(model.labels) > len(texts) > 20:
        names += "; most stand beside one text: is that the column of labels?"
    told = f"{len(texts):,} texts to learn from, {len(held):,} to judge by; {len(model.labels)} labels: {names}"
    return model, records, f"{understood(asked.train, texts.plan)}\n{told}"


def masked_lm(asked: Asked) -> Prepared:
    """A masked language model that is to learn from texts."""
    from minent.data import split
    from minent.text import new_masked_lm, train_masked_lm

    texts, recipe = labelled(asked, asked.train, None), asked.recipe
    texts, held = split(texts, HELD, recipe.seed) if not asked.dev else (texts, labelled(asked, asked.dev, None))
    if asked.init:
        from minent.text import load
        from minent.text.lora import adapted

        model, tokenizer = load(begun(asked.init, asked.out, asked.resume))
        model = adapted(model, asked.lora, recipe.seed) if asked.lora else model
    else:
        model, tokenizer = new_masked_lm(texts.texts, asked.shape, asked.reading, recipe.seed), None
    records = train_masked_lm(
        model, texts.texts, held.texts or None, recipe, masked=asked.masking.masked, tokens=asked.reading.tokens,
        folder=asked.out, resume=asked.resume, tokenizer=tokenizer,
    )  # fmt: skip
    told = f"{len(texts):,} texts to learn from, {len(held):,} to judge by"
    return model, records, f"{understood(asked.train, texts.plan)}\n{told}"


def seq2seq(asked: Asked) -> Prepared:
    """A model that is to learn to write a text for a text."""
    from minent.data import Pairs, held_out, read_pairs
    from minent.text import HubWriter, load_writer, new_seq2seq, train_seq2seq
    from minent.text.exposure import objective_of

    writing, recipe, objective = asked.writing, asked.recipe, objective_of(asked.learning)
    columns = asked.columns

    def read(path: list[str], targets: Path | None) -> Pairs:
        return read_pairs(
            path[0] if len(path) == 1 else path, targets, source=columns.source, target=columns.target,
            encoding=columns.encoding, skip_bad=columns.skip_bad, folder=asked.out / FOLDER,
        )  # fmt: skip

    pairs = read(asked.train, asked.train_target)
    if not asked.dev:
        pairs, held = held_out(pairs, HELD, recipe.seed)
    else:
        held = read(asked.dev, asked.dev_target)
    plan, given = pairs.plan, len(pairs)
    if asked.init:
        model = load_writer(begun(asked.init, asked.out, asked.resume))
        if asked.lora:
            adapt(model, asked.lora, recipe.seed)
    elif asked.distil:
        model, pairs = distilled(asked.distil, pairs, recipe, asked.out, asked.resume)
    else:
        model = new_seq2seq(pairs, asked.shape, asked.reading, writing, recipe.seed)
    records = train_seq2seq(
        model, pairs, held, recipe, objective=objective, smoothing=writing.smoothing, two_pass=writing.two_pass,
        tokens=asked.reading.tokens, folder=asked.out, resume=asked.resume,
    )  # fmt: skip
    learned = f"{model.direction}, {asked.learning.objective}"
    more = f" and {len(pairs) - given:,} texts on which both directions of {asked.distil} agree" * bool(asked.distil)
    told = f"{given:,} pairs{more} to learn from, {len(held):,} to judge by; {learned}"
    learns = model.model if isinstance(model, HubWriter) else model
    return learns, records, f"{understood(asked.train, plan)}\n{told}"


def adapt(model: Any, rank: int, seed: int, task: str | None = None) -> None:
    """Put adapters into the model of Hugging Face that `model` asks. Raises BadInput for one of minent."""
    from minent.text import HubClassifier, HubWriter
    from minent.text.lora import adapted

    theirs = isinstance(model, HubClassifier | HubWriter)
    model.model = adapted(model.model if theirs else model, rank, seed, task)


def labelled(asked: Asked, path: list[str], label: str | None) -> "Labelled":
    """The texts in a file, with the labels of a column. Raises BadInput where labels are wanted, and there are none."""
    from minent.data import read_labelled

    columns = asked.columns
    found = read_labelled(
        path[0] if len(path) == 1 else path, text=columns.text, label=label, encoding=columns.encoding,
        skip_bad=columns.skip_bad, folder=asked.out / FOLDER,
    )  # fmt: skip
    if label is not None and found.labels is None:
        wanted = "a table (.tsv of label and text, .csv, .jsonl, …), or any with --text and --label, has labels"
        raise BadInput(f"{understood(path, found.plan)}, without labels; {wanted}")
    return found
