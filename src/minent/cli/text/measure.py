"""`minent text classify`, `exposure` and `export`: what a trained model says of texts, how it takes its own errors, and
where else it runs."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from minent.cli.computing import Computing
from minent.cli.inputs import read_texts, tell, unknown_labels
from minent.cli.outputs import check_apart, outputs, to_standard_output
from minent.data.tables.columns import LabelledColumns, PairColumns
from minent.errors import BadInput, require
from minent.files import whole_file, write_text
from minent.text.options import Quantization


def classify(
    texts: str,
    /,
    *,
    model: str,
    columns: Annotated[LabelledColumns | None, Parameter(name="*")] = None,
    computing: Annotated[Computing | None, Parameter(name="*")] = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], show_default=False)] = None,
) -> None:
    """Label texts: a line label<TAB>probability for each, in their order, an empty one for an empty line and for a row
    that is left out; and the accuracy where labels are given.

    Parameters
    ----------
    texts
        A file of one text a line, or as for training, with labels or without; - reads standard input.
    model
        Folder that `minent text train --task classify` wrote, or one of Hugging Face's with a model that classifies; or
        the name on the hub of ours.
    out
        File to write the lines to, instead of standard output (-).
    """
    require("torch", "torch", "classify texts")
    from minent.text import load_classifier
    from minent.text.cut import Cut

    out = None if out is not None and to_standard_output(out) else out
    wrote = outputs([out], [texts])
    classifier = load_classifier(model)
    examples = read_texts(texts, columns or LabelledColumns())
    cut = Cut(classifier.longest)
    with (computing or Computing()).of(classifier):
        probabilities = classifier.probabilities(examples.texts, cut=cut)
    for sentence in cut.sentences():
        print(sentence, file=sys.stderr)
    best = probabilities.argmax(1)
    said = [f"{classifier.labels[i]}\t{p[i]:.4f}\n" for i, p in zip(best, probabilities, strict=True)]
    lines = "".join(examples.by_row(said, "\n"))
    if out is None:
        sys.stdout.write(lines)
    else:
        write_text(out, lines)
        print(wrote(out), file=sys.stderr)
    if examples.labels is not None:
        right = sum(classifier.labels[i] == label for i, label in zip(best, examples.labels, strict=True))
        print(f"accuracy {right / len(best):.4f} ({right:,} of {len(best):,})", file=sys.stderr)
        if unknown := unknown_labels(examples.labels, classifier.labels):
            print(unknown, file=sys.stderr)


def exposure(
    *,
    model: str,
    data: str,
    data_target: Path | None = None,
    columns: Annotated[PairColumns | None, Parameter(name="*")] = None,
    computing: Annotated[Computing | None, Parameter(name="*")] = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], show_default=False)] = None,
    seed: int = 1,
) -> None:
    """Measure how much a model suffers from errors in what it reads of its own: exposure bias.

    The share of tokens whose right successor is the likeliest, after gold histories, after histories in which 10, 30
    and 50 % of the tokens are others of the same text, and after the model's own.

    Parameters
    ----------
    model
        Folder that `minent text train --task seq2seq` wrote, or its name on the hub; or the folder of a
        Hugging Face model that writes.
    data
        Pairs as for training: .tsv (source, target), .csv, .jsonl, .parquet, or a file of sources with --data-target.
    data_target
        File of targets, a line for each line of --data.
    out
        A figure (.png, .svg, .pdf) or a table (.csv), by position.
    seed
        The same seed replaces the same tokens.
    """
    require("torch", "torch", "measure models of text")
    from minent.cli.terminal import exposed
    from minent.data import read_pairs
    from minent.plot.undated import save
    from minent.text.exposure import exposure
    from minent.text.exposure.folder import opened

    kinds = ".png", ".svg", ".pdf", ".csv"
    if out is not None and out.suffix not in kinds:
        raise BadInput(f"--out must end with {', '.join(kinds)}; got {str(out)!r}")
    wrote = outputs([out], [data, data_target])
    pairs = read_pairs(data, data_target, **asdict(columns or PairColumns()))
    tell(data, pairs.plan)
    network, batches = opened(model, pairs)
    with (computing or Computing()).of(network):
        measured = exposure(network, batches, seed=seed)
    exposed(measured)
    if out is not None:
        with whole_file(out) as temporary:
            if out.suffix == ".csv":
                measured.to_frame().to_csv(temporary, index=False)
            else:
                save(measured.plot(), temporary, out.suffix[1:], dpi=200)
        print(wrote(out))


def export(
    model: str,
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    quantization: Quantization | None = None,
) -> None:
    """Export a model that writes in one direction to CTranslate2.

    Parameters
    ----------
    model
        Folder that `minent text train --task seq2seq` wrote, or its name on the hub.
    out
        Folder to write, for ctranslate2.Translator.
    quantization
        int8, int16, float16, …; none keeps the weights as they are.
    """
    require("torch", "torch", "export models")
    from minent.text import Seq2Seq, export

    check_apart(out, [model])
    export(Seq2Seq.from_pretrained(model), out, quantization=quantization)
    print(f"wrote {out}")
