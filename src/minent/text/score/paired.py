"""Is one system better than another, or are these lines just kind to it? Lines are drawn again and again, with
replacement, the same for both (Koehn 2004, "Statistical significance tests for machine translation evaluation").

    p = (1 + #{draws: |Δ − mean Δ| ≥ |Δ of all lines|}) / (1 + #draws)
is how often chance makes a difference as large as that which was seen. For BLEU and chrF sacrebleu draws, by the same
rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from minent.errors import BadInput, require
from minent.text.score.languages import Language
from minent.text.score.references import Scored, Scores, score, scored

SAMPLES = 1000
SEED = 12345  # sacrebleu's


@dataclass(frozen=True)
class Compared:
    """The scores of a system, and by name of each score how often chance makes as large a difference to the first."""

    scores: Scores
    p: dict[str, float]


def compare(
    systems: Sequence[Sequence[str]],
    references: Sequence[str] | Sequence[Sequence[str]],
    *,
    language: Language = "auto",
    samples: int = SAMPLES,
) -> list[Compared]:
    """Score several systems' texts by the same references (see `score`), each beside the first, whose `p` is empty.

    Raises BadInput for fewer than two systems, and what `score` raises.

    >>> right, wrong = ["a b c d"] * 20, ["a b c d"] * 10 + ["e f g h"] * 10
    >>> first, other = compare([right, wrong], right)
    >>> first.scores.error_rate, other.scores.error_rate, other.p["error_rate"] < 0.01
    (0.0, 50.0, True)
    """
    if len(systems) < 2:
        raise BadInput(f"systems are compared with one another; got {len(systems)}")
    require("sacrebleu", "score", "score texts")
    from sacrebleu.significance import PairedTest

    found = [score(texts, references, language=language) for texts in systems]
    each = [scored(texts, references, language) for texts in systems]
    lines = len(each[0].errors)
    drawn = np.random.default_rng(SEED).integers(lines, size=(samples, lines))
    before = _resampled(each[0], drawn)
    compared = [Compared(found[0], {})]
    for texts, scores, one in zip(systems[1:], found[1:], each[1:], strict=True):
        p = {}
        for name, metric in ("bleu", one.bleu), ("chrf", one.chrf):
            named = [("first", list(systems[0])), ("other", list(texts))]
            _, results = PairedTest(named, {name: metric}, one.streams, "bs", samples)()  # type: ignore[arg-type]
            same = getattr(scores, name) == getattr(found[0], name)  # of which sacrebleu says 1 / 1001
            p[name] = 1.0 if same else float(list(results.values())[-1][1].p_value)  # type: ignore[union-attr, arg-type]
        for name, after in _resampled(one, drawn).items():
            apart, real = after - before[name], getattr(scores, name) - getattr(found[0], name)
            p[name] = float((1 + (np.abs(apart - apart.mean()) >= abs(real) - 1e-9).sum()) / (1 + samples))
        compared.append(Compared(scores, p))
    return compared


def _resampled(each: Scored, drawn: np.ndarray) -> dict[str, Float64[np.ndarray, " samples"]]:
    """Scores of drawn lines (samples, lines)."""
    errors = np.array(each.errors, float)
    columns = {f"rouge_{n}": column for n, column in zip("12l", np.array(each.rouge).T, strict=True)}
    if each.once is not None:
        columns |= {f"rouge_{n}_once": column for n, column in zip("12l", np.array(each.once).T, strict=True)}
    columns |= {"exact_match": errors[:, 0] == 0, "wrong_lines": errors[:, 0] > 0}
    wrong, tokens = (errors[:, k][drawn].sum(1) for k in (0, 1))
    means = {name: 100 * column[drawn].mean(1) for name, column in columns.items()}
    return {**means, "error_rate": 100 * wrong / np.maximum(tokens, 1)}
