"""Adapters alone are trained, and the folder holds a whole model."""

import pytest

pytest.importorskip("peft")

import torch
from safetensors.torch import load_file
from text.gibbs.small_models import bert, hub_tokenizer

from minent.cli import main
from minent.errors import BadInput
from minent.text import load
from minent.text.lora import adapted
from minent.text.masked.model import MaskedLM

TEXTS = ["春夏秋冬山水", "花鸟风月日人", "山水花鸟风月", "人来去生产力", "日月来去春秋"] * 8


@pytest.fixture
def made(tmp_path, monkeypatch):
    bert().save_pretrained(tmp_path / "bert")
    hub_tokenizer().save_pretrained(tmp_path / "bert")
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def trained(out, steps, *more):
    words = ["text", "train", "--task", "masked-lm", "--train", "texts.txt", "--dev", "texts.txt", "--init", "bert"]
    options = ["--out", out, "--steps", str(steps), "--tokens", "64", "--device", "cpu", "--learning-rate", "0.01"]
    main([*words, *options, "--lora", "2", "--evaluate-every", "2", *more])


def test_what_is_saved_is_a_model_like_any_other_whose_linear_layers_alone_have_moved(made):
    trained("out", 4)
    before, after = (load_file(made / folder / "model.safetensors") for folder in ("bert", "out"))
    assert before.keys() == after.keys()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved and all(name.endswith("weight") and "embeddings" not in name and "Norm" not in name for name in moved)
    assert {"query", "value", "dense"} <= {name.split(".")[-2] for name in moved}
    ranks = {torch.linalg.matrix_rank(after[name] - before[name], atol=1e-5).item() for name in moved}
    assert ranks <= {1, 2}
    assert not list((made / "out").glob("adapter*"))
    model, tokenizer = load(made / "out")
    ids = torch.tensor([tokenizer("春夏秋冬")["input_ids"]])
    assert (model(input_ids=ids).logits - bert()(input_ids=ids).logits).abs().max() > 1e-3


def test_a_run_of_adapters_goes_on_and_ends_the_same(made):
    trained("whole", 4, "--schedule", "constant")
    trained("broken", 2, "--schedule", "constant")
    ended = load("broken")[0].state_dict()
    (made / "broken" / "model.safetensors").unlink()  # as if it had been killed
    assert all(torch.equal(ended[name], weight) for name, weight in load("broken")[0].state_dict().items())
    main(["text", "train", "--resume", "broken", "--steps", "4"])
    one, other = (load_file(made / folder / "model.safetensors") for folder in ("whole", "broken"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_adapters_are_for_models_of_others(made, capsys):
    from minent.nn.shape import Shape

    with pytest.raises(BadInput, match="MaskedLM of minent"):
        adapted(MaskedLM(20, Shape(dim=8, heads=2, layers=1, hidden=8)), 2)
    with pytest.raises(BadInput, match="got 0"):
        adapted(bert(), 0)
    with pytest.raises(SystemExit):
        main(["text", "train", "--task", "classify", "--train", "texts.txt", "--out", "no", "--lora", "2"])
    assert "--lora is for a model of Hugging Face" in capsys.readouterr().err
