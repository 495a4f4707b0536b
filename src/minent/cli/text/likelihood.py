"""`minent text likelihood`: how likely a model holds texts, a masked one word by word; and what gaps hold."""

import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from minent.cli.computing import Device
from minent.cli.inputs import numbered_texts, tell
from minent.cli.outputs import outputs, to_standard_output
from minent.data.tables.columns import PairColumns, TextColumn, TextOrPairColumns
from minent.errors import BadInput, require
from minent.files import write_text

if TYPE_CHECKING:
    import torch

HEAD = "line", "tokens", "log_p", "mean_log_p", "perplexity", "text"


def likelihood(
    texts: str,
    /,
    *,
    model: str,
    texts_target: Path | None = None,
    words: Annotated[bool, Parameter(show_default=False)] = False,
    gaps: int = 0,
    device: Device = "auto",
    columns: Annotated[TextOrPairColumns | None, Parameter(name="*")] = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], show_default=False)] = None,
) -> None:
    """How likely a model holds each text: a table between tabs, in the order of the lines.

    A masked language model: each token is hidden in turn, with the rest of its word to the right. The sum of log p is
    no probability of the text: compare texts by the mean of a token. A model that writes: log p of each target given
    its source, with the end, or of a decoder by itself of each text, after the token that opens it.

    Parameters
    ----------
    texts
        A file of one text a line, or a table; - reads standard input. Of a model that writes a text for a text: pairs
        as for training, or a file of sources with --texts-target.
    model
        Folder of a model of minent or Hugging Face that fills gaps or writes; or a name on the hub of one that fills.
    texts_target
        File of targets, a line for each line of the sources.
    words
        A line for each word instead of one for each text; by a masked language model.
    gaps
        Texts are templates (春__，__人): tell so many of the likeliest tokens of each gap, with p; likewise.
    out
        File to write to, instead of standard output (-).
    """
    require("torch", "torch", "measure texts")
    from minent.text.gibbs import load
    from minent.text.writing.load import writes
    from minent.training.devices import device_of

    out = None if out is not None and to_standard_output(out) else out
    wrote = outputs([out], [texts, texts_target, model])
    columns = columns or TextOrPairColumns()
    if Path(model).is_dir() and writes(model):
        if words or gaps:
            raise BadInput("--words and --gaps ask a masked language model; this one writes")
        found = _written(model, texts, texts_target, columns, device_of(device))
    else:
        if texts_target is not None or columns.source != "source" or columns.target != "target":
            raise BadInput("a masked language model reads texts alone; got pairs of them")
        network, tokenizer = load(model)
        network.to(device_of(device))
        numbered = numbered_texts(texts, TextColumn(columns.encoding, columns.skip_bad, columns.text))
        found = _gaps(network, tokenizer, numbered, gaps) if gaps else _texts(network, tokenizer, numbered, words)
    table = "".join("\t".join(" ".join(str(cell).split()) for cell in row) + "\n" for row in found)
    if out is None:
        sys.stdout.write(table)
    else:
        write_text(out, table)
        print(wrote(out), file=sys.stderr)


def _written(
    folder: str, texts: str, target: Path | None, columns: TextOrPairColumns, device: "torch.device"
) -> Iterable[tuple[object, ...]]:
    from minent.data import read_pairs
    from minent.text import HubWriter, load_writer
    from minent.text.exposure.likelihood import writer_likelihoods

    writer = load_writer(folder).to(device)
    if target is None and isinstance(writer, HubWriter) and not writer.both:
        numbered = numbered_texts(texts, TextColumn(columns.encoding, columns.skip_bad, columns.text))
        numbers, listed, sources = [n for n, _ in numbered], [text for _, text in numbered], None
    else:
        asked = PairColumns(columns.encoding, columns.skip_bad, columns.source, columns.target)
        pairs = read_pairs(texts, target, **asdict(asked))
        tell(texts, pairs.plan)
        rows = pairs.rows if pairs.rows is not None else range(len(pairs))
        numbers, listed, sources = [row + 1 for row in rows], pairs.targets, pairs.sources
    found = writer_likelihoods(writer, listed, sources)
    yield HEAD
    for number, one in zip(numbers, found, strict=True):
        yield number, sum(one.tokens), f"{one.total:.4f}", f"{one.mean:.4f}", f"{one.perplexity:.4f}", one.text


def _texts(
    network: object, tokenizer: object, numbered: list[tuple[int, str]], words: bool
) -> Iterable[tuple[object, ...]]:
    from minent.text.gibbs import likelihoods

    found = likelihoods(network, dict(numbered), tokenizer)
    if not words:
        yield HEAD
    else:
        yield "line", "word", "tokens", "log_p", "text"
    for (number, _), one in zip(numbered, found, strict=True):
        if not words:
            yield number, sum(one.tokens), f"{one.total:.4f}", f"{one.mean:.4f}", f"{one.perplexity:.4f}", one.text
        else:
            each = enumerate(zip(one.words, one.tokens, one.log_p, strict=True), 1)
            yield from ((number, place, count, f"{p:.4f}", word) for place, (word, count, p) in each)


def _gaps(
    network: object, tokenizer: object, numbered: list[tuple[int, str]], top: int
) -> Iterable[tuple[object, ...]]:
    from minent.text.gibbs import likeliest

    yield "line", "gap", "p", "token"
    for number, template in numbered:
        for gap, found in enumerate(likeliest(network, template, tokenizer, top), 1):
            yield from ((number, gap, f"{p:.4f}", token) for token, p in found)
