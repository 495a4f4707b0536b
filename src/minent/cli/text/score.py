"""`minent text score`: how near texts are to their references."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from minent.errors import BadInput
from minent.text.score import Language


def score(
    texts: str,
    /,
    *,
    reference: list[Path],
    language: Language = "auto",
    json_: Annotated[bool, Parameter(name="--json", show_default=False)] = False,
) -> None:
    """Score texts by their references: BLEU, chrF, ROUGE, exact matches and the error rate, in percent.

    Parameters
    ----------
    texts
        A file of one text a line; - reads standard input.
    reference
        A file with the reference of each line; again for further ones, whose empty lines are no references.
    language
        zh: scored by characters; en: by what stands between blanks; auto: zh where most letters are Chinese.
    json_
        Print one JSON object.
    """
    from minent.text.score import score

    scores = score(_lines(texts), [_lines(file) for file in reference], language=language)
    if json_:
        print(json.dumps(asdict(scores)))
        return
    characters = scores.language == "zh"
    for name, value in [
        ("BLEU", scores.bleu),
        ("chrF", scores.chrf),
        ("ROUGE-1", scores.rouge_1),
        ("ROUGE-2", scores.rouge_2),
        ("ROUGE-L", scores.rouge_l),
        ("exact match", scores.exact_match),
        ("wrong lines", scores.wrong_lines),
        ("character errors" if characters else "word errors", scores.error_rate),
    ]:
        print(f"{name:<16} {value:6.2f}")
    print(f"{scores.lines:,} lines, ROUGE of {'characters' if characters else 'words'}")
    print(f"BLEU {scores.bleu_signature}\nchrF {scores.chrf_signature}")


def _lines(path: str | Path) -> list[str]:
    """The lines of a file that is no table."""
    from minent.data.tables.rows import KINDS
    from minent.data.text_file import open_text

    file = open_text(path)
    if file.kind in KINDS and (file.kind != ".tsv" or b"\t" in file.data):
        raise BadInput(f"texts to score are files of one text a line; {str(path)!r} is a table")
    return file.lines()
