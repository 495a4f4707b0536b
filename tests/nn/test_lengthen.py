"""A lengthened model is the one it was for short texts, reads long ones, and is saved and loaded as any other."""

import copy
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

from minent.errors import BadInput  # noqa: E402
from minent.nn import attention as attention_package  # noqa: E402
from minent.nn.attention import attention_rows, lengthen  # noqa: E402

SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2}
LOCAL = {"local_attention": 8, "global_attn_every_n_layers": 2}
CONFIGS = {
    "Bert": SMALL,
    "Roberta": {**SMALL, "max_position_embeddings": 34},
    "DistilBert": {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32},
    "Electra": {**SMALL, "embedding_size": 16},
    "Albert": {**SMALL, "embedding_size": 16},
    "ModernBert": {**SMALL, **SPECIAL, **LOCAL},
    "EuroBert": {**SMALL, **SPECIAL, "mask_token_id": 3},
    "Llama": {**SMALL, "num_key_value_heads": 1},
    "MPNet": {**SMALL, "max_position_embeddings": 34},
    "GPT2": {"n_embd": 16, "n_layer": 2, "n_head": 2},
    "OPT": {**{k: x for k, x in SMALL.items() if "inter" not in k}, "ffn_dim": 32, "word_embed_proj_dim": 16},
}
DISTANCES = {
    "vocab_size": 50, "d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2,
    "relative_attention_num_buckets": 8, "relative_attention_max_distance": 16,
}  # fmt: skip
BOTH_ENDS = {"layers": 2, "attention_heads": 2, "ffn_dim": 32}
IDS = torch.randint(5, 50, (2, 100), generator=torch.Generator().manual_seed(0))
MASK = torch.ones(2, 32, dtype=torch.long)
MASK[1, 20:] = 0


def model(name: str, **more):
    config = {"vocab_size": 50, "max_position_embeddings": 32, "initializer_range": 0.3, **CONFIGS[name], **more}
    torch.manual_seed(0)
    made = getattr(transformers, f"{name}Model")(getattr(transformers, f"{name}Config")(**config)).eval()
    for parameter in made.parameters():  # biases of zero would hide much
        parameter.data += 0.1 * torch.randn_like(parameter)
    return made


@torch.no_grad()
def outputs(of, ids, mask=None):
    return of(ids, attention_mask=mask).last_hidden_state


@pytest.mark.parametrize("name", CONFIGS)
def test_short_texts_are_read_as_before_and_long_ones_too(name):
    before = model(name)
    names = list(before.state_dict())
    after = lengthen(copy.deepcopy(before), 100)
    real = MASK.bool()
    far = outputs(before, IDS[:, :32], MASK) - outputs(after, IDS[:, :32], MASK)
    assert far[real].abs().max() < 1e-4
    assert list(after.state_dict()) == names
    exact = outputs(lengthen(copy.deepcopy(before), 100, "softmax"), IDS)
    assert (outputs(after, IDS) - exact).abs().max() > 1e-3  # it is windows that read them
    wide = lengthen(copy.deepcopy(before), 100, window=50)
    assert (outputs(wide, IDS) - exact).abs().max() < 1e-4


@pytest.mark.parametrize("name", ["Bert", "Roberta", "ModernBert", "Llama"])
@pytest.mark.parametrize("positions", ["repeated", "stretched"])
def test_what_is_saved_twice_is_loaded_as_it_was(name, positions, tmp_path):
    long = lengthen(model(name), 100, window=8, positions=positions)
    long.save_pretrained(tmp_path / "once")
    transformers.AutoModel.from_pretrained(tmp_path / "once").save_pretrained(tmp_path / "twice")
    again = transformers.AutoModel.from_pretrained(tmp_path / "twice").eval()
    assert torch.equal(outputs(again, IDS), outputs(long, IDS))
    assert again.config.minent_attention == {"attention": "window+landmarks", "window": 8}
    again.set_attn_implementation("sdpa")
    again.save_pretrained(tmp_path / "exact")
    exact = transformers.AutoModel.from_pretrained(tmp_path / "exact").eval()
    assert torch.equal(outputs(exact, IDS), outputs(again, IDS))


