"""The cross entropy taken chunk by chunk is PyTorch's, and so are its gradients."""

from unittest.mock import patch

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minent.nn import cross_entropy
from minent.nn.cross_entropy import linear_cross_entropy


def whole(vectors, weight, wanted, smoothing=0.0, bias=None, group=None):
    scores = vectors @ weight.T
    scores = scores if bias is None else scores + bias[group]
    return torch.nn.functional.cross_entropy(scores, wanted, label_smoothing=smoothing, reduction="sum")


def example(rows, vocabulary, dim=5, groups=3, seed=0, dtype=torch.float64):
    torch.manual_seed(seed)
    vectors, weight, bias = (
        torch.randn(size, dim_, dtype=dtype).mul_(3).requires_grad_()
        for size, dim_ in ((rows, dim), (vocabulary, dim), (groups, vocabulary))
    )
    return vectors, weight, torch.randint(vocabulary, (rows,)), bias, torch.randint(groups, (rows,))


@settings(deadline=None)
@given(st.integers(0, 9), st.integers(2, 7), st.sampled_from([0.0, 0.1, 0.9]), st.integers(1, 9), st.booleans())
def test_it_is_the_whole_one_whatever_the_chunk(rows, vocabulary, smoothing, chunk, biased):
    vectors, weight, wanted, bias, group = example(rows, vocabulary)
    more = {"bias": bias, "group": group} if biased else {}
    leaves = [vectors, weight, *([bias] if biased else [])]
    expected = whole(vectors, weight, wanted, smoothing, **more)
    slopes = torch.autograd.grad(2 * expected, leaves)
    with patch.object(cross_entropy, "rows_at_once", lambda *_: chunk):
        found = linear_cross_entropy(vectors, weight, wanted, smoothing, **more)
    assert torch.allclose(found, expected, rtol=1e-6, atol=1e-6)
    for ours, theirs in zip(torch.autograd.grad(2 * found, leaves), slopes, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_large_scores_stay_finite():
    vectors, weight = torch.tensor([[1000.0]], requires_grad=True), torch.tensor([[1.0], [-1.0]])
    lost = linear_cross_entropy(vectors, weight, torch.tensor([1]))
    lost.backward()
    assert vectors.grad is not None
    assert (lost.tolist(), vectors.grad.tolist()) == (2000.0, [[2.0]])


def test_under_autocast_products_are_of_its_precision():
    vectors, weight, wanted, _, _ = example(200, 50, dim=32, dtype=torch.float32)
    with torch.no_grad():
        vectors /= 3
        weight /= 3
    expected = whole(vectors, weight, wanted, 0.1)
    exact = torch.autograd.grad(expected, [vectors, weight])
    with torch.autocast("cpu", torch.bfloat16):
        found = linear_cross_entropy(vectors, weight, wanted, 0.1)
    rough = torch.autograd.grad(found, [vectors, weight])
    assert found.dtype == torch.float32 and not torch.equal(found, expected)
    assert torch.allclose(found, expected, rtol=1e-2)
    assert all((a - b).norm() < 2e-2 * a.norm() for a, b in zip(exact, rough, strict=True))


def test_it_has_no_second_derivative():
    vectors, weight, wanted, _, _ = example(4, 3)
    with pytest.raises(RuntimeError, match="no second derivative"):
        torch.autograd.grad(linear_cross_entropy(vectors, weight, wanted), vectors, create_graph=True)


def test_in_bfloat16_gradients_are_summed_in_float32():
    vectors, weight, wanted, _, _ = example(4000, 300, dim=8, dtype=torch.float32)
    exact = torch.autograd.grad(linear_cross_entropy(vectors, weight, wanted), weight)[0]
    lower = [part.detach().bfloat16().requires_grad_() for part in (vectors, weight)]
    with patch.object(cross_entropy, "rows_at_once", lambda *_: 10):
        rough = torch.autograd.grad(linear_cross_entropy(*lower, wanted), lower[1])[0]
    assert rough.dtype == torch.bfloat16 and (rough.float() - exact).norm() < 1e-2 * exact.norm()


def test_without_gradients_none_are_computed():
    vectors, weight, wanted, _, _ = example(4, 3)
    with torch.no_grad():
        found = linear_cross_entropy(vectors, weight, wanted)
    assert not found.requires_grad
    assert float(found) == pytest.approx(float(whole(vectors, weight, wanted).detach()))
