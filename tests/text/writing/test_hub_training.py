"""Models of Hugging Face learn pairs as their own losses have it, and write what they have learned."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from text.writing.test_hub_writing import SMALL, TEXTS, WORDS, bart, gpt, llama, t5, tokenizer
from transformers import (
    BertConfig,
    BertLMHeadModel,
    BertModel,
    EncoderDecoderModel,
    MambaConfig,
    MambaForCausalLM,
    MarianConfig,
    MarianMTModel,
    MBartConfig,
    MBartForConditionalGeneration,
    MBartTokenizer,
    T5Config,
    T5ForConditionalGeneration,
)

from minent.cli import main
from minent.data import Pairs
from minent.errors import BadInput
from minent.text import HubWriter, RandomReplacement, Search, TeacherForcing, load_writer, n_best, train_seq2seq
from minent.text.lora import adapted
from minent.text.writing.hub_batches import batched, cuts_of
from minent.text.writing.hub_training import IGNORED, evaluate, loss, named
from minent.training.recipe import Recipe

PAIRS = Pairs(["w1 w2 w3", "w4", "w5 w6", "w7 w1 w9 w2"], ["w3 w2 w1", "w8 w4", "w6", "w2 w9 w1 w7"])


def two_berts():
    config = BertConfig(vocab_size=WORDS, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                        intermediate_size=32, max_position_embeddings=64)  # fmt: skip
    decoder = BertConfig(**{**config.to_dict(), "is_decoder": True, "add_cross_attention": True})
    model = EncoderDecoderModel(encoder=BertModel(config), decoder=BertLMHeadModel(decoder))
    for one in (model.config, model.generation_config):
        one.decoder_start_token_id, one.eos_token_id, one.pad_token_id = 2, 3, 0
    return model


def writer(make):
    torch.manual_seed(0)
    model = make()
    return HubWriter(model, tokenizer(closes=bool(model.config.is_encoder_decoder), model_max_length=64))


@pytest.mark.parametrize("make", [bart, t5, two_berts, gpt, llama])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_the_models_own(make, smoothing):
    one = writer(make)
    model = one.model.eval()
    (batch,) = batched(one, PAIRS, 1000, shuffle=False).epoch(1)
    tensors = {name: torch.from_numpy(array) for name, array in batch.items()}
    total, count = loss(model, tensors, None, smoothing)
    wanted, targets = 0.0, 0
    for row in range(len(PAIRS)):  # one at a time, without padding
        source = one.tokenizer(PAIRS.sources[row])["input_ids"]
        target = [*one.tokenizer(PAIRS.targets[row], add_special_tokens=False)["input_ids"], 3]
        if one.both:
            read = torch.tensor([[model.config.decoder_start_token_id, *target[:-1]]])
            said = model(input_ids=torch.tensor([source]), decoder_input_ids=read).logits[0]
        else:
            said = model(input_ids=torch.tensor([source + target])).logits[0, len(source) - 1 : -1]
        log = said.log_softmax(1)
        own = -log[torch.arange(len(target)), target].sum()
        wanted += (1 - smoothing) * own - smoothing * log.mean(1).sum()
        targets += len(target)
    assert int(count) == targets
    torch.testing.assert_close(total, wanted, rtol=1e-5, atol=1e-4)
    by_objective = loss(model, tensors, TeacherForcing().loss, smoothing)
    torch.testing.assert_close(by_objective[0], total, rtol=1e-5, atol=1e-4)


def calm_t5():
    return T5ForConditionalGeneration(T5Config(**{**t5().config.to_dict(), "initializer_factor": 0.5}))


@pytest.mark.parametrize(
    ("make", "objective", "steps"),
    [(bart, None, 100), (bart, RandomReplacement(0.2, 0.2), 150), (calm_t5, None, 250), (llama, None, 150)],
)
def test_what_is_learned_is_written(make, objective, steps, tmp_path):
    one = writer(make)
    recipe = Recipe(steps=steps, learning_rate=1e-2, warmup=5, evaluate_every=steps)
    *_, last = train_seq2seq(one, PAIRS, PAIRS, recipe, objective=objective, smoothing=0.0, folder=tmp_path / "out")
    assert last.dev["bleu"] > 80 and last.dev["loss"] < 0.5
    found = n_best(load_writer(tmp_path / "out"), PAIRS.sources, Search(beam=2))
    assert [texts[0].text for texts in found] == PAIRS.targets
    with pytest.raises(BadInput, match="bidirectional"):
        next(train_seq2seq(one, PAIRS, two_pass=0.2))


def test_what_has_no_places_is_cut_without_an_end_and_told():
    one = writer(bart)
    long = Pairs(["w1 " * 100, "w2"], ["w3 " * 100, "w4"])
    cuts = cuts_of(one)
    (batch,) = batched(one, long, 1000, shuffle=False, cuts=cuts).epoch(1)
    source, target = (batch[name][batch["id"].argsort()] for name in ("source", "target"))
    assert source.shape == target.shape == (2, 64)
    assert source[0, -1] == target[0, -1] == 3 and source[0, -2] == 5 and target[0, -2] == 7
    read = named(one.model, {name: torch.from_numpy(array) for name, array in batch.items()}, one.ends)
    labels = read["labels"][batch["id"].argsort()]
    assert labels[0, :63].tolist() == [7] * 63 and labels[0, 63] == IGNORED  # of what is cut no end is taught
    assert labels[1, :2].tolist() == [8, 3] and (labels[1, 2:] == IGNORED).all()
    assert (cuts["source"].cut, cuts["source"].lost, cuts["target"].cut) == (1, 37, 1)
    one = writer(gpt)
    (batch,) = batched(one, long, 1000, shuffle=False, cuts=(cuts := cuts_of(one))).epoch(1)
    given, tokens = (batch[name][batch["id"].argsort()] for name in ("given", "tokens"))
    assert given.tolist() == [32, 1] and tokens.shape == (2, 64)
    assert tokens[0, 31:33].tolist() == [5, 7] and tokens[1, :3].tolist() == [6, 8, 3]
    assert cuts["source"].cut == cuts["target"].cut == 1


def test_languages_stand_where_transformers_has_them():
    """mBART's decoder begins with the language that its tokenizer puts behind the end."""
    names = ["<s>", "<pad>", "</s>", "<unk>", "w0", "w1", "w2", "▁", "▁w1", "▁w2", "▁w0", "en_XX", "zh_CN", "<mask>"]
    spelled = [(name, -1.0 * i) for i, name in enumerate(names)]
    words = MBartTokenizer(vocab=spelled, src_lang="en_XX", tgt_lang="zh_CN", model_max_length=64)
    model = MBartForConditionalGeneration(
        MBartConfig(**{**SMALL, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}, decoder_start_token_id=2)
    )
    one = HubWriter(model, words)
    (batch,) = batched(one, Pairs(["w1", "w2 w0"], ["w2 w1", "w0"]), 100, shuffle=False).epoch(1)
    read = named(model, {name: torch.from_numpy(array[batch["id"].argsort()]) for name, array in batch.items()})
    for row, (source, target) in enumerate((("w1", "w2 w1"), ("w2 w0", "w0"))):
        wanted = words(source, text_target=target, return_tensors="pt")
        for name in ("input_ids", "labels"):
            assert read[name][row, : wanted[name].shape[1]].tolist() == wanted[name][0].tolist()
        history = model.prepare_decoder_input_ids_from_labels(labels=wanted["labels"])[0].tolist()
        assert read["decoder_input_ids"][row, : len(history)].tolist() == history and history[0] == 12


