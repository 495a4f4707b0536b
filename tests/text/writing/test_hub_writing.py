"""Models of Hugging Face write as transformers' own `generate` does, where the rules are the same."""

import json

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    M2M100Config,
    M2M100ForConditionalGeneration,
    MarianConfig,
    MarianMTModel,
    PreTrainedTokenizerFast,
    RwkvConfig,
    RwkvForCausalLM,
    T5Config,
    T5ForConditionalGeneration,
)

from minent.cli import main
from minent.errors import BadInput
from minent.text import HubWriter, Search, load_writer, n_best

WORDS = 40
TEXTS = ["w1 w2 w3", "w4", "w5 w6 w7 w8 w9 w10 w11"]
SMALL = {"d_model": 16, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2, "vocab_size": WORDS,
         "decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "max_position_embeddings": 64,
         "dropout": 0.0, "bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0, "init_std": 0.3}  # fmt: skip
DECODER_IDS = {"vocab_size": WORDS, "bos_token_id": 2, "eos_token_id": 3}
DECODER = {**DECODER_IDS, "initializer_range": 0.3}


def tokenizer(closes=True, **options):
    """w0 w1 …; a text of an encoder ends with </s>."""
    names = ["<pad>", "<unk>", "<s>", "</s>", *(f"w{i}" for i in range(WORDS - 4))]
    made = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if closes:
        made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 3)])
    named = {"pad_token": "<pad>", "unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", **options}
    return PreTrainedTokenizerFast(tokenizer_object=made, **named)


def t5():
    return T5ForConditionalGeneration(
        T5Config(vocab_size=WORDS, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2, pad_token_id=0,
                 eos_token_id=3, decoder_start_token_id=0, initializer_factor=3.0)
    )  # fmt: skip


def bart():
    return BartForConditionalGeneration(
        BartConfig(**SMALL, decoder_start_token_id=3, forced_eos_token_id=3, forced_bos_token_id=2)
    )


def marian():
    made = MarianMTModel(MarianConfig(**SMALL, decoder_start_token_id=0, forced_eos_token_id=3))
    made.generation_config.bad_words_ids = [[0]]
    made.generation_config.begin_suppress_tokens = [5]
    return made


def m2m():  # its positions are told by padding
    return M2M100ForConditionalGeneration(M2M100Config(**SMALL, decoder_start_token_id=3, forced_bos_token_id=9))


def gpt():
    made = GPT2LMHeadModel(GPT2Config(**DECODER, n_embd=16, n_layer=2, n_head=2, n_positions=64))
    made.generation_config.suppress_tokens = [7]
    return made


def llama():
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    return LlamaForCausalLM(LlamaConfig(**DECODER, **sizes, num_key_value_heads=1, max_position_embeddings=64))


MAKERS = [t5, bart, marian, m2m, gpt, llama]


@pytest.fixture(scope="module")
def writers():
    made = {}
    for maker in MAKERS:
        torch.manual_seed(3)
        model = maker().eval()
        model.register_forward_hook(likelier)
        made[maker.__name__] = HubWriter(model, tokenizer(model.config.is_encoder_decoder, padding_side="left"))
    return made


def generated(writer, texts, **options):
    """What `generate` writes for each text by itself: its tokens without special ones and their score."""
    found = []
    for text in texts:
        inputs = writer.tokenizer([text], return_tensors="pt", return_token_type_ids=False)
        out = writer.model.generate(
            **inputs, do_sample=False, return_dict_in_generate=True, output_scores=True, **options
        )
        begun = 1 if writer.both else inputs["input_ids"].shape[1]
        texts = writer.tokenizer.batch_decode(out.sequences[:, begun:], skip_special_tokens=True)
        scores = [None] * len(texts) if out.get("sequences_scores") is None else out.sequences_scores.tolist()
        found.append(list(zip(texts, scores, strict=True)))
    return found


def likelier(model, given, out):
    out.logits[..., 3] = out.logits.logsumexp(-1) - 1.5 + out.logits[..., 4].tanh()  # texts end


def spare(writer):
    return int(writer.model.generation_config.forced_eos_token_id is not None)  # counts among the new tokens