@pytest.mark.parametrize("name", ["T5", "MT5", "UMT5", "MPNet"])
def test_numbers_by_distance_are_added_and_learned_and_never_made_for_all_pairs(name, tmp_path):
    torch.manual_seed(0)
    if name == "MPNet":
        before = model(name)
    else:
        config = getattr(transformers, f"{name}Config")(**DISTANCES)
        before = getattr(transformers, f"{name}EncoderModel")(config).eval()
    for key, parameter in before.named_parameters():
        parameter.data += (3.0 if "relative" in key else 0.2) * torch.randn_like(parameter)
    after = lengthen(copy.deepcopy(before), 400, window=16)
    far = outputs(before, IDS[:, :32], MASK) - outputs(after, IDS[:, :32], MASK)
    assert far[MASK.bool()].abs().max() < 1e-5
    ids = torch.cat([IDS] * 4, 1)
    if name != "MPNet":  # where distances alone tell what is seen landmarks are exact: far ones are all alike
        alone = copy.deepcopy(before)
        for key, parameter in alone.named_parameters():
            parameter.data *= not key.endswith("q.weight")
        exact = outputs(alone, IDS)
        assert (outputs(lengthen(copy.deepcopy(alone), 400, window=16), IDS) - exact).abs().max() < 1e-4
        assert (outputs(lengthen(alone, 400, "window", window=16), IDS) - exact).abs().max() > 1e-2
    sizes = []
    with Sizes(sizes):
        outputs(after, ids)
    assert max(sizes) < 2 * 2 * 400 * (3 * 16 + 25) * 2 < 2 * 2 * 400**2  # batch, heads, queries, keys
    after.save_pretrained(tmp_path)
    again = type(before).from_pretrained(tmp_path).eval()
    assert torch.equal(outputs(again, IDS), outputs(after, IDS))
    again.train()(IDS).last_hidden_state.square().mean().backward()
    assert all(p.grad.abs().max() > 0 for key, p in again.named_parameters() if "relative" in key)
    assert len(attention_rows(again.eval(), 3, IDS)) == 2
    with pytest.raises(BadInput, match="at no distance"):
        lengthen(before, 400, "nystrom")
    assert before.config._attn_implementation != "minent"


class Sizes(TorchDispatchMode):
    """The numbers that tensors made by operators hold."""

    def __init__(self, sizes: list[int]):
        super().__init__()
        self.sizes = sizes

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        self.sizes += [x.untyped_storage().size() // 4 for x in [out] if isinstance(x, torch.Tensor)]
        return out


@pytest.mark.parametrize("name", ["Bert", "ModernBert"])
def test_nystrom_with_a_landmark_for_each_token_changes_nothing(name):
    before = model(name)
    after = lengthen(copy.deepcopy(before), None, "nystrom", landmarks=32)
    far = outputs(before, IDS[:, :32], MASK) - outputs(after, IDS[:, :32], MASK)
    assert far[MASK.bool()].abs().max() < 1e-4
    fewer = lengthen(copy.deepcopy(before), None, "nystrom", landmarks=4)
    assert (outputs(before, IDS[:, :32]) - outputs(fewer, IDS[:, :32])).abs().max() > 1e-3


def test_learned_positions_are_repeated_behind_those_of_padding():
    old = model("Roberta")
    new = lengthen(copy.deepcopy(old), 100).embeddings.position_embeddings.weight
    weight = old.embeddings.position_embeddings.weight
    assert new.shape[0] == 102 and torch.equal(new[:34], weight) and torch.equal(new[34:66], weight[2:])
    wide = lengthen(copy.deepcopy(old), 100, positions="stretched").embeddings.position_embeddings.weight
    assert torch.equal(wide[:3], weight[:3]) and torch.allclose(wide[-1], weight[-1], atol=1e-6)


@pytest.mark.parametrize("attention", ["window+landmarks", "nystrom"])
@pytest.mark.parametrize("kind", ["truths", "numbers"])
def test_packed_texts_do_not_see_one_another(attention, kind):
    long = lengthen(model("Bert"), 100, attention)
    packed = torch.block_diag(torch.ones(16, 16), torch.ones(16, 16))[None, None].bool()
    given = packed if kind == "truths" else (~packed).float() * -10000.0
    other = IDS[:1, :32].clone()
    other[0, 3] += 1
    before, after = outputs(long, IDS[:1, :32], given), outputs(long, other, given)
    assert torch.equal(before[:, 16:], after[:, 16:]) and not torch.equal(before[:, :16], after[:, :16])
    exact = outputs(model("Bert"), IDS[:1, :32], given)
    assert (before - exact).abs().max() < 1e-4


def test_a_decoder_does_not_look_ahead_and_writes_step_by_step_what_it_writes_at_once():
    torch.manual_seed(0)
    config = transformers.LlamaConfig(**CONFIGS["Llama"], vocab_size=50, max_position_embeddings=32)
    long = lengthen(transformers.LlamaForCausalLM(config).eval(), 100, window=4)
    with torch.no_grad():
        whole = long(IDS[:, :60]).logits
        cache, parts = None, []
        for part in IDS[:, :60].split([20, 1, 1, 30, 8], 1):
            step = long(part, cache=cache, use_cache=True)
            cache, parts = step.cache, [*parts, step.logits]
        assert (torch.cat(parts, 1) - whole).abs().max() < 1e-5
        other = IDS[:, :60].clone()
        other[:, 41:] = 7
        assert (long(other).logits - whole)[:, :41].abs().max() < 1e-5
    mask, told = torch.ones(2, 20, dtype=torch.long), {"max_new_tokens": 20, "do_sample": False, "eos_token_id": None}
    mask[1, :7] = 0
    for way in ({"use_cache": False}, {"cache_implementation": "static"}):
        written = [long.generate(IDS[:, :20], attention_mask=mask, pad_token_id=0, **told, **one) for one in ({}, way)]
        assert torch.equal(*written)


def test_a_model_without_minent_is_refused_by_transformers(tmp_path):
    import subprocess

    lengthen(model("Bert"), 100).save_pretrained(tmp_path)
    load = f"from transformers import AutoModel; AutoModel.from_pretrained({str(tmp_path)!r})"
    bare = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True, check=False)
    assert bare.returncode and 'attn_implementation="minent"' in bare.stderr
    known = subprocess.run(
        [sys.executable, "-c", f"import minent; {load}"], capture_output=True, text=True, check=False
    )
    assert known.returncode == 0, known.stderr


