"""Classifiers of Hugging Face say what transformers says, begin as any model of theirs, and learn labels."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from text.writing.test_hub_writing import WORDS, tokenizer
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    LlamaConfig,
    LlamaForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from minent.cli import main
from minent.data import Labelled
from minent.errors import BadInput
from minent.text import Classifier, HubClassifier, classifier_from, load_classifier, train_classifier
from minent.text.cut import Cut
from minent.training.recipe import Recipe

SMALL = {"vocab_size": WORDS, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "num_labels": 3,
         "intermediate_size": 32, "max_position_embeddings": 32, "pad_token_id": 0, "initializer_range": 0.5,
         }  # fmt: skip
TEXTS = ["w1 w2 w3", "w4", "w5 w6 w7 w8 w9 w10 w11"]
LEARNED = Labelled(["w1 w2", "w3 w1", "w4 w5 w6", "w5 w7", "w8", "w8 w9"], ["好", "好", "坏", "坏", "中", "中"])


def bert():
    return BertForSequenceClassification(BertConfig(**SMALL))


def roberta():
    return RobertaForSequenceClassification(RobertaConfig(**SMALL))


def distilbert():
    sizes = {"dim": 16, "hidden_dim": 32, "n_layers": 2, "n_heads": 2, "num_labels": 3, "initializer_range": 0.5}
    return DistilBertForSequenceClassification(
        DistilBertConfig(vocab_size=WORDS, max_position_embeddings=32, pad_token_id=0, **sizes)
    )


def gpt():
    sizes = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32, "num_labels": 3, "initializer_range": 0.5}
    return GPT2ForSequenceClassification(GPT2Config(vocab_size=WORDS, eos_token_id=3, bos_token_id=2, **sizes))


def llama():
    return LlamaForSequenceClassification(LlamaConfig(**{**SMALL, "pad_token_id": None}, num_key_value_heads=1))


@pytest.mark.parametrize("make", [bert, roberta, distilbert, gpt, llama])
def test_probabilities_are_those_of_each_text_by_itself(make):
    torch.manual_seed(0)
    one = HubClassifier(make().eval(), tokenizer(closes=make not in (gpt, llama)))
    found = one.probabilities(TEXTS)
    for text, row in zip(TEXTS, found, strict=True):
        wanted = one.model(torch.tensor([one.tokenizer(text)["input_ids"]])).logits[0].softmax(0)
        torch.testing.assert_close(torch.from_numpy(row).float(), wanted, rtol=1e-4, atol=1e-5)
    assert found.std(0).max() > 0.01 and one.labels == ["LABEL_0", "LABEL_1", "LABEL_2"]


@pytest.mark.parametrize(("make", "longest"), [(bert, 32), (roberta, 31), (gpt, 32)])
def test_what_has_no_places_is_cut_and_told(make, longest):
    one = HubClassifier(make().eval(), tokenizer(closes=make is not gpt))
    cut = Cut(one.longest)
    assert one.longest == longest
    assert one.probabilities(["w1 " * 50, "w2"], cut=cut).shape == (2, 3)
    assert (cut.cut, cut.texts, cut.longest) == (1, 2, longest)


def saved(model, folder, **options):
    model.save_pretrained(folder)
    tokenizer(**options).save_pretrained(folder)
    return folder


def test_a_masked_model_begins_a_classifier_with_all_but_the_scores(tmp_path):
    torch.manual_seed(0)
    before = BertForMaskedLM(BertConfig(**SMALL))
    saved(before, tmp_path / "mlm")
    one, same, other = (classifier_from(tmp_path / "mlm", LEARNED, seed) for seed in (1, 1, 2))
    assert one.labels == ["中", "坏", "好"]
    for name, weight in before.bert.state_dict().items():
        assert torch.equal(one.model.bert.state_dict()[name], weight)
    assert torch.equal(one.model.classifier.weight, same.model.classifier.weight)
    assert torch.equal(one.model.bert.pooler.dense.weight, same.model.bert.pooler.dense.weight)
    assert not torch.equal(one.model.classifier.weight, other.model.classifier.weight)


def test_scores_stay_with_their_labels_and_no_others(tmp_path):
    model = bert()
    model.config.id2label, model.config.label2id = {0: "好", 1: "中", 2: "坏"}, {"好": 0, "中": 1, "坏": 2}
    saved(model, tmp_path / "was")
    same = classifier_from(tmp_path / "was", LEARNED)
    assert same.labels == ["好", "中", "坏"] and torch.equal(same.model.classifier.weight, model.classifier.weight)
    texts = Labelled(LEARNED.texts, [{"好": "a", "坏": "b", "中": "c"}[label] for label in LEARNED.labels])
    other = classifier_from(tmp_path / "was", texts)
    assert other.labels == ["a", "b", "c"] and not torch.equal(other.model.classifier.weight, model.classifier.weight)
    assert torch.equal(other.model.bert.pooler.dense.weight, model.bert.pooler.dense.weight)
    fewer = classifier_from(tmp_path / "was", Labelled(["w1", "w2"], ["x", "y"]))
    assert fewer.model.classifier.weight.shape == (2, 16)


@pytest.mark.parametrize("make", [bert, gpt])
def test_labels_are_learned(make, tmp_path):
    torch.manual_seed(0)
    saved(make(), tmp_path / "was", closes=make is bert)
    one = classifier_from(tmp_path / "was", LEARNED)
    recipe = Recipe(steps=100, learning_rate=5e-3, evaluate_every=100)
    *_, last = train_classifier(one, LEARNED, LEARNED, recipe, folder=tmp_path / "out")
    assert last.dev["accuracy"] == 1
    read = load_classifier(tmp_path / "out")
    assert isinstance(read, HubClassifier) and read.classify(LEARNED.texts) == LEARNED.labels


def trained(out, steps, *more):
    words = ["text", "train", "--task", "classify", "--train", "labels.tsv", "--dev", "labels.tsv", "--init", "bert"]
    options = ["--steps", str(steps), "--tokens", "16", "--device", "cpu", "--learning-rate", "0.01"]
    main([*words, "--out", out, *options, "--evaluate-every", "2", "--schedule", "constant", *more])


@pytest.mark.parametrize("more", [(), ("--lora", "2")])
def test_a_run_goes_on_and_its_folder_classifies(more, tmp_path, monkeypatch, capsys):
    if more:
        pytest.importorskip("peft")
    monkeypatch.chdir(tmp_path)
    saved(bert(), tmp_path / "bert")
    rows = zip(LEARNED.labels, LEARNED.texts, strict=True)
    (tmp_path / "labels.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in rows), encoding="utf-8")
    trained("whole", 4, "--keep-every", "4", *more)
    trained("broken", 2, "--keep-every", "4", *more)
    ended = load_classifier("broken").probabilities(TEXTS)
    (tmp_path / "broken" / "model.safetensors").unlink()  # as if it had been killed
    assert np.array_equal(load_classifier("broken").probabilities(TEXTS), ended)
    main(["text", "train", "--resume", "broken", "--steps", "4"])
    one, other, before = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "broken", "bert"))
    kept = load_file(tmp_path / "whole" / "snapshots" / "step-00000004" / "model.safetensors")
    assert kept.keys() == before.keys()
    assert one.keys() == before.keys() and all(torch.equal(one[name], other[name]) for name in one)
    moved = one["bert.encoder.layer.0.output.dense.weight"] - before["bert.encoder.layer.0.output.dense.weight"]
    assert (torch.linalg.matrix_rank(moved, atol=1e-5) <= 2) == bool(more) and moved.abs().max() > 0
    assert not torch.equal(one["classifier.weight"], before["classifier.weight"])
    capsys.readouterr()
    main(["text", "classify", "labels.tsv", "--model", "whole"])
    said = capsys.readouterr()
    assert "accuracy" in said.err
    wanted = load_classifier("whole").classify(LEARNED.texts)
    assert [line.split("\t")[0] for line in said.out.splitlines()] == wanted


def test_frozen_weights_stay_and_a_run_goes_on_with_the_same_ones(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    saved(bert(), tmp_path / "bert")
    rows = zip(LEARNED.labels, LEARNED.texts, strict=True)
    (tmp_path / "labels.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in rows), encoding="utf-8")
    frozen = "--freeze", "bert.embeddings.*", "bert.encoder.layer.0.*"
    trained("whole", 4, *frozen)
    assert "weights stay as they are" in capsys.readouterr().out
    trained("broken", 2, *frozen)
    (tmp_path / "broken" / "model.safetensors").unlink()
    main(["text", "train", "--resume", "broken", "--steps", "4"])
    one, other, before = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "broken", "bert"))
    for name, was in before.items():
        assert torch.equal(one[name], other[name])
        assert torch.equal(one[name], was) == name.startswith(("bert.embeddings.", "bert.encoder.layer.0.")), name
    with pytest.raises(SystemExit):
        trained("no", 2, "--freeze", "nothing.*")
    assert "no weight of the model fits 'nothing.*': they are called bert.embeddings" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        trained("no", 2, "--freeze", "*")
    assert "nothing is left to train" in capsys.readouterr().err


def test_what_cannot_be_a_classifier_is_refused(tmp_path):
    kind = "multi_label_classification"
    with pytest.raises(BadInput, match=kind):
        HubClassifier(BertForSequenceClassification(BertConfig(**SMALL, problem_type=kind)), None)
    with pytest.raises(BadInput, match="this one has 1 of them"):
        HubClassifier(BertForSequenceClassification(BertConfig(**{**SMALL, "num_labels": 1})), None)
    folder = saved(bert(), tmp_path / "broken")
    kept = load_file(folder / "model.safetensors")
    kept.pop("bert.encoder.layer.1.output.dense.weight")
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    for read in (lambda: classifier_from(folder, LEARNED), lambda: load_classifier(folder)):
        with pytest.raises(BadInput, match=r"holds no whole model: bert\.encoder\.layer\.1\.output\.dense\.weight"):
            read()
    saved(BertForMaskedLM(BertConfig(**SMALL)), tmp_path / "mlm")
    with pytest.raises(BadInput, match=r"holds no whole model: .* would be random"):
        load_classifier(tmp_path / "mlm")
    one = classifier_from(tmp_path / "mlm", LEARNED)
    with pytest.raises(BadInput, match="with a classifier of minent"):
        next(train_classifier(one, LEARNED, folder=tmp_path / "out", record=1))
    with pytest.raises(BadInput, match="a bert model of transformers"):
        Classifier.from_pretrained(folder)
