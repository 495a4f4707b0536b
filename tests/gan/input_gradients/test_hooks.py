"""Gradients stay those of plain autograd whoever packs, recomputes or exchanges tensors under them."""

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn.utils import parametrizations, parametrize
from torch.utils.checkpoint import checkpoint

from minent.gan.input_gradients.lipschitz import gradient_normalise
from minent.gan.input_gradients.passes import written_out
from minent.gan.networks import Critic
from minent.gan.options import Networks


def critics():
    """By hand, and by autograd."""
    torch.manual_seed(0)
    yield Critic(1, 8, Networks("dcgan", width=2), 3).double()
    yield Critic(1, 8, Networks("resnet", width=2), 3).double()
    part = Critic(1, 8, Networks("dcgan", width=2), 3).double()
    part.body[1] = nn.Softplus()
    yield part


def samples():
    random = torch.Generator().manual_seed(1)
    return torch.randn(4, 1, 8, 8, generator=random, dtype=torch.float64), torch.tensor([0, 1, 2, 1])


def plain(critic, x, labels):
    """f̂, written down as it stands in the paper."""
    x = x if x.requires_grad else x.clone().requires_grad_()
    value = critic(x, labels)
    (slope,) = torch.autograd.grad(value.sum(), x, create_graph=True)
    return value / (slope.flatten(1).norm(dim=1) + value.abs())


def gradients(loss, those):
    return [one.clone() for one in torch.autograd.grad(loss, those)]


def packed(critic, x, labels):
    return gradient_normalise(critic)(x, labels)


def checkpointed(reentrant):
    def forward(critic, x, labels):
        return checkpoint(gradient_normalise(critic), x, labels, use_reentrant=reentrant)

    return forward


def under(context):
    def forward(critic, x, labels):
        with context():
            return gradient_normalise(critic)(x, labels)

    return forward


def exchanged(critic, x, labels):
    normed = gradient_normalise(critic)
    return functional_call(normed, {name: one * 1.0 for name, one in normed.named_parameters()}, (x, labels))


def replaced(critic, x, labels):
    """Its layers have other weights by the time of the backward pass; those it was asked with count."""
    value = gradient_normalise(critic)(x, labels)
    for layer in critic.modules():
        for name in dict(layer.named_parameters(recurse=False)):
            setattr(layer, name, nn.Parameter(torch.zeros_like(getattr(layer, name))))
    return value


def compiled(critic, x, labels):
    return gradient_normalise(torch.compile(critic, backend="eager"))(x, labels)


def double_packed():
    return torch.autograd.graph.saved_tensors_hooks(lambda x: x.clone().numpy(), torch.from_numpy)


WAYS = {
    "nothing": packed,
    "checkpointing": checkpointed(False),
    "saved on the CPU": under(torch.autograd.graph.save_on_cpu),
    "hooks of saved tensors that copy": under(double_packed),
    "functional_call": exchanged,
    "parameters replaced": replaced,
    "a compiled critic": compiled,
}


@pytest.mark.parametrize("name", WAYS)
def test_gradients_are_those_of_plain_autograd_under(name):
    x, labels = samples()
    for number, critic in enumerate(critics()):
        assert written_out(critic) is (number < 2)
        weights = list(critic.parameters())
        want = gradients(plain(critic, x, labels).square().sum(), weights)
        assert all(one.abs().sum() > 0 for one in want if one.numel() > 1)
        for moved in (False, True):  # of the critic's turn, and of the generator's
            inner = x.clone().requires_grad_(moved)
            those = [*weights, *([inner] if moved else [])]
            wanted = gradients(plain(critic, inner, labels).square().sum(), those)
            before = {key: one for key, one in critic.named_parameters()}
            loss = WAYS[name](critic, inner, labels).square().sum()
            for got, one in zip(gradients(loss, those), wanted, strict=True):
                torch.testing.assert_close(got, one, rtol=1e-7, atol=1e-12)
            for key, one in before.items():
                layer, _, last = key.rpartition(".")
                setattr(critic.get_submodule(layer), last, one)
        del want


def test_reentrant_checkpoints_give_the_same():
    """They go with backward() only."""
    x, labels = samples()
    for critic in critics():
        inner = x.clone().requires_grad_()
        those = [inner, *critic.parameters()]
        want = gradients(plain(critic, inner, labels).square().sum(), those)
        checkpointed(True)(critic, inner, labels).square().sum().backward()
        for one, other in zip(those, want, strict=True):
            torch.testing.assert_close(one.grad, other, rtol=1e-7, atol=1e-12)


def test_half_packed_tensors_give_nearly_the_same():
    x, labels = samples()
    for critic in critics():
        hooks = torch.autograd.graph.saved_tensors_hooks(
            lambda x: x.half() if x.is_floating_point() else x, lambda x: x.double() if x.is_floating_point() else x
        )
        want = gradients(plain(critic, x, labels).square().sum(), list(critic.parameters()))
        got = gradients(under(lambda: hooks)(critic, x, labels).square().sum(), list(critic.parameters()))  # noqa: B023
        for one, other in zip(got, want, strict=True):
            torch.testing.assert_close(one, other, rtol=0.1, atol=float(3e-2 * other.abs().max()))
            assert one.abs().sum() > 0 or other.numel() == 1


@pytest.mark.parametrize("how", [parametrizations.weight_norm, parametrizations.spectral_norm, "twice"])
def test_gradients_reach_through_parametrisations(how):
    class Twice(nn.Module):
        def forward(self, weight):
            return 2 * weight

    def with_it(layer):
        return parametrize.register_parametrization(layer, "weight", Twice()) if how == "twice" else how(layer)

    for critic in critics():
        for layer in list(critic.modules()):
            if isinstance(layer, nn.Linear | nn.Conv2d | nn.Embedding) and (layer is not critic.head or how == "twice"):
                with_it(layer)
        by_hand, (x, labels) = written_out(critic), samples()
        assert by_hand is not any(isinstance(one, nn.Softplus) for one in critic.modules())
        state = {name: one.clone() for name, one in critic.state_dict().items()}
        want = gradients(plain(critic, x, labels).square().sum(), list(critic.parameters()))
        after = {name: one.clone() for name, one in critic.state_dict().items()}
        critic.load_state_dict(state)
        got = gradients(gradient_normalise(critic)(x, labels).square().sum(), list(critic.parameters()))
        for one, other in zip(got, want, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-7, atol=1e-12)
        for name, one in critic.state_dict().items():  # power iterations are one a pass, as they were
            torch.testing.assert_close(one, after[name])


def test_masks_and_activations_go_through_the_hooks():
    """So that what packs or moves them saves memory: nothing as large as an activation is kept beside."""
    seen = []
    critic, (x, labels) = next(critics()), samples()
    with torch.autograd.graph.saved_tensors_hooks(lambda one: seen.append(one.shape) or one, lambda one: one):
        gradient_normalise(critic)(x, labels)
    assert torch.Size([4, 2, 8, 8]) in seen and torch.Size([4, 4, 4, 4]) in seen
