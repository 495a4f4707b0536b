"""What a run does where its options do not say."""

import numpy as np
import pytest
import torch
from torch import nn

from minent.data.texts.pairs import Pairs
from minent.nn.shape import Shape
from minent.text import Seq2Seq, new_seq2seq, train_seq2seq
from minent.text.options import Reading, Writing
from minent.training import defaults
from minent.training.loop import fit
from minent.training.recipe import Recipe

NARROW = Shape(dim=16, heads=2, layers=1, hidden=16, longest=8)


def pairs(number: int) -> Pairs:
    letters = np.random.default_rng(1).choice(list("abcdefgh"), (number, 5))
    texts = [" ".join(row) for row in letters.tolist()]
    return Pairs(texts, [text[::-1] for text in texts])


def model(train: Pairs) -> Seq2Seq:
    return new_seq2seq(train, NARROW, Reading("words"), Writing())


def test_a_new_model_takes_many_steps_of_few_tokens_at_the_rate_of_its_width():
    train = pairs(60)
    made = model(train)
    records = list(train_seq2seq(made, train, None, Recipe()))
    assert (len(records), records[-1].epoch) == (100, 100)  # one batch a pass, and at most ten times ten passes
    assert max(one.learning_rate for one in records) == pytest.approx(0.256 / 16)
    assert records[9].learning_rate == max(one.learning_rate for one in records)  # the tenth of a hundred


def test_what_is_said_is_done():
    train = pairs(60)
    told = Recipe(epochs=3.0, learning_rate=1e-3, warmup=0)
    records = list(train_seq2seq(model(train), train, None, told, tokens=32))
    assert records[0].learning_rate == 1e-3 and records[-1].epoch == 3 and len(records) > 3
    assert len(list(train_seq2seq(model(train), train, None, Recipe(steps=7)))) == 7


def test_a_model_that_has_learned_is_trained_further_more_gently(tmp_path):
    train = pairs(60)
    model(train).save_pretrained(tmp_path / "model")
    records = list(train_seq2seq(Seq2Seq.from_pretrained(tmp_path / "model"), train, None, Recipe()))
    assert len(records) == 10 and max(one.learning_rate for one in records) == pytest.approx(0.0384 / 16)


def test_a_model_of_hugging_face_has_learned():
    transformers = pytest.importorskip("transformers")
    config = transformers.BertConfig(
        vocab_size=20, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    bert = transformers.BertForMaskedLM(config)
    assert defaults.further(bert) and defaults.rate_of(Recipe(), bert) == pytest.approx(0.0384 / 32)
    assert defaults.steps_of(Recipe(), bert, 3) == 30
    pytest.importorskip("peft")
    from minent.text.lora import adapted

    assert defaults.rate_of(Recipe(), adapted(bert, 2)) == pytest.approx(0.384 / 32)


def test_many_passes_are_judged_some_twenty_times(tmp_path):
    train = pairs(60)
    records = list(train_seq2seq(model(train), train, train.at([0, 1, 2]), Recipe()))
    assert sum(one.dev is not None for one in records) == 20
    said = list(train_seq2seq(model(train), train, train.at([0, 1, 2]), Recipe(epochs=30.0)))
    assert sum(one.dev is not None for one in said) == 30


def test_a_run_that_was_stopped_goes_on_by_the_same_defaults(tmp_path):
    train, whole = pairs(60), []
    for folder, stop in (("whole", None), ("broken", 30)):
        made = model(train)
        for record in train_seq2seq(made, train, None, Recipe(save_every=10), folder=tmp_path / folder):
            if record.step == stop:
                break
        if stop:
            made = model(train)
            list(train_seq2seq(made, train, None, Recipe(save_every=10), folder=tmp_path / folder, resume=True))
        whole.append({name: weight.clone() for name, weight in made.state_dict().items()})
    assert all(torch.equal(weight, whole[1][name]) for name, weight in whole[0].items())


def test_any_other_module_takes_ten_passes():
    class Points:
        def epoch(self, number):
            yield {"x": np.ones((4, 1), np.float32)}

        def __len__(self):
            return 1

    records = list(fit(nn.Linear(1, 1), lambda model, batch: (model(batch["x"]).square().sum(), 4), Points(), Recipe()))
    assert len(records) == 10 and records[0].learning_rate == 3e-4


def test_batches_grow_with_what_there_is_to_learn_from_and_hold_several_texts():
    texts = {"few": (100, 10), "many": (40_000, 10), "most": (10**6, 10), "long": (300, 300)}
    found = {name: defaults.tokens_of({"text": Lengths(*text)}) for name, text in texts.items()}
    assert found == {"few": 512, "many": 2000, "most": 8192, "long": 4800}


class Lengths:
    def __init__(self, number: int, length: int) -> None:
        self.lengths = np.full(number, length)
