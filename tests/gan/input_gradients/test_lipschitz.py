"""Critics that are divided by their own gradient: bounds, closed forms, and that nothing of the caller's changes."""

import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from minent.errors import BadInput
from minent.gan.input_gradients import passes as written
from minent.gan.input_gradients.lipschitz import clip_weights, gradient_normalise, spectral_normalise
from minent.gan.input_gradients.passes import passed, written_out
from minent.gan.input_gradients.pullback import value_and_slope
from minent.gan.input_gradients.slope import value_and_gradient
from minent.gan.networks import Critic
from minent.gan.options import Networks

KINDS = "gn", "gran"


def perceptron(inputs=3, scale=3.0, rectifier=nn.ReLU):
    critic = nn.Sequential(nn.Linear(inputs, 16), rectifier(), nn.Linear(16, 16), rectifier(), nn.Linear(16, 1))
    with torch.no_grad():
        for parameter in critic.parameters():
            parameter.mul_(scale)
    return critic


def shared():
    """A critic with one layer in two places."""
    layer = nn.Linear(6, 6)
    return nn.Sequential(nn.Linear(3, 6), nn.ReLU(), layer, nn.ReLU(), layer, nn.ReLU(), nn.Linear(6, 1))


CRITICS = {
    "a layer in two places": lambda: (shared(), (3,)),
    "rows of vectors": lambda: (
        nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Flatten(), nn.Linear(20, 1)), (5, 3),
    ),
    "mlp": lambda: (Critic(1, 8, Networks("mlp", width=16)), (1, 8, 8)),
    "dcgan": lambda: (Critic(3, 14, Networks("dcgan", width=4)), (3, 14, 14)),
    "resnet": lambda: (Critic(3, 16, Networks("resnet", width=4)), (3, 16, 16)),
    "odd convolutions": lambda: (
        nn.Sequential(
            nn.Conv2d(2, 4, (3, 5), (2, 3), (1, 0), groups=2), nn.ReLU(), nn.Conv2d(4, 3, 3, 2, 2, dilation=2),
            nn.LeakyReLU(0.3), nn.Identity(), nn.Flatten(), nn.Linear(12, 1),
        ),
        (2, 7, 13),
    ),
}  # fmt: skip


@given(st.integers(0, 2**31), st.floats(0.01, 30), st.floats(0, 100))
def test_gradient_normalised_critic_is_bounded_by_one(seed, scale, far):
    torch.manual_seed(seed)
    critic, x = perceptron(scale=scale).double(), (far * torch.randn(20, 3)).double()
    slope = value_and_gradient(critic, x)[1].norm(dim=1)
    value, gradient = value_and_gradient(gradient_normalise(critic), x)
    assert value.abs().max() <= 1
    assert (value.abs().flatten()[slope > 0] < 1).all()  # where f is flat, |f̂| is 1
    assert gradient.norm(dim=1).max() <= 1 + 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_of_a_normalised_piecewise_linear_critic_is_at_most_one(kind):
    torch.manual_seed(1)
    critic, x = perceptron(scale=5.0), torch.randn(500, 3)
    plain = value_and_gradient(critic, x)[1].norm(dim=1)
    assert plain.median() > 5  # steep before it is normalised
    normed = value_and_gradient(gradient_normalise(critic, kind), x)[1].norm(dim=1)
    assert normed.max() <= 1 + 1e-5 and normed.median() > 0.1


