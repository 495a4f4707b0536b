"""How much texts repeat themselves, and how near they are to a corpus, by n-grams of tokens.

distinct-n    different n-grams over all n-grams (Li et al. 2016, N16-1014)
corpus BLEU   BLEU of texts, the whole corpus being the references of each (Yu et al. 2017, arXiv:1609.05473)
self-BLEU     the same, with all other texts for a corpus: high where they are alike (Zhu et al. 2018, arXiv:1802.01886)

BLEU is that of Papineni et al. 2002 over all texts at once, without smoothing, as Wang & Cho 2019 count it. References
are the same for all texts: the most that one of them has of an n-gram is found once, not for each text.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

from minent.errors import BadInput

ORDER = 4
Text = Sequence[str]
Grams = Counter[tuple[str, ...]]


def distinct(texts: Iterable[Text], n: int) -> float:
    """distinct-n; 0 where no text has n tokens.

    >>> distinct(["aab", "ab"], 1), distinct(["aab", "ab"], 2)
    (0.4, 0.6666666666666666)
    """
    found = [gram for text in texts for gram in zip(*(text[i:] for i in range(n)), strict=False)]
    return len(set(found)) / len(found) if found else 0.0


def corpus_bleu(texts: Sequence[Text], corpus: Sequence[Text]) -> float:
    """BLEU, in percent, of tokenised texts with all of the corpus as references of each. Raises BadInput where there is
    no text.

    >>> round(corpus_bleu(["the cat sat on it".split()], ["the cat sat on the mat".split(), "on it".split()]), 1)
    62.2
    """
    if not texts or not corpus:
        raise BadInput(f"there must be texts to compare; got {len(texts)} and a corpus of {len(corpus)}")
    most: Grams = Counter()
    for one in corpus:
        for gram, count in _grams(one).items():
            if count > most[gram]:
                most[gram] = count
    lengths = sorted(map(len, corpus))
    return _bleu(texts, [most] * len(texts), [_nearest(lengths, len(text)) for text in texts])


def self_bleu(texts: Sequence[Text]) -> float:
    """BLEU, in percent, of each text with all others as references. Raises BadInput for fewer than two texts.

    >>> round(self_bleu(["abcde", "abcdf", "abcde"]), 1)
    89.2
    """
    if len(texts) < 2:
        raise BadInput(f"texts are compared with others; got {len(texts)}")
    first, second, owner = (
        Counter(),
        Counter(),
        {},
    )  # of each n-gram the most that a text has, the next, and which has it
    for i, text in enumerate(texts):
        for gram, count in _grams(text).items():
            if count > first[gram]:
                first[gram], second[gram], owner[gram] = count, first[gram], i
            elif count > second[gram]:
                second[gram] = count
    others = [
        Counter({gram: second[gram] if owner[gram] == i else first[gram] for gram in _grams(text)})
        for i, text in enumerate(texts)
    ]
    lengths = sorted(map(len, texts))
    nearest = []
    for text in texts:
        place = bisect_left(lengths, len(text))
        nearest.append(_nearest(lengths[:place] + lengths[place + 1 :], len(text)))
    return _bleu(texts, others, nearest)


def _bleu(texts: Sequence[Text], references: Sequence[Grams], lengths: Sequence[int]) -> float:
    matched, found = [0] * ORDER, [0] * ORDER
    for text, most in zip(texts, references, strict=True):
        for gram, count in _grams(text).items():
            matched[len(gram) - 1] += min(count, most[gram])
        for n in range(ORDER):
            found[n] += max(len(text) - n, 0)
    if not all(matched):
        return 0.0
    own, wanted = sum(map(len, texts)), sum(lengths)
    mean = sum(math.log(a / b) for a, b in zip(matched, found, strict=True)) / ORDER
    return 100 * math.exp(min(0.0, 1 - wanted / own) + mean)


def _grams(text: Text) -> Grams:
    return Counter(chain.from_iterable(zip(*(text[i:] for i in range(n)), strict=False) for n in range(1, ORDER + 1)))


def _nearest(lengths: Sequence[int], length: int) -> int:
    """The length nearest to a given one, the shorter of two as near; `lengths` are sorted."""
    place = bisect_left(lengths, length)
    return min(lengths[max(place - 1, 0) : place + 1], key=lambda other: (abs(other - length), other))
