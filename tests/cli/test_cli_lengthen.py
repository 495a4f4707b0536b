"""`minent text lengthen` writes a model that reads longer texts, whole, and what belongs to it."""

import json

import pytest

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")

from minent.cli import main  # noqa: E402


@pytest.fixture
def bert(tmp_path):
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = transformers.BertConfig(vocab_size=50, max_position_embeddings=32, **shape)
    transformers.BertForSequenceClassification(config).save_pretrained(tmp_path / "bert")
    return tmp_path / "bert"


def test_a_classifier_is_lengthened_with_its_head(bert, tmp_path, capsys):
    main(["text", "lengthen", str(bert), "--longest", "100", "--out", str(tmp_path / "long")])
    assert "BertForSequenceClassification of 32 positions reads 100 tokens" in capsys.readouterr().out
    one, other = (
        transformers.AutoModelForSequenceClassification.from_pretrained(path).eval()
        for path in (bert, tmp_path / "long")
    )
    ids = torch.randint(5, 50, (2, 32))
    assert (one(ids).logits - other(ids).logits).abs().max() < 1e-5
    assert other(torch.randint(5, 50, (2, 100))).logits.shape == (2, 2)


def test_what_sentence_transformers_keeps_beside_a_model_goes_along(bert, tmp_path, capsys):
    modules = [{"idx": 0, "path": ""}, {"idx": 1, "path": "1_Pooling"}, {"idx": 2, "path": "2_Normalize"}]
    (bert / "modules.json").write_text(json.dumps(modules))
    (bert / "1_Pooling").mkdir()
    (bert / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}')
    (bert / "sentence_bert_config.json").write_text('{"max_seq_length": 32, "do_lower_case": true}')
    main(["text", "lengthen", str(bert), "--longest", "100", "--out", str(tmp_path / "long")])
    long = tmp_path / "long"
    assert json.loads((long / "modules.json").read_text()) == modules
    assert (long / "1_Pooling" / "config.json").read_text() == '{"pooling_mode_mean_tokens": true}'
    told = json.loads((long / "sentence_bert_config.json").read_text())
    assert told == {"max_seq_length": 100, "do_lower_case": True}
    (bert / "modules.json").write_text(json.dumps([{"path": "../elsewhere"}]))
    with pytest.raises(SystemExit):
        main(["text", "lengthen", str(bert), "--longest", "100", "--out", str(tmp_path / "other")])
    assert "not folders beside it" in capsys.readouterr().err
    assert not [file for file in (tmp_path / "other").rglob("*") if file.is_file()]