@pytest.mark.parametrize("maker", MAKERS)
def test_greedy_texts_are_those_of_generate(writers, maker):
    writer = writers[maker.__name__]
    ours = n_best(writer, TEXTS, Search(beam=1, longest=12, shortest=3))
    theirs = generated(writer, TEXTS, num_beams=1, max_new_tokens=12 + spare(writer), min_new_tokens=3)
    assert [one[0].text for one in ours] == [one[0][0] for one in theirs]
    assert len({one[0].text for one in ours}) > 1  # the source matters


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("no_repeat", [0, 2])
def test_beams_are_those_of_generate(writers, maker, no_repeat):
    writer = writers[maker.__name__]
    if no_repeat and not writer.both:
        pytest.skip("generate counts what stands in the source, too")
    ours = n_best(writer, TEXTS, Search(beam=4, longest=40, no_repeat=no_repeat, length_penalty=0.3, shortest=4))
    theirs = generated(
        writer, TEXTS, num_beams=4, max_new_tokens=40 + spare(writer), num_return_sequences=4,
        no_repeat_ngram_size=no_repeat, length_penalty=0.3, min_new_tokens=4,
    )  # fmt: skip
    for one, other in zip(ours, theirs, strict=True):
        assert [w.text for w in one[:2]] == [text for text, _ in other[:2]]
        assert [w.score for w in one[:2]] == pytest.approx([score for _, score in other[:2]], abs=1e-4)
    assert max(len(one[0].text.split()) for one in ours) > 3


def test_without_a_cache_the_texts_are_the_same(writers, monkeypatch):
    search = Search(beam=3, longest=9, length_penalty=0.3, shortest=3)
    with_caches = [n_best(writers[name], TEXTS, search) for name in ("bart", "llama")]
    monkeypatch.setattr("minent.text.writing.hub_stepper.CACHES", ())
    for before, name in zip(with_caches, ("bart", "llama"), strict=True):
        for one, other in zip(before, n_best(writers[name], TEXTS, search), strict=True):
            assert [w.text for w in one] == [w.text for w in other]
            assert [w.score for w in one] == pytest.approx([w.score for w in other], abs=1e-5)


def test_a_text_begins_with_its_prefix_and_a_language_stands_for_the_usual_one(writers):
    bart, m2m, gpt = writers["bart"], writers["m2m"], writers["gpt"]
    for writer in (bart, m2m, gpt):
        assert all(one[0].text.startswith("w8 w9") for one in n_best(writer, TEXTS, Search(prefix="w8 w9")))
    named = HubWriter(m2m.model, tokenizer(additional_special_tokens=["w20"]))
    theirs = generated(named, TEXTS, num_beams=2, forced_bos_token_id=24, max_new_tokens=30)
    found = n_best(named, TEXTS, Search(beam=2, prefix="w20", longest=30))
    assert [one[0].text for one in found] == [one[0][0] for one in theirs]
    assert theirs != generated(named, TEXTS, num_beams=2, max_new_tokens=30)
    with pytest.raises(BadInput, match="texts cannot begin with 'x': some of it is unknown"):
        n_best(bart, TEXTS, Search(prefix="x"))


def test_what_is_drawn_follows_the_probabilities_and_not_the_batch(writers):
    gpt = writers["gpt"]
    search = Search(beam=300, temperature=1.0, longest=1)
    drawn, alone = n_best(gpt, TEXTS, search), n_best(gpt, TEXTS[2:], search, first=2)
    assert [one.text for one in drawn[2]] == [one.text for one in alone[0]]
    ids = torch.tensor([gpt.tokenizer(TEXTS[0])["input_ids"]])
    p = gpt.model(input_ids=ids).logits[0, -1].detach().softmax(0)
    p[7] = 0.0
    best = int((p / p.sum()).argmax())
    share = sum(one.text == gpt.tokenizer.decode([best], skip_special_tokens=True) for one in drawn[0]) / 300
    assert share == pytest.approx(float(p[best] / p.sum()), abs=0.1)


