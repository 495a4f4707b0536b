"""`minent text score`: how near texts are to their references."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from minent.errors import BadInput
from minent.text.score.languages import CHARACTERS, Language

if TYPE_CHECKING:
    from minent.text.score import Compared, Scores

SHOWN = {
    "bleu": "BLEU", "chrf": "chrF", "rouge_1": "ROUGE-1", "rouge_2": "ROUGE-2", "rouge_l": "ROUGE-L",
    "rouge_1_once": "ROUGE-1 once", "rouge_2_once": "ROUGE-2 once", "rouge_l_once": "ROUGE-L once",
    "exact_match": "exact match", "wrong_lines": "wrong lines", "error_rate": "errors",
}  # fmt: skip


def score(
    texts: Annotated[str, Parameter(show_default=False)],
    /,
    *others: str,
    reference: list[Path],
    language: Language = "auto",
    json_: Annotated[bool, Parameter(name="--json", show_default=False)] = False,
) -> None:
    """Score texts by their references: BLEU, chrF, ROUGE, exact matches and the error rate, in percent.

    Of several files each is compared with the first: p is how often chance makes as large a difference (1,000 draws of
    lines, a paired bootstrap).

    Parameters
    ----------
    texts
        A file of one text a line; - reads standard input.
    others
        Files to compare with it.
    reference
        A file with the reference of each line; again for further ones, whose empty lines are no references.
    language
        zh, ja: scored by characters; ko, en: by what stands between blanks; auto: by the script of most letters.
    json_
        Print one JSON object; of several files a list of them, with their names and p.
    """
    from minent.text.score import compare, score

    references, files = [_lines(file) for file in reference], [texts, *others]
    if not others:
        scores = score(_lines(texts), references, language=language)
        print(json.dumps(asdict(scores))) if json_ else _table(scores)
        return
    compared = compare([_lines(file) for file in files], references, language=language)
    if json_:
        told = [{"file": file, **asdict(one.scores), "p": one.p} for file, one in zip(files, compared, strict=True)]
        print(json.dumps(told))
    else:
        _side_by_side(files, compared)


def _table(scores: "Scores") -> None:
    for name, value in _values(scores).items():
        print(f"{_title(name, scores):<16} {value:6.2f}")
    _told(scores)


def _side_by_side(files: Sequence[str], compared: Sequence["Compared"]) -> None:
    """A column for each file, and p beside each but the first."""
    first = compared[0].scores
    for k, file in enumerate(files, 1):
        print(f"({k}) {file}")
    print(f"\n{'':<16} {'(1)':>6}" + "".join(f"{f'({k})':>9}{'p':>7}" for k in range(2, len(files) + 1)))
    for name, value in _values(first).items():
        others = "".join(f"{getattr(one.scores, name):9.2f}{one.p[name]:7.3f}" for one in compared[1:])
        print(f"{_title(name, first):<16} {value:6.2f}{others}")
    _told(first)
    print("p: as large a difference to (1) by chance, paired bootstrap of 1,000 draws")


def _values(scores: "Scores") -> dict[str, float]:
    return {name: value for name in SHOWN if (value := getattr(scores, name)) is not None}


def _title(name: str, scores: "Scores") -> str:
    unit = "character" if scores.language in CHARACTERS else "word"
    return f"{unit} errors" if name == "error_rate" else SHOWN[name]


def _told(scores: "Scores") -> None:
    of = "characters" if scores.language in CHARACTERS else "words"
    once = "; once: each n-gram once, as by the package rouge" * (scores.rouge_l_once is not None)
    print(f"{scores.lines:,} lines, ROUGE of {of}{once}")
    print(f"BLEU {scores.bleu_signature}\nchrF {scores.chrf_signature}")


def _lines(path: str | Path) -> list[str]:
    """The lines of a file that is no table."""
    from minent.data.tables.rows import KINDS
    from minent.data.text_file import open_text

    file = open_text(path)
    if file.kind in KINDS and (file.kind != ".tsv" or file.data.find(b"\t") >= 0):
        raise BadInput(f"texts to score are files of one text a line; {str(path)!r} is a table")
    return list(file.lines())
