"""Models of every direction learn to write what is asked for, and say the same after they were saved."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from minent.data.texts.pairs import Pairs, held_out
from minent.errors import BadInput
from minent.nn.shape import Shape
from minent.text.options import Reading, Writing
from minent.text.tokenizer import blank_of, end_of
from minent.text.writing.seq2seq import Seq2Seq
from minent.text.writing.training import batched, evaluate, new_seq2seq, train_seq2seq
from minent.text.writing.two_pass import wrote
from minent.training.recipe import Recipe

SHAPE = Shape(dim=32, heads=2, layers=1, hidden=64, longest=20, dropout=0.0)
READING = Reading("words", vocabulary=20, tokens=600)


def spelled(count, seed=0):
    """A digit after the other, to be written twice as many: 3 7 → 3 3 7 7."""
    random = np.random.default_rng(seed)
    numbers = [random.integers(0, 10, random.integers(2, 5)).tolist() for _ in range(count)]
    sources = [" ".join(map(str, one)) for one in numbers]
    return Pairs(sources, [" ".join(f"{digit} {digit}" for digit in one) for one in numbers])


def trained(direction, steps=400, **options):
    pairs = spelled(600)
    model = new_seq2seq(pairs, SHAPE, READING, Writing(direction))
    recipe = Recipe(steps=steps, learning_rate=5e-3, warmup=5)
    records = list(train_seq2seq(model, pairs, None, recipe, smoothing=0.0, tokens=600, **options))
    return model, records


@pytest.mark.parametrize("direction", ["left-to-right", "right-to-left", "bidirectional", "to-middle"])
def test_it_learns_to_write(direction, tmp_path):
    model, records = trained(direction)
    assert records[-1].loss < 0.5 * records[0].loss
    new = spelled(50, seed=1)
    found = model.write(new.sources, beam=2)
    right = np.mean([one == target for one, target in zip(found, new.targets, strict=True)])
    assert right > 0.6
    model.save_pretrained(tmp_path / "model")
    loaded = Seq2Seq.from_pretrained(tmp_path / "model")
    assert loaded.direction == direction
    assert loaded.write(new.sources, beam=2) == found


def test_a_second_pass_follows_the_first():
    _, records = trained("bidirectional", steps=10, two_pass=0.5)
    assert [record.step for record in records] == [*range(1, 11), *range(1, 6)]


def test_what_directions_write_alone_is_what_they_write_without_interaction():
    model, _ = trained("bidirectional", steps=80)
    pairs = spelled(8, seed=2)
    columns = wrote(model, pairs)
    assert [layer.attention.interaction for layer in model.decoder.layers] == [0.1]
    assert all(len(columns[name]) == 8 for name in ("forward", "backward"))
    flipped = [one[::-1].tolist() for one in columns["backward"]]
    assert [one.tolist() for one in columns["forward"]] != flipped
    assert model.tokenizer is not None
    targets = [model.tokenizer.encode(text, add_special_tokens=False).ids for text in pairs.targets]
    near = np.mean([one[0] == target[0] for one, target in zip(columns["forward"], targets, strict=True)])
    assert near > 0.5  # the first token that is written from the left is the target's first
    with pytest.raises(BadInput, match="left-to-right"):
        wrote(new_seq2seq(pairs, SHAPE, READING, Writing()), pairs)


def test_gates_are_closed_while_directions_write_alone():
    torch.manual_seed(0)
    pairs = spelled(4)
    gated = new_seq2seq(pairs, SHAPE, READING, Writing("bidirectional", fusion="gate")).eval()
    columns = wrote(gated, pairs)
    with torch.no_grad():
        for layer in gated.decoder.layers:
            for weight in layer.attention.gate.parameters():
                weight.normal_()
    assert all(np.array_equal(*both) for both in zip(columns["forward"], wrote(gated, pairs)["forward"], strict=True))


def test_a_second_pass_is_for_two_directions():
    with pytest.raises(BadInput, match="two_pass"):
        Writing("left-to-right", two_pass=0.1)


def test_pairs_are_held_out_once():
    pairs = spelled(100)
    rest, held = held_out(pairs, 0.1, seed=3)
    assert (len(rest), len(held)) == (90, 10)
    assert sorted(rest.sources + held.sources) == sorted(pairs.sources)


def test_dev_says_the_loss_and_how_good_the_writing_is():
    pytest.importorskip("sacrebleu")
    pairs, model = spelled(60), new_seq2seq(spelled(60), SHAPE, READING, Writing("bidirectional"))
    recipe = Recipe(steps=4, learning_rate=1e-3, evaluate_every=2)
    said = [record.dev for record in train_seq2seq(model, pairs, spelled(9, seed=1), recipe) if record.dev]
    assert len(said) == 2
    assert said[1]["loss"] < said[0]["loss"]
    assert 0 <= said[1]["bleu"] <= 100 and 0 <= said[1]["rouge_l"] <= 100


def bert_like(folder):
    """A tokenizer of Hugging Face's kind, whose texts end with [SEP]."""
    words = {name: i for i, name in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *map(str, range(10)), "x", "y"])}
    words["[SEP]"], words["x"] = words["x"], words["[SEP]"]  # 3 is a word
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", words["[SEP]"]), ("[CLS]", words["[CLS]"]))
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    return words


