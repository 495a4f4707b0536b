"""How good a generator is: each score beside its floor, that of real samples which are judged in place of drawn ones.

Real samples are divided in two: the drawn ones are compared with the first half, and so is the second half. Published
figures are beside all real samples, `whole`, and have no floor.
"""

import logging
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Shaped
from torch import nn

from minent.data.images.images import Images, refuse_channels_last, scaled
from minent.errors import BadInput
from minent.gan.scores.distances import frechet, kernel_distance, sliced_wasserstein
from minent.gan.scores.features import Features, Space, pixels
from minent.gan.scores.fid import inception_fid
from minent.gan.scores.mixture import mixture_scores
from minent.gan.scores.neighbours import neighbour_scores

log = logging.getLogger("minent")
MOST = 5000  # samples that are compared, of each kind
PART = 256  # images whose features are taken at once

Samples = Shaped[np.ndarray, "_ ..."]


@dataclass(frozen=True)
class Scores:
    """Scores of drawn samples and, by the same names, of real ones in their place (none where all are compared)."""

    drawn: dict[str, float]
    floor: dict[str, float]
    space: str
    """What FID, KID, precision, recall, density and coverage are taken of."""

    counted: tuple[int, int]
    """How many drawn samples were compared with how many real ones."""


def score(
    drawn: Samples,
    real: Samples,
    *,
    features: Features | Space | None = None,
    mixture: bool = False,
    inception: nn.Module | None = None,
    most: int = MOST,
    whole: bool = False,
    seed: int = 1,
) -> Scores:
    """Sliced W₂ (of pixels, brought to 8 by 8, or points), FID, precision, recall, density and coverage, in the space
    of `features`, or else of those pixels or points; of images KID, but in features of a classifier trained here.
    `features` is also any function that makes vectors (n, dimension) of images (n, channels, height, width) in [-1,
    1], as `minent.gan.features_of(name)` is. `mixture`: of the 25 Gaussians, modes covered, share of high quality
    and KL besides. `inception`: FID in the features of a network besides, as of `minent.gan.inception(weights)`.

    Values of images are in [-1, 1], or pixels, uint8; at most `most` of each kind are compared: with half of the real
    ones, or, `whole`, with all of them.

    >>> points = np.random.default_rng(0).standard_normal((400, 2)).astype(np.float32)
    >>> found = score(points[:200] + 3, points)
    >>> found.drawn["fid"] > 10 > 1 > found.floor["fid"]
    True
    """
    if seed < 0:
        raise BadInput(f"seed must be at least 0; got {seed}")
    if most < 6:
        raise BadInput(f"most must be at least 6; got {most}")
    reference = Reference(real, most, features, mixture, inception, seed, whole=whole)
    compared = min(len(drawn), most if whole else reference.count), reference.count
    return Scores(reference.scores(drawn), reference.floor(compared[0]), reference.told, compared)


class Reference:
    """Real samples that drawn ones are compared with again and again; all that hangs on them alone is computed once.

    Two samples of at most `most` are drawn from them by `seed`, or, `whole`, one, so that it does not matter how they
    are sorted. Raises BadInput where there are too few.
    """

    def __init__(
        self,
        real: Samples,
        most: int = MOST,
        features: Features | Space | None = None,
        mixture: bool = False,
        inception: nn.Module | None = None,
        seed: int = 1,
        *,
        whole: bool = False,
    ):
        count = min(len(real) if whole else len(real) // 2, most)
        if count <= 5:
            raise BadInput(f"scores want at least 6 samples drawn and {6 if whole else 12} real; got {len(real)} real")
        real = np.asarray(real)
        _refuse_other(real, "real")
        order = np.random.default_rng(seed).permutation(len(real))
        self.count, self.mixture, self.seed, self.shape = count, mixture, seed, real.shape[1:]
        self.most = most if whole else count
        reference, self.other = real[order[:count]], None if whole else real[order[count : 2 * count]]
        self.space: Space = pixels if features is None else features.of if isinstance(features, Features) else features
        self.kid = real.ndim == 4 and not isinstance(features, Features)  # whose lengths are any, and cubed in it
        plain = "points" if real.ndim == 2 else "pixels of 8 by 8"
        self.told = plain if features is None else getattr(features, "told", "features of your own")
        self.pixels, self.vectors = _taken(pixels, reference), _taken(self.space, reference)
        self.fid = None if inception is None else inception_fid(reference, inception)

    def scores(self, drawn: Samples) -> dict[str, float]:
        """Of as many of these as there are of the reference, or `most` may be, drawn by the seed."""
        drawn = np.asarray(drawn)
        _refuse_other(drawn, "drawn")
        if drawn.shape[1:] != self.shape:
            raise BadInput(f"drawn and real samples are of one shape; got {drawn.shape[1:]} and {self.shape}")
        if len(drawn) > self.most:
            drawn = drawn[np.random.default_rng(self.seed).permutation(len(drawn))[: self.most]]
        if len(drawn) <= 5:
            raise BadInput(f"scores want at least 6 samples drawn; got {len(drawn)}")
        vectors, scores = _taken(self.space, drawn), mixture_scores(drawn) if self.mixture else {}
        scores["sliced_w2"] = sliced_wasserstein(_taken(pixels, drawn), self.pixels)
        scores["fid"] = frechet(vectors, self.vectors)
        if self.kid:
            scores["kid"] = kernel_distance(vectors, self.vectors)
        scores |= neighbour_scores(self.vectors, vectors)
        return scores | ({} if self.fid is None else {"inception_fid": self.fid(drawn)})

    def floor(self, number: int | None = None) -> dict[str, float]:
        """The scores of so many other real samples in the place of drawn ones; none where all are the reference."""
        return {} if self.other is None else self.scores(self.other[:number])


def _taken(space: Space, samples: Samples) -> np.ndarray:
    """Vectors of samples, some at a time."""
    if samples.ndim == 2:
        return space(samples)
    parts = []
    for i in range(0, len(samples), PART):
        part = samples[i : i + PART]
        with torch.no_grad():
            vectors = np.asarray(space(scaled(part) if part.dtype == np.uint8 else part.astype(np.float32)))
        if vectors.ndim != 2 or len(vectors) != len(part) or not np.isfinite(vectors).all():
            raise BadInput(f"features are finite vectors, one for each of {len(part)} images; got {vectors.shape}")
        parts.append(vectors)
    return np.concatenate(parts)


def _refuse_other(samples: Samples, whose: str) -> None:
    refuse_channels_last(samples)
    if samples.dtype == np.uint8 and samples.ndim == 4:
        return
    if not np.isfinite(samples).all():
        raise BadInput("samples that are scored are finite; some of these are not")
    if samples.ndim != 4:
        return
    if max(-(low := float(samples.min())), high := float(samples.max())) > 1.01:
        raise BadInput(
            f"values of images that are scored are from -1 to 1, or pixels, uint8; got {samples.dtype} from {low:g} to "
            f"{high:g}"
        )
    if low >= 0:
        log.warning("no value of the %s images is below 0: are they from 0 to 1? from -1 to 1 is wanted", whose)


def along(real: Images, features: Features | None) -> Reference:
    """For along training: at most 1,000 samples of each kind."""
    ids = np.random.default_rng(0).permutation(len(real))[:2000]
    return Reference(real.scaled(ids), 1000, features)


def summary(drawn: Samples, real: Reference) -> dict[str, float]:
    """A few scores, no floors."""
    found = real.scores(drawn)
    names = ("sliced_w2",) if drawn.ndim == 2 else ("fid", "precision", "coverage")
    return {name: found[name] for name in names}
