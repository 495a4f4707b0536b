"""Families of Hugging Face whose loss, or whose decoder, is not like that of the others."""

import pytest
import torch
import torch.nn.functional as F
from transformers import (
    FSMTConfig,
    FSMTForConditionalGeneration,
    LlamaConfig,
    LlamaForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
)

from minent.text.exposure import GradientPenalty, RandomReplacement, TeacherForcing

WORDS = 30
SIZES = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
         "num_key_value_heads": 1, "vocab_size": WORDS, "pad_token_id": 0}  # fmt: skip
TEXTS = torch.tensor([[4, 5, 6, 7, 1], [8, 9, 1, 0, 0]])
BATCH = {
    "input_ids": TEXTS, "attention_mask": (TEXTS > 0).long(), "labels": TEXTS.masked_fill(TEXTS == 0, -100)
}  # fmt: skip


@pytest.mark.parametrize(
    "objective", [TeacherForcing(), RandomReplacement(samples=0.0), GradientPenalty(0.0)], ids=repr
)
def test_experts_are_balanced_as_by_their_own_loss(objective):
    torch.manual_seed(0)
    model = MixtralForCausalLM(MixtralConfig(**SIZES, num_local_experts=4, router_aux_loss_coef=0.5)).eval()
    plain = objective(model, BATCH).item()
    model.config.output_router_logits = True
    found = objective(model, BATCH)
    theirs = model(**BATCH).loss
    assert found.item() == pytest.approx(theirs.item(), rel=1e-5)
    assert found.item() > plain + 0.1
    slopes = []
    for lost in (found, theirs):
        model.zero_grad()
        lost.backward()
        slopes.append(torch.cat([weight.grad.flatten() for weight in model.parameters()]))
    torch.testing.assert_close(*slopes, rtol=1e-4, atol=1e-6)


def test_a_decoder_that_is_no_model_of_its_own_and_labels_that_are_not_to_be_written_into():
    torch.manual_seed(0)
    ids = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 1, "decoder_start_token_id": 1}
    sizes = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2}
    sizes |= {"decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32}
    config = FSMTConfig(langs=["a", "b"], src_vocab_size=WORDS, tgt_vocab_size=20, **sizes, **ids)
    model = FSMTForConditionalGeneration(config).eval()
    labels = torch.tensor([[9, 8, 7, 1], [6, 1, -100, -100]])
    batch = {**BATCH, "labels": labels.clone()}
    read = torch.tensor([[1, 9, 8, 7], [1, 6, 1, 0]])
    scores = model(TEXTS, BATCH["attention_mask"], decoder_input_ids=read, use_cache=False).logits
    wanted = F.cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=-100).item()
    assert TeacherForcing()(model, batch).item() == pytest.approx(wanted, rel=1e-5)
    assert torch.equal(batch["labels"], labels)
    RandomReplacement(samples=1.0, tokens=0.5)(model, batch).backward()


def test_a_batch_may_say_that_no_cache_is_wanted():
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**SIZES)).eval()
    asked = {**BATCH, "use_cache": False}
    assert TeacherForcing()(model, asked).item() == pytest.approx(model(**asked).loss.item(), rel=1e-5)
