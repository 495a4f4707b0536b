"""Whether what attributions say of examples comes true where these are left out: by training again without them.

    removal        is another label said without the k examples that spoke most for the one that was said?
    brittleness    without how many of them
    LDS            rank correlation of what models trained on subsets say, and the sums of attributions over these
                   (the linear datamodelling score; Park et al. 2023, section 2)
    self-confidence    one minus the probability of a label, by a model that did not learn it (Northcutt et al. 2021)
Each asks for so many trainings: one an input, a few an input, one a subset, one a fold.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64, Int64, Real

from minent.attribution.again import Again
from minent.attribution.labels import of_labels
from minent.attribution.walk.passes import Inputs, number, taken
from minent.errors import BadInput

Scores = Float64[np.ndarray, "inputs examples"]


def removal(again: Again, inputs: Inputs, scores: Scores, k: int = 20) -> Bool[np.ndarray, " inputs"]:
    """Whether another label is said of each input without the `k` examples of its highest scores."""
    return brittleness(again, inputs, scores, (k,)) == k


def brittleness(
    again: Again, inputs: Inputs, scores: Scores, ks: Sequence[int] = (1, 2, 5, 10, 20, 50)
) -> Float64[np.ndarray, " inputs"]:
    """The least of `ks` so many examples, of the highest scores, without which another label is said; inf for none."""
    _check(again, inputs, scores)
    labels, found = said_labels(again.says(inputs)), np.full(len(scores), np.inf)
    for i, each in enumerate(scores):
        order, one = np.argsort(-each, kind="stable"), taken(inputs, slice(i, i + 1))
        for k in sorted(ks):
            if said_labels(again.says(one, order[:k].tolist()))[0] != labels[i]:
                found[i] = k
                break
    return found


def lds(again: Again, inputs: Inputs, scores: Scores, subsets: int = 50, share: float = 0.5, seed: int = 0) -> float:
    """The mean over inputs of the rank correlation between the margin of the label that is said, in training on each of
    `subsets` (a `share` of the examples, drawn by `seed`), and the sum of the subset's scores."""
    _check(again, inputs, scores)
    if subsets < 3 or not 0 < share < 1:
        raise BadInput(f"a rank correlation wants 3 subsets at least, of a share in (0, 1); got {subsets}, {share}")
    rng, n = np.random.default_rng(seed), len(again.taught)
    labels, margins, sums = said_labels(again.says(inputs)), [], []
    for _ in range(subsets):
        left = rng.permutation(n)[: max(1, round(share * n))]
        said = of_labels(again.says(inputs, np.setdiff1d(np.arange(n), left).tolist()))
        rows = np.arange(len(labels))
        own = said[rows, labels].copy()
        said[rows, labels] = -np.inf
        margins.append(own - np.logaddexp.reduce(said, 1))
        sums.append(scores[:, left].sum(1))
    ranks = [np.argsort(np.argsort(one, 0), 0).astype(float) for one in (np.array(margins), np.array(sums))]
    first, second = (one - one.mean(0) for one in ranks)
    return float(((first * second).sum(0) / np.sqrt((first**2).sum(0) * (second**2).sum(0))).mean())


def self_confidence(
    again: Again, labels: Int64[np.ndarray, " examples"], folds: int = 5, seed: int = 0
) -> Float64[np.ndarray, " examples"]:
    """One minus the probability of each training example's label, in training without its fold: high where it is likely
    to be wrong."""
    n = len(again.taught)
    if not 2 <= folds <= n:
        raise BadInput(f"folds are 2 at least, and {n} examples at most; got {folds}")
    doubt = np.zeros(n)
    for fold in np.array_split(np.random.default_rng(seed).permutation(n), folds):
        inputs, _ = again.taught.batch(fold, again.device)
        said = of_labels(again.says(inputs, fold.tolist()))
        chance = np.exp(said[np.arange(len(fold)), np.asarray(labels)[fold]] - np.logaddexp.reduce(said, 1))
        doubt[fold] = 1 - chance
    return doubt


def said_labels(said: Real[np.ndarray, "inputs outputs"]) -> Int64[np.ndarray, " inputs"]:
    """The highest of each, or of one logit whether it is positive."""
    return of_labels(np.asarray(said, np.float64)).argmax(1)


def _check(again: Again, inputs: Inputs, scores: Scores) -> None:
    wanted = (number(inputs), len(again.taught))
    if np.shape(scores) != wanted:
        raise BadInput(f"scores are of each input by each training example, {wanted}; got {np.shape(scores)}")
