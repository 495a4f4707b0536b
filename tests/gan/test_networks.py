"""Critics see all of an image; networks are those of their papers; noise that is not drawn anew."""

import pytest
import torch
from torch import nn

from minent.errors import BadInput
from minent.gan.input_gradients.passes import written_out
from minent.gan.latent import COLUMNS, interpolated, truncated
from minent.gan.networks import Critic, Generator
from minent.gan.options import Networks


def texture(seed, grey):
    """Squares of two by two pixels about one grey, of which the mean is that grey: what averages sees nothing else."""
    random = torch.Generator().manual_seed(seed)
    sign = torch.randint(0, 2, (1, 3, 8, 8), generator=random).repeat_interleave(2, 2).repeat_interleave(2, 3) * 2 - 1
    rows = torch.arange(16)
    return grey + 0.3 * sign * (1 - 2 * ((rows[:, None] + rows) % 2))


@pytest.mark.parametrize("network", ["mlp", "dcgan", "sngan", "resnet"])
def test_dark_textures_are_seen_as_well_as_bright_ones(network):
    torch.manual_seed(0)
    critic, spread = Critic(3, 16, Networks(network, width=16)), {}
    for grey in (-0.6, 0.6):
        with torch.no_grad():
            spread[grey] = torch.cat([critic(texture(seed, grey)) for seed in range(20)]).std()
    assert 0.3 < float(spread[-0.6] / spread[0.6]) < 3


def test_every_pixel_of_a_black_image_counts():
    """Behind a rectifier of the image itself only means of squares would, by one slope for the four pixels of each."""
    torch.manual_seed(0)
    critic = Critic(1, 16, Networks("resnet", width=16)).double()
    black = torch.full((1, 1, 16, 16), -1.0, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(critic(black).sum(), black)
    squares = slope.unflatten(3, (8, 2)).unflatten(2, (8, 2))
    apart = (squares - squares.mean((3, 5), keepdim=True)).norm()
    assert apart > 0.05 * slope.norm() > 0


def test_the_critic_of_seven_convolutions_is_that_of_the_paper():
    critic, generator = (kind(3, 32, Networks("sngan", width=64, deviation=0.02)) for kind in (Critic, Generator))
    layers = [one for one in critic.body if isinstance(one, nn.Conv2d)]
    assert [(one.out_channels, one.kernel_size[0], one.stride[0]) for one in layers] == [
        (64, 3, 1), (128, 4, 2), (128, 3, 1), (256, 4, 2), (256, 3, 1), (512, 4, 2), (512, 3, 1)
    ]  # fmt: skip
    for player in (critic, generator):
        for layer in player.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                assert float(layer.weight.detach().std()) == pytest.approx(0.02, rel=0.1) and not layer.bias.any()
    assert written_out(critic) and generator.draw(2).shape == (2, 3, 32, 32)


def test_noise_that_is_truncated_keeps_its_order_and_interpolation_its_length():
    noise = torch.randn(2000, generator=torch.Generator().manual_seed(0))
    narrow = truncated(noise, 0.7)
    assert narrow.abs().max() <= 0.7 and torch.equal(narrow.argsort(), noise.argsort())
    assert float(narrow.std()) == pytest.approx(0.39, abs=0.02)  # of a normal law between -0.7 and 0.7
    one, other = torch.randn(2, 3, 64, generator=torch.Generator().manual_seed(1))
    way = interpolated(one, other).view(3, COLUMNS, 64)
    torch.testing.assert_close(way[:, 0], one)
    torch.testing.assert_close(way[:, -1], other)
    assert (way.norm(dim=2) / 8).sub(1).abs().max() < 0.35  # a straight way would pass at 0.7 of it
    with pytest.raises(BadInput, match="noise is of shape"):
        Generator(1, 8, Networks(latent=4, width=2)).draw(3, noise=torch.zeros(2, 4))
