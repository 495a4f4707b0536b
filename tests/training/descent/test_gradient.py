"""However the targets are spread over batches, the gradient is that of one batch of all."""

from itertools import islice

import numpy as np
import pytest
import torch
from accelerate import PartialState
from training.small_runs import Reader, Sentences, surprise

from minent.training.descent.gradient import gradient, seeded
from minent.training.recipe import Recipe


def spread(batches, recipe, model=None):
    model = model or Reader(dropout=0.0)
    keyed = [((1, 1, number), batch) for number, batch in enumerate(batches)]
    said = gradient(model, surprise, keyed, recipe, PartialState())
    return said, [parameter.grad for parameter in model.parameters()]


def test_accumulated_gradient_is_that_of_one_big_batch_of_ragged_ones():
    small = list(Sentences().epoch(1))
    lengths = [(batch["tokens"][:, 1:] != 0).sum() for batch in small]
    assert len(set(lengths)) > 3
    big = [{"tokens": np.concatenate([batch["tokens"] for batch in small])}]
    (loss, targets, norm), gradients = spread(small, Recipe(clip=0.0))
    (big_loss, big_targets, big_norm), big_gradients = spread(big, Recipe(clip=0.0))
    assert targets == big_targets == sum(lengths)
    assert (loss, norm) == pytest.approx((big_loss, big_norm), rel=1e-6)
    for one, other in zip(gradients, big_gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
    means = [spread([batch], Recipe(clip=0.0))[1][0] for batch in small]
    assert (torch.stack(means).mean(0) - gradients[0]).abs().max() > 1e-3  # the well-known bug is another gradient


def test_clipping_comes_after_the_division_and_keeps_the_direction():
    batches = list(islice(Sentences().epoch(1), 3))
    (_, _, norm), gradients = spread(batches, Recipe(clip=0.0))
    (_, _, same), clipped = spread(batches, Recipe(clip=norm / 4))
    assert same == norm > 0.1
    for one, other in zip(gradients, clipped, strict=True):
        torch.testing.assert_close(one / 4, other, rtol=1e-4, atol=1e-7)


def test_dropout_of_a_batch_depends_on_its_key_alone_and_leaves_the_callers_randomness():
    batches = list(islice(Sentences().epoch(1), 1))
    torch.manual_seed(3)
    (one, _, _), _ = spread(batches, Recipe(), Reader(dropout=0.5))
    torch.rand(7)
    (same, _, _), _ = spread(batches, Recipe(), Reader(dropout=0.5))
    (other, _, _), _ = spread(batches * 2, Recipe(), Reader(dropout=0.5))
    assert one == same != other
    torch.manual_seed(3)
    undisturbed = torch.rand(2)
    torch.manual_seed(3)
    with seeded(torch.device("cpu"), 1, 2):
        torch.rand(5)
    assert torch.rand(2).equal(undisturbed)


def test_parameters_that_no_loss_reaches_get_zeros():
    model = Reader()
    spread(islice(Sentences().epoch(1), 1), Recipe(), model)
    assert model.hidden[3].weight.grad.eq(0).all()
    assert model.output.weight.grad.ne(0).any()
