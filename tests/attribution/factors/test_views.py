"""Views of parameters: their adjoints, and which of them keep products of gradients."""

import pytest
import torch

from minent.attribution.factors.factors import Outer, Rows
from minent.attribution.factors.products import against, dense, gradients, products
from minent.attribution.factors.views import Reshape, Transposed, keeps_products

SHAPE = torch.Size([4, 6])
VIEWS = {
    "as it is": (None, SHAPE),
    "reshaped": (Reshape((1, 2, 12)), (1, 2, 12)),
    "transposed": (Transposed(), (1, 6, 4)),
    "a part, transposed": (lambda p: p[1:].T[None], (1, 6, 3)),
    "doubled": (lambda p: 2 * p[None], (1, 4, 6)),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_shows_the_numbers_it_says(name):
    view, shape = VIEWS[name]
    p = torch.arange(24.0).reshape(SHAPE)
    seen = p if view is None else view(p)
    assert seen.shape == shape
    if name == "transposed":
        assert seen[0, 5, 3] == p[3, 5]
    if name == "reshaped":
        assert seen.flatten().equal(p.flatten())


@pytest.mark.parametrize("name", VIEWS)
def test_products_are_kept_where_numbers_are_rearranged_or_left_out(name):
    assert keeps_products(VIEWS[name][0], SHAPE, torch.zeros(1)) == (name != "doubled")


@pytest.mark.parametrize("name", list(VIEWS)[1:])
def test_gradients_of_the_parameter_are_those_of_autograd_through_the_view(name):
    torch.manual_seed(0)
    view, (_, rows, columns) = VIEWS[name]
    p = torch.randn(SHAPE, dtype=torch.float64, requires_grad=True)
    a = torch.randn(3, 5, columns, dtype=torch.float64)  # three examples at five places
    delta = torch.randn(2, 3, 5, rows, dtype=torch.float64)  # of two outputs
    factor = Outer("p", view, a[:, :, None], delta[:, :, :, None])
    wanted = torch.zeros(2, 3, *SHAPE, dtype=torch.float64)
    for k in range(2):
        for n in range(3):
            wanted[k, n] = torch.autograd.grad((view(p)[0] * (delta[k, n].T @ a[n])).sum(), p)[0]
    assert wanted.abs().sum() > 1
    torch.testing.assert_close(dense([factor], SHAPE), wanted)
    kept = torch.randn(4, *SHAPE, dtype=torch.float64)
    torch.testing.assert_close(against([factor], kept), kept.flatten(1) @ wanted[0].flatten(1).T)
    one = gradients({"p": [factor]}, {"p": SHAPE})["p"]
    torch.testing.assert_close(products(one, one), wanted.flatten(2) @ wanted[0].flatten(1).T)


def test_rows_of_a_table_add_where_they_were_read_twice():
    ids, delta = torch.tensor([[1, 1, 3]]), torch.ones(1, 1, 3, 6)
    found = dense([Rows("p", None, ids, delta, 4)], SHAPE)[0, 0]
    assert found.sum(1).tolist() == [0, 12, 0, 6]