def test_training_a_lengthened_model_moves_every_weight():
    long = lengthen(model("Bert"), 100, window=8).train()
    long(IDS, attention_mask=torch.ones_like(IDS)).last_hidden_state.square().mean().backward()
    layers = [p.grad for name, p in long.named_parameters() if "attention.self" in name and "key.bias" not in name]
    assert layers and all(gradient.abs().max() > 0 for gradient in layers)


def test_another_transformers_is_refused_by_its_version(monkeypatch):

    monkeypatch.setitem(sys.modules, "minent.nn.attention.hub", None)
    monkeypatch.delattr(attention_package, "hub")
    with pytest.raises(BadInput, match=f"transformers {transformers.__version__} asks for attention in another way"):
        lengthen(model("Bert"), 100)


def test_what_cannot_be_lengthened_is_refused():
    with pytest.raises(BadInput, match=r"lengthen knows whole models.*T5Stack is neither"):
        lengthen(transformers.T5Model(transformers.T5Config(**DISTANCES)).encoder, 100)
    crossing = transformers.BertConfig(vocab_size=50, is_decoder=True, add_cross_attention=True, **SMALL)
    with pytest.raises(BadInput, match="BertModel is neither"):
        lengthen(transformers.BertModel(crossing), 1000)
    with pytest.raises(BadInput, match="are sines, which go on"):
        lengthen(both_ends("Marian"), 100, positions="stretched")
    small = {
        "vocab_size": 50,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    clip = transformers.CLIPConfig(text_config=small, vision_config={**small, "image_size": 8, "patch_size": 4})
    with pytest.raises(BadInput, match="a text and its mask alone"):
        lengthen(transformers.CLIPModel(clip), 100)
    gemma = transformers.Gemma2Config(vocab_size=50, head_dim=8, num_key_value_heads=2, **SMALL)
    with pytest.raises(BadInput, match="softcap"):
        lengthen(transformers.Gemma2Model(gemma), None)
    with pytest.raises(BadInput, match="Linear is none"):
        lengthen(torch.nn.Linear(2, 2), 100)
    with pytest.raises(BadInput, match="lengthen the BertModel in it"):
        lengthen(torch.nn.Sequential(model("Bert")), 100)
    with pytest.raises(BadInput, match="reads 32 tokens already"):
        lengthen(model("Bert"), 20)
    with pytest.raises(BadInput, match="longest is a whole number, at least 1; got 0"):
        lengthen(model("Bert"), 0)
    with pytest.raises(BadInput, match=r"for each query, \(batch, 1, queries, keys\); got \(2, 100, 100\)"):
        outputs(lengthen(model("Bert"), 100), IDS, torch.ones(2, 100, 100))
    with pytest.raises(BadInput, match="attention is one of"):
        lengthen(model("Bert"), 100, "synthesizer")
    with pytest.raises(BadInput, match="window is a whole number, at least 1; got 0"):
        lengthen(model("Bert"), 100, window=0)
    llama = model("Llama")
    with pytest.raises(BadInput, match="what came before"):
        lengthen(llama, 100, "nystrom")
    assert llama.config._attn_implementation == "sdpa" and llama.config.max_position_embeddings == 32
    with pytest.raises(BadInput, match="no layer of FNetModel would attend by window"):
        lengthen(transformers.FNetModel(transformers.FNetConfig(vocab_size=50, **SMALL)), 1024)
    mistral = transformers.MistralConfig(vocab_size=50, num_key_value_heads=1, sliding_window=8, **SMALL)
    with pytest.raises(BadInput, match="windows or masks of their own"):
        lengthen(transformers.MistralModel(mistral), None)
    with pytest.raises(BadInput, match="does not read a text and its mask alone"):
        lengthen(transformers.DogeModel(transformers.DogeConfig(vocab_size=50, **SMALL)), None)


def both_ends(name):
    """A model that reads and writes."""
    told = DISTANCES
    if "T5" not in name:
        told = {f"{end}_{key}": x for end in ("encoder", "decoder") for key, x in BOTH_ENDS.items()}
        told |= {"vocab_size": 50, "d_model": 16, "max_position_embeddings": 32, "pad_token_id": 0, "init_std": 0.3}
    torch.manual_seed(0)
    config = getattr(transformers, f"{name}Config")(**told, decoder_start_token_id=0)
    kind = "MTModel" if name == "Marian" else "ForConditionalGeneration"
    made = getattr(transformers, f"{name}{kind}")(config).eval()
    for parameter in made.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter) * parameter.requires_grad
    made.generation_config.eos_token_id = made.generation_config.forced_eos_token_id = None
    return made


