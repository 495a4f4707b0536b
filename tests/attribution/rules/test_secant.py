"""Every operator's change is its secant times the change of what it reads; without ends it is PyTorch's gradient."""

import pytest
import torch
import torch.nn.functional as F
from attribution.runs import MODELS, examples
from torch import nn

from minent.attribution.factors.products import dense
from minent.attribution.walk.losses import loss_gradients
from minent.attribution.walk.mean_gradients import jacobian
from minent.attribution.walk.passes import predicted
from minent.errors import BadInput
from minent.nn.evaluating import evaluating

OPERATORS = {
    **{name: lambda z, name=name: getattr(torch, name)(z) for name in ("relu", "tanh", "sigmoid", "exp", "sin", "abs")},
    **{name: lambda z, name=name: getattr(F, name)(z) for name in ("gelu", "silu", "elu", "leaky_relu", "softplus")},
    "hardtanh": lambda z: F.hardtanh(z),
    "logsigmoid": lambda z: F.logsigmoid(z),
    "threshold": lambda z: F.threshold(z, 0.2, -0.5),
    "clamp": lambda z: z.clamp(-0.5, 0.3),
    "sqrt": lambda z: (z.abs() + 0.1).sqrt(),
    "pow": lambda z: (z.abs() + 0.1) ** 1.5,
    "square": lambda z: z**2 - z.square() * 0.5,
    "reciprocal": lambda z: 1 / (z.abs() + 0.5),
    "quotient": lambda z: z / (2 + z.sigmoid()),
    "product": lambda z: z * z.tanh(),
    "softmax": lambda z: z.softmax(1),
    "log_softmax": lambda z: F.log_softmax(z, dim=-1),
    "logsumexp": lambda z: z.logsumexp(1, keepdim=True),
    "layer_norm": lambda z: F.layer_norm(z, (6,)),
    "rms_norm": lambda z: F.rms_norm(z, (6,)),
    "normalize": lambda z: F.normalize(z, dim=1),
    "amax": lambda z: z.amax(1, keepdim=True),
    "max": lambda z: z.max(1)[0][:, None],
    "maximum": lambda z: torch.maximum(z, z.flip(1)),
    "minimum": lambda z: torch.minimum(z, z * 0.5),
    "max_pool1d": lambda z: F.max_pool1d(z[:, None], 3, 2, 1).flatten(1),
    "max_pool2d": lambda z: F.max_pool2d(z.view(-1, 1, 2, 3), 2, 1).flatten(1),
    "adaptive_max_pool2d": lambda z: F.adaptive_max_pool2d(z.view(-1, 1, 2, 3), 1).flatten(1),
    "avg_pool2d": lambda z: F.avg_pool2d(z.view(-1, 1, 2, 3), 2, 1).flatten(1),
    "glu": lambda z: F.glu(z, 1),
    "where": lambda z: torch.where(torch.arange(6) > 2, z, 0.0),
    "cat": lambda z: torch.cat([z[:, :2].exp(), -z], 1),
    "einsum": lambda z: torch.einsum("ni,nj->nij", z, z.tanh()).flatten(1),
    "attention": lambda z: F.scaled_dot_product_attention(
        z[:, :, None], z.tanh()[:, :, None], z.exp()[:, :, None], is_causal=True
    ).flatten(1),
    "min": lambda z: z.min(1)[0][:, None],
    "amin": lambda z: z.amin(1, keepdim=True),
    "softmin": lambda z: F.softmin(z, 1),
    "sort": lambda z: z.sort(1, descending=True)[0],
    "topk": lambda z: z.topk(3, 1)[0],
    "smallest": lambda z: z.topk(2, 1, largest=False)[0],
    "median": lambda z: z.median(1)[0][:, None],
    "over": lambda z: z / 3 + 3 / (z.abs() + 1),
    "powers": lambda z: z**3 + (z.abs() + 0.1) ** 2.7 + 2**z + (z.abs() + 0.1) ** z.tanh(),
    "norm": lambda z: z.norm(dim=1, keepdim=True) + torch.linalg.vector_norm(z, dim=1, keepdim=True),
    "std": lambda z: z.std(1, keepdim=True) + z.var(1, keepdim=True, correction=0),
    "cosine_similarity": lambda z: F.cosine_similarity(z, z.flip(1).tanh(), dim=1)[:, None],
    "logaddexp": lambda z: torch.logaddexp(z, z.flip(1)),
    "lerp": lambda z: torch.lerp(z, z.tanh(), 0.3) + torch.addcmul(z, z, z.tanh(), value=0.5),
    "instance_norm": lambda z: F.instance_norm(z.view(-1, 2, 3)).flatten(1),
    "adaptive_max_pool1d": lambda z: F.adaptive_max_pool1d(z[:, None], 3).flatten(1),
    "grouped queries": lambda z: F.scaled_dot_product_attention(
        z.view(-1, 2, 3, 1), z.view(-1, 2, 3, 1)[:, :1].tanh(), z.view(-1, 2, 3, 1)[:, :1], enable_gqa=True
    ).flatten(1),
    "scatter_add": lambda z: torch.zeros_like(z).scatter_add(1, torch.zeros(len(z), 6, dtype=torch.long), z),
    "index_add": lambda z: z.index_add(1, torch.tensor([0, 2]), z[:, :2]),
    **{
        name: getattr(nn, name)()
        for name in (
            "ReLU6",
            "CELU",
            "SELU",
            "Mish",
            "Softsign",
            "Tanhshrink",
            "Softshrink",
            "Hardshrink",
            "Hardsigmoid",
            "Hardswish",
        )
    },
    "in place": lambda z: z.tanh().mul_(2).add_(1),
    "by quadrature": lambda z: torch.special.i0(z),
}


