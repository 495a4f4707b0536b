"""The gradients of kernels by example are PyTorch's, whatever the geometry, built or as products of positions."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from minent.attribution.factors.products import Gradients, dense, products
from minent.attribution.rules.convolution import Patches
from minent.attribution.walk.losses import loss_gradients

GEOMETRIES = [
    (nn.Conv2d, {"kernel_size": 3}),
    (nn.Conv2d, {"kernel_size": (2, 3), "stride": (2, 1), "padding": (1, 0)}),
    (nn.Conv2d, {"kernel_size": 2, "dilation": 2, "groups": 2, "padding": 1}),
    (nn.Conv2d, {"kernel_size": (3, 5), "padding": "same"}),
    (nn.Conv1d, {"kernel_size": 3, "stride": 2, "padding": 1, "groups": 4}),
]


@pytest.mark.parametrize("channels", [4, 24])
@pytest.mark.parametrize(("kind", "options"), GEOMETRIES)
def test_gradients_of_kernels_are_those_of_each_example_alone(kind, options, channels):
    torch.manual_seed(0)
    model = nn.Sequential(kind(channels, 8, **options), nn.Flatten(), nn.LazyLinear(3)).double()
    x = torch.randn(3, channels, *((6, 5) if kind is nn.Conv2d else (7,))).double()
    y = torch.tensor([0, 2, 1])
    model(x)
    weights = {name: p.detach() for name, p in model.named_parameters()}
    with torch.no_grad():
        factors, _ = loss_gradients(model, weights, x, y, set(weights), F.cross_entropy)
    wanted = []
    for i in range(3):
        model.zero_grad()
        (F.cross_entropy(model(x[i : i + 1]), y[i : i + 1]) / 3).backward()
        wanted.append(model[0].weight.grad.clone())
    wanted = torch.stack(wanted)
    (kernels,), shape = factors["0.weight"], weights["0.weight"].shape
    assert isinstance(kernels, Patches)
    assert wanted.flatten(1).norm(dim=1).min() > 1e-3
    torch.testing.assert_close(dense([kernels], shape)[0], wanted)
    torch.testing.assert_close(dense([kernels.summed()], shape)[0, 0], wanted.sum(0))
    torch.testing.assert_close(dense([kernels.first()], shape)[0, 0], wanted[0])
    gram = wanted.flatten(1) @ wanted.flatten(1).T
    ours = Gradients([kernels], shape)
    for found in (kernels.ghost(kernels), ours.rows @ ours.rows[0].T, products(ours, ours)):
        torch.testing.assert_close(found[0], gram)
