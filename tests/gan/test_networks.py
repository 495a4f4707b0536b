"""Critics see all of an image."""

import pytest
import torch

from minent.gan.networks import Critic
from minent.gan.options import Networks


def texture(seed, grey):
    """Squares of two by two pixels about one grey, of which the mean is that grey: what averages sees nothing else."""
    random = torch.Generator().manual_seed(seed)
    sign = torch.randint(0, 2, (1, 3, 8, 8), generator=random).repeat_interleave(2, 2).repeat_interleave(2, 3) * 2 - 1
    rows = torch.arange(16)
    return grey + 0.3 * sign * (1 - 2 * ((rows[:, None] + rows) % 2))


@pytest.mark.parametrize("network", ["mlp", "dcgan", "resnet"])
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
