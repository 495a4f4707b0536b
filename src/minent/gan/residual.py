"""Residual blocks that double or halve the sides of images: x + h(x), the sum of a short path and a long one.

Up of a generator and Down of a critic, as in Gulrajani et al. 2017 and Miyato et al. 2018, figures 8 and 9.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from minent.gan.input_gradients.passes import passed
from minent.gan.input_gradients.tape import Tape


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
    """Half as wide. A first block's input is an image, not to be `rectified`: what is dark would not be seen."""

    def __init__(self, channels: int, out: int, rectified: bool = True):
        super().__init__()
        long = [nn.Conv2d(channels, out, 3, 1, 1), nn.ReLU(), nn.Conv2d(out, out, 3, 1, 1), nn.AvgPool2d(2)]
        self.long = nn.Sequential(*([nn.ReLU()] if rectified else []), *long)
        self.short = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(channels, out, 1))

    def forward(self, x: Float[Tensor, "batch channel height width"]) -> Float[Tensor, "batch out high wide"]:
        return self.short(x) + self.long(x)

    def passed(self) -> "_Down":
        return _Down(self)


class _Down:
    def __init__(self, block: Down):
        self.long, self.short = passed(block.long), passed(block.short)

    def weights(self) -> list[Tensor]:
        return [*self.long.weights(), *self.short.weights()]

    def there(self, x: Tensor, tape: Tape) -> Tensor:
        long = self.long.there(x, tape)
        return self.short.there(x, tape) + long

    def back(self, g: Tensor, tape: Tape) -> Tensor:
        return self.short.back(g, tape) + self.long.back(g, tape)

    def push(self, q: Tensor, u: Tensor, tape: Tape) -> Tensor:
        return self.short.push(q, u, tape) + self.long.push(q, u, tape)