def test_it_jumps_between_pieces():
    """f = relu(x) + x: f̂ is x / (1 + |x|) below 0 and 2 x / (2 + 2 x) above: no jump; with a bias there is one."""
    critic = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1))
    with torch.no_grad():
        critic[0].weight.copy_(torch.tensor([[1.0], [-1.0]]))
        critic[0].bias.zero_()
        critic[2].weight.copy_(torch.tensor([[2.0, -1.0]]))  # slope 2 above 0, 1 below
        critic[2].bias.fill_(1.0)
    below, above = gradient_normalise(critic)(torch.tensor([[-1e-6], [1e-6]])).flatten().tolist()
    assert (below, above) == pytest.approx((1 / 2, 1 / 3), abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_linear_critic_has_a_closed_form(kind):
    line, x = nn.Linear(4, 1).double(), 3 * torch.randn(6, 4, dtype=torch.float64)
    f, n = line(x)[:, 0], line.weight.norm()
    value, gradient = value_and_gradient(gradient_normalise(line, kind, epsilon=0.3), x)
    if kind == "gn":
        want, slope = f / (n + f.abs()), n / (n + f.abs()) ** 2
    else:
        want, slope = f * n / (n**2 + 0.3), (n / (n**2 + 0.3)).expand(6)
    torch.testing.assert_close(value[:, 0], want)
    torch.testing.assert_close(gradient, slope[:, None] * line.weight)


@pytest.mark.parametrize("name", CRITICS)
def test_written_out_gradient_is_autograds_and_so_are_its_gradients(name):
    torch.manual_seed(2)
    critic, shape = CRITICS[name]()
    critic, x = critic.double(), torch.randn(5, *shape, dtype=torch.float64, requires_grad=True)
    assert written_out(critic)
    value, slope = value_and_slope(passed(critic), x)
    plain = critic(x)
    (expected,) = torch.autograd.grad(plain.sum(), x, create_graph=True)
    torch.testing.assert_close(value, plain)
    torch.testing.assert_close(slope, expected, rtol=1e-6, atol=1e-12)
    assert slope.abs().max() > 0

    def second(v, g):
        whole = (v.flatten() / (g.flatten(1).norm(dim=1) + v.flatten().abs())).square().sum()
        return torch.autograd.grad(whole, [x, *critic.parameters()], allow_unused=True, materialize_grads=True)

    for got, want in zip(second(value, slope), second(plain, expected), strict=True):
        torch.testing.assert_close(got, want, rtol=1e-6, atol=1e-10)


def test_what_is_not_known_is_left_to_autograd(monkeypatch):
    hooked, sub = perceptron(), type("Other", (nn.Linear,), {})
    hooked[0].register_forward_hook(lambda *_: None)
    refused = (
        hooked,
        perceptron(rectifier=nn.Tanh),
        sub(2, 1),
        nn.Conv2d(1, 1, 3, 1, "same"),
        nn.AvgPool2d(2, ceil_mode=True),
        nn.AvgPool2d(2, divisor_override=1),
        type("Thrice", (Critic,), {"forward": lambda self, x: 3 * Critic.forward(self, x)})(2, 0, Networks(width=4)),
    )
    assert written_out(perceptron()) and not any(map(written_out, refused))
    monkeypatch.setattr(written, "PASSES", {})
    x = torch.randn(4, 3)
    assert not written_out(perceptron())
    torch.manual_seed(0)
    by_autograd = gradient_normalise(perceptron())(x)
    monkeypatch.undo()
    torch.manual_seed(0)
    torch.testing.assert_close(gradient_normalise(perceptron())(x), by_autograd)


@pytest.mark.parametrize("rectifier", [nn.ReLU, nn.Softplus], ids=["written out", "autograd"])
def test_samples_are_independent_within_a_batch(rectifier):
    critic = gradient_normalise(perceptron(rectifier=rectifier))
    x = torch.randn(7, 3, requires_grad=True)
    values = critic(x)
    torch.testing.assert_close(values, torch.cat([critic(one[None]) for one in x]))
    (gradient,) = torch.autograd.grad(values[2], x)
    assert gradient[2].abs().sum() > 0
    assert gradient[[0, 1, 3, 4, 5, 6]].abs().sum() == 0


@pytest.mark.parametrize("rectifier", [nn.ReLU, nn.Softplus], ids=["written out", "autograd"])
def test_a_critic_gets_the_same_gradients_at_once_and_accumulated(rectifier):
    critic = gradient_normalise(perceptron(rectifier=rectifier).double())
    x = torch.randn(8, 3, dtype=torch.float64)
    critic(x).square().sum().backward()
    whole = [parameter.grad.clone() for parameter in critic.parameters()]
    critic.zero_grad()
    for part in x.split(3):
        critic(part).square().sum().backward()
    for got, want in zip(critic.parameters(), whole, strict=True):
        torch.testing.assert_close(got.grad, want)
    assert all(one.abs().sum() > 0 for one in whole)


@pytest.mark.parametrize("grad", [False, True])
def test_the_callers_tensors_are_left_alone(grad):
    class Rude(nn.Module):
        def __init__(self):
            super().__init__()
            self.line = nn.Linear(3, 1)

        def forward(self, x):
            return self.line(x.mul_(2.0).relu_())

    critic, x = gradient_normalise(Rude()), torch.randn(4, 3, requires_grad=grad)
    before = x.detach().clone()
    critic(x).sum().backward()
    assert torch.equal(x.detach(), before) and x.requires_grad is grad
    assert (x.grad is not None) is grad  # its gradient, where it was asked for
    for context in (torch.no_grad(), torch.inference_mode()):
        with context:
            value = critic(before)
        assert not value.requires_grad
        torch.testing.assert_close(value, critic(before).detach())


def test_a_generator_learns_through_it():
    critic, maker = gradient_normalise(perceptron(rectifier=nn.Softplus).double()), nn.Linear(2, 3).double()
    noise = torch.randn(5, 2, dtype=torch.float64)
    critic(maker(noise)).sum().backward()
    with torch.no_grad():
        step = 1e-6
        maker.weight[1, 0] += step
        more = critic(maker(noise)).sum()
        maker.weight[1, 0] -= 2 * step
        less = critic(maker(noise)).sum()
    assert float(maker.weight.grad[1, 0]) == pytest.approx(float((more - less) / (2 * step)), rel=1e-5)


@pytest.mark.parametrize("rectifier", [nn.ReLU, nn.Softplus], ids=["written out", "autograd"])
def test_bf16_layers_give_about_the_same(rectifier):
    torch.manual_seed(0)
    critic, x = gradient_normalise(perceptron(scale=1.0, rectifier=rectifier)), torch.randn(64, 3)
    exact = critic(x)
    with torch.autocast("cpu", torch.bfloat16):
        value = critic(x)
    assert value.dtype == torch.float32 and not torch.equal(value, exact)
    assert (value - exact).abs().quantile(0.9) < 0.02  # not all: rounding takes a sample over a kink, where f̂ jumps
    value.sum().backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in critic.parameters())


