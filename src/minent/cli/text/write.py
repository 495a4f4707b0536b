"""`minent text write`: a text for each line."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from minent.cli.computing import Computing
from minent.cli.inputs import read_lines
from minent.cli.outputs import outputs, to_standard_output
from minent.data.tables.columns import SourceColumn
from minent.errors import BadInput, require
from minent.files import write_text
from minent.text.options import Search


def write(
    texts: str = "-",
    /,
    *,
    model: str,
    columns: Annotated[SourceColumn | None, Parameter(name="*", group="Columns of a table")] = None,
    n_best: int = 1,
    chat: Annotated[bool, Parameter(show_default=False)] = False,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], show_default=False)] = None,
    search: Annotated[Search | None, Parameter(name="*", group="Search")] = None,
    computing: Annotated[Computing | None, Parameter(name="*", group="Computing")] = None,
) -> None:
    """Write a text for each line: titles, translations, what the model has learned; in the order of the lines.

    Parameters
    ----------
    texts
        A file of one text a line, or a table as for training, whose targets are not read; - reads standard input.
    model
        Folder that `minent text train --task seq2seq` wrote, or one of Hugging Face's with a model that writes: of an
        encoder and a decoder, or of a decoder only, which goes on with each line; or the name on the hub of ours.
    n_best
        Texts for each line, with their scores: line number, score and text between tabs; 1 writes the best text alone.
    chat
        Each line is a message to the model, put as the chat template in its folder has it.
    out
        File to write to, instead of standard output (-).
    """
    require("torch", "torch", "write texts")
    from minent.text import Seq2Seq, load_writer
    from minent.text import n_best as written
    from minent.text.cut import Cut
    from minent.training.devices import HALVES

    search, out = search or Search(), None if out is not None and to_standard_output(out) else out
    wrote = outputs([out], [texts])
    if not 1 <= n_best <= search.beam:
        raise BadInput(f"n_best must be from 1 to the beam of {search.beam}; got {n_best}")
    import torch

    computing = computing or Computing()
    writer = load_writer(model, dtype=HALVES.get(computing.precision, torch.float32), chat=chat)
    cut = Cut(writer.shape.longest if isinstance(writer, Seq2Seq) else 0)  # 0: as reading tells
    lines, done = read_lines(texts, columns), []
    for numbered in lines:
        with computing.of(writer):
            found = written(writer, [line for _, line in numbered], search, first=numbered[0][0] - 1, cut=cut)
        for (number, _), texts_found in zip(numbered, found, strict=True):
            if n_best == 1 and not texts_found:  # the options leave nothing to write, but the line is kept
                done.append("\n")
            for one in texts_found[:n_best]:
                line = " ".join(one.text.splitlines())  # of \r, \u2028, … too: a line for a line
                line = line if n_best == 1 else line.replace("\t", " ")
                done.append(f"{line}\n" if n_best == 1 else f"{number}\t{one.score:.4f}\t{line}\n")
        if out is None:
            sys.stdout.write("".join(done))
            sys.stdout.flush()
            done.clear()
    for sentence in cut.sentences():
        print(sentence, file=sys.stderr)
    if out is not None:
        write_text(out, "".join(done))
        print(wrote(out), file=sys.stderr)
