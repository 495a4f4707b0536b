"""What Nyström attention here promises is what Hugging Face's and lucidrains' do not keep, on the same inputs."""

import pytest
import torch
import torch.nn.functional as F
from naive.attention import padding
from torch import Tensor

from minent.nn.attention import Nystrom

N, LANDMARKS = 24, 4


def ours(x: Tensor, real: Tensor | None = None) -> Tensor:
    torch.manual_seed(0)
    return sharp(Nystrom(16, 2, landmarks=LANDMARKS, kernel=3)).to(x.dtype)(x, padding_mask=real)


def hugging_face(x: Tensor, real: Tensor | None = None, n: int | None = None) -> Tensor:
    nystromformer = pytest.importorskip("transformers.models.nystromformer")
    torch.manual_seed(0)
    config = nystromformer.NystromformerConfig(
        hidden_size=16,
        num_attention_heads=2,
        num_landmarks=LANDMARKS,
        segment_means_seq_len=x.shape[1] if n is None else n,
        conv_kernel_size=3,
        attention_probs_dropout_prob=0.0,
    )
    layer = nystromformer.modeling_nystromformer.NystromformerSelfAttention(config)
    mask = None if real is None else torch.zeros(real.shape).masked_fill(~real, -1e9)[:, None, None, :]
    return sharp(layer).to(x.dtype)(x, mask)[0]


def lucidrains(x: Tensor, real: Tensor | None = None) -> Tensor:
    package = pytest.importorskip("nystrom_attention")
    torch.manual_seed(0)
    layer = package.NystromAttention(16, 8, 2, num_landmarks=LANDMARKS, residual_conv_kernel=3)
    return sharp(layer).to(x.dtype)(x, mask=real)


def sharp(layer: torch.nn.Module) -> torch.nn.Module:
    """Weights of one size in all three layers, large enough that attention is far from flat."""
    with torch.no_grad():
        for module in layer.modules():
            if isinstance(module, torch.nn.Linear):
                module.weight.normal_(std=0.4)
    return layer.eval()


def tokens(n: int = N, seed: int = 0) -> Tensor:
    return torch.randn(2, n, 16, generator=torch.Generator().manual_seed(seed))


def moved(one: Tensor, other: Tensor) -> float:
    return float((one - other).detach().abs().max())


@pytest.mark.parametrize("kind", ["right", "left"])
def test_what_padding_holds_changes_nothing_and_does_in_hugging_face(kind: str):
    real = padding(kind, 2, N)
    assert real is not None and not real.all()
    other = torch.where(real[:, :, None], tokens(), 10 * tokens(seed=1))
    with torch.no_grad():
        assert moved(ours(tokens(), real)[real], ours(other, real)[real]) <= 1e-6
        assert moved(hugging_face(tokens(), real)[real], hugging_face(other, real)[real]) > 0.1


def test_more_padding_changes_nothing_and_does_in_both():
    x, real = F.pad(tokens(), (0, 0, 0, N)), F.pad(torch.ones(2, N, dtype=torch.bool), (0, N))
    with torch.no_grad():
        assert moved(ours(x, real)[:, :N], ours(tokens())) <= 1e-4
        for peer in (hugging_face, lucidrains):
            assert moved(peer(x, real)[:, :N], peer(tokens())) > 0.01


def test_a_batch_mate_changes_nothing_and_does_in_both():
    x = tokens()
    x[1] *= 4  # attends sharply: the columns of its matrix have other sums
    with torch.no_grad():
        assert moved(ours(x)[0], ours(x[:1])[0]) <= 1e-5
        for peer in (hugging_face, lucidrains):
            assert moved(peer(x)[0], peer(x[:1])[0]) > 0.01


def test_any_length_will_do_and_hugging_face_wants_the_one_it_was_built_for():
    for n in (1, 2, 23, 25, 48):
        assert ours(tokens(n)).shape == (2, n, 16)
    for n in (23, 25):
        with pytest.raises(RuntimeError, match="invalid for input of size"):
            hugging_face(tokens(n), n=N)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_weights_of_half_precision_will_do_and_both_peers_stop_at_them(dtype: torch.dtype):
    exact = ours(tokens()).detach()
    assert (ours(tokens().to(dtype)) - exact).norm() < 20 * torch.finfo(dtype).eps * exact.norm()
    for peer in (hugging_face, lucidrains):
        with pytest.raises(RuntimeError, match="expected scalar type"):
            peer(tokens().to(dtype))


def test_as_many_landmarks_as_tokens_is_softmax_attention_and_is_not_in_lucidrains():
    layer = Nystrom(16, 2, landmarks=N, kernel=0)
    query, key, value = (
        f(tokens()).unflatten(2, (2, 8)).transpose(1, 2) for f in (layer.query, layer.key, layer.value)
    )
    exact = layer.out(F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))
    assert moved(layer(tokens()), exact) <= 1e-5
    package = pytest.importorskip("nystrom_attention")
    peer = sharp(package.NystromAttention(16, 8, 2, num_landmarks=N, residual=False))
    with torch.no_grad():
        query, key, value = (t.unflatten(2, (2, 8)).transpose(1, 2) for t in peer.to_qkv(tokens()).chunk(3, dim=2))
        exact = peer.to_out(F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))
        assert moved(peer(tokens()), exact) > 0.01
