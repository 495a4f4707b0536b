"""FID by torchmetrics is ours of the same features; a network of a few weights stands for Inception, which nobody may
fetch here."""

import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn

from minent.errors import BadInput, MissingExtra
from minent.gan.scores import fid as module
from minent.gan.scores.distances import frechet
from minent.gan.scores.fid import inception, inception_fid
from minent.gan.scores.samples import score

pytest.importorskip("torchmetrics", reason="FID of Inception is taken by torchmetrics, which is not installed here")
random = np.random.default_rng(0)
PIXELS = (
    random.integers(0, 256, (150, 1, 8, 8)).astype(np.uint8),
    random.integers(40, 200, (90, 1, 8, 8)).astype(np.uint8),
)
REAL, DRAWN = (pixels.astype(np.float32) / np.float32(127.5) - 1 for pixels in PIXELS)


class Small(nn.Module):
    """Features of a few means and differences of pixels; remembers what it was given."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten())
        self.given = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.given.append(images)
        return self.layers(images / 255).detach()


@pytest.fixture
def small() -> Small:
    torch.manual_seed(0)
    return Small().eval()


def features(network: Small, pixels: np.ndarray) -> np.ndarray:
    return network(torch.from_numpy(pixels).expand(-1, 3, -1, -1)).numpy()


def test_fid_by_torchmetrics_is_ours_of_the_same_features(small):
    ours = frechet(features(small, PIXELS[0]), features(small, PIXELS[1]))
    fid = inception_fid(REAL, small)
    assert ours > 0.01 and fid(DRAWN) == pytest.approx(ours, rel=1e-3)
    again = frechet(features(small, PIXELS[0]), features(small, PIXELS[0][:80]))
    assert fid(REAL[:80]) == pytest.approx(again, rel=1e-2) and again < ours  # nothing is left of the drawn before


def test_the_network_sees_the_pixels_that_the_images_were_three_times_grey(small):
    inception_fid(REAL, small)
    (_, *given), whole = small.given, torch.from_numpy(PIXELS[0])  # the first is torchmetrics' own, to count features
    assert torch.equal(torch.cat(given), whole.expand(-1, 3, -1, -1)) and given[0].dtype == torch.uint8
    colour = random.integers(0, 256, (70, 3, 9, 9)).astype(np.uint8)
    small.given.clear()
    inception_fid(colour.astype(np.float32) / np.float32(127.5) - 1, small)
    assert torch.equal(torch.cat(small.given[1:]), torch.from_numpy(colour))


def test_it_stands_among_the_scores_beside_its_floor(small):
    found = score(DRAWN, REAL, inception=small)
    assert found.drawn["inception_fid"] > 3 * found.floor["inception_fid"] > 0
    with pytest.raises(BadInput, match="Inception's features are of images; got points"):
        score(DRAWN[:, 0, 0], REAL[:, 0, 0], inception=small)


@pytest.mark.parametrize("package", ["torchmetrics", "torchvision", "torch_fidelity"])
def test_without_a_package_the_extra_is_named(package, monkeypatch, tmp_path):
    for other in ("torchvision", "torch_fidelity"):
        monkeypatch.setitem(sys.modules, other, ModuleType(other))
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=rf'pip install "minent\[inception\]" to score .* \({package} is not'):
        inception(tmp_path / "weights.pth")


@pytest.mark.parametrize("content", [None, b"", b"no weights"])
def test_a_file_that_holds_no_weights_is_a_sentence(content, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "require", lambda *_: None)
    if content is not None:
        (tmp_path / "weights.pth").write_bytes(content)
    wanted = "there is no file" if content is None else "does not hold Inception's weights"
    with pytest.raises(BadInput, match=rf"{wanted}.*weights-inception-2015-12-05-6726825d\.pth"):
        inception(tmp_path / "weights.pth")
