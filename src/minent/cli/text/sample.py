"""`minent text sample`: texts drawn from a masked language model."""

import json
import sys
import time
from dataclasses import fields, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from minent.cli.computing import Device
from minent.cli.inputs import numbered_texts, read_texts
from minent.cli.outputs import outputs
from minent.data.tables.columns import TextColumn
from minent.errors import BadInput, require
from minent.files import whole_file, write_text
from minent.text.options import Sampling

if TYPE_CHECKING:
    from minent.text.gibbs import Diagnostics, Gibbs, State

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
            _write(out, rows)
            print(f"{wrote(out)}: {len(rows):,} texts")
        if stopped:
            raise SystemExit(STOPPED)
        return
    assert out is not None
    done = _done(out) if resume else set()
    each = {n: text for n, text in numbered_texts(str(lines), TextColumn()) if n not in done}
    if each:  # a line that cannot be sampled is told before any text is drawn
        Gibbs(network, tokenizer, replace(options, chains=1), lines=each, constraints=held)
    with out.open("a" if resume else "w", encoding="utf-8") as file:
        count, left = 0, iter(each.items())
        try:
            while some := dict(islice(left, max(1, BESIDE // options.chains))):
                sampler = Gibbs(network, tokenizer, options, lines=some, constraints=held)
                rows = _best(sampler, [state for state in sampler if state.kept], judging, best_of)
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
        rows = _best(sampler, kept, judging, best_of)
        told = None if stopped else diagnostics(sampler, states, others)
    texts = states[-1].texts if best_of == 1 else [row["text"] for row in rows]
    for text in texts[:SHOWN]:
        print(" ".join(text.splitlines()))
    if len(texts) > SHOWN:
        print(f"… and {len(texts) - SHOWN:,} more chains")
    print()
    if told is not None:
        _tell(told, sampler.how)
    return rows, stopped


def _best(sampler: "Gibbs", kept: "list[State]", judging: Any, best_of: int) -> list[dict[str, Any]]:
    """A row for each text that is kept; of so many chains beside one another, the likeliest last text alone."""
    names = sampler.chains.names
    many = len({line for line, _ in names}) > 1 or names[0][0] > 0
    rows = [
        {**({"line": names[i][0]} if many else {}), "chain": names[i][1], "sweep": state.sweep,
         "score": float(state.score[i]), "text": text}
        for state in (kept if judging is None else kept[-1:]) for i, text in enumerate(state.texts)
    ]  # fmt: skip
    if judging is None:
        return rows
    from minent.text.masked.likelihood import ranked

    found = ranked(judging[0], [row["text"] for row in rows], judging[1])
    groups = [range(i, i + best_of) for i in range(0, len(rows), best_of)]
    best = [max(group, key=lambda i: found[i]) for group in groups]
    return [{**rows[i], "chain": rows[i]["chain"] // best_of, "log_p": found[i]} for i in best]


def _done(out: Path) -> set[int]:
    """The lines of which a file holds texts; a last one that is not whole is cut off."""
    if not out.exists():
        return set()
    data = out.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    try:
        done = {json.loads(line)["line"] for line in whole.splitlines()}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput(f"{str(out)!r} was not written by --from: it has lines without a number 'line'") from None
    if len(whole) < len(data):
        write_text(out, whole.decode())
    return done


def _tell(told: "Diagnostics", how: str) -> None:
    labels = {
        "accepted": "accepted", "changed": "changed", "r_hat": "R-hat", "ess": "effective sample size",
        "distinct_1": "distinct-1", "distinct_2": "distinct-2", "distinct_3": "distinct-3", "self_bleu": "self-BLEU",
        "corpus_bleu": "BLEU against corpus", "pseudo_perplexity": "pseudo-perplexity", "texts": "texts kept",
    }  # fmt: skip
    for field in fields(told):
        value = getattr(told, field.name)
        if value is not None:
            said = f"{value:,d}" if isinstance(value, int) else f"{value:.3f}"
            print(f"{labels[field.name]:<22} {said}")
    print(f"{'logits':<22} {how}")


def _write(out: Path, rows: list[dict[str, Any]]) -> None:
    if out.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        with whole_file(out) as temporary:
            pq.write_table(pa.Table.from_pylist(rows), temporary)
    elif out.suffix == ".jsonl":
        write_text(out, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    else:
        write_text(out, "".join(" ".join(row["text"].splitlines()) + "\n" for row in rows))
