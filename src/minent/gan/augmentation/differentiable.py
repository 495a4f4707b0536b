"""DiffAugment: each image is brightened, coloured, contrasted, shifted, and a square of it is hidden.

    x + b,  b from -½ to ½       mean over colours + s · rest,  s from 0 to 2      mean + c · rest,  c from ½ to 1½
    shifted by up to ⅛ of its sides both ways, zeros behind it;  a square of half its sides is zeros, anywhere
Zhao et al. 2020, "Differentiable augmentation for data-efficient GAN training": colour, translation and cutout, always.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from minent.errors import BadInput

SHIFT, HIDDEN = 8, 2  # parts of a side
Images = Float[Tensor, "batch channel height width"]


class Differentiable(nn.Module):
    """Images in [-1, 1] to such images, perhaps a little beyond; gradients pass."""

    def forward(self, x: Tensor) -> Images:
        refuse_points(x)
        return hidden(moved(coloured(x)))


def refuse_points(x: Tensor) -> None:
    if x.ndim != 4:
        raise BadInput(f"what is augmented are images; got samples of shape {tuple(x.shape[1:])}")


def coloured(x: Images) -> Images:
    """Brightness, saturation and contrast."""
    bright, colour, contrast = torch.rand(3, len(x), 1, 1, 1, device=x.device, dtype=x.dtype)
    x = x + bright - 0.5
    grey = x.mean(1, keepdim=True)
    x = grey + 2 * colour * (x - grey)
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + (contrast + 0.5) * (x - mean)


def moved(x: Images) -> Images:
    """Shifted both ways, zeros behind."""
    rows, columns = (_beside(side, len(x), x.device) for side in x.shape[2:])
    there = (rows >= 0) & (rows < x.shape[2])
    within = there[:, :, None] & ((columns >= 0) & (columns < x.shape[3]))[:, None]
    rows, columns = rows.clamp(0, x.shape[2] - 1), columns.clamp(0, x.shape[3] - 1)
    batch = torch.arange(len(x), device=x.device)[:, None, None]
    return x.movedim(1, -1)[batch, rows[:, :, None], columns[:, None]].movedim(-1, 1) * within[:, None]


def hidden(x: Images) -> Images:
    """A square of each is zeros, in part beside it perhaps."""
    shown = []
    for side in x.shape[2:]:
        half = side // HIDDEN
        first = torch.randint(0, side + (1 - half % 2), (len(x), 1), device=x.device) - half // 2
        place = torch.arange(side, device=x.device)
        shown.append((place >= first) & (place < first + half))
    return x * ~(shown[0][:, :, None] & shown[1][:, None])[:, None]


def _beside(side: int, batch: int, device: torch.device) -> Tensor:
    """Of each image, which row (or column) stands in the place of each."""
    most = (side + SHIFT // 2) // SHIFT
    return torch.arange(side, device=device) + torch.randint(-most, most + 1, (batch, 1), device=device)
