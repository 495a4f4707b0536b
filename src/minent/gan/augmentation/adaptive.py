"""Adaptive augmentation (ADA): each change is made with probability p, and p grows while the critic knows real images.

    x ↦ C x(A·),  A = mirror · quarter turns · whole steps · scale · turn · one-sided scale · turn · shift
    C = brightness · contrast · inverted luma · hue · saturation      each of them the identity with probability 1 - p
    r = E[sign f(real)],  p up where r > 0.6, down where it is less, from 0 to 1 in 500,000 images
Karras et al. 2020, "Training generative adversarial networks with limited data", appendix B ("bgc"), with bilinear
samples where theirs are of higher order. What is changed with p < 0.8 does not show in what is drawn (their figure 4).
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from minent.gan.augmentation.differentiable import Images, refuse_points

TARGET, SPEED, MOST = 0.6, 500_000, 0.8  # of r; images in which p goes all the way; of p


class Adaptive(nn.Module):
    """Images in [-1, 1] to such images, perhaps a little beyond; gradients pass. `share` is p, a buffer."""

    share: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("share", torch.zeros(()))

    def follow(self, sure: float, images: int) -> None:
        """Move p, by so many images, for a critic that took so many more real images for real than not, a share."""
        step = images / SPEED
        self.share.add_(step if sure > TARGET else -step).clamp_(0, MOST)

    def forward(self, x: Tensor) -> Images:
        refuse_points(x)
        one = x.float()
        grid = F.affine_grid(self.placed(len(x), x.shape[2])[:, :2], list(x.shape), align_corners=False)
        one = F.grid_sample(one, grid.to(one.dtype), padding_mode="reflection", align_corners=False)
        colour = self.coloured(len(x))
        wide = one.expand(-1, 3, -1, -1) if x.shape[1] == 1 else one
        wide = torch.einsum("bij,bjhw->bihw", colour[:, :3, :3], wide) + colour[:, :3, 3, None, None]
        return (wide.mean(1, keepdim=True) if x.shape[1] == 1 else wide).to(x.dtype)

    def placed(self, batch: int, side: int) -> Float[Tensor, "batch 3 3"]:
        """Where in an image, of coordinates from -1 to 1, a place of the changed one lies."""
        maybe = _Maybe(self.share, batch)
        turned = 1 - torch.sqrt(1 - self.share)  # twice: once or more with p
        mirror = maybe(1.0, 1 - 2 * maybe.whole(2))
        quarter = maybe(0.0, maybe.whole(4)) * (math.pi / 2)
        steps = [torch.round(maybe(0.0, maybe.even() * 0.125) * side) / side * 2 for _ in range(2)]
        scale = maybe(1.0, torch.exp2(0.2 * maybe.normal()))
        before = maybe(0.0, maybe.even() * math.pi, turned)
        wider = maybe(1.0, torch.exp2(0.2 * maybe.normal()))
        after = maybe(0.0, maybe.even() * math.pi, turned)
        shifts = [maybe(0.0, 0.125 * maybe.normal()) * 2 for _ in range(2)]
        parts = [
            _scaled(mirror, torch.ones_like(mirror)), _turned(quarter), _moved(*steps), _scaled(scale, scale),
            _turned(before), _scaled(wider, 1 / wider), _turned(after), _moved(*shifts),
        ]  # fmt: skip
        return _product(parts)

    def coloured(self, batch: int) -> Float[Tensor, "batch 4 4"]:
        """What becomes of red, green, blue and 1."""
        maybe = _Maybe(self.share, batch)
        bright, contrast = maybe(0.0, 0.2 * maybe.normal()), maybe(1.0, torch.exp2(0.5 * maybe.normal()))
        inverted, hue = maybe(0.0, maybe.whole(2)), maybe(0.0, maybe.even() * math.pi)
        saturation = maybe(1.0, torch.exp2(maybe.normal()))
        unit = torch.eye(4, device=bright.device).repeat(batch, 1, 1)
        axis = torch.tensor([1.0, 1.0, 1.0, 0.0], device=bright.device) / math.sqrt(3)
        luma = torch.outer(axis, axis)
        cross = torch.zeros(4, 4, device=bright.device)
        cross[[0, 1, 2], [2, 0, 1]], cross[[0, 1, 2], [1, 2, 0]] = axis[0], -axis[0]
        rest = torch.diag(torch.tensor([1.0, 1.0, 1.0, 0.0], device=bright.device)) - luma
        own = unit - luma - rest  # of the 1
        shift = unit.clone()
        shift[:, :3, 3] = bright[:, None]
        c, s = hue.cos()[:, None, None], hue.sin()[:, None, None]
        return _product([
            luma + saturation[:, None, None] * rest + own,
            luma + c * rest + s * cross + own,
            unit - 2 * inverted[:, None, None] * luma,
            contrast[:, None, None] * (luma + rest) + own,
            shift,
        ])  # fmt: skip


class _Maybe:
    """A value for each image, or, with probability 1 - p, what changes nothing."""

    def __init__(self, share: Tensor, batch: int):
        self.share, self.batch, self.device = share, batch, share.device

    def __call__(self, nothing: float, value: Tensor, share: Tensor | None = None) -> Tensor:
        return torch.where(self.uniform() < (self.share if share is None else share), value, nothing)

    def uniform(self) -> Tensor:
        return torch.rand(self.batch, device=self.device)

    def even(self) -> Tensor:
        return 2 * self.uniform() - 1

    def normal(self) -> Tensor:
        return torch.randn(self.batch, device=self.device)

    def whole(self, count: int) -> Tensor:
        return torch.floor(self.uniform() * count)


def _matrices(rows: Any, like: Tensor) -> Tensor:
    full = [[torch.as_tensor(one, device=like.device, dtype=like.dtype).expand_as(like) for one in row] for row in rows]
    return torch.stack([torch.stack(row, -1) for row in full], -2)


def _scaled(wide: Tensor, high: Tensor) -> Tensor:
    return _matrices([[wide, 0, 0], [0, high, 0], [0, 0, 1]], wide)


def _turned(angle: Tensor) -> Tensor:
    return _matrices([[angle.cos(), -angle.sin(), 0], [angle.sin(), angle.cos(), 0], [0, 0, 1]], angle)


def _moved(right: Tensor, down: Tensor) -> Tensor:
    return _matrices([[1, 0, right], [0, 1, down], [0, 0, 1]], right)


def _product(parts: list[Tensor]) -> Tensor:
    whole = parts[0]
    for part in parts[1:]:
        whole = whole @ part
    return whole
