"""What `minent text sample` drew: rows of texts, told and written."""

import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minent.errors import BadInput
from minent.files import whole_file, write_text

if TYPE_CHECKING:
    from minent.text.gibbs import Diagnostics, Gibbs, State


def best(sampler: "Gibbs", kept: "list[State]", judging: Any, best_of: int) -> list[dict[str, Any]]:
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


def lines_of(out: Path) -> set[int]:
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


def tell(told: "Diagnostics", how: str) -> None:
    """Print what was measured of the chains, and how logits were made."""
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


def write(out: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows as the end of the name has it, whole or not at all; of .txt the texts alone."""
    if out.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        with whole_file(out) as temporary:
            pq.write_table(pa.Table.from_pylist(rows), temporary)
    elif out.suffix == ".jsonl":
        write_text(out, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    else:
        write_text(out, "".join(" ".join(row["text"].splitlines()) + "\n" for row in rows))
