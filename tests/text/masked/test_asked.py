"""Models of other libraries are asked what they are, not guessed by their names; and what cannot be read is said."""

import pytest
import torch
import transformers
from text.gibbs.small_models import bert, hub_tokenizer, own
from tokenizers import AddedToken, Tokenizer, models, processors

from minent.errors import BadInput
from minent.nn.shape import Shape
from minent.text import Reading, likelihoods, new_masked_lm
from minent.text.gibbs import Denoiser, Gibbs, Vocabulary, likeliest, load, pseudo_perplexity
from minent.text.masked.conditionals import conditionals_of, plainly
from minent.text.masked.diffusion import diffusion_vocabulary
from minent.text.masked.vocabulary import vocabulary_of

SIZES = {
    "vocab_size": 30, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
    "max_position_embeddings": 20, "pad_token_id": 1,
}  # fmt: skip
WORDS = Vocabulary(size=30, mask=4, pad=1, before=(2,), after=(3,), special=(1, 2, 3, 4))
HEAD = "head at the sampled sites only"


def made(name, **more):
    torch.manual_seed(0)
    return transformers.AutoModelForMaskedLM.from_config(getattr(transformers, f"{name}Config")(**SIZES, **more)).eval()


@pytest.mark.parametrize(
    ("name", "more", "longest"),
    [
        ("MPNet", {}, 18),
        ("Esm", {"mask_token_id": 4, "position_embedding_type": "absolute"}, 18),
        ("Esm", {"mask_token_id": 4, "position_embedding_type": "rotary"}, 0),
        ("IBert", {}, 18),
        ("Longformer", {"attention_window": 4}, 18),
        ("RoFormer", {"embedding_size": 16}, 20),
        ("Electra", {}, 20),
        ("DistilBert", {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32}, 20),
        ("FNet", {}, 20),
        (
            "Bart",
            {
                "d_model": 16,
                "encoder_layers": 1,
                "decoder_layers": 1,
                "encoder_attention_heads": 2,
                "decoder_attention_heads": 2,
                "encoder_ffn_dim": 32,
                "decoder_ffn_dim": 32,
            },
            20,
        ),
        ("MobileBert", {"embedding_size": 8, "intra_bottleneck_size": 8, "true_hidden_size": 8}, 20),
        ("DebertaV2", {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 4}, 20),
        ("ModernBert", {"cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}, 0),
        (
            "Perceiver",
            {
                "num_latents": 4,
                "d_latents": 16,
                "d_model": 16,
                "num_self_attends_per_block": 1,
                "num_self_attention_heads": 2,
                "num_cross_attention_heads": 2,
                "qk_channels": 8,
                "v_channels": 16,
                "initializer_range": 1.0,
            },
            20,
        ),
    ],
)
def test_any_architecture_says_how_much_it_reads_and_takes_its_sites_before_the_head(name, more, longest):
    model = made(name, **more)
    found = conditionals_of(model, WORDS)
    assert (found.longest, found.tokens, found.how) == (longest, 30, HEAD)
    tokens = torch.tensor([[2, 7, 4, 9, 3], [2, 4, 3, 1, 1]])
    alone = conditionals_of(model, WORDS)(tokens[1:, :3], torch.tensor([[1]]))
    together = found(tokens, torch.tensor([[2], [1]]))
    assert alone.std() > 0.05
    assert torch.allclose(together[1], alone[0], atol=1e-5)
    with torch.no_grad():
        assert torch.allclose(together[0, 0], plainly(model, 1)(tokens[:1], torch.tensor([[2]]))[0, 0], atol=1e-5)
    if longest:
        ids = " ".join(["7"] * 40)
        assert pseudo_perplexity(model, [ids], WORDS) == pseudo_perplexity(
            model, [" ".join(["7"] * (longest - 2))], WORDS
        )
        with pytest.raises(BadInput, match=f"at most {longest - 2} tokens"):
            Gibbs(model, WORDS, length=longest - 1)


def test_a_checkpoint_without_its_head_is_refused(tmp_path):
    bert().bert.save_pretrained(tmp_path)
    hub_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(BadInput, match=r"cls\.predictions.* would be random \(it was saved as BertModel"):
        load(tmp_path)


def test_a_checkpoint_in_bf16_is_read_in_fp32_and_left_as_it_is(tmp_path):
    model, vocabulary = bert().to(torch.bfloat16), vocabulary_of(hub_tokenizer())
    found = conditionals_of(model, vocabulary)
    tokens = torch.tensor([[2, 7, 4, 9, 3]])
    assert found(tokens, torch.tensor([[2]])).dtype == torch.float32
    assert next(model.parameters()).dtype == torch.bfloat16
    model.save_pretrained(tmp_path)
    hub_tokenizer().save_pretrained(tmp_path)
    assert next(load(tmp_path)[0].parameters()).dtype == torch.float32


def test_tokens_that_the_model_does_not_know_are_never_drawn_and_refused_in_texts():
    tokenizer = hub_tokenizer()
    tokenizer.add_tokens([AddedToken("<user>", special=True)], special_tokens=True)
    tokenizer.add_tokens(["斑马"])
    state = next(iter(Gibbs(bert(), tokenizer, length=4, sweeps=0, chains=9)))
    assert all(len(ids) == 4 and ids.max() < 26 for ids in state.ids)
    with pytest.raises(BadInput, match=r"the model knows 26 tokens; the tokenizer makes 27, '斑马'"):
        Gibbs(bert(), tokenizer, seed_text="春斑马")
    with pytest.raises(BadInput, match=r"tokenizer's for masks is number 40"):
        Vocabulary(size=41, mask=40, pad=0).within(30)


def test_what_frames_a_text_is_told_by_a_tokenizer_that_does_not_know_an_a():
    raw = Tokenizer(models.BPE({x: i for i, x in enumerate(["<pad>", "<cls>", "<sep>", "<mask>", *"CGT"])}, []))
    raw.add_special_tokens(["<pad>", "<cls>", "<sep>", "<mask>"])
    raw.post_processor = processors.TemplateProcessing(
        single="<cls> $A <sep>", special_tokens=[("<cls>", 1), ("<sep>", 2)]
    )
    found = vocabulary_of(raw)
    assert (found.before, found.after, found.mask, found.pad) == ((1,), (2,), 3, 0)


def test_parts_of_characters_are_never_drawn_but_texts_may_keep_them():
    model = new_masked_lm(
        ["café 春 🙂"] * 20, Shape(dim=16, heads=2, layers=1, hidden=32, longest=64), Reading("bpe", 300)
    )
    texts = [text for state in Gibbs(model, length=6, chains=30, sweeps=1, thin=1) for text in state.texts]
    assert "\ufffd" not in "".join(texts)
    state = next(iter(Gibbs(model, seed_text="雪 a b", keep="雪", start="masks", chains=9, sweeps=0)))
    assert all(text.startswith("雪") for text in state.texts)


def test_logits_that_are_not_numbers_are_said():
    model = bert()
    with torch.no_grad():
        model.cls.predictions.bias[7] = torch.nan
    for more in ({}, {"correct": "raw"}, {"edit": True, "length": "1..4", "seed_text": "春去"}):
        with pytest.raises(BadInput, match=r"NaN|nan"):
            list(Gibbs(model, hub_tokenizer(), **{"seed_text": "春去秋来", **more}).sweeps())
    with pytest.raises(BadInput, match="NaN"):
        likelihoods(model, ["春去"], hub_tokenizer())


def test_a_likelihood_is_the_sum_over_words_with_the_rest_of_each_hidden():
    model = bert()
    (found,) = likelihoods(model, ["春去秋来"], hub_tokenizer())
    assert found.words == list("春去秋来") and found.tokens == [1] * 4
    assert found.perplexity == pytest.approx(pseudo_perplexity(model, ["春去秋来"], hub_tokenizer()), rel=1e-5)
    letters = own()
    (one,) = likelihoods(letters, ["ab 春"])  # bytes, two of one word
    ids = letters.tokenizer.encode("ab 春", add_special_tokens=False).ids
    assert one.tokens[0] == 2
    whole = torch.tensor([[2, *ids, 3]])
    total = 0.0
    for site, hidden in ((1, (1, 2)), (2, (2,))):
        read = whole.clone()
        read[0, list(hidden)] = 4
        with torch.no_grad():
            total += float(letters(read)[0, site].double().log_softmax(0)[whole[0, site]])
    assert one.log_p[0] == pytest.approx(total, abs=1e-4)


def test_the_likeliest_words_of_each_gap_are_those_of_all_gaps_hidden_together():
    model, tokenizer = bert(), hub_tokenizer()
    found = likeliest(model, "春_，_人", tokenizer, top=3)
    assert [len(gap) for gap in found] == [3, 3]
    with torch.no_grad():
        p = model(torch.tensor([[2, 5, 4, 24, 4, 16, 3]])).logits[0, 2].softmax(0)
    token, share = found[0][0]
    assert share == pytest.approx(float(p[tokenizer.convert_tokens_to_ids(token)]), abs=1e-5)
    with pytest.raises(BadInput, match="got none"):
        likeliest(model, "春", tokenizer)
    assert likeliest(model, "春[MASK][MASK]，_人", tokenizer) == likeliest(model, "春__，_人", tokenizer)
    with pytest.raises(BadInput, match="a mask has no likelihood, and text 2 holds one"):
        likelihoods(model, ["春去", "春[MASK]"], tokenizer)


@pytest.mark.parametrize("shifted", [False, True])
def test_a_denoiser_is_asked_at_the_mask_or_one_place_before(shifted):
    model = bert()
    denoiser, vocabulary = Denoiser(model, pad=0, shifted=shifted), vocabulary_of(hub_tokenizer())
    tokens = torch.tensor([[2, 7, 4, 9, 3], [2, 4, 3, 0, 0]])
    found = denoiser(tokens, torch.tensor([[2], [1]]))
    with torch.no_grad():
        wanted = model(tokens, (tokens != 0).long()).logits
    assert torch.allclose(found[0, 0], wanted[0, 2 - shifted], atol=1e-5)
    assert torch.allclose(found[1, 0], wanted[1, 1 - shifted], atol=1e-5)
    for schedule in ("once", "confidence", "entropy", "remask"):
        (state,) = Gibbs(denoiser, vocabulary, length=6, schedule=schedule, steps=3, chains=5)
        assert all(len(ids) == 6 and 4 not in ids for ids in state.ids)


def test_a_model_that_attends_to_the_left_only_is_no_denoiser():
    config = transformers.GPT2Config(vocab_size=30, n_embd=16, n_layer=1, n_head=2)
    model = transformers.GPT2LMHeadModel(config).eval()
    blind = torch.nn.Module.__call__

    class Left(torch.nn.Module):
        dtype = torch.float32
        config = model.config

        def __init__(self):
            super().__init__()
            self.inner = model
            self.get_input_embeddings = model.get_input_embeddings

        def forward(self, input_ids, attention_mask):
            return blind(self.inner, input_ids=input_ids)

    with pytest.raises(BadInput, match="to the left only"):
        Denoiser(Left(), pad=0)


def test_a_denoiser_that_ignores_the_mask_of_padding_is_asked_for_texts_of_one_length_together():
    class Blind(torch.nn.Module):
        dtype = torch.float32

        def __init__(self):
            super().__init__()
            self.inner = bert()
            self.get_input_embeddings, self.config = self.inner.get_input_embeddings, self.inner.config

        def forward(self, input_ids, attention_mask):
            return self.inner(input_ids=input_ids)

    denoiser, vocabulary = Denoiser(Blind(), pad=0), vocabulary_of(hub_tokenizer())
    assert denoiser.alike and not Denoiser(bert(), pad=0).alike
    found = conditionals_of(denoiser, vocabulary)
    tokens, site = torch.tensor([[2, 7, 4, 9, 3], [2, 4, 3, 0, 0]]), torch.tensor([[2], [1]])
    assert torch.allclose(found(tokens, site)[1], denoiser(tokens[1:, :3], site[1:])[0], atol=1e-5)


def test_a_longer_text_than_a_model_can_read_though_it_has_no_table_of_places_is_a_sentence():
    model = made("Esm", mask_token_id=4, position_embedding_type="rotary")
    forward = model.esm.forward

    def short(input_ids=None, **more):
        if input_ids.shape[1] > 12:
            raise ValueError("too long for its axes")
        return forward(input_ids=input_ids, **more)

    model.esm.forward = short
    with pytest.raises(BadInput, match="does not read a text of 17 tokens: too long for its axes"):
        list(Gibbs(model, WORDS, length=15, chains=1, sweeps=1))


def test_a_tokenizer_without_a_mask_is_given_one_by_its_number():
    tokenizer = hub_tokenizer()
    tokenizer.mask_token = None
    with pytest.raises(BadInput, match="no mask"):
        diffusion_vocabulary(tokenizer)
    assert diffusion_vocabulary(tokenizer, mask=25).mask == 25