def test_a_tokenizer_of_others_ends_texts_its_own_way(tmp_path):
    words, pairs = bert_like(tmp_path / "bert"), spelled(300)
    model = new_seq2seq(pairs, SHAPE, Reading(str(tmp_path / "bert")), Writing("to-middle"))
    assert model.end == words["[SEP]"] != 3
    list(train_seq2seq(model, pairs, None, Recipe(steps=300, learning_rate=5e-3, warmup=5), smoothing=0.0, tokens=600))
    found = model.write(spelled(20, seed=1).sources)
    assert np.mean([len(text.split()) < 12 for text in found]) > 0.8  # they do end
    model.save_pretrained(tmp_path / "model")
    again = Seq2Seq.from_pretrained(tmp_path / "model")
    assert again.end == model.end and again.write(["1 2 3"]) == model.write(["1 2 3"])


def test_a_tokenizer_without_an_end_is_refused():
    with pytest.raises(BadInput, match=r"ends texts, </s>, \[SEP\].*; got no special tokens"):
        end_of(Tokenizer(models.WordLevel({"a": 0}, unk_token="a")))


def test_ids_that_a_tokenizer_leaves_out_are_no_trouble(tmp_path):
    tokenizer = Tokenizer(
        models.WordLevel({"[UNK]": 7, "[SEP]": 2, **{str(i): 20 + i for i in range(10)}}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(["[UNK]", "[SEP]"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    model = new_seq2seq(spelled(10), SHAPE, Reading(str(tmp_path)), Writing("bidirectional", copy=True)).eval()
    assert model.vocabulary == 30 and blank_of(model.tokenizer) == 7
    assert len(model.write(["1 2", ""], longest=4)) == 2


def test_two_passes_are_refused_before_anything_is_learned():
    pairs = spelled(4)
    with pytest.raises(BadInput, match="got one that is to-middle"):
        next(train_seq2seq(new_seq2seq(pairs, SHAPE, READING, Writing("to-middle")), pairs, two_pass=0.5))


def test_a_run_that_is_left_in_its_first_pass_leaves_the_interaction(tmp_path):
    pairs = spelled(20)
    model = new_seq2seq(pairs, SHAPE, READING, Writing("bidirectional"))
    records = train_seq2seq(model, pairs, None, Recipe(steps=4), two_pass=0.5)
    next(records)
    assert [layer.attention.interaction for layer in model.decoder.layers] == [0.1]


def test_a_run_of_two_passes_is_resumed_to_the_same_model(tmp_path):
    pairs, whole, options = spelled(60), tmp_path / "whole", {"two_pass": 0.5, "tokens": 300}
    recipe = Recipe(steps=6, learning_rate=1e-3, save_every=1)

    def run(folder, steps=6, resume=False, most=None):
        model = new_seq2seq(pairs, SHAPE, READING, Writing("bidirectional"))
        recipe_ = replace(recipe, steps=steps)
        records = train_seq2seq(model, pairs, None, recipe_, folder=folder, resume=resume, **options)
        list(islice(records, most))
        records.close()
        return model

    expected = run(whole).state_dict()
    for most in (4, 8):  # in the first pass, in the second
        folder = tmp_path / str(most)
        run(folder, most=most)
        found = run(folder, resume=True).state_dict()
        assert all(torch.equal(found[name], expected[name]) for name in expected)
    with pytest.raises(BadInput, match="has begun, the first cannot be longer; got 9 steps"):
        run(whole, steps=9, resume=True)


def test_on_dev_each_direction_is_judged_by_itself():
    pairs = spelled(30)
    model = new_seq2seq(pairs, SHAPE, READING, Writing("bidirectional")).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(2)
        before = evaluate(model, batched(model, pairs, 600, shuffle=False), pairs)["loss"]
        for layer in model.decoder.layers:
            layer.attention.interaction = 0.9
        assert evaluate(model, batched(model, pairs, 600, shuffle=False), pairs)["loss"] == before


def test_a_second_pass_is_a_share_of_the_steps_that_were_taken():
    pairs = spelled(40)
    model = new_seq2seq(pairs, SHAPE, READING, Writing("bidirectional"))
    recipe = Recipe(steps=10_000, learning_rate=0.5, evaluate_every=3, patience=1)  # it only gets worse
    records = list(train_seq2seq(model, pairs, pairs, recipe, two_pass=0.5, tokens=300))
    first = [record for record in records if record.steps == 10_000]
    assert 3 <= len(first) < 60
    assert {record.steps for record in records[len(first) :]} == {-(-len(first) // 2)}
