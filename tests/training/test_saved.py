"""A saved model comes back as it was, and a folder that holds none says so."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models
from torch import nn

from minent.errors import BadInput
from minent.training.saved import Saved


@dataclass(frozen=True)
class Shape:
    width: int = 4
    tied: bool = True


class Tower(Saved):
    def __init__(self, shape: Shape = Shape(), words: int = 5):
        super().__init__()
        self.shape = shape
        self.embedding, self.output = nn.Embedding(words, shape.width), nn.Linear(shape.width, words)
        if shape.tied:
            self.output.weight = self.embedding.weight


class Other(Saved):
    pass


@pytest.mark.parametrize("tied", [True, False])
def test_model_comes_back_with_its_shape_weights_ties_and_tokenizer(tmp_path, tied):
    model = Tower(Shape(width=3, tied=tied), words=7)
    model.tokenizer = Tokenizer(models.WordLevel({"a": 0, "b": 1}, unk_token="a"))
    model.save_pretrained(tmp_path)
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {path.name for path in tmp_path.iterdir()}
    again = Tower.from_pretrained(tmp_path)
    assert again.shape == model.shape != Shape()
    assert (again.output.weight is again.embedding.weight) == tied
    assert {name: tensor.tolist() for name, tensor in again.state_dict().items()} == {
        name: tensor.tolist() for name, tensor in model.state_dict().items()
    }
    assert again.tokenizer is not None
    assert again.tokenizer.encode("b").ids == [1]
    assert not again.training
    again.save_pretrained(tmp_path / "again")
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / name).read_bytes()


def test_config_names_the_class_the_format_and_the_arguments(tmp_path):
    Tower(words=6).save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text()) == {
        "minent": {"class": "Tower", "format": 1},
        "shape": {"width": 4, "tied": True},
        "words": 6,
    }


def config(**changes):
    made = {"minent": {"class": "Tower", "format": 1}, "shape": {"width": 4, "tied": True}, "words": 5}
    return json.dumps({key: value for key, value in {**made, **changes}.items() if value is not None})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "which has no config.json"),
        ("{", "config.json' is not whole"),
        ("[]", "not whole, or not the settings of a model: it holds a list"),
        ("{}", "no model of minent"),
        (config(minent=None, model_type="bert"), "wanted a folder with a Tower; got .*, a bert model of transformers"),
        (config(minent={"class": "Other", "format": 1}), "got .* with a Other"),
        (config(minent={"class": "Tower", "format": 2}), "wanted format 1 of Tower; got 2 in .*: update minent"),
        (config(shape="wide"), "config.json in .* builds no Tower"),
        (config(words="five"), "config.json in .* builds no Tower"),
        (config(words=6), r"another model: tensor 'embedding.weight' has shape \(5, 4\), not \(6, 4\) \(and 1 more\)"),
        (config(shape={"width": 4, "tied": False}), "another model: tensor 'output.weight' is missing"),
    ],
)
def test_folder_of_something_else_is_refused(tmp_path, text, sentence):
    Tower().save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(BadInput, match=sentence) as raised:
        Tower.from_pretrained(tmp_path)
    assert str(tmp_path) in str(raised.value)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_file_that_was_cut_is_refused(tmp_path, name):
    model = Tower()
    model.tokenizer = Tokenizer(models.WordLevel({"a": 0}, unk_token="a"))
    model.save_pretrained(tmp_path)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-9])
    with pytest.raises(BadInput, match=f"{name} in '{tmp_path}' is not a whole"):
        Tower.from_pretrained(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(BadInput, match=f"there is no model.safetensors in '{tmp_path}'"):
        Tower.from_pretrained(tmp_path)


def test_pickled_weights_are_never_read(tmp_path):
    Tower().save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save(Tower().state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(BadInput, match=r"there is no model\.safetensors"):
        Tower.from_pretrained(tmp_path)


def test_name_that_is_neither_folder_nor_on_the_hub_is_refused(tmp_path):
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("minent.training.saved.snapshot_download", lambda name, **options: asked.append(name))
        patch.chdir(tmp_path)
        (tmp_path / "runs").mkdir()
        for missing in (tmp_path / "nowhere", Path("nobody/nothing"), "nowhere", "./a/b", "runs/model", "/a/b", "~/a"):
            sentence = f"wanted a folder with a Tower; there is no folder {str(Path(missing))!r}"
            with pytest.raises(BadInput, match=re.escape(sentence)):
                Tower.from_pretrained(missing)
    assert asked == []
    with pytest.raises(BadInput, match=r"wanted a folder with a Tower, or its name on the hub; got 'nobody/nothing'"):
        Tower.from_pretrained("nobody/nothing", local_files_only=True)
