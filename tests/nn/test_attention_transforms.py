"""Compilers, torch.func and gradients of gradients are told what plain operators say; padding may hold anything."""

import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradgradcheck

from minent.nn.attention import Nystrom, attention, nystrom_attention
from minent.nn.attention.landmarks import RIDGE, _gram, _inverse

KINDS = {"softmax": {}, "nystrom": {"landmarks": 4}, "window+landmarks": {"window": 4}, "synthesizer": {"longest": 30}}


COMPILED = """
import torch
from torch.export import Dim, export
from minent.nn.attention import Nystrom, attention
for layer in (attention("nystrom", 8, 2, landmarks=4), attention("window+landmarks", 8, 2, window=4)):
    x = torch.randn(2, 22, 8, requires_grad=True)
    made = torch.compile(layer, fullgraph=True, backend="aot_eager")
    one, other = (torch.autograd.grad(f(x).square().sum(), [x, *layer.parameters()]) for f in (made, layer))
    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)
def check(layer, least, **given):
    layer, shapes = layer.eval(), {"x": {1: Dim("n", min=least, max=99)}, **dict.fromkeys(given)}
    how = {"strict": True, "prefer_deferred_runtime_asserts_over_guards": True}
    with torch.no_grad():
        made = export(layer, (torch.randn(1, 20, 8),), given, dynamic_shapes=shapes, **how).module()
        for n in (least, 3, 4, 5, 8, 9, 20, 70):
            x = torch.randn(1, n, 8)
            torch.testing.assert_close(made(x, **given), layer(x, **given), rtol=1e-4, atol=1e-4)
check(Nystrom(8, 2, landmarks=4), 2)
for kind in ("window", "window+landmarks"):
    for causal in (False, True):
        check(attention(kind, 8, 2, window=4), 2, causal=causal)
"""

ONNX = """
import tempfile, onnxruntime, torch, transformers
from torch.export import Dim, export
from minent.nn.attention import lengthen
class States(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
    def forward(self, ids, mask):
        return self.model(input_ids=ids, attention_mask=mask).last_hidden_state
def given(n):
    mask = torch.ones(3, n, dtype=torch.long)
    mask[1, n // 2 + 1 :] = 0
    return torch.randint(5, 50, (3, n)), mask
shape = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
for kind, told in (("window+landmarks", {"window": 8}), ("nystrom", {"landmarks": 8})):
    config = transformers.BertConfig(vocab_size=50, max_position_embeddings=32, initializer_range=0.3, **shape)
    model, n = States(lengthen(transformers.BertModel(config).eval(), 200, kind, **told)), Dim("n", min=2, max=200)
    sizes = ({0: (b := Dim("b", min=2, max=64)), 1: n}, {0: b, 1: n})
    how = {"strict": True, "prefer_deferred_runtime_asserts_over_guards": True}
    made = torch.onnx.export(export(model, given(64), dynamic_shapes=sizes, **how), given(64), verbose=False)
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        made.save(folder + "/model.onnx")
        session = onnxruntime.InferenceSession(folder + "/model.onnx")
        for n in (2, 7, 16, 17, 33, 64, 199):
            ids, mask = given(n)
            out, = session.run(None, {"ids": ids.numpy(), "mask": mask.numpy()})
            real = mask.bool()
            torch.testing.assert_close(torch.from_numpy(out)[real], model(ids, mask)[real], rtol=1e-3, atol=1e-3)
"""


def test_layers_compile_in_one_piece_and_are_exported_for_every_length():
    subprocess.run([sys.executable, "-c", COMPILED], check=True)  # compilers cannot read through the checks of tests


def test_lengthened_models_run_in_onnx_at_every_length():
    for name in ("onnxruntime", "onnxscript", "transformers"):
        pytest.importorskip(name, reason=f"pip install {name} to run models in ONNX")
    subprocess.run([sys.executable, "-c", ONNX], check=True)


@pytest.mark.parametrize("spread", [1.0, 10.0])
def test_the_inverse_by_products_is_the_inverse(spread):
    weights = (spread * torch.randn(2, 3, 64, 64).double()).softmax(-1)
    weights[0, 0] = 1 / 64  # as singular as can be
    gram = _gram(weights, RIDGE)
    assert torch.linalg.cond(gram).max() > 100
    torch.testing.assert_close(_inverse(gram) @ gram, torch.eye(64).double().expand_as(gram))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_func_grad_vmap_and_jvp_agree_with_autograd(kind):
    layer, x, along = attention(kind, 8, 2, **KINDS[kind]).double(), torch.randn(3, 22, 8).double(), torch.randn(22, 8)

    def lost(one):
        return layer(one[None]).square().sum()

    each = torch.func.vmap(torch.func.grad(lost))(x)
    for one, gradient in zip(x, each, strict=True):
        leaf = one.clone().requires_grad_()
        torch.testing.assert_close(gradient, torch.autograd.grad(lost(leaf), leaf)[0])
    _, slope = torch.func.jvp(lost, (x[0],), (along.double(),))
    torch.testing.assert_close(slope, (each[0] * along).sum())


def test_gradients_of_gradients_of_nystrom_are_those_of_finite_differences():
    q, k, v = torch.randn(3, 1, 2, 11, 3, dtype=torch.double).requires_grad_()
    assert gradgradcheck(lambda *x: nystrom_attention(*x, 4), (q, k, v))
    layer, x = Nystrom(4, 2, landmarks=3, kernel=3).double(), torch.randn(1, 8, 4).double().requires_grad_()
    assert gradgradcheck(layer, x)


@pytest.mark.parametrize("filling", [1e30, float("inf"), float("nan")])
@pytest.mark.parametrize("kind", KINDS)
def test_what_padding_holds_has_no_part(kind, filling):
    layer, x = attention(kind, 8, 2, **KINDS[kind]), torch.randn(2, 22, 8)
    real = torch.ones(2, 22, dtype=torch.bool)
    real[0, 15:] = real[1, :3] = False
    told = []
    for held in (0.0, filling):
        out = layer(torch.where(real[..., None], x, held), padding_mask=real)[real]
        told.append([out, *torch.autograd.grad(out.square().sum(), list(layer.parameters()))])
    for one, other in zip(*told, strict=True):
        assert torch.equal(one, other)


def test_nystrom_takes_values_of_another_width_and_a_scale():
    q, k = torch.randn(2, 1, 2, 30, 6)
    v = torch.randn(1, 2, 30, 3, requires_grad=True)
    exact = F.scaled_dot_product_attention(q, k, v, scale=0.3)
    torch.testing.assert_close(nystrom_attention(q, k, v, 30, scale=0.3), exact)
    out = nystrom_attention(q.requires_grad_(), k, v, 8, scale=0.3)
    assert out.shape == exact.shape and torch.autograd.grad(out.sum(), v)[0].isfinite().all()