def test_any_of_several_ends_does_and_a_model_may_have_none(writers):
    model = writers["llama"].model
    before = model.generation_config.eos_token_id, model.config.eos_token_id
    try:
        model.generation_config.eos_token_id = [3, 8, 9]
        several = HubWriter(model, tokenizer(False))
        found = n_best(several, TEXTS, Search(beam=1, longest=30))
        assert [one[0].text for one in found] == [
            one[0][0].removesuffix(" w4").removesuffix(" w5").removesuffix("w4").removesuffix("w5")
            for one in generated(several, TEXTS, num_beams=1, max_new_tokens=30)
        ]  # here the end itself is no text
        model.generation_config.eos_token_id = model.config.eos_token_id = None
        endless = HubWriter(model, tokenizer(False, eos_token=None))
        found = n_best(endless, TEXTS, Search(beam=1, longest=5))
        assert [one[0].text for one in found] == [
            one[0][0] for one in generated(endless, TEXTS, num_beams=1, max_new_tokens=5, pad_token_id=0)
        ]
    finally:
        model.generation_config.eos_token_id, model.config.eos_token_id = before


def test_padding_may_be_missing_or_the_end(writers):
    found = [n_best(HubWriter(writers["gpt"].model, tokenizer(False, **more)), TEXTS, Search(beam=2, longest=8))
             for more in ({}, {"pad_token": None}, {"pad_token": "</s>"})]  # fmt: skip
    assert found[0] == found[1] == found[2]


def test_a_message_is_put_as_the_chat_template_has_it(writers, caplog):
    template = (
        "{% for m in messages %}w30 {{ m['content'] }} w31 {% endfor %}{% if add_generation_prompt %}w32{% endif %}"
    )
    chatty = tokenizer(False, chat_template=template)
    model = writers["llama"].model
    with pytest.raises(BadInput, match="no chat template"):
        HubWriter(model, tokenizer(False), chat=True)
    plain, said = HubWriter(model, chatty), HubWriter(model, chatty, chat=True)
    search = Search(beam=2, longest=8, shortest=3)
    assert n_best(said, ["w4 w5"], search) == n_best(plain, ["w30 w4 w5 w31 w32"], search)
    assert n_best(said, ["w4 w5"], search) != n_best(plain, ["w4 w5"], search)
    assert sum("chat template" in line for line in caplog.messages) == 1


def test_what_its_settings_ask_for_and_is_not_done_is_said_once(writers, caplog):
    rules = writers["bart"].model.generation_config
    before = rules.to_dict()
    rules.update(num_beams=5, no_repeat_ngram_size=3, repetition_penalty=1.2, max_length=9)
    try:
        writer = HubWriter(writers["bart"].model, tokenizer())
        for _ in range(2):
            (found,) = n_best(writer, ["w1"], Search(beam=5, shortest=7))
        cut = "1 of 1 texts are cut at 7 tokens, where no end came (--longest)"
        assert caplog.messages == [
            "generation_config.json of the model asks for another search than this one: --no-repeat 3",
            "generation_config.json of the model asks for what is not done: repetition_penalty", cut, cut,
        ]  # fmt: skip
        assert {len(one.text.split()) for one in found} <= {5, 6, 7}  # nine with the start, <s> and the end
    finally:
        rules.update(**before)


def save(folder, model, tokens):
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)
    return folder


def test_folders_are_written_with_from_the_command_line(writers, tmp_path, capsys):
    folder = save(tmp_path / "bart", writers["bart"].model, tokenizer())
    (tmp_path / "in.txt").write_text("w1 w2\n\nw3 w4 w5\n")
    words = ["text", "write", str(tmp_path / "in.txt"), "--model", str(folder), "--longest", "6", "--shortest", "3"]
    main(words)
    lines = capsys.readouterr().out.split("\n")
    loaded = load_writer(folder)
    assert (
        lines[0] == n_best(loaded, ["w1 w2"], Search(longest=6, shortest=3))[0][0].text and lines[1] == "" and lines[2]
    )
    main([*words, "--precision", "bf16", "--n-best", "3"])
    assert len(capsys.readouterr().out.splitlines()) == 7