def marian(tmp_path):
    """A folder of a Marian, whose files have no places: transformers makes these anew."""
    model = MarianMTModel(
        MarianConfig(**{**SMALL, "pad_token_id": 0, "eos_token_id": 3}, decoder_start_token_id=0, forced_eos_token_id=3)
    )
    model.save_pretrained(tmp_path / "marian")
    tokenizer(closes=True, model_max_length=64).save_pretrained(tmp_path / "marian")
    assert not any("embed_positions" in name for name in load_file(tmp_path / "marian" / "model.safetensors"))
    return tmp_path / "marian"


def test_what_is_not_saved_is_not_trained(tmp_path):
    one = load_writer(marian(tmp_path))
    places = one.model.model.decoder.embed_positions.weight.clone()
    *_, last = train_seq2seq(one, PAIRS, PAIRS, Recipe(steps=9, learning_rate=1e-2), folder=tmp_path / "out")
    assert torch.equal(one.model.model.decoder.embed_positions.weight, places)
    read = load_writer(tmp_path / "out")
    with torch.no_grad():
        found = evaluate(read, batched(read, PAIRS, 1000, shuffle=False), PAIRS)
    assert found["loss"] == pytest.approx(last.dev["loss"])


def test_a_folder_without_the_files_of_a_tokenizer_is_refused(tmp_path):
    folder = marian(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    bart().save_pretrained(folder)  # for which transformers makes a tokenizer of special tokens alone
    with pytest.raises(BadInput, match="knows no words"):
        load_writer(folder)


def test_a_decoder_without_an_end_is_told(caplog):
    one = HubWriter(llama(), tokenizer(model_max_length=64))
    one.ends = []
    next(train_seq2seq(one, PAIRS, None, Recipe(steps=1)))
    assert "no token that ends a text" in caplog.text


@pytest.mark.parametrize("make", [bart, t5, llama])
def test_tokens_that_the_model_does_not_know_are_refused(make):
    one = writer(make)
    one.tokenizer.add_tokens([f"new{i}" for i in range(one.vocabulary)])  # t5 has rows to spare
    new = f"new{one.vocabulary - 1}"
    for pairs in (Pairs(["w1", f"w2 {new}"], ["w3", "w4"]), Pairs(["w1", "w2"], [f"{new} w3", "w4"])):
        with pytest.raises(BadInput, match=rf"the model knows \d+ tokens; the tokenizer makes \d+, '{new}', of a text"):
            batched(one, pairs, 1000)
    with pytest.raises(BadInput, match="the model knows"):
        n_best(one, [new], Search(beam=1))


def test_adapters_of_mamba():
    pytest.importorskip("peft")
    model = MambaForCausalLM(MambaConfig(vocab_size=WORDS, hidden_size=16, num_hidden_layers=1, state_size=2))
    beside = {name.split(".")[-4] for name, _ in adapted(model, 2).named_parameters() if "lora_A" in name}
    assert beside == {"in_proj", "x_proj", "dt_proj"}


def test_texts_of_another_language_are_told(caplog):
    pairs = Pairs(["un deux trois", "w1"], ["w2", "w3"])
    list(train_seq2seq(writer(bart), pairs, pairs, Recipe(steps=1)))
    assert caplog.text.count("source: 3 of 6 tokens (50 %) are unknown") == 1 and "target: " not in caplog.text


@pytest.fixture
def made(tmp_path, monkeypatch):
    one = writer(bart)
    one.model.save_pretrained(tmp_path / "bart")
    one.tokenizer.save_pretrained(tmp_path / "bart")
    lines = [f"{a}\t{b}\n" for a, b in zip(PAIRS.sources, PAIRS.targets, strict=True)]
    (tmp_path / "pairs.tsv").write_text("source\ttarget\n" + "".join(lines * 3), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def trained(out, steps, *more):
    words = ["text", "train", "--task", "seq2seq", "--train", "pairs.tsv", "--dev", "pairs.tsv", "--init", "bart"]
    options = ["--out", out, "--steps", str(steps), "--device", "cpu", "--learning-rate", "0.01", "--tokens", "16"]
    main([*words, *options, "--evaluate-every", "2", "--schedule", "constant", *more])


@pytest.mark.parametrize("more", [(), ("--objective", "random-replacement"), ("--lora", "2")])
def test_a_run_goes_on_and_ends_the_same(more, made, capsys):
    if "--lora" in more:
        pytest.importorskip("peft")
    trained("whole", 4, *more)
    trained("broken", 2, *more)
    ended = load_writer("broken").model.state_dict()
    (made / "broken" / "model.safetensors").unlink()  # as if it had been killed
    stopped = load_writer("broken")
    assert all(torch.equal(ended[name], weight) for name, weight in stopped.model.state_dict().items())
    assert stopped.model.generation_config.forced_eos_token_id == 3 and n_best(stopped, PAIRS.sources)
    main(["text", "train", "--resume", "broken", "--steps", "4"])
    assert "those of bart to begin with" in capsys.readouterr().out
    one, other, before = (load_file(made / folder / "model.safetensors") for folder in ("whole", "broken", "bart"))
    assert one.keys() == before.keys() and all(torch.equal(one[name], other[name]) for name in one)
    moved = {name for name in one if not torch.equal(one[name], before[name])}
    ranks = {torch.linalg.matrix_rank(one[name] - before[name], atol=1e-5).item() for name in moved if "fc1.w" in name}
    assert ranks == {2} if more[:1] == ("--lora",) else max(ranks) > 2
    kept = json.loads((made / "whole" / "options.json").read_text(encoding="utf-8"))
    assert kept["options"]["init"].endswith("bart")
    (made / "lines.txt").write_text("\n".join(TEXTS), encoding="utf-8")
    main(["text", "write", "lines.txt", "--model", "whole", "--longest", "5"])
    assert np.array_equal(len(capsys.readouterr().out.splitlines()), len(TEXTS))


@pytest.mark.parametrize("more", [(), ("--lora", "2"), ("--ema", "0.5")])
def test_models_along_a_run_are_kept_whole(more, made):
    if "--lora" in more:
        pytest.importorskip("peft")
    trained("out", 4, "--keep-every", "2", *more)
    trained("alone", 4, *more)
    whole, alone, *kept = (
        load_file(made / folder / "model.safetensors")
        for folder in ("out", "alone", *(f"out/snapshots/step-0000000{step}" for step in (2, 4)))
    )
    assert whole.keys() == kept[0].keys() and all(torch.equal(whole[name], alone[name]) for name in whole)
    assert all(torch.allclose(whole[name], kept[1][name]) for name in whole)
    assert any(not torch.equal(whole[name], kept[0][name]) for name in whole)
    assert load_writer(made / "out" / "snapshots" / "step-00000002").vocabulary == WORDS


def test_what_cannot_be_trained_is_refused(made, capsys):
    for words, why in {
        ("seq2seq", "--init", "bart", "--decoder", "bidirectional"): "writes as it did",
        ("classify", "--lora", "2"): "--lora is for a model of Hugging Face",
        ("seq2seq", "--init", "nothing"): "there is no folder 'nothing'",
    }.items():
        with pytest.raises(SystemExit) as stopped:
            main(["text", "train", "--train", "pairs.tsv", "--out", "no", "--steps", "2", "--task", *words])
        assert stopped.value.code == 2 and why in capsys.readouterr().err
        assert not (made / "no").exists()
