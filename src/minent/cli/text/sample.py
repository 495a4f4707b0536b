"""`minent text sample`: texts drawn from a masked language model."""

import json
import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from minent.cli.computing import Device
from minent.cli.inputs import numbered_texts, read_texts
from minent.cli.outputs import outputs
from minent.cli.text.sampled import best, lines_of, tell, write
from minent.data.tables.columns import TextColumn
from minent.errors import BadInput, require
from minent.text.options import Sampling

if TYPE_CHECKING:
    from minent.text.gibbs import Gibbs

KINDS = ".txt", ".jsonl", ".parquet"
SHOWN = 20  # texts that are printed
BESIDE = 64  # chains of lines that are run together
STOPPED = 130  # the exit code of a command that was interrupted


def sample(
    *,
    model: str,
    lines: Annotated[Path | None, Parameter(name="--from", show_default=False)] = None,
    rules: Annotated[Path | None, Parameter(show_default=False)] = None,
    best_of: int = 1,
    judge: Annotated[str, Parameter(show_default=False)] = "",
    corpus: Path | None = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"], show_default=False)] = None,
    resume: Annotated[bool, Parameter(show_default=False)] = False,
    device: Device = "auto",
    sampling: Annotated[Sampling | None, Parameter(name="*")] = None,
) -> None:
    """Draw texts from a masked language model: fill masks, or hide a token, draw it, repeat (Gibbs sampling).

    Start from a text, a length or a template: --seed-text "今天天气很好。", --length 12..32, --keep "春__，__人".

    Parameters
    ----------
    model
        Folder that `minent text train --task masked-lm` wrote, or that of a Hugging Face model; or a name on the hub.
    lines
        File of templates and seed texts, one a line or a table with a column text: each has chains of its own, whose
        texts are written to a .jsonl as they end.
    rules
        TOML file of what texts keep to, place by place and between places: see the documents on sampling.
    best_of
        Draw so many texts for each that is written: the likeliest of them, by the mean log p of a token.
    judge
        Model that says which is the likeliest; the one that draws if not given.
    corpus
        File of texts, one a line or a table with a column text, that samples should be like: BLEU against them is told.
    out
        File to write: .txt, a text a line; .jsonl or .parquet, with chain, sweep and score.
    resume
        Go on with the lines that the .jsonl has no texts of.
    """
    require("torch", "torch", "sample texts")
    from minent.text.gibbs import Gibbs, load, read_rules
    from minent.text.masked.vocabulary import vocabulary_of
    from minent.training.devices import device_of

    if out is not None and out.suffix not in KINDS:
        raise BadInput(f"--out must end with {', '.join(KINDS)}; got {str(out)!r}")
    if (lines is not None and (out is None or out.suffix != ".jsonl")) or (resume and lines is None):
        raise BadInput("texts of many lines, --from, go to a .jsonl as they end, and --resume goes on with these")
    if best_of < 1:
        raise BadInput(f"best_of must be at least 1; got {best_of}")
    wrote = outputs([out], [corpus, model, lines, rules])
    options, others = sampling or Sampling(), [] if corpus is None else read_texts(str(corpus), TextColumn()).texts
    options = replace(options, chains=options.chains * best_of)
    network, tokenizer = load(model)
    network.to(device_of(device))
    judging = (load(judge) if judge else (network, tokenizer)) if best_of > 1 else None
    if judging is not None:
        judging[0].to(device_of(device))
    held = read_rules(rules, vocabulary_of(tokenizer)) if rules is not None else ()
    if lines is None:
        rows, stopped = _alone(Gibbs(network, tokenizer, options, constraints=held), others, judging, best_of)
        if out is not None:
            write(out, rows)
            print(f"{wrote(out)}: {len(rows):,} texts")
        if stopped:
            raise SystemExit(STOPPED)
        return
    assert out is not None
    done = lines_of(out) if resume else set()
    each = {n: text for n, text in numbered_texts(str(lines), TextColumn()) if n not in done}
    if each:  # a line that cannot be sampled is told before any text is drawn
        Gibbs(network, tokenizer, replace(options, chains=1), lines=each, constraints=held)
    with out.open("a" if resume else "w", encoding="utf-8") as file:
        count, left = 0, iter(each.items())
        try:
            while some := dict(islice(left, max(1, BESIDE // options.chains))):
                sampler = Gibbs(network, tokenizer, options, lines=some, constraints=held)
                rows = best(sampler, [state for state in sampler if state.kept], judging, best_of)
                file.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
                file.flush()
                count += len(rows)
                print(f"line {max(some):,}: {rows[-1]['text'][:60]}", file=sys.stderr)
        except KeyboardInterrupt:
            print(f"stopped: {out} holds {count:,} texts more; --resume goes on")
            raise SystemExit(STOPPED) from None
    print(f"wrote {out}: {count:,} texts of {len(each):,} lines")


def _alone(sampler: "Gibbs", others: list[str], judging: Any, best_of: int) -> tuple[list[dict[str, Any]], bool]:
    """The texts of chains that all begin alike, told as they come; and whether that was interrupted."""
    from minent.cli.terminal import progress
    from minent.text.gibbs import diagnostics

    states, start, stopped = [], time.perf_counter(), False
    with progress() as say:
        try:
            for state in sampler.sweeps():
                pace = (time.perf_counter() - start) / max(state.sweep, 1)
                left = pace * (sampler.rounds - state.sweep)
                say(f"sweep {state.sweep:,} of {sampler.rounds:,}, {left:.0f} s left; {state.texts[0][:40]}")
                states.append(state)
        except KeyboardInterrupt:
            if not states:
                raise
            stopped = True
            print(f"stopped after sweep {states[-1].sweep:,} of {sampler.rounds:,}", file=sys.stderr)
        kept = [state for state in states if state.kept] or states[-1:]
        rows = best(sampler, kept, judging, best_of)
        told = None if stopped else diagnostics(sampler, states, others)
    texts = states[-1].texts if best_of == 1 else [row["text"] for row in rows]
    for text in texts[:SHOWN]:
        print(" ".join(text.splitlines()))
    if len(texts) > SHOWN:
        print(f"… and {len(texts) - SHOWN:,} more chains")
    print()
    if told is not None:
        tell(told, sampler.how)
    return rows, stopped
