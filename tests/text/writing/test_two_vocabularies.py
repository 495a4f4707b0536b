"""Sources may have a tokenizer and a vocabulary of their own."""

import json
from typing import Any

import numpy as np
import pytest
import torch

from minent.cli import main
from minent.data import Labelled, Pairs
from minent.errors import BadInput
from minent.nn.shape import Shape
from minent.text.classification.training import new_classifier
from minent.text.exposure.replacement import RandomReplacement
from minent.text.options import Reading, Writing
from minent.text.writing.distil import left_half
from minent.text.writing.export import export
from minent.text.writing.seq2seq import Seq2Seq
from minent.text.writing.training import batched, new_seq2seq, train_seq2seq
from minent.training.recipe import Recipe

SHAPE = Shape(dim=32, heads=2, layers=1, hidden=64, dropout=0.0)
SAID = {"山": "shan", "水": "shui", "花": "hua", "鸟": "niao", "风": "feng"}
READING = Reading("words", source_tokenizer="characters", source_vocabulary=300)


def pairs(count=200, seed=0):
    random = np.random.default_rng(seed)
    texts = ["".join(random.choice(list(SAID), random.integers(2, 6))) for _ in range(count)]
    return Pairs(texts, [" ".join(SAID[one] for one in text) for text in texts])


def model(**options) -> Seq2Seq:
    return new_seq2seq(pairs(), SHAPE, READING, Writing(**options))


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    made, folder = model(decoder="bidirectional"), tmp_path_factory.mktemp("runs") / "model"
    recipe = Recipe(steps=260, learning_rate=5e-3, evaluate_every=130)
    list(train_seq2seq(made, pairs(), pairs(40, 1), recipe, tokens=600, folder=folder, two_pass=0.1))
    return Seq2Seq.from_pretrained(folder), folder


def test_each_side_is_read_by_its_own(learned):
    made, folder = learned
    assert made.source_vocabulary != made.vocabulary
    assert made.source_embedding.tokens.weight.shape == (made.source_vocabulary, 32)
    assert made.tokenizer.token_to_id("山") is None
    assert made.reader.token_to_id("shan") is None
    held = pairs(60, 2)
    right = np.mean([a == b for a, b in zip(made.write(held.sources, beam=2), held.targets, strict=True)])
    assert right > 0.8
    assert json.loads((folder / "config.json").read_text())["source_vocabulary"] == made.source_vocabulary


def test_one_side_s_numbers_are_not_the_other_s():
    made, texts = model(), pairs(20)
    for row in batched(made, texts, 600, shuffle=False).epoch(1):
        for i, source, target in zip(row["id"], row["source"], row["target"], strict=True):
            assert made.reader.decode(source.tolist()) == texts.sources[i]
            assert made.tokenizer.decode(target.tolist()) == texts.targets[i]


def test_a_folder_without_the_sources_tokenizer_cannot_read(learned, tmp_path):
    made: Any = Seq2Seq.from_pretrained(learned[1])
    made.source_tokenizer = None
    made.save_pretrained(tmp_path / "model")
    with pytest.raises(BadInput, match=r"has none: set model\.source_tokenizer"):
        Seq2Seq.from_pretrained(tmp_path / "model").write("山水")


def test_a_half_and_an_export_write_the_same(learned, tmp_path):
    ctranslate2 = pytest.importorskip("ctranslate2")
    half = left_half(learned[0])
    assert half.write("山水花", beam=1) == half.write("山水花", beam=1, judge="own") != [""]
    export(half, tmp_path / "ct2")
    translator = ctranslate2.Translator(str(tmp_path / "ct2"), inter_threads=1, intra_threads=1)
    held = pairs(20, 3).sources
    sources = [half.reader.encode(text, add_special_tokens=False).tokens for text in held]
    theirs = [one.hypotheses[0] for one in translator.translate_batch(sources, beam_size=1)]
    ours = half.write(held, beam=1)
    assert [half.tokenizer.decode([half.tokenizer.token_to_id(one) for one in each]) for each in theirs] == ours
    assert len(set(ours)) > 10


def test_what_needs_one_vocabulary_is_refused():
    with pytest.raises(BadInput, match="one vocabulary; got one for the sources alone"):
        model(copy=True)
    batch = {name: torch.from_numpy(x) for name, x in next(iter(batched(model(), pairs(8), 600).epoch(1))).items()}
    assert RandomReplacement(1.0, 1.0, "target")(model(), batch).isfinite()
    with pytest.raises(BadInput, match="both have one vocabulary"):
        RandomReplacement(1.0, 1.0, "both")(model(), batch)
    with pytest.raises(BadInput, match=r"for the sources alone.*got source_tokenizer 'characters'"):
        new_classifier(Labelled(["a b", "b c"] * 10, ["x", "y"] * 10), SHAPE, READING)


def test_marian_may_have_two_vocabularies():
    transformers = pytest.importorskip("transformers")
    config = transformers.MarianConfig(
        vocab_size=30, decoder_vocab_size=20, share_encoder_decoder_embeddings=False, d_model=16, encoder_layers=1,
        decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16,
        pad_token_id=0, eos_token_id=1, decoder_start_token_id=0, forced_eos_token_id=None, tie_word_embeddings=False,
    )  # fmt: skip
    theirs = transformers.MarianMTModel(config)
    batch = {"input_ids": torch.tensor([[25, 26, 27, 1]]), "labels": torch.tensor([[5, 6, 7, 1]])}
    assert RandomReplacement(1.0, 1.0, "target")(theirs, batch).isfinite()
    with pytest.raises(BadInput, match="both have one vocabulary"):
        RandomReplacement(1.0, 1.0, "both")(theirs, batch)


def test_the_command_trains_and_writes_with_two(tmp_path, capsys):
    made = pairs(60)
    lines = "".join(f"{a}\t{b}\n" for a, b in zip(made.sources, made.targets, strict=True))
    (tmp_path / "pairs.tsv").write_text(lines, encoding="utf-8")
    (tmp_path / "in.txt").write_text("山水\n", encoding="utf-8")
    shape = ["--dim", "16", "--heads", "2", "--layers", "1", "--hidden", "16", "--steps", "3"]
    two = ["--tokenizer", "words", "--source-tokenizer", "characters", "--source-vocabulary", "300"]
    given = ["--train", str(tmp_path / "pairs.tsv"), "-o", str(tmp_path / "model"), *shape, *two]
    main(["text", "train", "--task", "seq2seq", *given])
    assert (tmp_path / "model" / "source_tokenizer.json").is_file()
    capsys.readouterr()
    main(["text", "write", str(tmp_path / "in.txt"), "--model", str(tmp_path / "model")])
    assert capsys.readouterr().out.count("\n") == 1
    with pytest.raises(SystemExit) as stop:
        main(["text", "train", "--task", "classify", *given[:2], "-o", str(tmp_path / "other"), *shape, *two])
    assert stop.value.code == 2
    assert "for the sources alone" in capsys.readouterr().err