@pytest.mark.parametrize("name", ["T5", "UMT5", "Bart", "Pegasus", "Marian"])
@torch.no_grad()
def test_of_what_reads_and_writes_the_encoder_is_long_and_the_decoder_exact(name, tmp_path):
    before = both_ends(name)
    after = lengthen(copy.deepcopy(before), 200, window=16)
    short = {"input_ids": IDS[:, :32], "attention_mask": MASK, "decoder_input_ids": IDS[:, 40:72]}
    assert (after(**short).logits - before(**short).logits).abs().max() < 1e-4
    mask = torch.ones(2, 100, dtype=torch.long)
    mask[1, 60:] = 0
    read = {"attention_mask": mask, "decoder_input_ids": IDS[:, :100].flip(1)}
    out, exact = (x(IDS, **read).logits for x in (after, lengthen(copy.deepcopy(before), 200, "softmax")))
    assert (out - exact).abs().max() > 1e-2
    found = after.get_encoder()(IDS, attention_mask=mask)  # the same states: both decoders say the same of them
    states = [x(encoder_outputs=found, **read).logits for x in (after, lengthen(before, 200, "softmax"))]
    assert (states[0] - states[1]).abs().max() < 1e-4
    alone = after(IDS[1:, :60], decoder_input_ids=read["decoder_input_ids"][1:]).logits
    assert (out[1:] - alone).abs().max() < 1e-4
    after.save_pretrained(tmp_path)
    assert torch.equal(type(after).from_pretrained(tmp_path).eval()(IDS, **read).logits, out)
    told = {"attention_mask": mask, "num_beams": 2, "do_sample": False, "max_new_tokens": 8, "min_new_tokens": 8}
    assert torch.equal(after.generate(IDS, **told), after.generate(IDS, use_cache=False, **told))


def test_what_was_put_into_another_model_is_lengthened_there(tmp_path):
    """transformers gives it another config then, of the same values, which its layers do not ask."""
    config = transformers.BertConfig(vocab_size=50, max_position_embeddings=64, **SMALL)
    writes = transformers.BertConfig(vocab_size=50, is_decoder=True, add_cross_attention=True, **SMALL)
    model = transformers.EncoderDecoderModel(
        encoder=transformers.BertModel(config), decoder=transformers.BertLMHeadModel(writes)
    ).eval()
    short, long = (torch.randint(3, 50, (2, length)) for length in (40, 200))
    written = torch.randint(3, 50, (2, 5))
    with pytest.raises(BadInput, match="put together of BertModel and BertLMHeadModel, each with a config of its own"):
        lengthen(model, 200)
    with torch.no_grad():
        before = model(input_ids=short, decoder_input_ids=written).logits
        lengthen(model.encoder, 200)
        torch.testing.assert_close(model(input_ids=short, decoder_input_ids=written).logits, before)
        model.save_pretrained(tmp_path)
        again = transformers.EncoderDecoderModel.from_pretrained(tmp_path).eval()
        read = [one(input_ids=long, decoder_input_ids=written).logits for one in (model, again)]
        other = long.clone()
        other[:, -1] = (other[:, -1] + 1) % 50
        moved = model(input_ids=other, decoder_input_ids=written).logits
    torch.testing.assert_close(*read)
    assert not torch.equal(moved, read[0])


