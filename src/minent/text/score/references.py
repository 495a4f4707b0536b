"""How near texts are to their references: by shared n-grams, by common subsequences, and by edits.

BLEU         exp(min(0, 1 - r/c)) (p₁ p₂ p₃ p₄)^¼, for precisions pₙ of n-grams, and c and r tokens in hypotheses and in
             references (Papineni et al. 2002, doi 10.3115/1073083.1073135), by sacrebleu (Post 2018, arXiv:1804.08771)
chrF         F₂ of character n-grams, n ≤ 6 (Popović 2015, doi 10.18653/v1/W15-3049), by sacrebleu
ROUGE-n, -L  F₁ of n-grams, and of the longest common subsequence, as means over lines
             (Lin 2004, aclanthology.org/W04-1013), by rouge-score
error rate   edits over tokens of the references
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import zip_longest
from statistics import fmean
from types import SimpleNamespace
from typing import Literal, get_args

from minent.errors import BadInput, require
from minent.text.score.edits import edit_distance

Language = Literal["auto", "zh", "en"]
HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
ROUGES = "rouge1", "rouge2", "rougeL"


def can_score() -> bool:
    """Whether the extra "score" is installed."""
    return all(map(find_spec, ("sacrebleu", "rouge_score")))


@dataclass(frozen=True)
class Scores:
    """Scores of texts, in percent, and what they were computed with.

    Shares of lines are `exact_match` and `wrong_lines`, which add up to 100: the tokens are, or are not, those of a
    reference. `error_rate` may exceed 100. The signatures are those that sacrebleu asks to report with its scores.
    """

    bleu: float
    chrf: float
    rouge_1: float
    rouge_2: float
    rouge_l: float
    exact_match: float
    wrong_lines: float
    error_rate: float
    lines: int
    language: str
    bleu_signature: str
    chrf_signature: str


def score(
    hypotheses: Sequence[str],
    references: Sequence[str] | Sequence[Sequence[str]],
    *,
    language: Language = "auto",
) -> Scores:
    """Score texts by one list of references, or by several lists: references[k][i] is the k-th for hypotheses[i].

    language     zh              en: any with blanks between its words
    BLEU         Han characters, others as 13a      13a, the tokens of mteval
    ROUGE        characters, in lower case          words of letters and digits, in lower case
    error rate   characters                         what blanks divide: words, or phonemes

    auto: zh where more than half of the letters in the references are Han. Characters are all but blanks.

    An empty hypothesis matches nothing, and all tokens of its reference are errors. Of several references an empty one
    is no reference; BLEU and chrF take n-grams from all of them, ROUGE the best of them, the error rate that with the
    fewest edits. Raises BadInput where there is nothing to score, or lists differ in length; MissingExtra.

    >>> scores = score(["今天天气很好", "我喜欢读书"], ["今天天气真好", "我喜欢读书"])
    >>> print(f"BLEU {scores.bleu:.1f}, ROUGE-L {scores.rouge_l:.1f}, error rate {scores.error_rate:.1f}")
    BLEU 74.2, ROUGE-L 91.7, error rate 9.1
    >>> scores.bleu_signature.split("|")[3]
    'tok:zh'
    """
    if language not in (languages := get_args(Language)):
        raise BadInput(f"language must be one of {', '.join(languages)}; got {language!r}")
    sacrebleu = require("sacrebleu", "score", "score texts")
    require("rouge_score", "score", "score texts")
    from rouge_score.rouge_scorer import RougeScorer

    choices = _choices(hypotheses, references)
    if language == "auto":
        language = _language(text for texts in choices for text in texts)
    streams = list(zip_longest(*choices))  # None where there are fewer references than elsewhere
    bleu, chrf = sacrebleu.BLEU(tokenize="zh" if language == "zh" else "13a"), sacrebleu.CHRF()
    bleu_score, chrf_score = (metric.corpus_score(hypotheses, streams).score for metric in (bleu, chrf))
    pieces = SimpleNamespace(tokenize=_words if language == "en" else lambda text: _characters(text.lower()))
    rouge = RougeScorer(ROUGES, tokenizer=pieces)
    overlaps = [rouge.score_multi(texts, text) for text, texts in zip(hypotheses, choices, strict=True)]
    rouge_1, rouge_2, rouge_l = (100 * fmean(overlap[name].fmeasure for overlap in overlaps) for name in ROUGES)
    split = _characters if language == "zh" else str.split
    errors = [_errors(split(text), map(split, texts)) for text, texts in zip(hypotheses, choices, strict=True)]
    exact = 100 * fmean(edits == 0 for edits, _ in errors)
    return Scores(
        bleu=bleu_score,
        chrf=chrf_score,
        rouge_1=rouge_1,
        rouge_2=rouge_2,
        rouge_l=rouge_l,
        exact_match=exact,
        wrong_lines=100 - exact,
        error_rate=100 * sum(edits for edits, _ in errors) / sum(tokens for _, tokens in errors),
        lines=len(hypotheses),
        language=language,
        bleu_signature=str(bleu.get_signature()),
        chrf_signature=str(chrf.get_signature()),
    )


def _choices(hypotheses: Sequence[str], references: Sequence[str] | Sequence[Sequence[str]]) -> list[list[str]]:
    """The references of each hypothesis."""
    if isinstance(hypotheses, str) or isinstance(references, str):
        raise BadInput("hypotheses and references must be lists of texts; got one text")
    lists = [references] if references and isinstance(references[0], str) else list(references)
    if not hypotheses or not lists:
        raise BadInput(
            f"there must be texts to score; got {len(hypotheses)} texts and {len(lists)} lists of references"
        )
    for texts in lists:
        if len(texts) != len(hypotheses):
            raise BadInput(f"each text needs its reference; got {len(hypotheses)} texts and {len(texts)} references")
    choices = [[text for text in texts if text.strip()] or [""] for texts in zip(*lists, strict=True)]
    if not any(map(any, choices)):
        raise BadInput("references must hold text; got empty ones only")
    return choices


def _language(texts: Iterable[str]) -> Literal["zh", "en"]:
    letters = [letter for text in texts for letter in text if letter.isalpha()]
    return "zh" if 2 * sum(map(bool, map(HAN.match, letters))) > len(letters) else "en"


def _characters(text: str) -> list[str]:
    return list("".join(text.split()))


def _words(text: str) -> list[str]:
    """Letters with their marks, and digits; of ASCII these are the words of rouge-score."""
    return "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in text.lower()).split()


def _errors(tokens: list[str], references: Iterable[list[str]]) -> tuple[int, int]:
    """Edits to the nearest reference, and its tokens."""
    return min((edit_distance(reference, tokens), len(reference)) for reference in references)
