"""Scores know good from bad, and real samples are their floor."""

import numpy as np
import pytest

from minent.data.images.images import Images
from minent.data.images.read import read_images
from minent.data.points.toys import MEANS, SPREAD, gaussians
from minent.errors import BadInput
from minent.gan.scores import samples
from minent.gan.scores.distances import frechet, sliced_wasserstein
from minent.gan.scores.features import train_features
from minent.gan.scores.mixture import mixture_scores
from minent.gan.scores.neighbours import neighbour_scores
from minent.gan.scores.samples import along, score, summary

random = np.random.default_rng(0)


def test_the_mixture_itself_covers_every_mode_and_a_part_covers_a_part():
    whole = mixture_scores(gaussians(2500))
    assert whole["modes"] == 25 and whole["high_quality"] > 0.98 and whole["kl"] < 0.02
    part = (MEANS[:3][random.integers(3, size=999)] + SPREAD * random.standard_normal((999, 2))).astype(np.float32)
    found = mixture_scores(part)
    assert found["modes"] == 3 and found["kl"] == pytest.approx(np.log(25 / 3), abs=0.01)


def test_points_spread_evenly_cover_no_mode():
    found = mixture_scores(random.uniform(-2.5, 2.5, (2500, 2)))
    assert 0 < found["high_quality"] < 0.1 and found["modes"] == 0


def test_a_seed_that_none_can_be_is_a_sentence():
    points = np.random.default_rng(0).standard_normal((20, 2))
    with pytest.raises(BadInput, match="seed must be at least 0; got -1"):
        score(points, points, seed=-1)


def test_sliced_distance_of_a_shift_is_known():
    x = random.standard_normal((500, 3))
    far = sliced_wasserstein(x, x + np.array([3.0, 0, 0]), directions=4096)
    assert far == pytest.approx(np.sqrt(3), rel=0.05)  # E (3 cos)² = 3
    assert sliced_wasserstein(x, x) == 0


def test_frechet_distance_of_normal_samples_is_the_closed_form():
    x = random.standard_normal((20_000, 2))
    scaled = 2 * random.standard_normal((20_000, 2)) + np.array([1.0, 0.0])
    assert frechet(x, scaled) == pytest.approx(1 + 2 * (1 - 2) ** 2, rel=0.05)
    assert frechet(x, scaled) == pytest.approx(frechet(scaled, x))


def naive_neighbours(real, drawn, k):
    """From the definitions, a pair at a time."""

    def radius(sample, i):
        return sorted(np.linalg.norm(sample[i] - other) for j, other in enumerate(sample) if j != i)[k - 1]

    inside = [[np.linalg.norm(x - y) <= radius(real, i) for y in drawn] for i, x in enumerate(real)]
    back = [[np.linalg.norm(x - y) <= radius(drawn, j) for j, y in enumerate(drawn)] for x in real]
    return {
        "precision": np.mean([any(row[j] for row in inside) for j in range(len(drawn))]),
        "recall": np.mean([any(row) for row in back]),
        "density": np.sum(inside) / (k * len(drawn)),
        "coverage": np.mean([any(row) for row in inside]),
    }


def test_neighbour_scores_are_their_definitions():
    real, drawn = random.standard_normal((40, 3)), 1.5 * random.standard_normal((30, 3)) + 0.5
    found = neighbour_scores(real, drawn, 3)
    assert found == pytest.approx(naive_neighbours(real, drawn, 3))
    assert len(set(found.values())) == 4 and 0 < found["coverage"] < 1


def test_one_good_sample_has_precision_and_nothing_else():
    real = random.standard_normal((300, 2))
    found = neighbour_scores(real, np.repeat(real[:1], 300, 0) + 1e-4 * random.standard_normal((300, 2)))
    assert found["precision"] > 0.95 and found["recall"] < 0.05 and found["coverage"] < 0.1


def test_digits_are_their_own_floor_and_noise_is_far_above():
    pytest.importorskip("sklearn")
    digits = read_images("digits")
    features = train_features(digits, steps=150)
    assert features.accuracy > 0.9
    noise = random.uniform(-1, 1, (600, 1, 8, 8)).astype(np.float32)
    found = score(noise, digits.scaled(), features=features)
    assert found.drawn["fid"] > 3 * found.floor["fid"] and found.floor["coverage"] > 0.9 > 0.3 > found.drawn["coverage"]
    assert f"{100 * features.accuracy:.1f} % right" in found.space


def sorted_images():
    """3,000 of a dark class, then 3,000 of a bright one, as folders sort them."""
    random = np.random.default_rng(2)
    dark, bright = (random.integers(low, low + 60, (3000, 1, 8, 8)).astype(np.uint8) for low in (0, 190))
    return Images(np.concatenate([dark, bright]), np.repeat([0, 1], 3000), ("dark", "bright"))


def test_scores_along_training_do_not_hang_on_how_images_are_sorted():
    images = sorted_images()
    drawn = images.scaled(np.random.default_rng(5).permutation(len(images))[:1000])
    first = summary(drawn, along(images.at(np.arange(3000)), None))
    assert first["fid"] > 10 and first["precision"] < 0.6  # what all of them look like beside one class
    for order in (np.arange(6000), np.random.default_rng(3).permutation(6000)):
        found = summary(drawn, along(images.at(order), None))
        assert found["fid"] < 1 and found["precision"] > 0.8 and found["coverage"] > 0.8


def test_drawn_samples_may_be_sorted_too():
    images = sorted_images()
    found = score(images.scaled(), images.scaled(np.arange(0, 6000, 30)))
    assert found.drawn["fid"] < 2 and found.drawn["coverage"] > 0.8


def test_of_real_samples_all_is_computed_once(monkeypatch):
    seen, plain = [], samples.pixels
    monkeypatch.setattr(samples, "pixels", lambda images: (seen.append(len(images)), plain(images))[1])
    images = sorted_images()
    reference = along(images, None)
    before, drawn = len(seen), images.scaled(slice(0, 1000))
    assert summary(drawn, reference) == summary(drawn, reference)
    assert sum(seen[before:]) == 4000 and sum(seen[:before]) == 2000  # those of the drawn ones only


@pytest.mark.parametrize(
    "high, said",
    [(255.0, "or pixels, uint8; got float32 from 0 to 255"), (np.nan, "some of these are not")],
)
def test_pixels_that_were_not_scaled_and_what_is_not_finite_are_sentences(high, said):
    images = np.linspace(0, high, 20 * 64, dtype=np.float32).reshape(20, 1, 8, 8)
    with pytest.raises(BadInput, match=said):
        score(images, np.zeros_like(images))


def test_images_that_are_laid_or_scaled_otherwise_are_refused_or_told(caplog):
    pixels = random.integers(0, 256, (40, 3, 8, 8)).astype(np.uint8)
    with pytest.raises(BadInput, match="whose channels come last"):
        score(pixels.transpose(0, 2, 3, 1), pixels)
    half = (pixels / 255).astype(np.float32)
    score(2 * half - 1, pixels)
    assert not caplog.records
    score(half, pixels)
    assert "no value of the drawn images is below 0" in caplog.text and "the real images" not in caplog.text
