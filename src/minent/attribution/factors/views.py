"""An operator sees a parameter through a linear view, as a reshape, by which gradients of it are pulled back."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

View = Callable[[Tensor], Tensor] | None


@dataclass(frozen=True)
class Reshape:
    """The commonest view of a parameter; its adjoint is a reshape too."""

    shape: tuple[int, ...]

    def __call__(self, p: Tensor) -> Tensor:
        return p.reshape(self.shape)


@dataclass(frozen=True)
class Transposed:
    """That of a matrix that is multiplied from the right, as one group."""

    def __call__(self, p: Tensor) -> Tensor:
        return p.mT[None]


def keeps_products(view: View, shape: torch.Size, like: Tensor) -> bool:
    """Whether gradients of a view A p have the products of those of the parameter, AAᵀ = 1, as where it rearranges:
    ‖Aᵀδ‖ = ‖δ‖ of a δ at random says so with probability 1.

    >>> [keeps_products(view, torch.Size([4, 3]), torch.zeros(1)) for view in (lambda p: p[1:].T, lambda p: 2 * p)]
    [True, False]
    """
    if view is None or isinstance(view, Reshape | Transposed):
        return True
    seen, pull = torch.func.vjp(view, like.new_zeros(shape))[:2]
    delta = torch.randn(seen.shape, generator=torch.Generator().manual_seed(0)).to(seen)
    return torch.allclose(pull(delta)[0].norm(), delta.norm(), rtol=1e-4)
