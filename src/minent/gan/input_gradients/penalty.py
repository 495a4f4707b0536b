"""What is added to a critic's loss so that it is not steep, or does not heed what should not count.

gradient penalty   λ (‖∇f(x̃)‖ - 1)²,  x̃ = u x + (1 - u) x′, u uniform   Gulrajani et al. 2017; λ = 10
R1                 γ/2 ‖∇f(x)‖²  at real x                              Mescheder et al. 2018; γ = 10
consistency        λ (f(x) - f(T x))²  at real x, T a small shift       Zhang et al. 2020; λ = 10
"""

from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from minent.errors import BadInput
from minent.gan.input_gradients.slope import steepness, value_and_gradient

SHIFT = 8  # images are shifted by up to this part of their side


def gradient_penalty(
    critic: nn.Module, real: Shaped[Tensor, "..."], drawn: Shaped[Tensor, "..."], *rest: Any, **named: Any
) -> Float[Tensor, " batch"]:
    """(‖∇f‖ - 1)² at a point drawn between each real sample and a drawn one (batch, ...); one more forward and backward
    pass. What is squared is at least float32, whatever the samples' type.

    Raises BadInput unless there are as many real as drawn samples, of one shape, and floats.

    >>> line = nn.Linear(2, 1)
    >>> _ = nn.init.constant_(line.weight, 2.0)
    >>> [round(x, 3) for x in gradient_penalty(line, torch.randn(2, 2), torch.randn(2, 2)).tolist()]  # (√8 - 1)²
    [3.343, 3.343]
    """
    if real.shape != drawn.shape or not real.ndim:
        raise BadInput(
            f"each real sample is paired with one drawn; got shapes {tuple(real.shape)} and {tuple(drawn.shape)}"
        )
    if not (real.is_floating_point() and drawn.is_floating_point()):
        raise BadInput(f"samples are floats; got {real.dtype} and {drawn.dtype}")
    share = torch.rand([len(real)] + [1] * (real.ndim - 1), device=real.device)
    between = (share * real + (1 - share) * drawn).to(torch.promote_types(real.dtype, drawn.dtype))
    return (steepness(value_and_gradient(critic, between, *rest, **named)[1]) - 1).square()


def r1(gradient: Float[Tensor, "batch ..."]) -> Float[Tensor, " batch"]:
    """½ ‖∇f‖² of gradients at real samples, at least float32."""
    return _wide(gradient).unsqueeze(-1).flatten(1).square().sum(1) / 2


def consistency(
    critic: nn.Module, value: Float[Tensor, "batch ..."], real: Float[Tensor, "batch ..."], *rest: Any, **named: Any
) -> Float[Tensor, " batch"]:
    """(f(x) - f(T x))², `value` being f(x), at least float32. Raises BadInput for what are no images."""
    if real.ndim != 4:
        raise BadInput(f"consistency is that of shifted images; got samples of shape {tuple(real.shape[1:])}")
    return _wide(critic(shifted(real), *rest, **named) - value).flatten().square()


def shifted(images: Float[Tensor, "batch channel height width"]) -> Float[Tensor, "batch channel height width"]:
    """Each image shifted both ways by up to an eighth of its sides, its edges drawn out. (No mirror images: a digit's
    is none.)"""
    batch, _, *sides = images.shape
    places = []
    for side in sides:
        most = max(1, side // SHIFT)
        by = torch.randint(-most, most + 1, (batch, 1), device=images.device)
        places.append((torch.arange(side, device=images.device) + by).clamp(0, side - 1))
    rows = torch.arange(batch, device=images.device)[:, None, None]
    return images.movedim(1, -1)[rows, places[0][:, :, None], places[1][:, None, :]].movedim(-1, 1)


def _wide(tensor: Tensor) -> Tensor:
    """At least float32: squares of halves overflow from 256 on."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
