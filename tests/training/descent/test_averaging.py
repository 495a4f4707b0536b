"""Averages of weights are those of naive twins."""

import numpy as np
import pytest
import torch
from torch import nn
from training.small_runs import Reader, end

from minent.training.descent import averaging
from minent.training.weights import weights, write


def wandering(steps: int, model: nn.Module):
    """Random weights, time after time; a counter counts."""
    random = torch.Generator().manual_seed(1)
    for _ in range(steps):
        for tensor in weights(model).values():
            tensor.copy_(torch.randn(tensor.shape, generator=random)) if tensor.is_floating_point() else tensor.add_(1)
        yield {name: tensor.clone() for name, tensor in weights(model).items()}


def test_moving_average_is_the_weighted_sum_over_all_steps():
    model, decay = Reader(), 0.8
    average, history = averaging.start(model), [averaging.start(model)]
    for step, now in enumerate(wandering(60, model), 1):
        averaging.follow(average, model, decay, step)
        history.append(now)
    decays = [min(decay, (1 + step) / (10 + step)) for step in range(1, 61)]
    assert decays[0] < decays[10] < decays[50] == decay
    shares = [np.prod(decays[step:]) * (1 - ([0] + decays)[step]) for step in range(61)]
    for name, tensor in average.items():
        if tensor.is_floating_point():
            slow = sum(share * then[name].double() for share, then in zip(shares, history, strict=True))
            torch.testing.assert_close(tensor.double(), slow, rtol=1e-4, atol=1e-5)
    assert average["hidden.3.num_batches_tracked"] == 60


def test_mean_of_files_is_the_mean_of_their_weights(tmp_path):
    history = []
    for place, now in enumerate(wandering(3, Reader())):
        write(tmp_path / f"{place}.safetensors", now)
        history.append(now)
    mean = averaging.mean([tmp_path / f"{place}.safetensors" for place in range(3)])
    assert mean.keys() == history[0].keys()
    for name, tensor in mean.items():
        if tensor.is_floating_point():
            assert tensor.numpy() == pytest.approx(np.mean([then[name].numpy() for then in history], axis=0), abs=1e-6)


def test_a_model_that_held_the_average_gets_its_own_weights_back_bit_for_bit():
    model = Reader()
    before, average = end(model), averaging.start(model)
    for _ in wandering(1, model):
        averaging.follow(average, model, 0.5, 1)
    own = end(model)
    with averaging.holding(model, average):
        assert len({str(before), str(own), str(end(model))}) == 3
    assert end(model) == own
