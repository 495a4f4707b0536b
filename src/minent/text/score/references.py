"""How near texts are to their references: by shared n-grams, by common subsequences, and by edits.

BLEU         exp(min(0, 1 - r/c)) (p₁ p₂ p₃ p₄)^¼, for precisions pₙ of n-grams, and c and r tokens in hypotheses and in
             references (Papineni et al. 2002, doi 10.3115/1073083.1073135), by sacrebleu (Post 2018, arXiv:1804.08771)
chrF         F₂ of character n-grams, n ≤ 6 (Popović 2015, doi 10.18653/v1/W15-3049), by sacrebleu
ROUGE-n, -L  F₁ of n-grams, and of the longest common subsequence, as means over lines
             (Lin 2004, aclanthology.org/W04-1013), by rouge-score
             each n-gram of a text as often as it occurs; or once (see `minent.text.score.once`)
error rate   edits over tokens of the references
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import zip_longest
from statistics import fmean
from types import SimpleNamespace
from typing import Any, get_args

from minent.errors import BadInput, require
from minent.text.score.edits import edit_distance
from minent.text.score.languages import CHARACTERS, Language, bleu_of, language_of, rouge_tokens_of, tokens_of
from minent.text.score.once import rouge_once

ROUGES = "rouge1", "rouge2", "rougeL"


def can_score() -> bool:
    """Whether the extra "score" is installed."""
    return all(map(find_spec, ("sacrebleu", "rouge_score")))


@dataclass(frozen=True)
class Scores:
    """Scores of texts, in percent, and what they were computed with.

    Shares of lines are `exact_match` and `wrong_lines`, which add up to 100: the tokens are, or are not, those of a
    reference. `error_rate` may exceed 100. `rouge_*_once` count each n-gram of a text once, and are None where ROUGE is
    of words. The signatures are those that sacrebleu asks to report with its scores.
    """

    bleu: float
    chrf: float
    rouge_1: float
    rouge_2: float
    rouge_l: float
    exact_match: float
    wrong_lines: float
    error_rate: float
    rouge_1_once: float | None
    rouge_2_once: float | None
    rouge_l_once: float | None
    lines: int
    language: str
    bleu_signature: str
    chrf_signature: str


@dataclass(frozen=True)
class Scored:
    """How each line fares, and by what: what `score` sums up, and what is drawn from to tell two systems apart."""

    language: str
    streams: list[tuple[str | None, ...]]
    bleu: Any
    chrf: Any
    rouge: list[tuple[float, ...]]
    once: list[tuple[float, ...]] | None
    errors: list[tuple[int, int]]


def score(
    hypotheses: Sequence[str],
    references: Sequence[str] | Sequence[Sequence[str]],
    *,
    language: Language = "auto",
) -> Scores:
    """Score texts by one list of references, or by several lists: `references[k][i]` is the k-th for hypotheses[i].

    language     zh, ja                             ko, and en: any with blanks between its words
    BLEU         zh: Han characters, others as 13a  en: 13a, the tokens of mteval
                 ja, ko: the words of MeCab
    ROUGE        characters, in lower case          words of letters and digits, in lower case
    error rate   characters                         what blanks divide: words, or phonemes

    auto: by the script of most letters in the references. Characters are all but blanks. Where MeCab is not installed,
    BLEU is of characters (ja) or by 13a (ko), unless the language was asked for.

    An empty hypothesis matches nothing, and all tokens of its reference are errors. Of several references an empty one
    is no reference; BLEU and chrF take n-grams from all of them, ROUGE the best of them, the error rate that with the
    fewest edits. Raises BadInput where there is nothing to score, or lists differ in length; MissingExtra.

    >>> scores = score(["今天天气很好", "我喜欢读书"], ["今天天气真好", "我喜欢读书"])
    >>> print(f"BLEU {scores.bleu:.1f}, ROUGE-L {scores.rouge_l:.1f}, error rate {scores.error_rate:.1f}")
    BLEU 74.2, ROUGE-L 91.7, error rate 9.1
    >>> scores.bleu_signature.split("|")[3]
    'tok:zh'
    """
    each = scored(hypotheses, references, language)
    bleu, chrf = (metric.corpus_score(hypotheses, each.streams).score for metric in (each.bleu, each.chrf))
    rouge, exact = rouges(each.rouge), 100 * fmean(edits == 0 for edits, _ in each.errors)
    once = (None, None, None) if each.once is None else rouges(each.once)
    rate = 100 * sum(edits for edits, _ in each.errors) / sum(tokens for _, tokens in each.errors)
    return Scores(
        bleu, chrf, *rouge, exact, 100 - exact, rate, *once, len(hypotheses), each.language,
        str(each.bleu.get_signature()), str(each.chrf.get_signature()),
    )  # fmt: skip


def rouges(each: Sequence[tuple[float, ...]]) -> tuple[float, float, float]:
    """Means over lines, in percent."""
    one, two, longest = (100 * fmean(line[k] for line in each) for k in range(len(ROUGES)))
    return one, two, longest


def scored(
    hypotheses: Sequence[str], references: Sequence[str] | Sequence[Sequence[str]], language: Language = "auto"
) -> Scored:
    """What each line is worth by itself. Raises BadInput and MissingExtra as `score` does."""
    if language not in (languages := get_args(Language)):
        raise BadInput(f"language must be one of {', '.join(languages)}; got {language!r}")
    sacrebleu = require("sacrebleu", "score", "score texts")
    require("rouge_score", "score", "score texts")
    from rouge_score.rouge_scorer import RougeScorer

    choices = _choices(hypotheses, references)
    of = language_of(text for texts in choices for text in texts) if language == "auto" else language
    tokens, split = rouge_tokens_of(of), tokens_of(of)
    rouge = RougeScorer(ROUGES, tokenizer=SimpleNamespace(tokenize=tokens))  # type: ignore[arg-type]
    lines = list(zip(hypotheses, choices, strict=True))
    overlaps = [rouge.score_multi(texts, text) for text, texts in lines]
    once = None
    if of in CHARACTERS:
        each = [[rouge_once(tokens(text), tokens(one)) for one in texts] for text, texts in lines]
        once = [tuple(max(found[k] for found in several) for k in range(len(ROUGES))) for several in each]
    return Scored(
        of,
        list(zip_longest(*choices)),  # None where there are fewer references than elsewhere
        bleu_of(sacrebleu, of, asked=language != "auto"), sacrebleu.CHRF(),
        [tuple(float(overlap[name].fmeasure) for name in ROUGES) for overlap in overlaps], once,
        [_errors(split(text), map(split, texts)) for text, texts in lines],
    )  # fmt: skip


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


def _errors(tokens: list[str], references: Iterable[list[str]]) -> tuple[int, int]:
    """Edits to the nearest reference, and its tokens."""
    return min((edit_distance(reference, tokens), len(reference)) for reference in references)
