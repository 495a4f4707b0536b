"""Noise that is not drawn anew: on the way from one sample to another, or nearer to the middle, where samples are
likelier and less varied.

    interpolation   (sin((1 - t) ω) z + sin(t ω) z′) / sin ω, ω the angle between z and z′      White 2016
    truncation      Φ⁻¹(Φ(-m) + Φ(z) (Φ(m) - Φ(-m))): z, were it drawn between -m and m         Brock et al. 2019
"""

import torch
from jaxtyping import Float
from torch import Tensor

from minent.errors import BadInput

COLUMNS = 8
LEAST, MOST = 0.1, 2.0  # of truncation, from one end of a row to the other


def truncated(noise: Float[Tensor, "..."], most: float) -> Float[Tensor, "..."]:
    """The noise as it would be, were none of its numbers beyond `most`; it follows the same quantiles.

    >>> z = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    >>> bool(truncated(z, 0.5).abs().max() <= 0.5), bool((truncated(z, 8.0) - z).abs().max() < 1e-3)
    (True, True)
    """
    if not most > 0:
        raise BadInput(f"truncation must be positive; got {most}")
    wide = noise.double()
    normal = torch.special.ndtr(torch.tensor([-most, most], dtype=torch.float64, device=noise.device))
    inside = torch.special.ndtri(normal[0] + torch.special.ndtr(wide) * (normal[1] - normal[0]))
    return inside.clamp(-most, most).to(noise.dtype)


def interpolated(
    noise: Float[Tensor, "rows latent"], others: Float[Tensor, "rows latent"]
) -> Float[Tensor, "_ latent"]:
    """Row by row `COLUMNS` steps from each noise to another, along the sphere on which noise of many numbers lies."""
    angle = torch.acos(torch.cosine_similarity(noise, others, 1).clamp(-0.9999, 0.9999))[:, None]
    steps = [
        (torch.sin((1 - t) * angle) * noise + torch.sin(t * angle) * others) / torch.sin(angle)
        for t in torch.linspace(0, 1, COLUMNS).tolist()
    ]
    return torch.stack(steps, 1).flatten(0, 1)


def narrowed(noise: Float[Tensor, "rows latent"]) -> Float[Tensor, "_ latent"]:
    """Row by row each noise at `COLUMNS` truncations, from the narrowest to the widest."""
    return torch.stack([truncated(noise, float(m)) for m in torch.linspace(LEAST, MOST, COLUMNS)], 1).flatten(0, 1)
