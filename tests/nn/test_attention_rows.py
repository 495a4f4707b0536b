"""Rows of weights are those that make the answers, of every kind of attention, and one row is that of all."""

import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402

from minent.errors import BadInput  # noqa: E402
from minent.nn.attention import attention, attention_rows, lengthen, nystrom_attention  # noqa: E402
from minent.nn.attention.bidirectional import Bidirectional  # noqa: E402
from minent.nn.attention.rows import row_of  # noqa: E402

KINDS = {
    "softmax": {"rotary": True}, "nystrom": {"landmarks": 4}, "window": {"window": 4},
    "window+landmarks": {"window": 4}, "synthesizer": {"longest": 30},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_makes_the_answer_of_its_token(kind):
    layer, x = attention(kind, 8, 2, **KINDS[kind]).eval(), torch.randn(2, 22, 8)
    real = torch.ones(2, 22, dtype=torch.bool)
    real[1, 15:] = False
    told = {}
    layer.value.register_forward_hook(lambda *seen: told.update(value=seen[2]))
    layer.out.register_forward_pre_hook(lambda _, seen: told.update(out=seen[0]))
    for token in (3, -8):
        with torch.no_grad():
            (row,) = attention_rows(layer, token, x, padding_mask=real)
            layer(x, padding_mask=real)
        assert row.shape == (2, 2, 22) and not row.requires_grad and row[1, :, 15:].abs().max() == 0
        out = torch.einsum("bhk, bkhd -> bhd", row, told["value"].unflatten(2, (2, 4)))
        assert (out.flatten(1) - told["out"][:, token]).abs().max() < 1e-5
    assert not torch.equal(*(attention_rows(layer, token, x)[0] for token in (3, 4)))


def test_the_row_of_softmax_is_the_softmax():
    q, k, v = torch.randn(3, 1, 2, 9, 4)
    row = row_of(lambda value: F.scaled_dot_product_attention(q, k, value), v, 5)
    assert torch.allclose(row, (q[:, :, 5:6] @ k.mT / 2).softmax(-1)[:, :, 0], atol=1e-6)
    row = row_of(lambda value: nystrom_attention(q, k, value, 9), v, 5)
    assert torch.allclose(row, (q[:, :, 5:6] @ k.mT / 2).softmax(-1)[:, :, 0], atol=1e-6)


@pytest.mark.parametrize("kind", ["softmax", "nystrom", "window", "window+landmarks"])
def test_a_lengthened_model_tells_rows_and_all_weights(kind):
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    model = transformers.BertModel(transformers.BertConfig(vocab_size=50, max_position_embeddings=40, **shape)).eval()
    ids, real = torch.randint(5, 50, (2, 40)), torch.ones(2, 40, dtype=torch.long)
    real[1, 30:] = 0
    told = {} if kind == "softmax" else {"landmarks": 4} if kind == "nystrom" else {"window": 8}
    own = transformers.BertModel.from_pretrained(
        None, config=model.config, state_dict=model.state_dict(), attn_implementation="eager"
    ).eval()
    lengthen(model, None, kind, **told)
    with torch.no_grad():
        rows = attention_rows(model, 7, ids, attention_mask=real)
        out = model(ids, attention_mask=real, output_attentions=True)
        plain = model(ids, attention_mask=real)
        exact = own(ids, attention_mask=real, output_attentions=True).attentions
    assert plain.attentions is None and torch.equal(plain.last_hidden_state, out.last_hidden_state)
    assert len(rows) == len(out.attentions) == 2
    for row, weights in zip(rows, out.attentions, strict=True):
        assert weights.shape == (2, 2, 40, 40)
        assert (row - weights[:, :, 7]).abs().max() < 1e-6 and (row.sum(2) - 1).abs().max() < 0.05
    assert ((out.attentions[0] - exact[0]).abs().max() < 1e-6) == (kind == "softmax")


def test_what_has_no_rows_is_refused():
    x = torch.randn(2, 9, 8)
    with pytest.raises(BadInput, match="no attention of minent in Linear"):
        attention_rows(torch.nn.Linear(8, 8), 0, x)
    with pytest.raises(BadInput, match="there are 9 tokens; got token 9"):
        attention_rows(attention("softmax", 8, 2), 9, x)
    with pytest.raises(BadInput, match="not linear"):
        attention_rows(Bidirectional(8, 2), 0, x)
    again = attention("softmax", 8, 2)(x)  # nothing is left behind
    assert again.shape == x.shape
