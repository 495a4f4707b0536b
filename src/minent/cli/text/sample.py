"""`minent text sample`: texts drawn from a masked language model."""

import json
import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from minent.cli.inputs import read_texts
from minent.cli.outputs import outputs
from minent.data.tables.columns import TextColumn
from minent.errors import BadInput, require
from minent.files import whole_file, write_text
from minent.text.options import Sampling

if TYPE_CHECKING:
    from minent.text.gibbs import Diagnostics

KINDS = ".txt", ".jsonl", ".parquet"
SHOWN = 20  # texts that are printed


def sample(
    *,
    model: str,
    corpus: Path | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], show_default=False)] = None,
    sampling: Annotated[Sampling | None, Parameter(name="*")] = None,
) -> None:
    """Draw texts from a masked language model by Gibbs sampling: hide a token, draw it, repeat.

    Start from a text, a length or a template: --seed-text "今天天气很好。", --length 12..32, --keep "春__，__人".

    Parameters
    ----------
    model
        Folder that `minent text train --task masked-lm` wrote, or that of a Hugging Face model; or a name on the hub.
    corpus
        File of texts, one a line or a table with a column text, that samples should be like: BLEU against them is told.
    output
        File to write: .txt, a text a line; .jsonl or .parquet, with chain, sweep and score.
    """
    require("torch", "torch", "sample texts")
    from minent.cli.terminal import progress
    from minent.text.gibbs import Gibbs, diagnostics, load

    if output is not None and output.suffix not in KINDS:
        raise BadInput(f"output must end with {', '.join(KINDS)}; got {str(output)!r}")
    wrote = outputs([output], [corpus, model])
    others = [] if corpus is None else read_texts(str(corpus), TextColumn()).texts
    states = []
    with progress() as say:
        say("loading")
        sampler, start = Gibbs(*load(model), sampling), time.perf_counter()
        for state in sampler.sweeps():
            pace = (time.perf_counter() - start) / max(state.sweep, 1)
            left = pace * (sampler.options.sweeps - state.sweep)
            say(f"sweep {state.sweep:,} of {sampler.options.sweeps:,}, {left:.0f} s left; {state.texts[0][:40]}")
            states.append(state)
        say("judging")
        told = diagnostics(sampler, states, others)
    rows = [
        {"chain": chain, "sweep": state.sweep, "score": float(state.score[chain]), "text": text}
        for state in states if state.kept for chain, text in enumerate(state.texts)
    ]  # fmt: skip
    for text in states[-1].texts[:SHOWN]:
        print(" ".join(text.splitlines()))
    if len(states[-1].ids) > SHOWN:
        print(f"… and {len(states[-1].ids) - SHOWN:,} more chains")
    print()
    _tell(told, sampler.how)
    if output is not None:
        _write(output, rows)
        print(f"{wrote(output)}: {len(rows):,} texts")


def _tell(told: "Diagnostics", how: str) -> None:
    labels = {
        "accepted": "accepted", "changed": "changed", "r_hat": "R-hat", "ess": "effective sample size",
        "distinct_1": "distinct-1", "distinct_2": "distinct-2", "distinct_3": "distinct-3", "self_bleu": "self-BLEU",
        "corpus_bleu": "BLEU against corpus", "pseudo_perplexity": "pseudo-perplexity", "texts": "texts kept",
    }  # fmt: skip
    for field in fields(told):
        value = getattr(told, field.name)
        if value is not None:
            print(
                f"{labels[field.name]:<22} {value:,d}"
                if isinstance(value, int)
                else f"{labels[field.name]:<22} {value:.3f}"
            )
    print(f"{'logits':<22} {how}")


def _write(output: Path, rows: list[dict[str, Any]]) -> None:
    if output.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        with whole_file(output) as temporary:
            pq.write_table(pa.Table.from_pylist(rows), temporary)
    elif output.suffix == ".jsonl":
        write_text(output, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    else:
        write_text(output, "".join(" ".join(row["text"].splitlines()) + "\n" for row in rows))