@pytest.mark.parametrize("kind", ["dynamic", "longrope", "yarn"])
def test_rotary_positions_that_follow_the_length_are_not_told_another(kind):
    told = {"rope_type": kind, "rope_theta": 10000.0, "factor": 2.0}
    if kind == "longrope":
        told = {**told, "short_factor": [1.1] * 4, "long_factor": [2.0] * 4, "original_max_position_embeddings": 16}
    llama = model("Llama", rope_parameters=told)
    if kind == "yarn":
        assert (outputs(lengthen(copy.deepcopy(llama), 100, "softmax"), IDS) - outputs(llama, IDS)).abs().max() < 1e-5
        with pytest.raises(BadInput, match="scaled already"):
            lengthen(llama, 100, positions="stretched")
    else:
        with pytest.raises(BadInput, match="by themselves"):
            lengthen(llama, 100)
    assert llama.config.max_position_embeddings == 32 and llama.config._attn_implementation == "sdpa"
    lengthen(llama, None)


def test_models_that_make_masks_the_old_way_are_read_by_windows_and_packed_texts_exactly():
    torch.manual_seed(0)
    config = transformers.LayoutLMConfig(vocab_size=50, initializer_range=0.3, **SMALL)
    before = transformers.LayoutLMModel(config).eval()
    after = lengthen(copy.deepcopy(before), None, window=8)
    mask = torch.ones(2, 100, dtype=torch.long)
    mask[1, 60:] = 0
    exact, out = outputs(before, IDS, mask), outputs(after, IDS, mask)
    assert (out - exact)[mask.bool()].abs().max() > 1e-3
    other = IDS.clone()
    other[1, 60:] = 7
    assert torch.equal(out[1, :60], outputs(after, other, mask)[1, :60])
    wide = lengthen(copy.deepcopy(before), None, window=50)
    assert (outputs(wide, IDS, mask) - exact)[mask.bool()].abs().max() < 1e-5


def test_a_text_is_read_alike_whatever_is_padded_in_front():
    llama = lengthen(model("Llama"), 100, window=8)
    mask = torch.ones(2, 70, dtype=torch.long)
    mask[0, :13] = 0
    place = (mask.cumsum(1) - 1).clamp(min=0)
    with torch.no_grad():
        both = llama(IDS[:, :70], attention_mask=mask, position_ids=place).last_hidden_state
    assert (both[:1, 13:] - outputs(llama, IDS[:1, 13:70])).abs().max() < 1e-5
    torch.manual_seed(0)
    config = transformers.LlamaConfig(**CONFIGS["Llama"], vocab_size=50, max_position_embeddings=32, pad_token_id=0)
    writer = lengthen(transformers.LlamaForCausalLM(config).eval(), 100, window=4)
    told = {"max_new_tokens": 20, "do_sample": False, "eos_token_id": None}
    padded = writer.generate(IDS[:, :40] * mask[:, :40], attention_mask=mask[:, :40], **told)
    assert torch.equal(padded[0, 40:], writer.generate(IDS[:1, 13:40], **told)[0, 27:])


