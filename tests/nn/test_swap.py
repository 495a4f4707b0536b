"""Encoders keep what they learned when their attention is exchanged."""

import copy

import pytest
import torch
import transformers
from torch import nn

from minent.errors import BadInput
from minent.nn.attention import Nystrom, Softmax, Synthesizer, swap
from minent.nn.shape import Shape
from minent.nn.transformer import Decoder, Encoder

SIZES = {
    "vocab_size": 50, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
    "max_position_embeddings": 64,
}  # fmt: skip
NAMES = (
    "Bert", "Roberta", "XLMRoberta", "XLMRobertaXL", "RobertaPreLayerNorm", "Camembert", "Electra", "Ernie", "RoCBert",
    "Data2VecText", "DistilBert",
)  # fmt: skip
IDS = torch.randint(5, 50, (3, 32), generator=torch.Generator().manual_seed(0))
MASK = torch.arange(32) < torch.tensor([32, 20, 9])[:, None]


def encoder(name, implementation="sdpa"):
    torch.manual_seed(0)
    sizes = SIZES
    if name == "DistilBert":
        sizes = {"vocab_size": 50, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}
    config = getattr(transformers, f"{name}Config")(**sizes)
    return getattr(transformers, f"{name}Model")._from_config(config, attn_implementation=implementation).eval()


def outputs(model, ids=IDS, mask=MASK):
    with torch.no_grad():
        return model(ids, attention_mask=None if mask is None else mask.long()).last_hidden_state


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@pytest.mark.parametrize("name", NAMES)
def test_with_as_many_landmarks_as_tokens_nothing_changes(name, implementation):
    model = encoder(name, implementation)
    before = outputs(model)
    for kind, options in (("nystrom", {"landmarks": 32}), ("softmax", {})):
        after = outputs(swap(copy.deepcopy(model), kind, **options))
        assert (after - before)[MASK].abs().max() < 1e-5
    fewer = outputs(swap(model, "nystrom", landmarks=4))
    assert (fewer - before)[MASK].abs().max() > 1e-5


def test_padding_does_not_reach_real_tokens_of_a_swapped_model():
    model = swap(encoder("Bert"), "nystrom", landmarks=8, kernel=5)
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, Nystrom):
                layer.filter.normal_()
    other = torch.where(MASK, IDS, 7)
    assert not torch.equal(other, IDS)
    assert (outputs(model) - outputs(model, other))[MASK].abs().max() < 1e-6


def test_every_synthesizer_keeps_the_values_and_learns():
    model = swap(encoder("Bert"), "synthesizer", kind="random+softmax")
    found = [module for module in model.modules() if isinstance(module, Synthesizer)]
    assert len(found) == 2
    assert found[0].longest == 64
    assert torch.equal(found[0].value.weight, encoder("Bert").encoder.layer[0].attention.self.value.weight)
    model(IDS, attention_mask=MASK.long()).last_hidden_state[MASK].sum().backward()
    assert all(parameter.grad is not None for parameter in found[1].parameters())


def nystromformer(length=32):
    torch.manual_seed(0)
    config = transformers.NystromformerConfig(
        **SIZES, num_landmarks=8, segment_means_seq_len=length, conv_kernel_size=5
    )
    return transformers.NystromformerModel(config).eval()


def test_a_nystromformer_goes_on_with_its_convolution():
    model = nystromformer()
    before = outputs(model, IDS[:1], None)  # one sample: its iterations start from the largest norm in the batch
    after = outputs(swap(model, "nystrom", landmarks=8, kernel=5, solver="newton"), IDS[:1], None)
    assert (after - before).abs().max() < 1e-5


def test_a_nystromformer_that_was_swapped_takes_any_length_and_masks():
    with pytest.raises(RuntimeError):
        outputs(nystromformer(), IDS[:, :30], None)
    with pytest.raises(RuntimeError):
        outputs(nystromformer())
    assert outputs(swap(nystromformer(), "nystrom", landmarks=8, kernel=5), IDS[:, :30], MASK[:, :30]).isfinite().all()


def test_our_own_encoders_are_swapped_too():
    torch.manual_seed(0)
    model = Encoder(Shape(dim=16, heads=2, layers=2, hidden=32)).eval()
    x = torch.randn(2, 12, 16)
    before = model(x)
    assert (swap(model, "nystrom", landmarks=12)(x) - before).abs().max() < 1e-5
    assert isinstance(model.layers[1].attention, Nystrom)
    swap(model, "softmax")
    assert isinstance(model.layers[1].attention, Softmax)
    assert (model(x) - before).abs().max() < 1e-6


@pytest.mark.parametrize(
    "model",
    [nn.Linear(2, 2), Decoder(Shape(dim=8, heads=2, layers=1, hidden=8))],
    ids=["no attention", "a decoder"],
)
def test_a_model_without_known_attention_is_refused(model):
    with pytest.raises(BadInput, match=r"BertSelfAttention.*got (Linear|Decoder)"):
        swap(model, "nystrom")


def test_a_causal_model_is_refused():
    config = transformers.BertConfig(**SIZES, is_decoder=True)
    with pytest.raises(BadInput, match="got BertModel, a decoder"):
        swap(transformers.BertModel(config), "nystrom")


def test_a_refused_swap_changes_nothing():
    model = encoder("Bert")
    before = outputs(model)
    with pytest.raises(BadInput, match="options"):
        swap(model, "nystrom", landmark=3)
    assert torch.equal(outputs(model), before)
