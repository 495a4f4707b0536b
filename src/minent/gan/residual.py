"""Residual blocks that double or halve the sides of images: x + h(x), the sum of a short path and a long one.

Up of a generator and Down of a critic, as in Gulrajani et al. 2017 and Miyato et al. 2018, figures 8 and 9.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from minent.gan.input_gradients.layers import Gradients
from minent.gan.input_gradients.passes import passed


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

    def passed(self, x: Float[Tensor, "batch channel height width"]) -> "_Down":
        return _Down(self, x)


class _Down:
    def __init__(self, block: Down, x: Tensor):
        self.long, self.short = passed(block.long, x), passed(block.short, x)
        self.y = self.short.y + self.long.y

    def back(self, g: Tensor) -> Tensor:
        return self.short.back(g) + self.long.back(g)

    def push(self, q: Tensor, u: Tensor, found: Gradients) -> Tensor:
        return self.short.push(q, u, found) + self.long.push(q, u, found)
