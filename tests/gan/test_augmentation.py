"""What images go through before a critic sees them: the laws of each change, gradients, and where none belongs."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from gan.small_games import players
from torch import nn

from minent.data.images.images import Images
from minent.errors import BadInput
from minent.gan.augmentation import Adaptive, Differentiable, augmentation
from minent.gan.augmentation.differentiable import coloured, hidden, moved
from minent.gan.game import play
from minent.gan.losses import _real, critic_loss, loss_of
from minent.gan.options import Playing

SHORT = Playing(steps=2, batch=8, evaluate_every=0)


def photo(number: int = 64, channels: int = 3, side: int = 16) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.rand(1, channels, side, side).expand(number, -1, -1, -1) * 2 - 1


@pytest.mark.parametrize("channels", [1, 3])
def test_nothing_is_changed_with_probability_zero(channels):
    x = photo(4, channels)
    torch.testing.assert_close(Adaptive()(x), x, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["diffaugment", "ada"])
@pytest.mark.parametrize("channels", [1, 3])
def test_each_image_is_changed_by_itself_and_gradients_pass(kind, channels):
    seen, x = augmentation(kind), photo(32, channels).clone().requires_grad_()
    if isinstance(seen, Adaptive):
        seen.share.fill_(0.8)
    changed = seen(x)
    assert changed.shape == x.shape and len({round(float(one.sum()), 4) for one in changed.detach()}) > 28
    (gradient,) = torch.autograd.grad(changed[0].sum(), x)
    assert gradient[0].abs().sum() > 0 and not gradient[1:].any()


def test_the_share_of_images_that_stay_is_that_of_no_change_at_all():
    seen, x = Adaptive(), photo(4000, 1, 8)
    seen.share.fill_(0.1)
    same = ((seen(x) - x).abs().flatten(1).amax(1) < 1e-4).float().mean()
    # eleven changes, one of two turns counted; mirrors, quarter turns and whole steps are none at times; hue and
    # saturation are none of grey images
    p, turned = 0.1, 1 - np.sqrt(0.9)
    stays = (1 - p / 2) * (1 - p * 3 / 4) * (1 - p) ** 2 * (1 - turned) ** 2 * (1 - p) ** 2 * (1 - p) ** 2 * (1 - p / 2)
    steps = (1 - p * (1 - 0.5)) ** 2  # of 8 pixels by an eighth at most: half of the steps round to none
    assert same == pytest.approx(stays * steps, abs=0.03)


def test_p_grows_while_the_critic_is_sure_of_real_images_and_falls_where_not():
    seen = Adaptive()
    seen.follow(0.9, 5000)
    assert float(seen.share) == pytest.approx(0.01)
    seen.follow(0.5, 2500)
    assert float(seen.share) == pytest.approx(0.005)
    seen.follow(0.5, 50_000)
    assert float(seen.share) == 0
    seen.follow(0.9, 10**6)
    assert float(seen.share) == pytest.approx(0.8)  # beyond, changes show in what is drawn


def test_brightness_contrast_and_saturation_are_within_their_bounds():
    x = photo(500) * 0 + 0.25
    torch.manual_seed(1)
    flat = coloured(x)  # of one colour: brightness alone
    assert torch.allclose(flat.std((1, 2, 3)), torch.zeros(500), atol=1e-5)
    added = flat.mean((1, 2, 3)) - 0.25
    assert -0.5 <= added.min() < -0.4 and 0.4 < added.max() <= 0.5


def test_shifts_reach_an_eighth_and_a_quarter_of_each_image_may_be_hidden():
    x = torch.ones(300, 1, 16, 16)
    torch.manual_seed(2)
    lost = 256 - moved(x).sum((1, 2, 3))
    assert lost.max() == 256 - 14 * 14 and lost.min() == 0
    gone = 256 - hidden(x).sum((1, 2, 3))
    assert gone.max() == 64 and gone.min() >= 16


def test_points_are_neither_augmented_nor_mirrored():
    generator, critic = nn.Linear(2, 2), nn.Linear(2, 1)
    generator.latent, generator.classes = 2, 0
    generator.forward = lambda noise, labels=None: noise * generator.weight.sum()
    points = Images(np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)).batches(8)
    for change in ({"augment": "diffaugment"}, {"augment": "ada"}, {"mirror": True}):
        with pytest.raises(BadInput, match="are images; got samples of shape"):
            next(play(generator, critic, points, replace(SHORT, **change)))
    with pytest.raises(BadInput, match="are images"):
        Differentiable()(torch.zeros(3, 2))


def test_bytes_are_pixels_and_half_of_the_real_images_are_mirrored():
    ramp = torch.arange(16).mul(17).to(torch.uint8).expand(200, 1, 4, 16).contiguous()
    torch.manual_seed(0)
    real = _real({"x": ramp}, Playing(mirror=True))
    left = real[:, 0, 0, 0]
    assert real.abs().max() == 1 and set(left.tolist()) == {-1.0, 1.0} and 70 < (left == 1).sum() < 130
    torch.testing.assert_close(_real({"x": ramp}, Playing())[0, 0, 0], torch.linspace(-1, 1, 16))


@pytest.mark.parametrize("lipschitz", ["r1", "r1r2"])
def test_penalties_of_a_linear_critic_are_its_slope_on_real_and_on_drawn_samples(lipschitz):
    line = nn.Linear(3, 1, bias=False)
    generator, _ = players()
    generator.classes, generator.forward = 0, lambda noise: torch.zeros(len(noise), 3)
    playing = Playing(lipschitz=lipschitz, strength=6.0, loss="relativistic")
    x, sums = torch.randn(5, 3), torch.zeros(4)
    total, _ = critic_loss(generator, loss_of("relativistic"), playing, nn.Identity(), sums, line, {"x": x})
    sides = 2 if lipschitz == "r1r2" else 1
    apart = (x @ line.weight.T)[:, 0]
    want = torch.nn.functional.softplus(-apart).sum() + sides * 5 * 6.0 * line.weight.square().sum() / 2
    torch.testing.assert_close(total, want)
    torch.testing.assert_close(
        sums, torch.stack([apart.sum(), torch.tensor(0.0), torch.tensor(5.0), apart.sign().sum()])
    )


def test_a_pair_is_lost_by_what_lies_between_its_two_values():
    loss, f, other = loss_of("relativistic"), torch.tensor([2.0, -1.0]), torch.tensor([0.5, -1.0])
    torch.testing.assert_close(loss.real(f - other), torch.log1p(torch.exp(other - f)))
    assert loss.paired and not loss.drawn(f).any() and not loss.centred
    bounded, logits = loss_of("non-saturating", bounded=True), loss_of("logistic", bounded=True)
    assert not torch.allclose(bounded.real(f / 4), logits.real(f / 4))
    torch.testing.assert_close(logits.real(f), -torch.sigmoid(f).log())