class Through(nn.Module):
    def __init__(self, operator):
        super().__init__()
        self.operator, self.line = operator, nn.Linear(5, 6)

    def forward(self, x):
        return self.operator(self.line(x))


def change(model, x, *, away):
    torch.manual_seed(1)
    start = {name: p.detach() for name, p in model.state_dict().items()}
    trained = {name for name, _ in model.named_parameters()}
    end = {name: p + away * torch.randn_like(p) if name in trained else p for name, p in start.items()}
    with torch.no_grad(), evaluating(model):
        factors, last, tape = jacobian(model, start, end, x, trained, lambda out: out)
        first, second = predicted(model, start, x), predicted(model, end, x)
    found = sum(
        torch.einsum("kn...,...->nk", dense(several, start[name].shape), end[name] - start[name])
        for name, several in factors.items()
    )
    torch.testing.assert_close(last, second)
    return found, second - first, tape


@pytest.mark.parametrize("away", [1.0, 1e-3, 1e-7])
@pytest.mark.parametrize("operator", OPERATORS)
def test_the_change_is_the_secant_times_the_step(operator, away):
    torch.manual_seed(0)
    found, wanted, tape = change(Through(OPERATORS[operator]).double(), torch.randn(4, 5).double(), away=away)
    assert wanted.abs().max() > 1e-9 * away
    assert tape.unruled == ({"special_i0"} if operator == "by quadrature" else set())
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("name", MODELS)
def test_the_change_of_a_whole_model_is_its_secant_times_the_step(name):
    torch.manual_seed(0)
    model = MODELS[name]().double()
    found, wanted, tape = change(model, examples(model, 5)[0], away=0.3)
    assert not tape.unruled and wanted.abs().max() > 0.01
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", MODELS)
def test_without_ends_gradients_are_pytorchs_example_by_example(name):
    torch.manual_seed(0)
    model = MODELS[name]().double().eval()
    x, y = examples(model, 5)
    state = {name: p.detach() for name, p in model.state_dict().items()}
    trained = {name for name, _ in model.named_parameters()}
    with torch.no_grad():
        factors, tape = loss_gradients(model, state, x, y, trained, nn.CrossEntropyLoss(reduction="sum"))
    assert bool(tape.loose) == (name == "PyTorch's transformer, positions first")
    for i in range(5):
        model.zero_grad()
        F.cross_entropy(model(x[i : i + 1]), y[i : i + 1]).backward()
        for name, p in model.named_parameters():
            torch.testing.assert_close(dense(factors[name], p.shape)[0, i], p.grad, rtol=1e-9, atol=1e-12)


def test_decisions_that_a_step_changes_are_refused():
    model = Through(lambda z: z * (z > 0)).double()
    with pytest.raises(BadInput, match="decides otherwise"):
        change(model, torch.randn(9, 5).double(), away=3.0)
