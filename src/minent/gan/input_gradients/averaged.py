"""One number a sample of a critic that gives several: the mean over patches, then over outputs.

    f(x) = mean over o of (mean over p of f_op(x))      outputs o (scales, layers), values p of each (patches)
A critic of patches is Lipschitz by one norm a sample only where it is one function of a sample (PatchGAN: Isola et al.
2017; several scales: Wang et al. 2018).
"""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from minent.errors import BadInput
from minent.gan.input_gradients.passes import passed
from minent.gan.input_gradients.tape import Tape


def averaged(critic: nn.Module) -> nn.Module:
    """The critic whose value of a sample is the mean of all that `critic` says of it: a tensor (batch, ...), or a
    tuple, list or dict of such, however nested, each of which counts alike. It has the parameters of `critic`.

    >>> patches = nn.Conv2d(3, 1, 4, 2)
    >>> averaged(patches)(torch.randn(5, 3, 16, 16)).shape
    torch.Size([5])
    """
    return Averaged(critic)


class Averaged(nn.Module):
    """See `averaged`."""

    def __init__(self, critic: nn.Module):
        super().__init__()
        self.critic = critic

    def forward(self, x: Tensor, *rest: Any, **named: Any) -> Tensor:
        means = [_mean(one, len(x)) for one in _tensors(self.critic(x, *rest, **named))]
        return torch.stack(means).mean(0)

    def passed(self) -> "_Mean":
        return _Mean(self.critic)


class _Mean:
    """The pass where there is one output, as layers with a rule have it."""

    def __init__(self, critic: nn.Module):
        self.one = passed(critic)

    def weights(self) -> list[Tensor]:
        return self.one.weights()

    def there(self, x: Tensor, tape: Tape, *rest: Any, **named: Any) -> Tensor:
        y = self.one.there(x, tape, *rest, **named)
        self.shape = y.shape
        return _mean(y, len(x))

    def back(self, g: Tensor, tape: Tape) -> Tensor:
        each = g / self.shape[1:].numel()
        return self.one.back(each.view(-1, *[1] * (len(self.shape) - 1)).expand(self.shape), tape)

    def push(self, q: Tensor, u: Tensor, tape: Tape) -> Tensor:
        return _mean(self.one.push(q, u, tape), len(q))


def _mean(output: Tensor, batch: int) -> Tensor:
    if not output.ndim or len(output) != batch or not output.numel():
        raise BadInput(f"outputs of a critic are of shape (batch, ...), batch {batch}; got {tuple(output.shape)}")
    return output.flatten(1).mean(1) if output.ndim > 1 else output


def _tensors(output: Any) -> Iterator[Tensor]:
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, Mapping | tuple | list) and output:
        for one in output.values() if isinstance(output, Mapping) else output:
            yield from _tensors(one)
    else:
        raise BadInput(
            f"outputs of a critic are tensors, or tuples, lists and dicts of them; got {type(output).__name__}"
        )
