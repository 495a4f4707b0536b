"""Residual blocks that double or halve the sides of images: x + h(x), the sum of a short path and a long one.

Up of a generator and Down of a critic, as in Gulrajani et al. 2017 and Miyato et al. 2018, figures 8 and 9.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from minent.gan.pullback import Pulled, pullback


class Up(nn.Module):
    """Twice as wide."""

    def __init__(self, channels: int, out: int):
        super().__init__()
        self.long = nn.Sequential(
            nn.BatchNorm2d(channels), nn.ReLU(), nn.Upsample(scale_factor=2), nn.Conv2d(channels, out, 3, 1, 1),
            nn.BatchNorm2d(out), nn.ReLU(), nn.Conv2d(out, out, 3, 1, 1),
        )  # fmt: skip
        self.short = nn.Conv2d(channels, out, 1)

    def forward(self, x: Float[Tensor, "batch channel height width"]) -> Float[Tensor, "batch out high wide"]:
        return F.interpolate(self.short(x), scale_factor=2.0) + self.long(x)


class Down(nn.Module):
    """Half as wide."""

    def __init__(self, channels: int, out: int):
        super().__init__()
        self.long = nn.Sequential(
            nn.ReLU(), nn.Conv2d(channels, out, 3, 1, 1), nn.ReLU(), nn.Conv2d(out, out, 3, 1, 1), nn.AvgPool2d(2)
        )
        self.short = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(channels, out, 1))

    def forward(self, x: Float[Tensor, "batch channel height width"]) -> Float[Tensor, "batch out high wide"]:
        return self.short(x) + self.long(x)

    def parts(self) -> list[nn.Module]:
        return [self.long, self.short]

    def pullback(self, x: Float[Tensor, "batch channel height width"]) -> Pulled:
        (long, back), (short, short_back) = pullback(self.long, x), pullback(self.short, x)
        return short + long, lambda g: short_back(g) + back(g)