def test_folders_that_hold_no_writer_are_refused(writers, tmp_path):
    from transformers import BartModel, BertConfig, BertForMaskedLM

    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    fills = save(tmp_path / "bert", BertForMaskedLM(BertConfig(vocab_size=WORDS, **sizes)), tokenizer())
    with pytest.raises(BadInput, match="holds a masked language model, which fills gaps"):
        load_writer(fills)
    bare = save(tmp_path / "bare", BartModel(BartConfig(**SMALL)), tokenizer())
    config = json.loads((bare / "config.json").read_text())
    (bare / "config.json").write_text(json.dumps({**config, "tie_word_embeddings": False}))
    with pytest.raises(BadInput, match="would be random"):
        load_writer(bare)
    with pytest.raises(BadInput, match="messages are for models of Hugging Face"):
        load_writer(tmp_path / "none", chat=True)
    torch.save({}, tmp_path / "own.py")
    (bare / "config.json").write_text('{"model_type": "mine", "auto_map": {"AutoModelForCausalLM": "own.Mine"}}')
    with pytest.raises(BadInput, match="holds no model that writes"):
        load_writer(bare)


def test_likelihoods_are_those_of_the_models_own_loss(writers, tmp_path, capsys):
    (tmp_path / "pairs.tsv").write_text("source\ttarget\nw1 w2\tw3 w4 w5\nw6\tw7\n")
    folder = save(tmp_path / "t5", writers["t5"].model, tokenizer())
    main(["text", "likelihood", str(tmp_path / "pairs.tsv"), "--model", str(folder)])
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    model = load_writer(folder).model
    assert rows[0][:3] == ["line", "tokens", "log_p"] and [row[1] for row in rows[1:]] == ["4", "2"]
    for row, source, target in zip(rows[1:], ("w1 w2", "w6"), ("w3 w4 w5", "w7"), strict=True):
        read, labels = (tokenizer()(text, return_tensors="pt")["input_ids"] for text in (source, target))
        assert float(row[3]) == pytest.approx(-model(input_ids=read, labels=labels).loss.item(), abs=1e-4)
    (tmp_path / "texts.txt").write_text("w1 w2 w3\nw4\n")
    folder = save(tmp_path / "gpt", writers["gpt"].model, tokenizer(False))
    main(["text", "likelihood", str(tmp_path / "texts.txt"), "--model", str(folder)])
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    read = torch.tensor([[2, 5, 6, 7]])
    loss = load_writer(folder).model(input_ids=read, labels=read).loss.item()
    assert float(rows[1][3]) == pytest.approx(-loss, abs=1e-4) and [row[1] for row in rows[1:]] == ["3", "1"]
    with pytest.raises(SystemExit):
        main(["text", "likelihood", str(tmp_path / "texts.txt"), "--model", str(folder), "--words"])
    assert "--words and --gaps ask a masked language model" in capsys.readouterr().err


def test_what_would_be_lost_in_silence_is_said(writers, caplog):
    gpt = writers["gpt"].model
    closing = HubWriter(
        gpt, tokenizer(True, eos_token="</s>")
    )  # as with add_eos_token: a text has ended before it begins
    n_best(closing, ["w1 x y"], Search(beam=1, longest=3))
    assert caplog.messages == [
        "the tokenizer ends each text with </s>, and the model goes on after it (add_eos_token)",
        "2 of 4 tokens that were read are unknown to the model",
    ]
    caplog.clear()
    other = HubWriter(gpt, tokenizer(False, eos_token="w9"))
    n_best(other, ["w1"], Search(beam=1, shortest=32))
    assert caplog.messages == [
        "texts of the tokenizer end with w9, which does not end what the model writes",
        "1 of 1 texts are cut at 32 tokens, where no end came (--longest)",
    ]
    broken = HubWriter(gpt2_of_nan(), tokenizer(False))
    with pytest.raises(BadInput, match="logits are NaN"):
        n_best(broken, ["w1"], Search(beam=2))


def test_states_that_cannot_be_reordered_are_refused():
    stateful = RwkvForCausalLM(RwkvConfig(**DECODER_IDS, hidden_size=16, num_hidden_layers=2, context_length=64))
    with pytest.raises(BadInput, match="a rwkv model keeps a state that knows no padding and no beams"):
        n_best(HubWriter(stateful, tokenizer(False)), ["w1"], Search(beam=1))


def gpt2_of_nan():
    made = gpt()
    made.transformer.ln_f.weight.data[0] = torch.nan
    return made
