"""Texts that are too long: what is lost is told, and a target that is cut does not teach where texts end."""

import itertools
import json

import pytest
import torch

from minent.data import Pairs
from minent.errors import BadInput
from minent.nn.shape import Shape
from minent.text import Reading, Writing, new_seq2seq, train_seq2seq
from minent.text.exposure import TeacherForcing
from minent.text.writing.loss import loss
from minent.text.writing.seq2seq import Seq2Seq
from minent.text.writing.training import batched
from minent.training import Recipe

SHAPE = Shape(dim=16, heads=2, layers=1, hidden=32, dropout=0.0, longest=4)
LONG = Pairs(["1 2 3 4 5 6", "1 2", "3"], ["1 2 3 4 5", "2 1", "3"])


@pytest.mark.parametrize("direction", ["left-to-right", "right-to-left", "bidirectional"])
def test_a_target_that_is_cut_teaches_neither_its_end_nor_what_stands_there(direction):
    torch.manual_seed(0)
    model = Seq2Seq(20, SHAPE, direction, 0.0 if direction == "bidirectional" else 1.0).eval()
    source, target = torch.tensor([[5, 6], [7, 8]]), torch.tensor([[9, 10, 11], [12, 13, 0]])
    real = torch.tensor([[True, True, True], [True, True, False]])
    batch = {"source": source, "source_mask": source > 0, "target": target, "target_mask": real}
    history, mask = model.histories(target, real)
    p = model(source, source > 0, history, mask).log_softmax(-1).detach()
    wanted, rows = [], len(history)
    for row in range(rows):
        backward = direction == "right-to-left" or row >= 2
        tokens = [*history[row][mask[row]].tolist(), model.end]
        for place, token in enumerate(tokens):
            untaught = row % 2 == 0 and place == (0 if backward else len(tokens) - 1)
            if not untaught:
                wanted.append(-p[row, place, token])
    cut = {**batch, "cut": torch.tensor([True, False])}
    total, count = (one.detach() for one in loss(model, cut))
    assert int(count) == len(wanted) == int(loss(model, batch)[1]) - rows // 2
    assert float(total) == pytest.approx(float(sum(wanted)), rel=1e-5)
    assert float(TeacherForcing().loss(model, cut)[0].detach()) == pytest.approx(float(total), rel=1e-5)


def test_what_is_cut_is_told_in_a_warning_and_in_the_first_line_of_the_log(tmp_path, caplog):
    model = new_seq2seq(LONG, SHAPE, Reading("words"), Writing())
    list(train_seq2seq(model, LONG, None, Recipe(steps=2, warmup=0), folder=tmp_path))
    assert "source: 1 of 3 texts is cut to 4 tokens: 22 % of all tokens are not read" in caplog.messages
    assert "target: 1 of 3 texts is cut to 4 tokens: 12 % of all tokens are not read" in caplog.messages
    first, second = map(json.loads, (tmp_path / "log.jsonl").read_text().splitlines())
    assert first["cut"] == {"source": {"texts": 1 / 3, "tokens": 2 / 9}, "target": {"texts": 1 / 3, "tokens": 1 / 8}}
    assert "cut" not in second


def test_nothing_is_told_and_no_column_added_where_nothing_is_cut(caplog):
    short = LONG.at([1, 2])
    model = new_seq2seq(short, SHAPE, Reading("words"), Writing())
    assert "cut" in next(batched(model, LONG, 100).epoch(0))
    assert "cut" not in next(batched(model, short, 100).epoch(0))
    list(train_seq2seq(model, short, None, Recipe(steps=1, warmup=0)))
    assert not caplog.messages


@pytest.mark.parametrize(("change", "said"), [
    ({}, None),
    ({"pairs": Pairs(["1 1"] * 50, ["2 2"] * 50)}, "examples was 100; got 50"),
    ({"pairs": Pairs(["1 2"] * 100, ["2 2"] * 100)}, "its data are others"),
    ({"smoothing": 0.2}, "smoothing was 0.1; got 0.2"),
    ({"tokens": 50}, "tokens was 512; got 50"),
    ({"dev": Pairs(["1"], ["2"])}, "its dev data are others"),
    ({"objective": TeacherForcing()}, "objective was 'None'; got 'TeacherForcing"),
])  # fmt: skip
def test_a_run_is_resumed_on_its_own_data_only(change, said, tmp_path):
    pairs, recipe = Pairs(["1 2"] * 100, ["2 1"] * 100), Recipe(steps=6, warmup=0, save_every=2)
    made = lambda: new_seq2seq(pairs, SHAPE, Reading("words"), Writing())  # noqa: E731
    list(itertools.islice(train_seq2seq(made(), pairs, None, recipe, folder=tmp_path), 5))
    options = {"dev": None, **{name: value for name, value in change.items() if name != "pairs"}}
    again = train_seq2seq(made(), change.get("pairs", pairs), recipe=recipe, folder=tmp_path, resume=True, **options)
    if said is None:
        assert [record.step for record in again] == [6]
    else:
        with pytest.raises(BadInput, match=f"a run is resumed on its own data, by what it began with.*{said}"):
            list(again)


def test_an_empty_text_becomes_an_empty_text_and_one_text_is_one():
    pairs = Pairs(["1 2", "3"], ["2 1", "3"])
    model = new_seq2seq(pairs, SHAPE, Reading("words"), Writing())
    full = model.write(["1 2", "", " \u3000", "3"], beam=2, longest=4)
    assert full[1:3] == ["", ""]
    assert [full[0], full[3]] == model.write(["1 2", "3"], beam=2, longest=4)
    assert model.write("1 2", beam=2, longest=4) == full[:1]
