"""`minent text likelihood`: how likely a masked language model holds texts, word by word; and what gaps hold."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from minent.cli.computing import Device
from minent.cli.inputs import numbered_texts
from minent.cli.outputs import outputs, to_standard_output
from minent.data.tables.columns import TextColumn
from minent.errors import require
from minent.files import write_text


def likelihood(
    texts: str,
    /,
    *,
    model: str,
    words: Annotated[bool, Parameter(show_default=False)] = False,
    gaps: int = 0,
    device: Device = "auto",
    columns: Annotated[TextColumn | None, Parameter(name="*")] = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], show_default=False)] = None,
) -> None:
    """How likely a masked language model holds each text: a table between tabs, in the order of the lines.

    Each token is hidden in turn, with the rest of its word to the right. The sum of log p is no probability of the
    text: compare texts by the mean of a token.

    Parameters
    ----------
    texts
        A file of one text a line, or a table; - reads standard input.
    model
        Folder of a masked language model of minent or Hugging Face, or a name on the hub.
    words
        A line for each word instead of one for each text.
    gaps
        Texts are templates (春__，__人): tell so many of the likeliest tokens of each gap, with p.
    out
        File to write to, instead of standard output (-).
    """
    require("torch", "torch", "measure texts")
    from minent.text.gibbs import load
    from minent.training.devices import device_of

    out = None if out is not None and to_standard_output(out) else out
    wrote = outputs([out], [texts, model])
    network, tokenizer = load(model)
    network.to(device_of(device))
    numbered = numbered_texts(texts, columns or TextColumn())
    found = _gaps(network, tokenizer, numbered, gaps) if gaps else _texts(network, tokenizer, numbered, words)
    table = "".join("\t".join(" ".join(str(cell).split()) for cell in row) + "\n" for row in found)
    if out is None:
        sys.stdout.write(table)
    else:
        write_text(out, table)
        print(wrote(out), file=sys.stderr)


def _texts(
    network: object, tokenizer: object, numbered: list[tuple[int, str]], words: bool
) -> Iterable[tuple[object, ...]]:
    from minent.text.gibbs import likelihoods

    found = likelihoods(network, dict(numbered), tokenizer)
    if not words:
        yield "line", "tokens", "log_p", "mean_log_p", "perplexity", "text"
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
