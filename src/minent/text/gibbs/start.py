"""Where chains start: a sentence, masks or noise, of which some tokens stay; `keep` says which.

A template fixes all but its blanks (春__，__人: a blank is a token); a word stays where the sentence has it, or stands
somewhere, drawn for each chain, in a text that starts from nothing; 3 and 5..8 are tokens of the sentence by number.
"""

import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from minent.errors import BadInput
from minent.text.masked.vocabulary import Vocabulary
from minent.text.options import Sampling

FREE, WORD, INSIDE = 0, 1, 2  # a token that is drawn; the first of a word that is kept; one within such a word
OUTSIDE = -1  # what opens and closes a text, and padding
RANGE = re.compile(r"(\d+)(?:\.\.(\d+))?")


@dataclass(frozen=True)
class Start:
    """Texts between what opens and closes them: ids, with masks where there is nothing yet, and what each token is."""

    ids: Int[np.ndarray, " n"]
    kinds: Int[np.ndarray, " n"]


def starts(options: Sampling, vocabulary: Vocabulary, longest: int = 0) -> list[Start]:
    """Where each chain starts; `longest` tokens at most, 0 for any number. Raises BadInput for what cannot be kept."""
    random = np.random.default_rng([options.seed, 2**32])
    templates = [word for word in options.keep if "_" in word]
    if sum(map(bool, (templates, options.seed_text, options.length and not options.edit))) > 1:
        raise BadInput("a text starts from one of seed_text, length and a template to keep; got more than one")
    if options.edit and options.scan == "random" and templates:
        raise BadInput(f"tokens that may move are kept as words, not by a template; got {templates[0]!r}")
    if templates:
        if len(options.keep) > 1:
            raise BadInput(f"a template says all that is kept; got {len(options.keep)} things to keep")
        chains = [_template(templates[0], vocabulary)] * options.chains
    elif options.seed_text:
        chains = [_sentence(options, vocabulary)] * options.chains
    elif options.edit and options.keep:
        words = [_ids(word, vocabulary) for word in options.keep]
        kinds = np.concatenate([_word(len(word)) for word in words])
        chains = [Start(np.concatenate(words), kinds)] * options.chains
    elif options.length and not options.edit:
        low, high = bounds(options.length)
        words = [_ids(word, vocabulary) for word in options.keep]
        if low < sum(map(len, words)):
            raise BadInput(f"{low} tokens cannot hold what is kept, {', '.join(options.keep)}")
        chains = [
            _scattered(int(random.integers(low, high + 1)), words, vocabulary, random) for _ in range(options.chains)
        ]
    else:
        raise BadInput("a text starts from a seed_text, from a length, or from what is kept; got none of them")
    most = longest - len(vocabulary.before) - len(vocabulary.after) if longest else 0
    if most and (long := max(len(one.ids) for one in chains)) > most:
        raise BadInput(f"the model reads at most {most} tokens; got {long}")
    return [_begun(one, options, vocabulary, random) for one in chains]


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


def _ids(text: str, vocabulary: Vocabulary) -> Int[np.ndarray, " n"]:
    ids = np.array(vocabulary.encode(text)[0], np.int64)
    if not len(ids):
        raise BadInput(f"the tokenizer finds no token in {text!r}")
    return ids


def _word(n: int) -> Int[np.ndarray, " n"]:
    return np.array([WORD, *[INSIDE] * (n - 1)])


def _template(template: str, vocabulary: Vocabulary) -> Start:
    ids: list[int] = []
    kinds: list[int] = []
    for part in re.findall("_|[^_]+", template):
        if part == "_":
            ids, kinds = [*ids, vocabulary.mask], [*kinds, FREE]
        elif part.strip():  # blanks before a word belong to it, those at the end to the next
            found = vocabulary.encode(part.rstrip(" "))[0]
            ids, kinds = [*ids, *found], [*kinds, *_word(len(found))]
    return Start(np.array(ids), np.array(kinds))


def _sentence(options: Sampling, vocabulary: Vocabulary) -> Start:
    found, spans = vocabulary.encode(options.seed_text)
    ids, kinds = _ids(options.seed_text, vocabulary), np.full(len(found), FREE)
    for word in options.keep:
        place, numbers = options.seed_text.find(word), RANGE.fullmatch(word)
        if place >= 0 and spans:
            end = place + len(word)
            inside = [i for i, (a, b) in enumerate(spans) if a < end and b > place]
        elif place >= 0:
            wanted = _ids(word, vocabulary).tolist()
            first = next((i for i in range(len(found)) if found[i : i + len(wanted)] == wanted), None)
            inside = [] if first is None else list(range(first, first + len(wanted)))
        else:
            inside = list(range(int(numbers[1]) - 1, int(numbers[2] or numbers[1]))) if numbers else []
            inside = inside if numbers and int(numbers[1]) >= 1 and inside and inside[-1] < len(found) else []
        if not inside:
            raise BadInput(f"what is kept is a word of the seed text, or a token by number; got {word!r}")
        kinds[inside[0]] = max(kinds[inside[0]], WORD)
        kinds[inside[1:]] = INSIDE
    return Start(ids, kinds)


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
    ids[free & np.isin(ids, vocabulary.special)] = vocabulary.mask
    if options.start == "masks":
        ids[free] = vocabulary.mask
    if options.start == "noise":
        known = np.setdiff1d(np.arange(vocabulary.size), vocabulary.special)
        ids[free] = random.choice(known, int(free.sum()))
    return Start(ids, one.kinds)
