"""Where chains start: a sentence, masks or noise, of which some tokens stay; `keep` says which.

A template fixes all but its blanks (春__，__人: a blank is a token, and \\_ is no blank); a word stays wherever the
sentence has it whole, or stands somewhere, drawn for each chain, in a text that starts from nothing; 3 and 5..8 are
tokens of the sentence by number, where it has no such word.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from minent.errors import BadInput
from minent.text.masked.vocabulary import Spans, Vocabulary
from minent.text.masked.words import within_word
from minent.text.options import Sampling

FREE, WORD, INSIDE = 0, 1, 2  # a token that is drawn; the first of a word that is kept; one within such a word
OUTSIDE = -1  # what opens and closes a text, and padding
RANGE = re.compile(r"(\d+)(?:\.\.(\d+))?")


@dataclass(frozen=True)
class Start:
    """Texts between what opens and closes them: ids, with masks where there is nothing yet, and what each token is."""

    ids: Int[np.ndarray, " n"]
    kinds: Int[np.ndarray, " n"]


def starts(
    options: Sampling, vocabulary: Vocabulary, longest: int = 0, lines: Sequence[str] | Mapping[int, str] = ()
) -> tuple[list[Start], list[tuple[int, int]]]:
    """Where each chain starts, and its name: the number of its line and its own. Chains are those of the options, or
    of each of many `lines`, templates or seed texts (by their numbers); `longest` tokens at most, 0 for any number.
    Raises BadInput for what cannot be kept."""
    if lines and (options.seed_text or options.length or options.edit):
        raise BadInput("texts start from lines of their own, or from seed_text, length or edit; got both")
    room = longest - len(vocabulary.before) - len(vocabulary.after) if longest else 0
    numbered = dict(lines if isinstance(lines, Mapping) else enumerate(lines))
    names = [(line, chain) for line in numbered or (0,) for chain in range(options.chains)]
    randoms = [np.random.default_rng([options.seed, *name, 2**32]) for name in names]
    if lines:
        each = {number: _line(line, options, vocabulary) for number, line in numbered.items()}
        begun = [each[line] for line, _ in names]
    else:
        begun = _alike(options, vocabulary, randoms)
    for (line, _), one in zip(names, begun, strict=True):
        if room and len(one.ids) > room:
            where = f" in row {line}" if isinstance(lines, Mapping) else f" in text {line + 1}"
            where = where if lines else ""
            raise BadInput(f"the model reads at most {room} tokens; got {len(one.ids)}{where}")
    return [_begun(one, options, vocabulary, own) for one, own in zip(begun, randoms, strict=True)], names


def _line(line: str, options: Sampling, vocabulary: Vocabulary) -> Start:
    return _template(line, vocabulary) if vocabulary.gaps(line) else _sentence(line, options.keep, vocabulary)


def _alike(options: Sampling, vocabulary: Vocabulary, randoms: list[np.random.Generator]) -> list[Start]:
    """Starts of the options, one for each chain."""
    templates = [word for word in options.keep if vocabulary.gaps(word)] if not options.seed_text else []
    if sum(map(bool, (templates, options.seed_text, options.length and not options.edit))) > 1:
        raise BadInput("a text starts from one of seed_text, length and a template to keep; got more than one")
    if options.edit and templates:
        raise BadInput(
            f"tokens that may move are kept as words, not by a template (_ is a blank); got {templates[0]!r}"
        )
    if templates:
        if len(options.keep) > 1:
            raise BadInput(f"a template says all that is kept; got {len(options.keep)} things to keep")
        return [_template(templates[0], vocabulary)] * len(randoms)
    if options.seed_text:
        return [_sentence(options.seed_text, options.keep, vocabulary)] * len(randoms)
    words = [_ids(vocabulary.behind(word.replace("\\_", "_")), word) for word in options.keep]
    if options.edit and words:  # masks behind them, where the text is to be longer
        kinds, low = np.concatenate([_word(len(word)) for word in words]), bounds(options.length or "1")[0]
        more = (0, max(low - len(kinds), 0))
        ids = np.pad(np.concatenate(words), more, constant_values=vocabulary.mask)
        return [Start(ids, np.pad(kinds, more, constant_values=FREE))] * len(randoms)
    if not options.length or options.edit:
        raise BadInput("a text starts from a seed_text, from a length, or from what is kept; got none of them")
    low, high = bounds(options.length)
    if low < sum(map(len, words)):
        raise BadInput(f"{low} tokens cannot hold what is kept, {', '.join(options.keep)}")
    return [_scattered(int(own.integers(low, high + 1)), words, vocabulary, own) for own in randoms]


def bounds(length: str) -> tuple[int, int]:
    """The least and the most tokens of a text.

    >>> bounds("20"), bounds("12..32")
    ((20, 20), (12, 32))
    """
    found = RANGE.fullmatch(length)
    low, high = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= low <= high:
        raise BadInput(f"a length is a number of tokens, or the least and the most, as 12..32; got {length!r}")
    return low, high


def _ids(ids: list[int], text: str) -> Int[np.ndarray, " n"]:
    if not ids:
        raise BadInput(f"the tokenizer finds no token in {text!r}")
    return np.array(ids, np.int64)


def _word(n: int) -> Int[np.ndarray, " n"]:
    return np.array([WORD, *[INSIDE] * (n - 1)])


def _template(template: str, vocabulary: Vocabulary) -> Start:
    ids = np.array(vocabulary.template(template), np.int64)
    gap = ids == vocabulary.mask
    follows = np.concatenate([[False], ~gap[:-1]])  # a token that stands behind another one
    return Start(ids, np.where(gap, FREE, np.where(follows, INSIDE, WORD)))


def _sentence(text: str, keep: Sequence[str], vocabulary: Vocabulary) -> Start:
    found, spans = vocabulary.encode(text)
    ids, kinds = _ids(found, text), np.full(len(found), FREE)
    for word in keep:
        numbers = RANGE.fullmatch(word)
        for inside in _whole(text, word, found, spans, vocabulary) or [_numbered(numbers, len(found))]:
            if not len(inside):
                part = (
                    f"; {word!r} stands there as a part of a word or a token: say which by number"
                    if word in text
                    else ""
                )
                raise BadInput(f"what is kept is a word of the seed text, or a token by number; got {word!r}{part}")
            kinds[inside.start] = max(kinds[inside.start], WORD)
            kinds[inside.start + 1 : inside.stop] = INSIDE
    return Start(ids, kinds)


def _numbered(numbers: re.Match[str] | None, n: int) -> range:
    """The tokens that a word such as 3 or 5..8 stands for; none where it is no such word."""
    first, last = (int(numbers[1]), int(numbers[2] or numbers[1])) if numbers else (0, 0)
    return range(first - 1, last) if 1 <= first <= last <= n else range(0)


def _whole(text: str, word: str, ids: list[int], spans: Spans, vocabulary: Vocabulary) -> list[range]:
    """Where a text has a word, and nothing else in its tokens or beside it in a word."""
    if not (word := word.strip()):
        raise BadInput("what is kept is a word or a token by number; got nothing")
    if word not in text:
        return []
    if not spans:
        wanted = _ids(vocabulary.encode(word)[0], word).tolist()
        places = range(len(ids) - len(wanted) + 1)
        return [range(i, i + len(wanted)) for i in places if ids[i : i + len(wanted)] == wanted]
    found = []
    for match in re.finditer(re.escape(word), text):
        start, end = match.span()
        inside = [i for i, (a, b) in enumerate(spans) if a < end and b > start and b > a]
        if not inside:
            continue
        covered = text[spans[inside[0]][0] : spans[inside[-1]][1]].strip()  # tokens of bytes begin with a blank
        apart = not (start and within_word(text[start - 1], text[start]))
        apart = apart and not (end < len(text) and within_word(text[end - 1], text[end]))
        if covered == word and apart:
            found.append(range(inside[0], inside[-1] + 1))
    return found


def _scattered(n: int, words: list[np.ndarray], vocabulary: Vocabulary, random: np.random.Generator) -> Start:
    """Masks, with the words in their order, every way to place them as likely as any other."""
    free = n - sum(map(len, words))
    places = np.sort(random.choice(free + len(words), len(words), replace=False)) - np.arange(len(words))
    ids, kinds, done = [], [], 0
    for place, word in zip(places, words, strict=True):
        ids += [np.full(place - done, vocabulary.mask), word]
        kinds += [np.full(place - done, FREE), _word(len(word))]
        done = place
    rest = np.full(free - done, vocabulary.mask), np.full(free - done, FREE)
    return Start(np.concatenate([*ids, rest[0]]), np.concatenate([*kinds, rest[1]]))


def _begun(one: Start, options: Sampling, vocabulary: Vocabulary, random: np.random.Generator) -> Start:
    """With masks or noise where `options.start` wants them, and masks in place of free tokens that are never drawn,
    such as unknown ones: no correction would let a chain leave a text that has no probability."""
    ids, free = one.ids.copy(), one.kinds == FREE
    if len(odd := np.unique(ids[~free & np.isin(ids, vocabulary.special)])):
        names = ", ".join(vocabulary.decode([i]) or f"token {i}" for i in odd.tolist())
        raise BadInput(f"what is kept must be of words that the model knows; got what it reads as {names}")
    ids[free & np.isin(ids, vocabulary.never)] = vocabulary.mask
    if options.start == "masks":
        ids[free] = vocabulary.mask
    if options.start == "noise":
        known = np.setdiff1d(np.arange(vocabulary.size), vocabulary.never)
        ids[free] = random.choice(known, int(free.sum()))
    return Start(ids, one.kinds)
