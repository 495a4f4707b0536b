"""A masked language model learns to fill gaps from what is around them, whatever attention it has."""

import numpy as np
import pytest
import torch

from minent.errors import BadInput
from minent.nn.shape import Shape
from minent.text.gibbs import Gibbs
from minent.text.masked.batched import batched
from minent.text.masked.model import MaskedLM
from minent.text.masked.training import holes, new_masked_lm, train_masked_lm
from minent.text.masked.vocabulary import vocabulary_of
from minent.text.options import Masking, Reading
from minent.training.recipe import Recipe

SMALL = {"dim": 24, "heads": 2, "layers": 1, "hidden": 48, "longest": 12, "dropout": 0.0}
READING = Reading("characters", vocabulary=300)


def poems(count, seed=0):
    """Texts of one character again and again, so that every token can be told from the others."""
    random = np.random.default_rng(seed)
    return [str(random.choice(list("山水花鸟风月"))) * int(random.integers(3, 9)) for _ in range(count)]


@pytest.mark.parametrize(
    "options",
    [
        {"positions": "learned"},
        {"attention": "nystrom", "landmarks": 16},
        {"attention": "synthesizer", "kind": "random"},
    ],
    ids=["softmax", "nystrom", "synthesizer"],
)
def test_it_learns_to_fill_gaps(options, tmp_path):
    model = new_masked_lm(poems(300), Shape(**{**SMALL, **options}), READING)
    recipe = Recipe(steps=80, learning_rate=1e-2, warmup=10, evaluate_every=40)
    records = list(train_masked_lm(model, poems(300), poems(60, seed=1), recipe, tokens=600, folder=tmp_path / "model"))
    scores = [record.dev for record in records if record.dev is not None]
    assert scores[-1]["accuracy"] > 0.9  # six characters by chance: a sixth
    loaded = MaskedLM.from_pretrained(tmp_path / "model")
    *_, state = Gibbs(loaded, keep=("花___花_",), chains=8, sweeps=3).sweeps()
    assert np.mean([text == "花" * 6 for text in state.texts]) > 0.5


def test_a_share_of_tokens_is_hidden_and_never_one_that_frames():
    model = new_masked_lm(poems(20), Shape(**SMALL), READING)
    vocabulary = vocabulary_of(model.tokenizer)
    tokens = torch.full((2000, 8), 262)
    tokens[:, 0], tokens[:, 7] = 2, 3
    torch.manual_seed(0)
    read, chosen = holes(tokens, vocabulary, 0.5)
    assert not chosen[:, [0, 7]].any()
    assert bool(chosen.any(1).all())
    assert chosen[:, 1:7].float().mean() == pytest.approx(0.5, abs=0.02)
    assert (read[chosen] == vocabulary.mask).float().mean() == pytest.approx(0.8, abs=0.02)
    assert (read[~chosen] == tokens[~chosen]).all()
    assert not torch.isin(read[chosen], torch.tensor([0, 1, 2, 3])).any()
    spread = holes(tokens, vocabulary, 0.0)[1].sum(1)
    assert set(spread.tolist()) == {1, 2, 3, 4, 5, 6}
    assert set(holes(tokens, vocabulary, 1e-9)[1].sum(1).tolist()) == {1}


def test_what_cannot_be_learnt_from_is_a_sentence():
    with pytest.raises(BadInput, match="masked must be"):
        Masking(masked=1.5)
    model = new_masked_lm(poems(20), Shape(**SMALL), READING)
    with pytest.raises(BadInput, match="without a token"):
        next(train_masked_lm(model, ["", ""]))
    unknown = ["xyz", "zzz zzz"]
    model = new_masked_lm([" ".join(text) for text in poems(20)], Shape(**SMALL), Reading("words", 20))
    poem = [" ".join(text) for text in poems(3)]
    with pytest.raises(BadInput, match="2 without a token that it knows"):
        next(train_masked_lm(model, poem, unknown))
    record = next(train_masked_lm(model, [*poem, *unknown], [*poem, *unknown], Recipe(steps=1)))
    assert record.dev is not None
    model.tokenizer = None
    with pytest.raises(BadInput, match="tokenizer"):
        next(train_masked_lm(model, poems(3)))


def test_long_texts_are_learned_from_in_pieces():
    model = new_masked_lm(poems(20), Shape(**SMALL), READING)
    vocabulary = vocabulary_of(model.tokenizer)
    (batch,) = batched(model, ["山水花鸟风月" * 4], 999, vocabulary, shuffle=False).epoch(1)
    rows = [row[real].tolist() for row, real in zip(batch["tokens"], batch["tokens_mask"], strict=True)]
    assert sorted(map(len, rows)) == [6, 12, 12]
    assert all((row[0], row[-1]) == (2, 3) for row in rows)
    assert sorted(i for row in rows for i in row[1:-1]) == sorted(vocabulary.encode("山水花鸟风月" * 4)[0])


def test_tokens_are_characters_where_most_letters_are_chinese():
    chinese, english = (
        new_masked_lm(texts, Shape(**SMALL), Reading(vocabulary=300)) for texts in (poems(9), ["ab"] * 9)
    )
    assert chinese.tokenizer.encode("山水").tokens == ["<s>", "山", "水", "</s>"]
    assert english.tokenizer.token_to_id("<0xE5>") is None
