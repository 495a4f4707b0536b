"""Layers of a piecewise-linear critic, each with its way there, back, and there again along another vector.

there    y = m ∘ (W x + b)             m the mask of a rectifier, a constant
back     ∂/∂x = Wᵀ (m ∘ ∂/∂y)
push     q ↦ m ∘ (W q + u b), and ∂/∂W, ∂/∂b of what u and q stand for: see `minent.gan.input_gradients.pullback`
Weights are those of a `Tape`, by place, as are their gradients: which tensor a layer holds by then does not matter.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.grad import conv1d_weight, conv2d_weight, conv3d_weight

from minent.gan.input_gradients.tape import NoRule, Tape

CONVOLVED = {  # by the number of sides
    1: (F.conv1d, F.conv_transpose1d, conv1d_weight),
    2: (F.conv2d, F.conv_transpose2d, conv2d_weight),
    3: (F.conv3d, F.conv_transpose3d, conv3d_weight),
}


class _Weighted:
    """Of a layer with a weight and perhaps a bias, which may be those of a parametrisation: each is asked for once."""

    g: int
    """The place of what comes back to it."""

    def __init__(self, layer: Any):
        self.layer, self.biased = layer, layer.bias is not None

    def weights(self) -> list[Tensor]:
        return [self.layer.weight, self.layer.bias] if self.biased else [self.layer.weight]

    def took(self, tape: Tape) -> tuple[Tensor, Tensor | None]:
        self.weight, self.bias = tape.take(), tape.take() if self.biased else None
        return tape.kept[self.weight], None if self.bias is None else tape.kept[self.bias]

    def with_bias(self, q: Tensor, u: Tensor, tape: Tape, axis: int) -> Tensor:
        if self.bias is None:
            return q
        g, bias = tape.kept[self.g], tape.kept[self.bias]
        if tape.wanted[self.bias]:
            alike = [i for i in range(1, g.ndim) if i != axis % g.ndim]  # places, summed before u g is built
            whole = g.sum(alike, dtype=torch.promote_types(g.dtype, torch.float32)) if alike else g
            tape.found[self.bias] = (u.view(-1, 1) * whole).sum(0)
        return q.add_(u * (bias if axis == -1 else bias.view(-1, *[1] * (g.ndim - 2))))


class Linear(_Weighted):
    def there(self, x: Tensor, tape: Tape) -> Tensor:
        if x.ndim < 2:
            raise NoRule("a linear layer of the batch itself")
        return F.linear(x, *self.took(tape))

    def back(self, g: Tensor, tape: Tape) -> Tensor:
        self.g = tape.keep(g)
        return F.linear(g, tape.kept[self.weight].T)

    def push(self, q: Tensor, u: Tensor, tape: Tape) -> Tensor:
        g = tape.kept[self.g]
        if tape.wanted[self.weight]:
            tape.found[self.weight] = torch.mm(g.flatten(0, -2).T, q.to(g.dtype).flatten(0, -2))
        y = F.linear(q, tape.kept[self.weight])
        return self.with_bias(y, u.view(-1, *[1] * (q.ndim - 1)), tape, -1)


class Convolution(_Weighted):
    def __init__(self, layer: Any):
        if layer.padding_mode != "zeros" or isinstance(layer.padding, str):
            raise NoRule(f"{type(layer).__name__} padded by {layer.padding_mode}, {layer.padding}")
        super().__init__(layer)
        self.kernel = layer.kernel_size
        self.forth, self.again, self.by_weight = CONVOLVED[len(self.kernel)]
        self.how: Any = layer.stride, layer.padding, layer.dilation, layer.groups

    def there(self, x: Tensor, tape: Tape) -> Tensor:
        if x.ndim != len(self.kernel) + 2:
            raise NoRule("a convolution of the batch itself")
        self.sides = x.shape[2:]
        return self.forth(x, *self.took(tape), *self.how)

    def back(self, g: Tensor, tape: Tape) -> Tensor:
        self.g, (stride, padding, dilation, groups) = tape.keep(g), self.how
        sides = zip(self.sides, padding, dilation, self.kernel, stride, strict=True)
        rest = [(n + 2 * p - d * (k - 1) - 1) % s for n, p, d, k, s in sides]  # what a stride leaves at the end
        return self.again(g, tape.kept[self.weight], None, stride, padding, rest, groups, dilation)

    def push(self, q: Tensor, u: Tensor, tape: Tape) -> Tensor:
        g, weight = tape.kept[self.g], tape.kept[self.weight]
        if tape.wanted[self.weight]:
            tape.found[self.weight] = self.by_weight(q.to(g.dtype), list(weight.shape), g, *self.how)
        y = self.forth(q, weight, None, *self.how)
        return self.with_bias(y, u.view(-1, *[1] * (q.ndim - 1)), tape, 1)


class _Weightless:
    def __init__(self, layer: Any):
        self.layer = layer

    def weights(self) -> list[Tensor]:
        return []


class Rectified(_Weightless):
    """Its mask is kept as a bit a number (a byte, in torch), a quarter of what the numbers themselves would take."""

    def __init__(self, layer: Any):
        super().__init__(layer)
        self.slope = float(getattr(layer, "negative_slope", 0.0))

    def there(self, x: Tensor, tape: Tape) -> Tensor:
        self.mask = tape.keep(x > 0)
        return F.leaky_relu(x, self.slope) if self.slope else F.relu(x)

    def back(self, g: Tensor, tape: Tape) -> Tensor:
        return torch.where(tape.kept[self.mask], g, g * self.slope if self.slope else 0.0)

    def push(self, q: Tensor, u: Tensor, tape: Tape) -> Tensor:
        return self.back(q, tape)


class Flat(_Weightless):
    def __init__(self, layer: nn.Flatten):
        if layer.start_dim < 1:
            raise NoRule("Flatten of the batch")
        super().__init__(layer)

    def there(self, x: Tensor, tape: Tape) -> Tensor:
        self.shape = x.shape
        return self.layer(x)

    def back(self, g: Tensor, tape: Tape) -> Tensor:
        return g.reshape(self.shape)

    def push(self, q: Tensor, u: Tensor, tape: Tape) -> Tensor:
        return self.layer(q)


class Pooled(_Weightless):
    def __init__(self, layer: nn.AvgPool2d):
        tiles = isinstance(layer.kernel_size, int) and layer.stride == layer.kernel_size and not layer.padding
        if not tiles or layer.ceil_mode or layer.divisor_override is not None:
            raise NoRule("AvgPool2d of tiles that overlap or reach over the end")
        super().__init__(layer)
        self.side = int(layer.kernel_size)  # type: ignore[arg-type]

    def there(self, x: Tensor, tape: Tape) -> Tensor:
        self.inputs = x.shape[2:]
        return F.avg_pool2d(x, self.side)

    def back(self, g: Tensor, tape: Tape) -> Tensor:
        g = F.interpolate(g / self.side**2, scale_factor=float(self.side))
        high, wide = (whole - part for whole, part in zip(self.inputs, g.shape[2:], strict=True))
        return F.pad(g, (0, wide, 0, high)) if high or wide else g

    def push(self, q: Tensor, u: Tensor, tape: Tape) -> Tensor:
        return F.avg_pool2d(q, self.side)


class Same(_Weightless):
    def there(self, x: Tensor, tape: Tape) -> Tensor:
        return x

    def back(self, g: Tensor, tape: Tape) -> Tensor:
        return g

    def push(self, q: Tensor, u: Tensor, tape: Tape) -> Tensor:
        return q


class Dropped(Same):
    """Dropout that drops nothing: what does draws masks, which are not drawn twice alike."""

    def __init__(self, layer: Any):
        if layer.training and layer.p:
            raise NoRule(f"{type(layer).__name__} in training")
        super().__init__(layer)
