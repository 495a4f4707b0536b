"""Vectors of texts by an encoder: the mean over what is text, whatever stands beside it in the batch."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from minent import BadInput
from minent.text.embedding import embed

transformers = pytest.importorskip("transformers")
TEXTS = ["a b c", "b", "c c a b a", "a a a a a a a a a a a a a a a a a a a a a a"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model")
    (path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"]))
    transformers.BertTokenizer(str(path / "vocab.txt"), model_max_length=16).save_pretrained(path)
    torch.manual_seed(0)
    shape = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "initializer_range": 0.5,
    }
    config = transformers.BertConfig(vocab_size=8, max_position_embeddings=16, **shape)
    transformers.BertModel(config).save_pretrained(path)
    return path


def alone(text: str, folder: Path, first: bool) -> np.ndarray:
    """One text by itself, without padding."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    read = tokenizer(text, truncation=True, max_length=16, return_tensors="pt")
    with torch.inference_mode():
        states = transformers.AutoModel.from_pretrained(folder).eval()(**read).last_hidden_state[0]
    return (states[0] if first else states.mean(0)).numpy()


@pytest.mark.parametrize("first", [False, True])
def test_a_vector_does_not_depend_on_the_batch_it_was_read_in(folder: Path, first: bool):
    if first:
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text(
            json.dumps({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False})
        )
    vectors = embed(TEXTS, folder, batch=3)
    assert np.ptp(vectors, axis=0).max() > 1e-3
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert vector == pytest.approx(alone(text, folder, first), abs=1e-5)


def test_what_is_no_model_is_refused(tmp_path: Path):
    with pytest.raises(BadInput, match=r"a model is a folder with a config\.json"):
        embed(TEXTS, tmp_path)
