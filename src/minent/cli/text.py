"""`minent text`: models of text from the command line."""

import sys
from collections.abc import Iterator
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, cast

from cyclopts import App, Parameter

from minent.cli.kept import STANDARD_INPUT
from minent.cli.sample import sample
from minent.cli.score import score
from minent.cli.train import train
from minent.errors import BadInput, BadLine, require
from minent.files import whole_file, write_text
from minent.text.options import Search

text = App(name="text", help="Models of text: trained, run and scored.")
text.command(train)
text.command(score)
text.command(sample)
STREAM = 256  # lines that are written together


@text.command
def write(
    texts: str = "-",
    /,
    *,
    model: Path,
    n_best: int = 1,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], show_default=False)] = None,
    search: Annotated[Search | None, Parameter(name="*")] = None,
) -> None:
    """Write a text for each line: titles, translations, what the model has learned; in the order of the lines.

    Parameters
    ----------
    texts
        A file of one text a line; - reads standard input.
    model
        Folder that `minent text train --task seq2seq` wrote.
    n_best
        Texts for each line, with their scores: line number, score and text between tabs; 1 writes the best text alone.
    output
        File to write to, instead of standard output.
    """
    require("torch", "torch", "write texts")
    from minent.text.seq2seq import Seq2Seq
    from minent.text.write import n_best as written

    search = search or Search()
    if not 1 <= n_best <= search.beam:
        raise BadInput(f"n_best must be from 1 to the beam of {search.beam}; got {n_best}")
    writer, lines = Seq2Seq.from_pretrained(model), read_lines(texts)
    done: list[str] = []
    for numbered in lines:
        found = written(writer, [line for _, line in numbered], search, first=numbered[0][0] - 1)
        for (number, _), texts_found in zip(numbered, found, strict=True):
            if n_best == 1 and not texts_found:  # the options leave nothing to write, but the line is kept
                done.append("\n")
            for one in texts_found[:n_best]:
                line = " ".join(one.text.split("\n"))
                done.append(f"{line}\n" if n_best == 1 else f"{number}\t{one.score:.4f}\t{line}\n")
        if output is None:
            sys.stdout.write("".join(done))
            sys.stdout.flush()
            done.clear()
    if output is not None:
        write_text(output, "".join(done))


def read_lines(path: str) -> Iterator[list[tuple[int, str]]]:
    """The numbered lines of a file, blank ones too, some at a time; of standard input those that have come."""
    from minent.data.text_file import open_text

    if path not in ("-", STANDARD_INPUT):
        lines = iter(enumerate(open_text(path).lines(), 1))
        yield from iter(lambda: list(islice(lines, STREAM)), [])
        return
    number = 0
    for lines in _arriving():
        yield [(number + i, _decoded(line, number + i)) for i, line in enumerate(lines, 1)]
        number += len(lines)


def _arriving() -> Iterator[list[bytes]]:
    stream, rest = cast(BufferedReader, sys.stdin.buffer), b""
    while come := stream.read1():
        *lines, rest = (rest + come).split(b"\n")
        if lines:
            yield lines
    if rest:
        yield [rest]


def _decoded(line: bytes, number: int) -> str:
    try:
        return line.decode("utf-8").rstrip("\r")
    except UnicodeDecodeError:
        raise BadLine("text must be UTF-8", "standard input", number) from None


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


@text.command
def exposure(
    *,
    model: Path,
    data: Path,
    target: Path | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], show_default=False)] = None,
    seed: int = 1,
) -> None:
    """Measure how much a model suffers from errors in what it reads of its own: exposure bias.

    The share of tokens whose right successor is the likeliest, after gold histories, after histories in which 10, 30
    and 50 % of the tokens are others of the same text, and after the model's own.

    Parameters
    ----------
    model
        Folder that `minent text train --task seq2seq` wrote, or that of a Hugging Face model that writes.
    data
        Pairs as for training: .tsv (source, target), .csv, .jsonl, .parquet, or a file of sources with --target.
    target
        File of targets, a line for each line of --data.
    output
        A figure (.png, .svg, .pdf) or a table (.csv), by position.
    seed
        The same seed replaces the same tokens.
    """
    require("torch", "torch", "measure models of text")
    from minent.data import read_pairs
    from minent.terminal import exposed
    from minent.text.exposure.diagnosis import exposure
    from minent.text.exposure.folder import opened

    kinds = ".png", ".svg", ".pdf", ".csv"
    if output is not None and output.suffix not in kinds:
        raise BadInput(f"output must end with {', '.join(kinds)}; got {str(output)!r}")
    measured = exposure(*opened(model, read_pairs(data, target)), seed=seed)
    exposed(measured)
    if output is not None:
        with whole_file(output) as temporary:
            if output.suffix == ".csv":
                measured.to_frame().to_csv(temporary, index=False)
            else:
                measured.plot().savefig(temporary, dpi=200)
        print(f"wrote {output}")


@text.command
def export(model: Path, /, *, out: Path, quantization: str | None = None) -> None:
    """Export a model that writes in one direction to CTranslate2.

    Parameters
    ----------
    model
        Folder that `minent text train --task seq2seq` wrote.
    out
        Folder to write, for ctranslate2.Translator.
    quantization
        int8, int16, float16, …; none keeps the weights as they are.
    """
    require("torch", "torch", "export models")
    from minent.text.export import export
    from minent.text.seq2seq import Seq2Seq

    export(Seq2Seq.from_pretrained(model), out, quantization=quantization)
    print(f"wrote {out}")