@pytest.mark.parametrize("kind", ["Swin", "Beit", "ViT", "Wav2Vec2"])
def test_what_reads_images_and_sounds_is_tried_too(kind):
    image, sizes = {"image_size": 32, "patch_size": 4}, {"initializer_range": 0.3, **SMALL}
    told = {
        "ViT": {**image, **sizes},
        "Beit": {**image, **sizes, "use_relative_position_bias": True},
        "Swin": {**image, "embed_dim": 8, "depths": [1, 1], "num_heads": [1, 1], "window_size": 4},
        "Wav2Vec2": {"conv_dim": (16, 16), "conv_stride": (5, 4), "conv_kernel": (10, 8), **sizes},
    }[kind] | ({"num_feat_extract_layers": 2} if kind == "Wav2Vec2" else {})
    before = getattr(transformers, f"{kind}Model")(getattr(transformers, f"{kind}Config")(**told)).eval()
    given = torch.randn(2, 2000) if kind == "Wav2Vec2" else torch.randn(2, 3, 32, 32)
    if kind in ("Swin", "Beit"):  # windows of its own, numbers for each query
        with pytest.raises(BadInput, match=f"no layer of {kind}Model would attend by window"):
            lengthen(before, None, "window", window=4)
        assert before.config._attn_implementation != "minent"
        lengthen(before, None, "softmax")
        return
    with torch.no_grad():
        states = [copy.deepcopy(before)(given)[0]]
        states += [lengthen(copy.deepcopy(before), None, "window", window=w)(given)[0] for w in (400, 4)]
    assert (states[1] - states[0]).abs().max() < 1e-5
    assert (states[2] - states[0]).abs().max() > 1e-3


def test_a_part_of_a_model_is_saved_with_it(tmp_path):
    sizes = {k: x for k, x in SMALL.items() if k != "num_hidden_layers"} | {"num_hidden_layers": 1}
    seen = {**sizes, "image_size": 8, "patch_size": 4}
    config = transformers.CLIPConfig(text_config={"vocab_size": 50, **sizes}, vision_config=seen, projection_dim=8)
    clip = transformers.CLIPModel(config).eval()
    for parameter in clip.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
    lengthen(clip.text_model, 100, window=8)
    clip.save_pretrained(tmp_path)
    again = transformers.CLIPModel.from_pretrained(tmp_path).eval()
    assert torch.equal(outputs(again.text_model, IDS), outputs(clip.text_model, IDS))
    assert again.vision_model.config._attn_implementation == "sdpa"
    again.text_model.set_attn_implementation("sdpa")
    assert (outputs(again.text_model, IDS) - outputs(clip.text_model, IDS)).abs().max() > 1e-3


def test_a_text_is_read_alike_whatever_longer_one_is_beside_it_where_numbers_are_added_by_distance():
    long = lengthen(model("MPNet"), 200, window=8)
    mask = torch.ones(2, 100, dtype=torch.long)
    mask[1, 43:] = 0
    both = outputs(long, IDS, mask)
    assert (both[1:, :43] - outputs(long, IDS[1:, :43])).abs().max() < 1e-5


COMPILED = """
import torch, transformers
from minent.nn.attention import lengthen
from transformers import LayoutLMConfig, LayoutLMModel, LlamaConfig, LlamaModel, StaticCache
torch.set_grad_enabled(False)
shape = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, vocab_size=50)
ids, mask = torch.randint(5, 50, (2, 90)), torch.ones(2, 90, dtype=torch.long)
mask[0, :23] = 0
real, place = mask.bool(), (mask.cumsum(1) - 1).clamp(min=0)
llama = lengthen(LlamaModel(LlamaConfig(initializer_range=0.3, **shape)).eval(), None, window=8)
eager = llama(ids, attention_mask=mask, position_ids=place, use_cache=False).last_hidden_state
made = torch.compile(llama, backend="aot_eager")
whole = made(ids, attention_mask=mask, position_ids=place, use_cache=False).last_hidden_state
assert (whole - eager)[real].abs().max() < 1e-4
states, cache = [], StaticCache(config=llama.config, max_cache_len=120)  # with room behind
for i, j in ((0, 85), (85, 86), (86, 87), (87, 90)):
    told = dict(attention_mask=mask[:, :j], position_ids=place[:, i:j], past_key_values=cache, use_cache=True)
    states.append(made(ids[:, i:j], **told).last_hidden_state)
assert (torch.cat(states, 1) - eager)[real].abs().max() < 1e-4
old = lengthen(LayoutLMModel(LayoutLMConfig(initializer_range=0.3, **shape)).eval(), None, window=8)
told = old(ids, attention_mask=mask).last_hidden_state
made = torch.compile(old, backend="aot_eager")
assert (made(ids, attention_mask=mask).last_hidden_state - told)[real].abs().max() < 1e-4
exact = lengthen(old, None, "softmax")(ids, attention_mask=mask).last_hidden_state
assert (exact - told)[real].abs().max() > 1e-2
"""


def test_a_compiled_model_reads_padding_in_front_and_static_caches_as_before():
    done = subprocess.run([sys.executable, "-c", COMPILED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
