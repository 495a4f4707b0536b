"""Gradients may be compared after random signs and a fold: their products are then right in the mean.

    (Πg)_b = Σ_{p ≡ b mod d} s_p g_p,  s_p = ±1        E⟨Πg, Πg′⟩ = ⟨g, g′⟩, with a variance of about ‖g‖²‖g′‖²/d
A sparse Johnson–Lindenstrauss map (Achlioptas 2003; Weinberger et al. 2009, "Feature hashing") that costs one pass.
It serves momentum. Adam stretches gradients until they are nearly orthogonal, and such an error drowns their products.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from minent.attribution.factors.factors import Factor
from minent.attribution.factors.products import against, dense


class Unprojected:
    """Gradients as they are."""

    def __call__(self, name: str, rows: Tensor) -> Tensor:
        """What is kept of (row, *shape of the parameter)."""
        return rows

    def against(self, name: str, factors: Sequence[Factor], kept: Tensor) -> Tensor:
        """Products (row, example) of what is kept with gradients."""
        return against(factors, kept)

    def held(self, sizes: Sequence[int]) -> int:
        """How many numbers a walk holds at most, for each input and output: H_r, J_r and a view of one."""
        return 2 * sum(sizes) + max(sizes)


class Projection(Unprojected):
    """Of the gradients of parameters of these shapes, each to `size` numbers; those of no more are left as they are.

    >>> projection = Projection({"weight": torch.Size([30, 40])}, 100, seed=1)
    >>> projection("weight", torch.ones(2, 30, 40)).shape
    torch.Size([2, 100])
    """

    def __init__(self, shapes: Mapping[str, torch.Size], size: int, seed: int):
        rng, self.size, self.shapes = torch.Generator().manual_seed(seed), size, shapes
        self.signs = {
            name: torch.randint(0, 2, (shape.numel(),), generator=rng, dtype=torch.int8) * 2 - 1
            for name, shape in shapes.items()
            if shape.numel() > size
        }
        self.error = f"a product of gradients is off by about {size**-0.5:.1%} of that of their lengths"

    def __call__(self, name: str, rows: Tensor) -> Tensor:
        rows = rows.flatten(1)
        if name not in self.signs:
            return rows
        signed = rows * self.signs[name].to(rows)
        return F.pad(signed, (0, -signed.shape[1] % self.size)).unflatten(1, (-1, self.size)).sum(1)

    def against(self, name: str, factors: Sequence[Factor], kept: Tensor) -> Tensor:
        return kept @ self(name, dense(factors, self.shapes[name])[0]).T

    def held(self, sizes: Sequence[int]) -> int:
        return 2 * max(sizes) + 2 * sum(min(one, self.size) for one in sizes)
