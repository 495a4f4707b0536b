"""Every kind of critic that judges its samples one by one has autograd's gradients; every other is refused."""

import logging

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.utils import parametrizations

from minent.errors import BadInput
from minent.gan.input_gradients import (
    averaged,
    gradient_normalise,
    gradient_penalty,
    spectral_normalise,
    value_and_gradient,
)
from minent.gan.input_gradients import slope as slopes
from minent.gan.input_gradients.passes import written_out
from minent.gan.networks import Critic
from minent.gan.options import Networks


def images(*layers, head=True):
    """Of (3, 8, 8): layers of 4 channels between a convolution and what gives a number."""
    last = [nn.Flatten(), nn.LazyLinear(1)] if head else []
    return nn.Sequential(nn.Conv2d(3, 4, 3, 1, 1), *layers, *last), (3, 8, 8)


def series(*layers):
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(1)), (3, 12)


def vectors(*layers):
    return nn.Sequential(nn.Linear(6, 8), *layers, nn.LazyLinear(1)), (6,)


class Attending(nn.Module):
    """Words (batch, 5, 8)."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.head = layer, nn.Linear(8, 1)

    def forward(self, x):
        told = self.layer(x, x, x)[0] if isinstance(self.layer, nn.MultiheadAttention) else self.layer(x)
        return self.head((told[0] if isinstance(told, tuple) else told)[:, -1])


class Residual(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return x + self.inner(x)


class Lambda(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Scales(nn.Module):
    """Patches at two scales, with features, as a nest of outputs."""

    def __init__(self):
        super().__init__()
        self.fine, self.coarse = nn.Conv2d(3, 1, 3, 2), nn.Conv2d(3, 1, 3, 1)

    def forward(self, x):
        return self.fine(x).tanh(), {"coarse": [self.coarse(F.avg_pool2d(x, 2)).square()]}


def evaluated(critic):
    for layer in critic[0].modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.running_var, 0.5, 2.0)
            layer.eval()
    return critic


def old(norm):
    """Of layers by hooks before each pass, as torch had them first."""
    critic, shape = vectors(nn.LeakyReLU())
    return nn.Sequential(norm(critic[0]), *critic[1:]), shape


def words(layer):
    return Attending(layer), (5, 8)


KINDS = {
    "Conv1d": (lambda: series(nn.Conv1d(3, 4, 5, 2, 1), nn.ReLU(), nn.Conv1d(4, 4, 3)), True),
    "Conv2d, grouped, dilated": (lambda: images(nn.ReLU(), nn.Conv2d(4, 6, 3, 2, 2, 2, groups=2)), True),
    "Conv3d": (lambda: (nn.Sequential(nn.Conv3d(2, 3, 3, 2, 1), nn.LeakyReLU(), nn.Flatten(), nn.LazyLinear(1)),
                        (2, 4, 6, 5)), True),
    "depthwise": (lambda: images(nn.ReLU(), nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 5, 1, bias=False)), True),
    "padded by same": (lambda: images(nn.ReLU(), nn.Conv2d(4, 4, 3, padding="same")), False),
    "padded by reflection": (lambda: images(nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect")), False),
    "transposed": (lambda: images(nn.ReLU(), nn.ConvTranspose2d(4, 3, 4, 2, 1)), False),
    "Conv1d without its batch axis in the weights": (lambda: series(nn.Conv1d(3, 2, 1, bias=False), nn.ReLU()), True),
    "weight norm": (lambda: vectors(nn.ReLU(), parametrizations.weight_norm(nn.Linear(8, 8)), nn.ReLU()), True),
    "weight norm by hooks": (lambda: old(nn.utils.weight_norm), False),
    "spectral norm": (lambda: vectors(nn.ReLU(), parametrizations.spectral_norm(nn.Linear(8, 8)), nn.ReLU()), True),
    "spectral norm by hooks": (lambda: old(nn.utils.spectral_norm), False),
    "spectral norm of convolutions": (
        lambda: images(nn.ReLU(), parametrizations.spectral_norm(nn.Conv2d(4, 4, 4, 2, 1))), True),
    "orthogonal": (lambda: vectors(nn.ReLU(), parametrizations.orthogonal(nn.Linear(8, 8)), nn.ReLU()), True),
    "dropout": (lambda: vectors(nn.ReLU(), nn.Dropout(0.3)), False),
    "dropout of channels": (lambda: images(nn.LeakyReLU(), nn.Dropout2d(0.3)), False),
    "dropout in evaluation": (lambda: (lambda c, s: (c.eval(), s))(*vectors(nn.ReLU(), nn.Dropout(0.3))), True),
    "layer norm": (lambda: vectors(nn.LayerNorm(8), nn.ReLU()), False),
    "group norm": (lambda: images(nn.GroupNorm(2, 4), nn.ReLU()), False),
    "instance norm": (lambda: images(nn.InstanceNorm2d(4, affine=True), nn.ReLU()), False),
    "rms norm": (lambda: vectors(nn.RMSNorm(8), nn.ReLU()), False),
    "batch norm in evaluation": (
        lambda: (lambda c, s: (evaluated(nn.Sequential(c)), s))(*images(nn.BatchNorm2d(4), nn.ReLU())), False),
    "GELU": (lambda: vectors(nn.GELU()), False),
    "SiLU": (lambda: vectors(nn.SiLU()), False),
    "ELU": (lambda: vectors(nn.ELU()), False),
    "PReLU": (lambda: vectors(nn.PReLU(8)), False),
    "Tanh and Sigmoid": (lambda: vectors(nn.Tanh(), nn.Linear(8, 8), nn.Sigmoid()), False),
    "rectifiers in place": (lambda: vectors(nn.ReLU(inplace=True), nn.Linear(8, 8), nn.LeakyReLU(0.2, True)), True),
    "Maxout": (lambda: vectors(Lambda(lambda x: x.unflatten(1, (4, 2)).amax(2))), False),
    "MaxPool": (lambda: images(nn.MaxPool2d(2), nn.ReLU()), False),
    "AdaptiveAvgPool": (lambda: images(nn.ReLU(), nn.AdaptiveAvgPool2d(1)), False),
    "AvgPool that overlaps": (lambda: images(nn.ReLU(), nn.AvgPool2d(3, 2, 1)), False),
    "Upsample and PixelShuffle": (lambda: images(nn.Upsample(scale_factor=2), nn.PixelUnshuffle(2)), False),
    "strided slices": (lambda: images(Lambda(lambda x: x[:, :, ::2, 1:]), nn.ReLU()), False),
    "a residual": (lambda: vectors(Residual(nn.Sequential(nn.ReLU(), nn.Linear(8, 8))), nn.ReLU()), False),
    "rows of vectors": (lambda: (nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Flatten(), nn.Linear(20, 1)), (5, 8)),
                        True),
    "attention": (lambda: words(nn.MultiheadAttention(8, 2, batch_first=True)), False),
    "a transformer": (lambda: words(nn.TransformerEncoderLayer(8, 2, 16, 0.0, "gelu", batch_first=True)), False),
    "a recurrent critic": (lambda: words(nn.GRU(8, 8, batch_first=True)), False),
    "PatchGAN": (lambda: (lambda c, s: (averaged(c), s))(*images(nn.LeakyReLU(0.2), nn.Conv2d(4, 1, 4, 2), head=False)),
                 True),
    "a number a sample, averaged": (lambda: (lambda c, s: (averaged(c), s))(*vectors(nn.ReLU())), True),
    "several scales": (lambda: (averaged(Scales()), (3, 8, 8)), False),
    "a function": (lambda: vectors(nn.ReLU(), Lambda(lambda x: torch.where(x > 0.1, 2 * x, x.sin()))), False),
}  # fmt: skip


def made(name, dtype=torch.float64):
    torch.manual_seed(4)
    (critic, shape), by_hand = KINDS[name][0](), KINDS[name][1]
    critic, x = critic.to(dtype), torch.randn(5, *shape, dtype=dtype)
    with torch.no_grad():
        critic(x)  # lazy layers
    return critic, x, by_hand


def second(value, slope, those):
    whole = (value.flatten() / (slope.flatten(1).norm(dim=1) + value.flatten().abs())).square().sum()
    return torch.autograd.grad(whole, those, allow_unused=True, materialize_grads=True)


@pytest.mark.filterwarnings("ignore:.*weight_norm. is deprecated")
@pytest.mark.parametrize("name", KINDS)
def test_gradients_of_each_kind_are_autograds(name):
    critic, x, by_hand = made(name)
    assert written_out(critic) is by_hand
    x.requires_grad_()
    those, state = [x, *critic.parameters()], {key: one.clone() for key, one in critic.state_dict().items()}
    torch.manual_seed(7)
    value, slope = value_and_gradient(critic, x)
    got = second(value, slope, those)
    critic.load_state_dict(state)  # power iterations
    torch.manual_seed(7)
    with sdpa_kernel(SDPBackend.MATH):  # others have no double backward
        plain = critic(x * 1.0)
    (expected,) = torch.autograd.grad(plain.sum(), x, create_graph=True)
    torch.testing.assert_close(value, plain)
    torch.testing.assert_close(slope, expected)
    assert (slope.abs().flatten(1).amax(1) > 0).sum() >= 4  # dropout may have dropped all of one
    want = second(plain, expected, those)
    for one, other in zip(got, want, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-10)
    assert sum(one.abs().sum() for one in want[1:]) > 0 or len(those) == 1


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["Conv1d", "Conv2d, grouped, dilated", "GELU", "layer norm", "attention", "PatchGAN"])
def test_critics_in_half_precision_are_nearly_those_in_float32(name, dtype):
    critic, x, _ = made(name, torch.float32)
    torch.manual_seed(3)
    exact = gradient_penalty(critic, x, x.flip(0))
    torch.manual_seed(3)
    penalty = gradient_penalty(critic.to(dtype), x.to(dtype), x.flip(0).to(dtype))
    assert penalty.dtype == torch.float32
    torch.testing.assert_close(penalty, exact.detach(), rtol=0.1, atol=0.05)
    penalty.sum().backward()
    assert all(torch.isfinite(one.grad).all() for one in critic.parameters() if one.grad is not None)
    value = gradient_normalise(critic)(x.to(dtype))
    assert value.dtype == torch.float32 and value.abs().max() <= 1


class Conditional(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.label = nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU()), nn.Embedding(3, 8)
        self.head = nn.Linear(8, 1)

    def forward(self, x, label=None, *, condition=None, scale=1.0):
        features = self.body(x)
        more = 0.0 if condition is None else (condition * features).sum(1, keepdim=True)
        return scale * self.head(features * self.label(label)) + more


def test_further_arguments_and_keywords_are_handed_on_and_have_gradients():
    torch.manual_seed(0)
    critic, x, label = Conditional().double(), torch.randn(5, 6, dtype=torch.float64), torch.tensor([0, 1, 2, 0, 1])
    condition = torch.randn(5, 8, dtype=torch.float64, requires_grad=True)
    inner, those = x.clone().requires_grad_(), [condition, *critic.parameters()]
    plain = critic(inner, label=label, condition=condition, scale=2.0)
    (expected,) = torch.autograd.grad(plain.sum(), inner, create_graph=True)
    want = second(plain, expected, those)
    value = gradient_normalise(critic)(x, label=label, condition=condition, scale=2.0)
    for one, other in zip(torch.autograd.grad(value.square().sum(), those), want, strict=True):
        torch.testing.assert_close(one, other)
    torch.manual_seed(1)
    by_keyword = gradient_penalty(critic, x, -x, label=label)
    torch.manual_seed(1)
    torch.testing.assert_close(by_keyword, gradient_penalty(critic, x, -x, label))
    with pytest.raises(TypeError):  # as the critic itself has it
        gradient_normalise(nn.Sequential(nn.Linear(6, 1)))(x.float(), label)


class Deviation(nn.Module):
    """Of the batch, as another channel."""

    def forward(self, x):
        return torch.cat([x, x.std(0, unbiased=False).mean().expand(len(x), 1)], 1)


MIXED = {
    "minibatch deviation": lambda: vectors(nn.LeakyReLU(), Deviation()),
    "batch normalisation by a function": lambda: vectors(Lambda(lambda x: F.batch_norm(x, None, None, training=True))),
    "a linear layer of what is about the mean": lambda: (
        nn.Sequential(Lambda(lambda x: x - x.mean(0)), nn.Linear(6, 1)), (6,)),  # the slope of the sum is 0
    "the mean of the batch": lambda: vectors(Lambda(lambda x: (x - x.mean(0)).tanh())),
    "softmax over the batch": lambda: vectors(nn.Softmax(0)),
    "attention over the batch": lambda: (
        nn.Sequential(nn.Linear(6, 8), Lambda(lambda x: x[:, None]), nn.TransformerEncoderLayer(8, 2, 16, 0.0),
                      Lambda(lambda x: x[:, 0]), nn.Linear(8, 1)), (6,)),
    "its neighbour": lambda: vectors(nn.ReLU(), Lambda(lambda x: x + 0.01 * x.roll(1, 0))),
    "a flattened batch": lambda: (nn.Sequential(nn.Flatten(0), nn.Linear(30, 5)), (6,)),
}  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("name", MIXED)
def test_critics_that_mix_samples_are_refused(name, grad, dtype):
    torch.manual_seed(0)
    critic, shape = MIXED[name]()
    x = torch.randn(5, *shape)
    critic(x)
    critic, x = critic.to(dtype), x.to(dtype)
    with (
        torch.set_grad_enabled(grad),
        pytest.raises(BadInput, match=r"judge each sample by itself: what this one says"),
    ):
        gradient_normalise(critic)(x)
    with pytest.raises(BadInput, match="judge each sample by itself"):
        gradient_penalty(critic, x, -x)


def test_a_critic_is_tried_once_for_each_shape_and_until_it_is_not_flat(monkeypatch):
    tried = []
    real = slopes.refuse_mixed
    monkeypatch.setattr(slopes, "refuse_mixed", lambda *given: (tried.append(1), real(*given)))
    critic, _ = vectors(nn.Tanh(), Deviation(), nn.Linear(9, 4), nn.ReLU())
    critic(torch.randn(5, 6))
    nn.init.zeros_(critic[-1].weight)
    normed = gradient_normalise(critic)
    normed(torch.randn(5, 6))
    assert len(tried) == 1  # flat: nothing is known
    nn.init.ones_(critic[-1].weight)
    with pytest.raises(BadInput):
        normed(torch.randn(5, 6))
    tried.clear()
    apart = gradient_normalise(vectors(nn.Tanh(), nn.Linear(8, 4))[0])
    apart(torch.randn(5, 6))
    for batch in (5, 5, 7, 7, 1):
        apart(torch.randn(batch, 6))
    assert len(tried) == 2


def test_batch_normalisation_counts_as_it_stands_at_the_moment():
    critic = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1)).eval()
    normed, x = gradient_normalise(critic), torch.randn(5, 6)
    assert normed(x).abs().max() < 1
    critic.train()
    with pytest.raises(BadInput, match="layer '1' is a BatchNorm1d, which mixes"):
        normed(x)
    untracked = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8, track_running_stats=False), nn.Linear(8, 1)).eval()
    with pytest.raises(BadInput, match="mixes"):
        gradient_normalise(untracked)


@pytest.mark.parametrize(
    "critic, x, said",
    [
        (nn.Conv2d(3, 1, 4, 2), torch.randn(5, 3, 8, 8), r"got shape \(5, 1, 3, 3\).*averaged makes one"),
        (Scales(), torch.randn(5, 3, 8, 8), r"got a tuple \(of several"),
        (nn.Linear(6, 1), torch.zeros(5, 6, dtype=torch.uint8), "by floats; got samples of torch.uint8"),
        (Lambda(lambda x: x.detach().sum(1)), torch.randn(5, 6), r"hang on nothing \(no_grad\?\)"),
        (nn.Linear(3, 3), torch.randn(3), "judge each sample by itself"),
        (nn.Conv1d(3, 3, 6), torch.randn(3, 6), "judge each sample by itself"),
    ],
)
def test_what_has_no_gradient_of_one_number_is_a_sentence(critic, x, said):
    with pytest.raises(BadInput, match=said):
        value_and_gradient(critic, x)


def test_penalties_pair_each_real_sample_with_one_drawn():
    line = nn.Linear(4, 1)
    with pytest.raises(BadInput, match=r"paired with one drawn; got shapes \(5, 4\) and \(1, 4\)"):
        gradient_penalty(line, torch.rand(5, 4), torch.rand(1, 4))
    with pytest.raises(BadInput, match="samples are floats"):
        gradient_penalty(line, torch.zeros(5, 4, dtype=torch.uint8), torch.rand(5, 4))
    mixed = gradient_penalty(line, torch.rand(5, 4), torch.rand(5, 4).double().float())
    assert mixed.shape == (5,)


def test_what_has_no_rule_is_said_once(caplog):
    slopes._say.cache_clear()
    critic, _ = vectors(nn.Hardswish())
    critic(torch.randn(2, 6))
    with caplog.at_level(logging.WARNING, "minent"):
        for _ in range(3):
            gradient_normalise(critic)(torch.randn(2, 6))
    assert [one.message for one in caplog.records] == [
        "gradients are taken by autograd's double backward, right and slower: no rule for Hardswish"
    ]


def test_spectral_norms_are_of_what_has_one(caplog):
    zero = nn.Linear(4, 1)
    nn.init.zeros_(zero.weight)
    with pytest.raises(BadInput, match="layer '1' is all zeros, which has no spectral norm"):
        spectral_normalise(nn.Sequential(nn.Linear(4, 4), zero))
    with pytest.raises(BadInput, match="this critic has none"):
        spectral_normalise(nn.Sequential(nn.ReLU()))
    with caplog.at_level(logging.WARNING, "minent"):
        spectral_normalise(nn.Sequential(nn.ConvTranspose2d(3, 4, 4)))
        assert not caplog.records
        spectral_normalise(words(nn.MultiheadAttention(8, 2, batch_first=True))[0])
    assert [one.message for one in caplog.records] == [
        "spectral norms are those of layers; left as they are: layer.in_proj_weight"
    ]
    hooked = nn.utils.spectral_norm(nn.Linear(4, 4))
    hooked(torch.randn(2, 4))
    with pytest.raises(BadInput, match="is not copied"):
        spectral_normalise(hooked)


def test_a_flat_critic_is_said_once(caplog):
    """As an InstanceNorm before a mean makes it, whatever its weights."""
    critic, _ = images(nn.InstanceNorm2d(4), nn.AdaptiveAvgPool2d(1))
    critic(torch.randn(2, 3, 8, 8))
    with caplog.at_level(logging.WARNING, "minent"):
        for _ in range(3):
            gradient_normalise(critic)(torch.randn(4, 3, 8, 8))
    assert sum("a critic is flat" in one.message for one in caplog.records) == 1


def test_compiled_critics_are_taken_as_they_are_written():
    torch.manual_seed(0)
    critic, x = vectors(nn.GELU())[0], torch.randn(5, 6)
    critic(x)  # lazy layers
    want = gradient_normalise(critic)(x)
    torch.testing.assert_close(gradient_normalise(torch.compile(critic, backend="aot_eager"))(x), want)
    critic[0].compile(backend="aot_eager")
    torch.testing.assert_close(gradient_normalise(critic)(x), want)


@pytest.mark.parametrize("activation", [nn.ReLU, nn.GELU])
def test_functional_transforms_go_through(activation):
    torch.manual_seed(0)
    critic, x = nn.Sequential(nn.Linear(6, 8), activation(), nn.Linear(8, 1)).double(), torch.randn(5, 6).double()
    normed = gradient_normalise(critic)
    names, weights = zip(*normed.named_parameters(), strict=True)

    def loss(weights, one):
        return functional_call(normed, dict(zip(names, weights, strict=True)), (one[None],)).square().sum()

    each = torch.func.vmap(torch.func.grad(loss), (None, 0))(weights, x)
    for i, one in enumerate(x):
        for got, want in zip(each, torch.autograd.grad(loss(weights, one), weights), strict=True):
            torch.testing.assert_close(got[i], want)


def test_labels_are_one_a_sample():
    critic, x = Critic(1, 8, Networks(width=4), 3), torch.randn(4, 1, 8, 8)
    for normed in (critic, gradient_normalise(critic)):
        for labels, got in ((torch.tensor([1]), r"\(1,\)"), (None, "None")):
            with pytest.raises(BadInput, match=rf"labels of a critic are of shape \(4,\).*got {got}"):
                normed(x, labels)
    with pytest.raises(BadInput, match="None where it knows no classes"):
        gradient_normalise(Critic(1, 8, Networks(width=4)))(x, torch.zeros(4, dtype=torch.long))
