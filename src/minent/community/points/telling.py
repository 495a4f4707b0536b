"""A module of texts is called by its most telling words: those that say most about which module a text is from.

A word that stands in the share p of a module's texts and the share q of all tells p log₂(p/q) bits.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from math import log2

from minent.community.tree.tree import Tree
from minent.data.texts.words import HAN, words

LONGEST = 4  # characters of a word in a script without blanks
BETWEEN = "的了与和及"  # characters that stand between words and are no part of any
WHOLE = 0.7  # a longer word stands for its part where it occurs this often as often


def telling_words(texts: Sequence[str], labels: Iterable[int], most: int = 5) -> list[list[str]]:
    """The most telling words of each module, the best first; `labels` (texts,) are modules 0, 1, …

    Words need no dictionary: scripts without blanks are cut into two to four characters, and fragments left out.

    >>> telling_words(["red rose", "red tulip", "blue sea", "blue sky"], [0, 0, 1, 1], 1)
    [['red'], ['blue']]
    >>> telling_words(["神经网络的训练", "神经网络的结构", "心肌梗死的诊断", "心肌梗死的治疗"], [0, 0, 1, 1], 1)
    [['神经网络'], ['心肌梗死']]
    """
    labels = list(map(int, labels))
    overall: Counter[str] = Counter()
    inside = [Counter[str]() for _ in range(max(labels, default=-1) + 1)]
    for text, label in zip(texts, labels, strict=True):
        present = set(words(text, LONGEST))
        overall.update(present)
        inside[label].update(present)
    sizes = Counter(labels)
    return [_most_telling(count, sizes[m], overall, len(labels), most) for m, count in enumerate(inside)]


def module_words(texts: Sequence[str], tree: Tree, most: int = 5) -> list[list[str]]:
    """The most telling words of every module of a tree of these texts, by its number; those of the root are none."""
    called: list[list[str]] = [[] for _ in tree.parent]
    for depth in range(1, tree.depth + 1):
        labels, modules = tree.labels_at(depth), tree.ancestors(depth)[tree.module]
        of = dict(zip(labels.tolist(), modules.tolist(), strict=True))
        for label, told in enumerate(telling_words(texts, labels.tolist(), most)):
            called[of[label]] = told
    return called


def _most_telling(count: Counter[str], size: int, overall: Counter[str], texts: int, most: int) -> list[str]:
    least = 2 if size > 2 else 1
    bits = {
        word: times / size * log2(times * texts / (size * overall[word]))
        for word, times in count.items()
        if times >= least and (len(word) > 1 or _unspaced(word)) and not word.isdigit()
        if not (_unspaced(word) and any(letter in BETWEEN for letter in word))
    }
    chosen: list[str] = []
    for word in sorted(bits, key=lambda word: (-bits[word], -len(word), word)):
        if len(chosen) == most:
            break
        if any(_overlap(word, other) for other in chosen):
            continue
        longer = [w for w in bits if word in w and _unspaced(w) and count[w] >= WHOLE * count[word]]
        longest = max(longer, key=lambda w: (len(w), bits[w], w), default=word) if _unspaced(word) else word
        if not any(_overlap(longest, other) for other in chosen):
            chosen.append(longest)
    return chosen


def _unspaced(word: str) -> bool:
    return re.match(f"[{HAN}]", word) is not None


def _overlap(one: str, other: str) -> bool:
    """Whether two words of a script without blanks share two characters in a row."""
    if not (_unspaced(one) and _unspaced(other)):
        return one == other
    return any(one[i : i + 2] in other for i in range(len(one) - 1))
