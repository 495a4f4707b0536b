"""CTranslate2 writes what the model writes."""

import numpy as np
import pytest

from minent.data import Pairs
from minent.errors import BadInput
from minent.nn.shape import Shape
from minent.text.options import Reading, Search, Writing
from minent.text.writing.export import export
from minent.text.writing.seq2seq import Seq2Seq
from minent.text.writing.training import new_seq2seq, train_seq2seq
from minent.text.writing.write import n_best
from minent.training.recipe import Recipe

ctranslate2 = pytest.importorskip("ctranslate2")
TEXTS = ["山水花鸟", "鸟", "风月山水花", "月月"]


def pairs(count=120):
    random = np.random.default_rng(0)
    texts = ["".join(random.choice(list("山水花鸟风月"), random.integers(1, 6))) for _ in range(count)]
    return Pairs(texts, [text[::-1] for text in texts])


def model(direction="left-to-right", steps=0, **options):
    """One that has begun to learn to reverse."""
    shape = Shape(**{"dim": 32, "heads": 2, "layers": 2, "hidden": 64, "longest": 30, "dropout": 0.0, **options})
    made = new_seq2seq(pairs(), shape, Reading("characters", 300), Writing(direction)).eval()
    if steps:
        list(train_seq2seq(made, pairs(), None, Recipe(steps=steps, learning_rate=5e-3), tokens=400))
    return made


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", "none"])
@pytest.mark.parametrize("direction", ["left-to-right", "right-to-left"])
def test_the_same_tokens_with_the_same_scores(direction, positions, tmp_path):
    made = model(direction, steps=60, positions=positions)
    export(made, tmp_path / "out" / "ct2")
    translator = ctranslate2.Translator(str(tmp_path / "out" / "ct2"), inter_threads=1, intra_threads=1)
    sources = [made.tokenizer.encode(text, add_special_tokens=False).tokens for text in TEXTS]
    search = Search(beam=1, longest=19, length_penalty=0.0)
    ours = [one[0] for one in n_best(made, TEXTS, search)]
    assert len({one.text for one in ours}) > 1
    theirs = [one.hypotheses[0] for one in translator.translate_batch(sources, beam_size=1, max_decoding_length=19)]
    turn = -1 if direction == "right-to-left" else 1
    texts = [made.tokenizer.decode([made.tokenizer.token_to_id(token) for token in one[::turn]]) for one in theirs]
    assert texts == [one.text for one in ours]
    ended = [i for i, one in enumerate(theirs) if len(one) < 19]
    assert len(ended) >= 2
    scores = translator.score_batch([sources[i] for i in ended], [theirs[i] for i in ended])
    more = np.array([ours[i].score - sum(one.log_probs) for i, one in zip(ended, scores, strict=True)])
    assert (more > -1e-4).all() and more.max() < 0.05  # ours leaves no chance to padding and masks


def test_a_decoder_may_have_other_layers_than_its_encoder(tmp_path):
    made = model(steps=20, layers=2, decoder_layers=1)
    assert (len(made.encoder.layers), len(made.decoder.layers)) == (2, 1)
    export(made, tmp_path / "ct2")
    translator = ctranslate2.Translator(str(tmp_path / "ct2"), inter_threads=1, intra_threads=1)
    sources = [made.tokenizer.encode(text, add_special_tokens=False).tokens for text in TEXTS]
    theirs = [one.hypotheses[0] for one in translator.translate_batch(sources, beam_size=1, max_decoding_length=9)]
    texts = [made.tokenizer.decode([made.tokenizer.token_to_id(token) for token in one]) for one in theirs]
    assert texts == made.write(TEXTS, beam=1, longest=9)
    made.save_pretrained(tmp_path / "saved")
    assert Seq2Seq.from_pretrained(tmp_path / "saved").write(TEXTS, beam=1, longest=9) == texts


def test_what_it_cannot_run_is_refused(tmp_path):
    for direction, options, problem in (
        ("bidirectional", {}, "decoder is left-to-right or right-to-left; got bidirectional"),
        ("left-to-right", {"attention": "nystrom"}, "attention is softmax; got nystrom"),
        ("left-to-right", {"positions": "rotary"}, "got rotary"),
    ):
        with pytest.raises(BadInput, match=problem):
            export(model(direction, **options), tmp_path / "no")
    with pytest.raises(BadInput, match="got a model that copies"):
        export(
            new_seq2seq(pairs(), Shape(dim=8, heads=2), Reading("characters", 300), Writing(copy=True)), tmp_path / "no"
        )
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine").touch()
    with pytest.raises(BadInput, match="there already"):
        export(model(), tmp_path / "there")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["there"]


def test_int8_is_near(tmp_path):
    made = model()
    export(made, tmp_path / "int8", quantization="int8")
    size = (tmp_path / "int8" / "model.bin").stat().st_size
    export(made, tmp_path / "whole")
    assert size < 0.6 * (tmp_path / "whole" / "model.bin").stat().st_size
    assert np.isfinite(size)


def test_a_text_ends_as_its_tokenizer_says(tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {name: i for i, name in enumerate(["[UNK]", "a", "b", "c", "[SEP]", "d"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(["[UNK]", "[SEP]"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    texts = Pairs(["a b", "c d a", "d"] * 20, ["b a", "a d c", "d"] * 20)
    shape = Shape(dim=32, heads=2, layers=1, hidden=64, longest=16, dropout=0.0)
    made = new_seq2seq(texts, shape, Reading(str(tmp_path)), Writing())
    list(train_seq2seq(made, texts, None, Recipe(steps=80, learning_rate=1e-2), tokens=200))
    export(made, tmp_path / "ct2")
    translator = ctranslate2.Translator(str(tmp_path / "ct2"), inter_threads=1, intra_threads=1)
    found = translator.translate_batch([["a", "b"], ["d"]], beam_size=1, max_decoding_length=15)
    assert (
        [" ".join(one.hypotheses[0]) for one in found] == made.write(["a b", "d"], beam=1, longest=15) == ["b a", "d"]
    )
