"""Where a parameter meets an example its gradient factorises, and inner products of gradients need not build them.

For z = W a summed over positions t the gradient is Σ_t δ_t a_tᵀ with δ_t = ∂/∂z_t, so that that of one example and that
of another have the product Σ_{t,s} (a_t · a′_s)(δ_t · δ′_s) (Lee & Kifer 2021; "ghost" products: Li et al. 2022).
That is cheaper than to build both where positions are few; an embedding is such a layer on single rows; shifts and
scales are small as they are.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from minent.attribution.factors.views import View


@dataclass(frozen=True)
class Factor:
    """Gradients of a view of a parameter, by output and example: those of `view(parameter)`, an array of some shape."""

    parameter: str
    view: View

    def dense(self) -> Tensor:
        """The gradients themselves, (outputs, examples, *shape of the view)."""
        raise NotImplementedError

    def like(self) -> Tensor:
        """A tensor of their kind and place."""
        raise NotImplementedError

    def rows(self) -> Tensor:
        """The gradients as rows (outputs, examples, numbers), in an order that all factors of one kind share."""
        return self.dense().flatten(2)

    def against(self, rows: Tensor) -> Tensor:
        """Products of each of `rows` (row, *shape of the view) with the gradient of each example, of the one output."""
        return rows.flatten(1) @ self.dense()[0].flatten(1).T

    def beside(self, rows: Tensor) -> Tensor:
        """Products (outputs, examples) of the gradients of each example with a row (example, *shape of the view) of
        its own."""
        each = [replace(self, **self.of(k)).dense()[0] for k in range(len(self.like()))]  # type: ignore[arg-type]
        return torch.stack([(one * rows).flatten(1).sum(1) for one in each])

    def of(self, output: int) -> dict[str, Tensor]:
        """What makes them those of one output."""
        return {"delta": self.like()[output : output + 1]}

    def has_ghost(self, other: Any) -> bool:
        """Whether products with another factor of the kind are cheaper without building the gradients."""
        return False

    def ghost(self, other: Any) -> Tensor:
        """Products (outputs, examples, examples of the other) where they are."""
        raise NotImplementedError

    def first(self) -> "Factor":
        """Those of the first example."""
        raise NotImplementedError

    def summed(self) -> "Factor":
        """Those of the sum of all examples, as of one example."""
        raise NotImplementedError

    def scaled(self, by: float) -> "Factor":
        """The gradients, multiplied by a number."""
        raise NotImplementedError


@dataclass(frozen=True)
class Outer(Factor):
    """Gradients Σ_t δ_t a_tᵀ of a view (group, out, in): `a` (examples, t, group, in), `delta` (outputs, examples, t,
    group, out)."""

    a: Tensor
    delta: Tensor

    def like(self) -> Tensor:
        return self.delta

    def dense(self) -> Tensor:
        if self.a.shape[2] == 1:  # without the copies that einsum makes, and those of `a` for each output
            k, n, _, _, o = self.delta.shape
            rows = self.delta[:, :, :, 0].permute(1, 0, 3, 2).flatten(1, 2) @ self.a[:, :, 0]
            return rows.view(n, k, o, -1).transpose(0, 1)[:, :, None]
        return torch.einsum("kntgo,ntgi->kngoi", self.delta, self.a)

    def against(self, rows: Tensor) -> Tensor:
        if self.a.shape[1:3] == (1, 1):
            return ((rows[:, 0] @ self.a[:, 0, 0].T) * self.delta[0, :, 0, 0].T).sum(1)
        return super().against(rows)

    def beside(self, rows: Tensor) -> Tensor:
        seen = torch.einsum("ngoi,ntgi->ntgo", rows, self.a)
        return torch.einsum("kntgo,ntgo->kn", self.delta, seen)

    def has_ghost(self, other: "Outer") -> bool:
        k, n, t, g, o = self.delta.shape
        m, s, _, i = other.a.shape
        whole = n * m * t * s * g * (i + k * o)
        return whole <= (k * n * t + m * s + k * n * m) * g * o * i and n * m * t * s * k <= 2**27

    def ghost(self, other: "Outer") -> Tensor:
        if self.a.shape[1:3] == other.a.shape[1:3] == (1, 1):
            inner = self.a[:, 0, 0] @ other.a[:, 0, 0].T
            return (self.delta[:, :, 0, 0] @ other.delta[0, :, 0, 0].T) * inner
        inner = torch.einsum("ntgi,msgi->nmgts", self.a, other.a)
        return torch.einsum("kntgo,msgo,nmgts->knm", self.delta, other.delta[0], inner)

    def first(self) -> "Outer":
        return replace(self, a=self.a[:1], delta=self.delta[:, :1])

    def summed(self) -> "Outer":
        return replace(self, a=self.a.flatten(0, 1)[None], delta=self.delta.flatten(1, 2)[:, None])

    def scaled(self, by: float) -> "Outer":
        return replace(self, delta=self.delta * by)


@dataclass(frozen=True)
class Rows(Factor):
    """Gradients of a table of which row ids_t was read: `ids` (examples, t), `delta` (outputs, examples, t, dim)."""

    ids: Tensor
    delta: Tensor
    table: int

    def like(self) -> Tensor:
        return self.delta

    def dense(self) -> Tensor:
        k, n, _, d = self.delta.shape
        places = self.ids + torch.arange(n, device=self.ids.device)[:, None] * self.table
        made = self.delta.new_zeros(k, n * self.table, d).index_add_(1, places.flatten(), self.delta.flatten(1, 2))
        return made.unflatten(1, (n, self.table))

    def against(self, rows: Tensor) -> Tensor:
        return torch.stack([
            (rows[:, ids] * delta).sum((1, 2)) for ids, delta in zip(self.ids, self.delta[0], strict=True)
        ], 1)  # fmt: skip

    def has_ghost(self, other: "Rows") -> bool:
        return self.table >= self.ids.shape[1] * other.ids.shape[1]

    def ghost(self, other: "Rows") -> Tensor:
        same = (self.ids[:, None, :, None] == other.ids[None, :, None, :]).to(self.delta.dtype)
        return torch.einsum("kntd,msd,nmts->knm", self.delta, other.delta[0], same)

    def first(self) -> "Rows":
        return replace(self, ids=self.ids[:1], delta=self.delta[:, :1])

    def summed(self) -> "Rows":
        return replace(self, ids=self.ids.flatten(0, 1)[None], delta=self.delta.flatten(1, 2)[:, None])

    def scaled(self, by: float) -> "Rows":
        return replace(self, delta=self.delta * by)


@dataclass(frozen=True)
class Dense(Factor):
    """Gradients as they are, of what is small or factorises in no way: (outputs, examples, *shape)."""

    gradient: Tensor

    def like(self) -> Tensor:
        return self.gradient

    def of(self, output: int) -> dict[str, Tensor]:
        return {"gradient": self.gradient[output : output + 1]}

    def dense(self) -> Tensor:
        return self.gradient

    def first(self) -> "Dense":
        return replace(self, gradient=self.gradient[:, :1])

    def summed(self) -> "Dense":
        return replace(self, gradient=self.gradient.sum(1, keepdim=True))

    def scaled(self, by: float) -> "Dense":
        return replace(self, gradient=self.gradient * by)
