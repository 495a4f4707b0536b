"""Features of networks that the user has: each kind, how images are brought to them, and what is no such network."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from minent.errors import BadInput, MissingExtra
from minent.gan import features_of, score
from minent.gan.scores.distances import kernel_distance
from minent.gan.scores.networks import Network, _pooled

IMAGES = np.random.default_rng(0).uniform(-1, 1, (40, 1, 12, 12)).astype(np.float32)


class Means(nn.Module):
    def forward(self, x: torch.Tensor, return_features: bool = False) -> torch.Tensor:
        return x.float().mean((2, 3)) if return_features else x[:, :1, 0, 0].float()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("networks")
    torch.jit.script(Means()).save(str(place / "means.pt"))
    return place


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_torchscript_file_is_given_pixels_and_asked_for_its_features(folder):
    found = features_of(folder / "means.pt", "cpu")
    vectors = found(IMAGES)
    pixels = np.rint((IMAGES + 1) * 127.5)
    assert vectors.shape == (40, 3) and "means.pt" in found.told
    np.testing.assert_allclose(vectors[:, 0], pixels.mean((1, 2, 3)), rtol=1e-5)
    scores = score(IMAGES, IMAGES, features=found)
    assert {"fid", "kid", "precision", "recall", "density", "coverage"} <= scores.drawn.keys()
    assert scores.space == found.told and scores.counted == (20, 20)


def test_a_vision_model_of_transformers_sees_what_its_file_says(folder):
    transformers = pytest.importorskip("transformers")
    config = transformers.ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, image_size=16, patch_size=8
    )
    place = folder / "vit"
    transformers.ViTModel(config, add_pooling_layer=False).save_pretrained(place)
    with pytest.raises(BadInput, match="not on this machine"):
        features_of(place, "cpu")  # how it sees images is not told
    told = {"size": {"height": 16, "width": 16}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (place / "preprocessor_config.json").write_text(json.dumps(told))
    assert features_of(place, "cpu")(IMAGES).shape == (40, 8)


def test_what_is_no_network_is_a_sentence(folder):
    (folder / "no.pt").write_bytes(b"PK")
    with pytest.raises(BadInput, match="no TorchScript file"):
        features_of(folder / "no.pt")
    with pytest.raises(BadInput, match="which is none of them"):
        features_of("resnet50")
    with pytest.raises(BadInput, match="which is none of them"):
        features_of(f"{folder}/nowhere")


def test_packages_that_are_not_there_are_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "timm", None)
    with pytest.raises(MissingExtra, match="pip install timm"):
        features_of("timm/resnet18")


def test_features_are_a_vector_an_image():
    maps = Network("maps", nn.Conv2d(3, 5, 3), lambda x: x, "cpu")
    assert maps(IMAGES).shape == (40, 5)
    assert _pooled(torch.zeros(4, 7, 6)).shape == (4, 6)
    assert torch.equal(_pooled((torch.ones(2, 3),)), torch.ones(2, 3))
    with pytest.raises(BadInput, match="one vector each"):
        _pooled(torch.zeros(4))
    with pytest.raises(BadInput, match="take no images of"):
        Network("wide", nn.Linear(5, 2), lambda x: x, "cpu")(IMAGES)
    with pytest.raises(BadInput, match="finite vectors"):
        score(IMAGES, IMAGES, features=lambda images: np.full((len(images), 2), np.nan))


def test_kernel_distance_is_its_definition_and_has_no_bias():
    random = np.random.default_rng(1)
    x, y = random.normal(size=(30, 4)), random.normal(size=(50, 4)) + 0.3

    def k(a, b):
        return (a @ b / 4 + 1) ** 3

    own = [np.mean([k(a, b) for i, a in enumerate(s) for j, b in enumerate(s) if i != j]) for s in (x, y)]
    assert kernel_distance(x, y) == pytest.approx(sum(own) - 2 * np.mean([k(a, b) for a in x for b in y]))
    many = [kernel_distance(*random.normal(size=(2, 60, 3))) for _ in range(60)]
    assert abs(np.mean(many)) < 4 * np.std(many) / 60**0.5 and min(many) < 0 < max(many)


def test_pixels_and_their_values_are_scored_alike():
    pixels = np.rint((IMAGES + 1) * 127.5).astype(np.uint8)
    values = pixels.astype(np.float32) / np.float32(127.5) - 1
    assert score(pixels, pixels[::-1]).drawn == score(values, values[::-1]).drawn


def test_the_floor_is_of_as_many_samples_as_are_drawn():
    real = np.random.default_rng(4).normal(size=(600, 2)).astype(np.float32)
    few = score(real[:12], real[12:])
    assert few.counted == (12, 294) and few.floor["fid"] > 3 * score(real[:294], real[12:]).floor["fid"]


def test_published_figures_are_beside_all_real_samples():
    real = np.random.default_rng(2).normal(size=(300, 2)).astype(np.float32)
    found = score(real[:100] + 1, real, whole=True)
    assert found.floor == {} and found.counted == (100, 300)
    assert score(real[:100] + 1, real, whole=True, most=50).counted == (50, 50)
    with pytest.raises(BadInput, match="most must be at least 6"):
        score(real, real, most=5)
