"""`minent text train`: models of text from the command line, their options from a file or from flags."""

import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from minent.cli.computing import Threads, check_threads, compute_on
from minent.cli.kept_options import keeping
from minent.cli.outputs import check_apart
from minent.cli.processes import speaks
from minent.cli.text.held_data import held_data
from minent.cli.text.tasks import Asked, check, classifier, masked_lm, seq2seq
from minent.data.tables.columns import Columns
from minent.errors import require
from minent.nn.shape import Shape
from minent.text.options import Learning, Masking, Reading, Writing
from minent.training.recipe import Recipe

FEW = 200  # steps, for a model that begins from nothing


def train(
    *,
    task: Literal["classify", "seq2seq", "masked-lm"],
    train: Annotated[list[str], Parameter(consume_multiple=True)],
    train_target: Path | None = None,
    dev: Annotated[list[str] | None, Parameter(show_default=False, consume_multiple=True)] = None,
    dev_target: Path | None = None,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    resume: Annotated[bool, Parameter(show_default=False)] = False,
    record: int = 0,
    lora: int = 0,
    freeze: Annotated[list[str] | None, Parameter(show_default=False, consume_multiple=True)] = None,
    threads: Threads = 0,
    init: Annotated[str, Parameter(show_default=False)] = "",
    distil: Annotated[str, Parameter(show_default=False)] = "",
    columns: Annotated[Columns | None, Parameter(name="*", group="Columns of a table")] = None,
    reading: Annotated[Reading | None, Parameter(name="*", group="Reading")] = None,
    writing: Annotated[Writing | None, Parameter(name="*", group="Writing")] = None,
    learning: Annotated[Learning | None, Parameter(name="*", group="Objective")] = None,
    masking: Annotated[Masking | None, Parameter(name="*", group="Filling gaps")] = None,
    shape: Annotated[Shape | None, Parameter(name="*", group="Model")] = None,
    recipe: Annotated[Recipe | None, Parameter(name="*", group="Training")] = None,
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
        masked-lm: one text a line, or the column text of such tables. Several files: a list, a pattern, a folder of
        shards.
    train_target
        File of targets, a line for each line of --train.
    dev
        Texts to judge by; a tenth of the training texts if not given.
    dev_target
        File of targets for --dev.
    out
        Folder for the model, its checkpoints, options and log.jsonl.
    resume
        Go on with a run that was stopped: --resume FOLDER in place of --out needs no other option.
    record
        Record the weights before every so many steps, for `minent attribution`; 0 for none. For --task classify.
    init
        Train this model further, a folder that this command wrote: one of the task, and for classify a masked language
        model, too, or a classifier of other labels. Or a folder of Hugging Face's, with a model that writes for
        seq2seq, any that can classify, a masked one for masked-lm (or its name on the hub); --out is then theirs, too.
    lora
        Of a model of Hugging Face (--init) only adapters of this rank are trained, and the scores of labels; the folder
        holds the whole model, these added to it. 0: all weights are trained.
    freeze
        Names of weights that stay as they are, such as 'bert.embeddings.*'; where one fits none it is said
        how they are called.
    distil
        seq2seq: a model from left to right learns what both directions of this bidirectional one agree on, a folder or
        a name on the hub; it begins as the half of it that writes from the left.
    """
    require("torch", "torch", "train models of text")
    from minent.training.defaults import LEAST
    from minent.training.devices import device_of
    from minent.training.run import refuse_taken

    start = time.perf_counter()
    asked = Asked(
        task, train, train_target, dev or [], dev_target, out, resume, record, columns or Columns(),
        reading or Reading(), writing or Writing(), learning or Learning(), masking or Masking(), shape or Shape(),
        recipe or Recipe(), init, distil, lora, freeze or [],
    )  # fmt: skip
    check(asked)
    check_threads(threads)
    device_of(asked.recipe.device)
    check_apart(out, [init or None, distil or None, *train, train_target, *asked.dev, dev_target])
    refuse_taken(out, resume)
    with held_data(out):
        model, records, told = {"classify": classifier, "seq2seq": seq2seq, "masked-lm": masked_lm}[task](asked)
        frozen(model, asked.freeze)
        compute_on(threads, operations(model, asked.reading.tokens or LEAST))
        if not speaks():
            deque(records, maxlen=0)
            return
        options = {**asked._asdict(), "threads": threads}
        follow(model, keeping(records, "text", out, options, resume), told, asked)
    print(chosen(out), end="")
    print(f"wrote {out} in {time.perf_counter() - start:.0f} s")


def frozen(model: Any, patterns: Sequence[str]) -> None:
    """Freeze weights before the optimiser is made, and say how many."""
    from minent.text import HubClassifier
    from minent.training.descent.freezing import freeze

    bare = model.model if isinstance(model, HubClassifier) else model  # by the names that transformers has
    if patterns and (still := freeze(bare, patterns)) and speaks():
        print(f"{still:,} of {sum(one.numel() for one in bare.parameters()):,} weights stay as they are")


def operations(model: Any, tokens: int) -> float:
    """Of a step on so many tokens, about: forwards two for each weight and token, backwards twice as many. Embeddings
    that nothing is written with are looked up."""
    embedding = getattr(model, "embedding", None) if hasattr(model, "labels") else None
    looked_up = 0 if embedding is None else embedding.tokens.weight.numel()
    return 6.0 * tokens * (sum(parameter.numel() for parameter in model.parameters()) - looked_up)


def chosen(out: Path) -> str:
    """Which weights a run ended with, and by what, in a line; none where nothing judged."""
    from minent.training import checkpoint

    newest = checkpoint.newest(out / "checkpoints")
    if newest is None:
        return ""
    state, recipe, _ = checkpoint.told(newest)
    if (best := checkpoint.judged(state, recipe)) is None:
        return ""
    steps = " and ".join(f"{step:,}" for _, step in state.best)
    score = f"the {'lowest' if best[0] == 'loss' else 'highest'} {best[0]} on dev, {best[1]:.4f}"
    of = f"the mean of those of steps {steps}" if len(state.best) > 1 else f"those of step {steps}"
    return f"weights: {of}, by {score}\n"


def follow(model: Any, records: Any, told: str, asked: Asked) -> None:
    """Train, and tell how it goes."""
    from minent.cli.terminal import training

    weights = sum(parameter.numel() for parameter in model.parameters())
    print(told)
    if begun := asked.init or asked.distil:
        print(f"{weights:,} weights, those of {begun} to begin with")
    else:
        shape = model.shape
        most = f"{shape.longest}" + f", targets of {shape.longest_target}" * bool(shape.longest_target)
        print(f"{weights:,} weights, {shape.attention} attention, texts of at most {most} tokens")
    steps = training(opened(records, model, asked))
    if 0 < steps < FEW and not (begun or asked.recipe.steps):
        how = "more texts, smaller batches (--tokens) or --steps make more of them"
        print(f"{steps:,} steps are few to learn from nothing: {how}", file=sys.stderr)


def opened(records: Any, model: Any, asked: Asked) -> Iterator[Any]:
    """The same records; before the first it is said what was not asked for."""
    from minent.training.defaults import rate_of

    for number, record in enumerate(records):
        if number == 0 and (asked.recipe.steps is None or asked.recipe.learning_rate is None):
            print(f"{record.steps:,} steps, learning rate at most {rate_of(asked.recipe, model):.2g}", flush=True)
        yield record
