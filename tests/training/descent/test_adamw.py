import pytest
import torch
from torch import nn

from minent.training.descent.adamw import adamw
from minent.training.recipe import Recipe

LAYOUTS = {
    "whole": lambda: torch.randn(4, 6),
    "transposed": lambda: torch.randn(6, 4).t(),
    "channels last": lambda: torch.randn(4, 3, 2, 2).to(memory_format=torch.channels_last),
    "every other": lambda: torch.randn(4, 12)[:, ::2],
    "part of a whole": lambda: torch.randn(4, 12)[:, :6],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_weight_is_stepped_as_one_without_gaps(layout):
    torch.manual_seed(0)
    first = LAYOUTS[layout]()
    wanted, pull = first.clone(memory_format=torch.contiguous_format), torch.randn(first.shape)
    mean, square = torch.zeros_like(wanted), torch.zeros_like(wanted)
    model = nn.ParameterList([nn.Parameter(first)])
    optimizer = adamw(model, Recipe(weight_decay=0.1))
    for step in (1, 2, 3):
        model[0].grad = None
        (model[0] * pull + model[0] ** 3).sum().backward()
        for group in optimizer.param_groups:
            group["lr"] = 0.1
        optimizer.step()
        slope = pull + 3 * wanted**2
        mean, square = 0.9 * mean + 0.1 * slope, 0.98 * square + 0.02 * slope**2
        wanted = wanted * (1 - 0.1 * 0.1)
        wanted = wanted - 0.1 * (mean / (1 - 0.9**step)) / ((square / (1 - 0.98**step)).sqrt() + 1e-8)
    torch.testing.assert_close(model[0].detach(), wanted, rtol=1e-5, atol=1e-6)
