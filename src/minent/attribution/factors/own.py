"""The product of an example's gradient of an output with its own gradient of the loss, weighed number by number: of all
products of two batches the diagonal, for a batch's share of the cost.

    Σ_p (∂f_n/∂p) E_p (∂l_n/∂p)        for z = W a:  Σ_oi δ_o a_i E_oi δ′_o a′_i = ((δ ⊙ δ′) E) · (a ⊙ a′)
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from minent.attribution.factors.factors import Factor, Outer, Rows
from minent.attribution.factors.products import dense
from minent.attribution.factors.views import Reshape, Transposed, View


def own(ours: Sequence[Factor], theirs: Sequence[Factor], weight: Tensor, shape: torch.Size) -> Tensor:
    """(outputs, examples) of gradients of one parameter, of the same examples; `weight` is of its shape, or one
    number."""
    whole, one, other = weight.expand(shape), ours[0], theirs[0]
    rearranged = one.view is None or isinstance(one.view, Reshape | Transposed)
    if len(ours) == 1 == len(theirs) and rearranged and type(one.view) is type(other.view):
        if isinstance(one, Outer) and isinstance(other, Outer) and one.a.shape[1:3] == other.a.shape[1:3] == (1, 1):
            a = one.a[:, 0, 0] * other.a[:, 0, 0]
            delta = one.delta[:, :, 0, 0] * other.delta[:, :, 0, 0]
            if weight.numel() == 1:
                return weight.flatten() * delta.sum(2) * a.sum(1)
            return (delta * (a @ seen(one.view, whole)[0].T)).sum(2)
        if isinstance(one, Rows) and isinstance(other, Rows) and one.view is None:
            same = (one.ids[:, :, None] == other.ids[:, None, :]).to(one.delta.dtype)
            return torch.einsum("kntd,nsd,nts->kn", one.delta, other.delta[0] * whole[other.ids], same)
    rows = dense(theirs, shape)[0] * whole
    each = [factor.beside(rows if factor.view is None else torch.vmap(factor.view)(rows)) for factor in ours]
    return torch.stack(each).sum(0)


def seen(view: View, whole: Tensor) -> Tensor:
    """A parameter's weights by its view."""
    return whole if view is None else view(whole)
