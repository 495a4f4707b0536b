"""While a model learns to write it is judged by what it writes for some pairs that it does not learn from."""

from collections.abc import Callable, Sequence

import numpy as np

from minent.data.texts.pairs import Pairs
from minent.text.score import can_score, score

SAMPLE = 200  # pairs at most: to write takes longer than to read


def wrote_well(pairs: Pairs, write: Callable[[Pairs], Sequence[str]]) -> dict[str, float]:
    """BLEU and ROUGE-L of what is written for SAMPLE of the pairs, drawn, the same each time; nothing where the extra
    "score" is not installed.

    >>> {name: round(value) for name, value in wrote_well(Pairs(["a"], ["b c d e"]), lambda one: one.targets).items()}
    {'bleu': 100, 'rouge_l': 100}
    """
    if not can_score():
        return {}
    some = pairs.at(sorted(np.random.default_rng(0).permutation(len(pairs))[:SAMPLE].tolist()))
    found = score(write(some), some.targets)
    return {"bleu": found.bleu, "rouge_l": found.rouge_l}
