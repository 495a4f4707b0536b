"""Layers on a GPU beside fp64 on the CPU: what comes out, and gradients by inputs and parameters."""

import copy
from functools import partial

import torch
from gpu_report import CPU, DEVICE, TINY, far
from torch import nn

from minent.gan import gradient_normalise, spectral_normalise
from minent.gan.input_gradients.penalty import r1
from minent.gan.input_gradients.slope import value_and_gradient
from minent.gan.networks import Critic
from minent.gan.options import Networks
from minent.nn.attention import Cache, Nystrom, Softmax, Synthesizer
from minent.nn.attention.bidirectional import Bidirectional, Shared
from minent.nn.attention.convolution import add_slide
from minent.nn.cross_entropy import linear_cross_entropy
from minent.nn.shape import Shape
from minent.nn.transformer import Decoder, Encoder

BOUNDS = {"fp64": 1e-8, "fp32": 1e-4, "bf16": 6e-2}  # of relative errors
MASK = torch.arange(50) < torch.tensor([50, 33, 5])[:, None]


def passes(module, inputs, call, precision, device):
    """What comes out, and gradients by inputs and parameters."""
    dtype = torch.float64 if precision == "fp64" else torch.float32
    module = copy.deepcopy(module).to(device, dtype)
    inputs = [
        one.to(device, dtype).detach().requires_grad_() if one.is_floating_point() else one.to(device) for one in inputs
    ]
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
        out = call(module, *inputs)
    out = out.to(dtype)
    (out * torch.arange(out.numel(), device=device, dtype=dtype).cos().view_as(out)).sum().backward()
    leaves = [*module.parameters(), *(one for one in inputs if one.is_floating_point())]
    return [out], [one.grad for one in leaves if one.grad is not None]


def alone(function, _, *inputs):
    """A function where a module is asked for."""
    return function(*inputs)


def layer(report, name, module, *inputs, call=lambda m, *x: m(*x), loose=1.0, precisions=tuple(BOUNDS)):
    """Check a module on the device, in some precisions, beside fp64 on the CPU."""
    wanted = passes(module, inputs, call, "fp64", CPU)
    for precision in precisions:

        def error(precision=precision):
            return max(map(far, passes(module, inputs, call, precision, DEVICE), wanted))

        report.check(f"{name}, {precision}", error, BOUNDS[precision] * loose)


def step_by_step(module, x, memory=None):
    """Tokens one after another, with caches."""
    if isinstance(module, Decoder):
        caches = module.caches()
        return torch.cat([module(x[:, i : i + 1], memory, None, None, caches) for i in range(x.shape[1])], 1)
    cache = Cache()
    return torch.cat([module(x[:, i : i + 1], None, None, True, cache) for i in range(x.shape[1])], 1)


def attentions(report):
    """All kinds, whole, padded, causal, and token by token."""
    torch.manual_seed(0)
    x, memory = torch.randn(3, 50, 32), torch.randn(3, 21, 32)

    def padded(module, x, mask, **more):
        return module(x, None, mask, **more) * mask[:, :, None]

    def causal(module, x):
        return module(x, None, None, True)

    soft = Softmax(32, 4)
    layer(report, "softmax", soft, x)
    layer(report, "softmax, padding", soft, x, MASK, call=padded)
    layer(report, "softmax, causal", soft, x, call=causal)
    layer(report, "softmax, causal, padding", soft, x, MASK, call=partial(padded, causal=True))
    layer(report, "softmax, memory", soft, x, memory)
    layer(report, "softmax, cached", soft, x[:, :7], call=step_by_step)
    layer(report, "softmax, rotary", Softmax(32, 4, rotary=True), x, call=causal, precisions=("fp32", "bf16"))
    for options in ({}, {"solver": "newton"}, {"kernel": 0}):
        nystrom, told = Nystrom(32, 4, landmarks=8, **{"kernel": 9, **options}), f"Nyström {options or ''}"
        layer(report, told, nystrom, x)
        layer(report, f"{told}, padding", nystrom, x, MASK, call=padded)
    layer(report, "Nyström, few tokens", Nystrom(32, 4, landmarks=64), x)
    layer(report, "Nyström, rotary", Nystrom(32, 4, landmarks=8, rotary=True), x, precisions=("fp32", "bf16"))
    for kind in ("dense", "random", "fixed", "factorised-dense", "factorised-random", "random+softmax", "dense+fixed"):
        one = Synthesizer(32, 4, longest=50, kind=kind)
        layer(report, f"synthesizer {kind}", one, x)
        layer(report, f"synthesizer {kind}, causal, padding", one, x, MASK, call=partial(padded, causal=True))
        layer(report, f"synthesizer {kind}, cached", one, x[:, :7], call=step_by_step)
        report.check(f"synthesizer {kind}, remembered", partial(remembered, one, x), BOUNDS["fp32"])
    for fusion in ("tanh", "linear", "gate"):
        layer(report, f"bidirectional {fusion}", Bidirectional(32, 4, fusion=fusion), x[:2], call=causal)
    layer(report, "bidirectional, shared memory", Shared(32, 4), torch.randn(4, 5, 32), memory[:2])


def transformers(report):
    """Convolution, cross entropy, encoders and decoders."""
    torch.manual_seed(0)
    x, memory = torch.randn(3, 50, 32), torch.randn(3, 21, 32)
    heads, filters = torch.randn(3, 4, 50, 8), torch.randn(4, 9)
    slid = partial(alone, lambda out, one, f: add_slide(out * 1, one, f))
    layer(report, "convolution", nn.Identity(), heads, heads.flip(2), filters, call=slid)
    vectors, table, wanted = torch.randn(40, 16), torch.randn(99, 16), torch.arange(40) * 2
    lost = partial(alone, lambda v, w, b, i, g: linear_cross_entropy(v, w, i, 0.1, b, g))
    inputs = vectors, table, torch.randn(2, 99), wanted, wanted // 2 % 2
    layer(report, "linear cross entropy", nn.Identity(), *inputs, call=lost)
    for attention in ("softmax", "nystrom", "synthesizer"):
        shape = Shape(dim=32, heads=4, layers=2, hidden=64, attention=attention, landmarks=8, longest=50, kind="dense")
        layer(
            report, f"encoder, {attention}", Encoder(shape).eval(), x, MASK, call=lambda m, x, k: m(x, k) * k[..., None]
        )
    layer(report, "decoder", Decoder(TINY), x, memory)
    layer(report, "decoder, cached", Decoder(TINY), x[:, :7], memory, call=step_by_step)


def critics(report):
    """Critics that are kept flat, and gradients of their gradients."""
    images = torch.randn(6, 1, 16, 16)
    for network in ("dcgan", "resnet"):
        critic = Critic(1, 16, Networks(network, width=8))
        for kind, made in {
            "gn": gradient_normalise(critic),
            "gran": gradient_normalise(critic, "gran"),
            "sn": spectral_normalise(critic),
        }.items():
            layer(report, f"critic {network}, {kind}", made, images, loose=10)
        for name, one in (("by hand", critic), ("by autograd", nn.Sequential(critic, nn.Softplus()))):
            layer(
                report,
                f"critic {network}, r1, {name}",
                one,
                images,
                loose=10,
                call=lambda m, x: r1(value_and_gradient(m, x)[1]),
            )


@torch.no_grad()
def remembered(one, x):
    own, other = (copy.deepcopy(one).to(device).eval() for device in (DEVICE, CPU))
    return max(far([own(x.to(DEVICE))], [other(x)]) for _ in range(2))
