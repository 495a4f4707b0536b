"""Models that write several languages: which one is the folder's to say, or the prefix's, never the source's."""

import json

import pytest
import torch
from transformers import M2M100Config, M2M100ForConditionalGeneration, M2M100Tokenizer, NllbTokenizer

from minent.data.texts.pairs import Pairs
from minent.errors import BadInput
from minent.text import HubWriter, Search, n_best
from minent.text.exposure.folder import opened
from minent.text.exposure.likelihood import writer_likelihoods

LETTERS = "▁abcdefghijklmnopqrstuvwxyz"
WORDS = ["<s>", "<pad>", "</s>", "<unk>", *LETTERS]
SOURCES, TARGETS = ["a cat", "the dog is here"], ["un chat", "le chien"]


def nllb(tmp_path, **languages):
    return NllbTokenizer(vocab={word: i for i, word in enumerate(WORDS)}, merges=[], **languages)


def m2m(tmp_path, **languages):
    pieces = pytest.importorskip("sentencepiece")
    texts, model = tmp_path / "texts.txt", tmp_path / "letters"
    texts.write_text(f"{' '.join(LETTERS[1:])}\n" * 9)
    options = {"vocab_size": 32, "model_type": "char", "minloglevel": 2, "hard_vocab_limit": False}
    pieces.SentencePieceTrainer.train(input=str(texts), model_prefix=str(model), **options)
    (tmp_path / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(WORDS)}))
    return M2M100Tokenizer(str(tmp_path / "vocab.json"), f"{model}.model", **languages)


def model():
    torch.manual_seed(1)
    ids = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2}
    sizes = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "init_std": 0.6}
    sizes |= {"decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "vocab_size": 400}
    return M2M100ForConditionalGeneration(M2M100Config(**ids, **sizes, max_position_embeddings=64)).eval()


def letters(network, given, out):
    out.logits[..., len(WORDS) :] -= 1e4


def spelled(made, tokens):
    return made.decode([int(i) for i in tokens], skip_special_tokens=True)


KINDS = [(nllb, "eng_Latn", "fra_Latn", "fra_Latn"), (m2m, "en", "fr", "__fr__")]


@pytest.mark.parametrize(("make", "source", "target", "token"), KINDS, ids=["nllb", "m2m"])
def test_the_folder_or_the_prefix_says_the_language(make, source, target, token, tmp_path, caplog):
    made, network = make(tmp_path, src_lang=source, tgt_lang=target), model()
    first = made.convert_tokens_to_ids(token)
    network.register_forward_hook(letters)
    theirs = []
    for text in SOURCES:
        wrote = network.generate(
            **made(text, return_tensors="pt"), num_beams=1, do_sample=False, max_new_tokens=9, forced_bos_token_id=first
        )
        theirs.append(spelled(made, wrote[0, 2:]))
    search = Search(beam=1, longest=9)
    assert [one[0].text for one in n_best(HubWriter(network, made), SOURCES, search)] == theirs
    unsaid = HubWriter(network, make(tmp_path, src_lang=source))
    assert not caplog.records
    assert [one[0].text for one in n_best(unsaid, SOURCES, search)] != theirs
    assert "the model writes several languages, and which one is not said (--prefix" in caplog.text
    named = n_best(unsaid, SOURCES, Search(beam=1, longest=9, prefix=token))
    assert [one[0].text for one in named] == theirs
    assert all(one[0].text.startswith("le") for one in n_best(unsaid, SOURCES, Search(prefix=f"{token} le", longest=9)))


@pytest.mark.parametrize(("make", "source", "target", "token"), KINDS, ids=["nllb", "m2m"])
def test_targets_are_measured_in_their_own_language(make, source, target, token, tmp_path):
    made, network = make(tmp_path, src_lang=source, tgt_lang=target), model()
    wanted = []
    for text, translated in zip(SOURCES, TARGETS, strict=True):
        labels = made(text_target=translated, return_tensors="pt")["input_ids"]
        wanted.append(-network(**made(text, return_tensors="pt"), labels=labels).loss.item() * labels.shape[1])
    found = writer_likelihoods(HubWriter(network, made), TARGETS, SOURCES)
    assert [one.total for one in found] == pytest.approx(wanted, rel=1e-4)
    unsaid = HubWriter(network, make(tmp_path, src_lang=source))
    n_best(unsaid, SOURCES, Search(beam=1, longest=3, prefix=token))  # a prefix says it for what is written only
    with pytest.raises(BadInput, match="its folder does not say which one targets are in: set tgt_lang"):
        writer_likelihoods(unsaid, TARGETS, SOURCES)
    network.generation_config.forced_bos_token_id = made.convert_tokens_to_ids(token)
    forced = HubWriter(network, make(tmp_path, src_lang=source))
    assert [one.total for one in writer_likelihoods(forced, TARGETS, SOURCES)] == pytest.approx(wanted, rel=1e-4)


def test_what_a_model_writes_itself_is_opened_by_the_language(tmp_path):
    model().save_pretrained(tmp_path)
    made = nllb(tmp_path, src_lang="eng_Latn", tgt_lang="fra_Latn")
    made.save_pretrained(tmp_path)
    network, batches = opened(tmp_path, Pairs(SOURCES, TARGETS))
    first = made.convert_tokens_to_ids("fra_Latn")
    assert network.generation_config.forced_bos_token_id == first
    assert next(batches)["labels"][:, 0].tolist() == [first, first]