def test_a_critic_that_is_flat_and_zero_stays_finite():
    critic = gradient_normalise(nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1)))
    for parameter in critic.parameters():
        nn.init.zeros_(parameter)
    value = critic(torch.randn(3, 2))
    value.sum().backward()
    assert value.abs().max() == 0
    assert all(torch.isfinite(parameter.grad).all() for parameter in critic.parameters())


def test_batch_normalisation_is_refused_with_the_reason():
    with pytest.raises(BadInput, match=r"layer '1' is a BatchNorm1d, which mixes the samples of a batch"):
        gradient_normalise(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1)))
    gradient_normalise(nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.Linear(3, 1)))(torch.randn(2, 2))


def test_a_critic_gives_one_number_a_sample():
    with pytest.raises(BadInput, match=r"one number for each of 5 samples; got shape \(5, 2\)"):
        gradient_normalise(nn.Linear(3, 2))(torch.randn(5, 3))
    assert gradient_normalise(nn.Linear(3, 1))(torch.randn(5, 3)).shape == (5, 1)


def test_spectral_norms_are_one_and_the_callers_layers_keep_theirs():
    torch.manual_seed(0)
    critic = perceptron(scale=3.0)
    before = critic[0].weight.detach().clone()
    normed = spectral_normalise(critic)
    for _ in range(60):
        normed(torch.randn(2, 3))
    norms = [torch.linalg.matrix_norm(normed[i].weight.detach(), 2).item() for i in (0, 2, 4)]
    assert norms == pytest.approx([1, 1, 1], abs=1e-3)
    assert torch.equal(critic[0].weight, before) and torch.linalg.matrix_norm(before, 2) > 2


def test_clipped_weights_are_small():
    critic = perceptron()
    assert max(parameter.abs().max() for parameter in critic.parameters()) > 0.5
    clip_weights(critic, 0.1)
    assert max(parameter.abs().max() for parameter in critic.parameters()) <= 0.1


COMPILED = """
import sys, torch
from minent.gan.input_gradients.lipschitz import gradient_normalise
from minent.gan.networks import Critic
from minent.gan.options import Networks
torch.manual_seed(0)  # not one whose rectifiers are all off, of which there are a few in a thousand
critic = gradient_normalise(Critic(1, 8, Networks(sys.argv[1], width=2), 3), sys.argv[2])
x, labels, grads = torch.randn(3, 1, 8, 8), torch.tensor([0, 1, 2]), []
for one in (torch.compile(critic, backend="aot_eager", fullgraph=True), critic):
    one.zero_grad()
    one(x, labels).square().sum().backward()
    grads.append([parameter.grad.clone() for parameter in critic.parameters()])
for got, want in zip(*grads, strict=True):
    torch.testing.assert_close(got, want)
    assert want.abs().sum() > 0
"""


@pytest.mark.parametrize("network, kind", [("dcgan", "gn"), ("resnet", "gran")])
def test_a_compiler_takes_it_whole(network, kind):
    """In a process without the test's checks of types, which no compiler takes."""
    done = subprocess.run([sys.executable, "-c", COMPILED, network, kind], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_gradients_of_gradients_of_a_normalised_critic_are_autograds(monkeypatch):
    """A penalty on f̂ itself: what is written out is differentiated once more."""
    x, found = torch.randn(6, 3, dtype=torch.float64), []
    for known in (True, False):
        torch.manual_seed(0)
        critic = gradient_normalise(perceptron().double())
        if not known:
            monkeypatch.setattr(written, "PASSES", {})
        _, slope = value_and_gradient(critic, x)
        slope.square().sum().backward()
        found.append([parameter.grad for parameter in critic.parameters()])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)
    assert found[0][0].abs().sum() > 0


def test_weights_changed_before_the_backward_pass_are_noticed():
    critic = perceptron()
    loss = gradient_normalise(critic)(torch.randn(2, 3)).sum()
    clip_weights(critic, 0.01)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_a_frozen_critic_is_differentiated_twice_by_its_samples():
    """As a penalty on f̂ in the generator's step does: ∇f is constant there, f̂ is not."""
    x, found = torch.randn(6, 3, dtype=torch.float64, requires_grad=True), []
    torch.manual_seed(0)
    plain = perceptron().double().requires_grad_(False)

    def by_definition(x):
        value = plain(x)[:, 0]
        (slope,) = torch.autograd.grad(value.sum(), x, create_graph=True)
        return value / (slope.norm(dim=1) + value.abs())

    for critic in (gradient_normalise(plain), by_definition):
        (first,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
        found.append((first, *torch.autograd.grad(first.square().sum(), x)))
    torch.testing.assert_close(*found)
    assert found[0][1].abs().sum() > 0
