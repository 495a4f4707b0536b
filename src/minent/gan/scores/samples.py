"""How good a generator is: each score beside its floor, that of real samples which are judged in place of drawn ones.

Real samples are divided in two: the drawn ones are compared with the first half, and so is the second half.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float, Shaped
from torch import nn

from minent.data.images.images import Images
from minent.errors import BadInput
from minent.gan.scores.distances import frechet, sliced_wasserstein
from minent.gan.scores.features import Features, Space, pixels
from minent.gan.scores.fid import inception_fid
from minent.gan.scores.mixture import mixture_scores
from minent.gan.scores.neighbours import neighbour_scores

MOST = 5000  # samples that are compared, of each kind

Samples = Shaped[np.ndarray, "_ ..."]


@dataclass(frozen=True)
class Scores:
    """Scores of drawn samples and, by the same names, of real ones in their place."""

    drawn: dict[str, float]
    floor: dict[str, float]
    space: str
    """What FID, precision, recall, density and coverage are taken of."""


def score(
    drawn: Float[np.ndarray, "samples ..."],
    real: Float[np.ndarray, "others ..."],
    *,
    features: Features | None = None,
    mixture: bool = False,
    inception: nn.Module | None = None,
    most: int = MOST,
    seed: int = 1,
) -> Scores:
    """Sliced W₂ (of pixels, brought to 8 by 8, or points), FID, precision, recall, density and coverage; in the space
    of `features`, or else of those pixels or points. `mixture`: of the 25 Gaussians, modes covered, share of high
    quality and KL besides. `inception`: FID in the features of a network besides, as that of
    `minent.gan.scores.fid.inception(weights)`. Values of images are in [-1, 1]; at most `most` of each kind are
    compared.

    >>> points = np.random.default_rng(0).standard_normal((400, 2)).astype(np.float32)
    >>> found = score(points[:200] + 3, points)
    >>> found.drawn["fid"] > 10 > 1 > found.floor["fid"]
    True
    """
    if drawn.shape[1:] != real.shape[1:]:
        raise BadInput(f"drawn and real samples are of one shape; got {drawn.shape[1:]} and {real.shape[1:]}")
    if seed < 0:
        raise BadInput(f"seed must be at least 0; got {seed}")
    order = np.random.default_rng(seed).permutation(len(real))
    count = min(len(real) // 2, len(drawn), most)
    if count <= 5:
        raise BadInput(f"scores want at least 6 samples drawn and 12 real; got {len(drawn)} and {len(real)}")
    reference, other, drawn = real[order[:count]], real[order[count : 2 * count]], drawn[:count]
    space: Space = pixels if features is None else features.of
    told = "points" if real.ndim == 2 else "pixels of 8 by 8"
    if features is not None:
        told = f"features of a classifier trained here, {100 * features.accuracy:.1f} % right on images held out"
    fid = None if inception is None else inception_fid(reference, inception)
    judge = partial(_scores, reference=reference, space=space, mixture=mixture, inception=fid)
    return Scores(judge(drawn), judge(other), told)


def _scores(
    samples: Samples, *, reference: Samples, space: Space, mixture: bool, inception: Callable[[Samples], float] | None
) -> dict[str, float]:
    one, other = space(samples), space(reference)
    scores = mixture_scores(samples) if mixture else {}
    scores |= {"sliced_w2": sliced_wasserstein(pixels(samples), pixels(reference)), "fid": frechet(one, other)}
    scores |= neighbour_scores(other, one)
    return scores | ({"inception_fid": inception(samples)} if inception is not None else {})


def summary(drawn: Float[np.ndarray, "samples ..."], real: Images, features: Features | None) -> dict[str, float]:
    """A few scores for along training: at most 1,000 samples, no floors."""
    found = score(drawn, real.scaled(slice(0, 2000)), features=features, most=1000)
    names = ("sliced_w2",) if not real.size else ("fid", "precision", "coverage")
    return {name: found.drawn[name] for name in names}
