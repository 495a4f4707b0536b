"""Templates and words that are kept are read as the tokenizer reads a text with masks in it."""

import pytest
from text.gibbs.small_models import bert, hub_tokenizer
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer, EsmTokenizer, PerceiverTokenizer, PreTrainedTokenizerFast

from minent.errors import BadInput
from minent.text.gibbs import Gibbs, load
from minent.text.masked.vocabulary import vocabulary_of
from minent.text.tokenizer import train_tokenizer

TEXTS = [
    "The capital of France is Paris.",
    "I eat a pizza.",
    "春眠不觉晓，处处闻啼鸟。",
    "it is a day.",
    "it is as it is, is it",
] * 5
NAMES = ["<pad>", "<unk>", "<s>", "</s>", "<mask>"]


def hub(kind):
    """As RoBERTa (bpe), DeBERTa-v2 and ALBERT (unigram) and BERT (wordpiece) cut texts."""
    if kind == "bpe":
        inner = Tokenizer(models.BPE())
        inner.pre_tokenizer, inner.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=500, special_tokens=NAMES, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
        )
    elif kind == "unigram":
        inner = Tokenizer(models.Unigram())
        inner.pre_tokenizer, inner.decoder = pre_tokenizers.Metaspace(prepend_scheme="first"), decoders.Metaspace()
        trainer = trainers.UnigramTrainer(vocab_size=200, special_tokens=NAMES, unk_token="<unk>")
    else:
        inner = Tokenizer(models.WordPiece(unk_token="<unk>"))
        inner.normalizer, inner.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
        inner.decoder, trainer = decoders.WordPiece(), trainers.WordPieceTrainer(vocab_size=200, special_tokens=NAMES)
    inner.train_from_iterator(TEXTS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", unk_token="<unk>", mask_token="<mask>", cls_token="<s>"
    )


@pytest.mark.parametrize("kind", ["bpe", "unigram", "wordpiece"])
@pytest.mark.parametrize("template", ["春眠_觉晓，_处闻啼鸟。", "The capital of France is_.", "_ is a day."])
def test_a_template_is_cut_as_the_tokenizer_cuts_it_with_masks(kind, template):
    tokenizer = hub(kind)
    wanted = tokenizer(template.replace("_", "<mask>"), add_special_tokens=False)["input_ids"]
    assert vocabulary_of(tokenizer).template(template) == wanted
    assert wanted.count(4) == template.count("_")


def test_the_space_before_a_blank_belongs_to_what_fills_it_where_tokens_begin_with_spaces():
    for kind in ("bpe", "unigram"):
        vocabulary = vocabulary_of(hub(kind))
        assert vocabulary.template("It is _ _.") == vocabulary.template("It is__.")
        assert vocabulary.template(r"a \_ _")[-1] == 4 and 4 not in vocabulary.template(r"a\_b")
    own = train_tokenizer(TEXTS, kind="characters", vocabulary=400)
    found = vocabulary_of(own).template("it _ a")
    assert [own.id_to_token(i) for i in found] == ["i", "t", " ", "<mask>", " ", "a"]


def test_a_word_that_stands_behind_others_has_its_space():
    bpe, unigram = vocabulary_of(hub("bpe")), hub("unigram")
    assert bpe.decode(bpe.behind("pizza")) == " pizza" and bpe.decode(bpe.behind("春")) == "春"
    assert bpe.behind("pizza") == bpe.encode("a pizza")[0][1:]
    assert unigram.convert_ids_to_tokens(vocabulary_of(unigram).behind("春"))[0] != "▁"
    chains = Gibbs(lambda tokens, sites: 0, hub("bpe"), length=12, keep="pizza", chains=20)
    kept = {tuple(row[kinds > 0].tolist()) for row, kinds in zip(chains.tokens, chains.kinds, strict=True)}
    assert kept == {tuple(bpe.behind("pizza"))}


def test_the_name_of_the_mask_is_a_blank_too():
    tokenizer = hub_tokenizer()
    named, drawn = (Gibbs(bert(), tokenizer, keep=one, chains=2) for one in ("春[MASK]来[MASK]。", "春_来_。"))
    assert named.tokens.tolist() == drawn.tokens.tolist() and named.kinds.tolist() == drawn.kinds.tolist()
    (state,) = Gibbs(bert(), tokenizer, lines=["春[MASK]来"], schedule="once", chains=2)
    assert all(text[0] == "春" and text[2] == "来" for text in state.texts)


def test_a_schedule_that_fills_masks_is_refused_where_there_are_none():
    with pytest.raises(BadInput, match="schedule once fills masks, and '春去' has none"):
        Gibbs(bert(), hub_tokenizer(), seed_text="春去", schedule="once")
    Gibbs(bert(), hub_tokenizer(), seed_text="春去", schedule="once", start="masks")


def test_the_line_at_fault_is_told_as_it_is_numbered():
    with pytest.raises(BadInput, match="got 60 in text 2"):
        Gibbs(bert(), hub_tokenizer(), lines=["春_", "春" * 60])
    with pytest.raises(BadInput, match="got 60 in row 7"):
        Gibbs(bert(), hub_tokenizer(), lines={7: "春" * 60})


def test_proteins_are_written_without_the_spaces_that_decoding_puts_between_letters(tmp_path):
    words = ["<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWC", "<mask>"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    tokenizer = EsmTokenizer(str(tmp_path / "vocab.txt"))
    vocabulary = vocabulary_of(tokenizer)
    assert vocabulary.template("MK__A") == tokenizer("MK<mask><mask>A", add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(vocabulary.encode("MKTAY")[0]) == "M K T A Y"
    assert vocabulary.decode(vocabulary.encode("MKTAY")[0]) == "MKTAY"
    english = vocabulary_of(hub("wordpiece"))
    assert english.decode(english.encode("it is a day")[0]) == "it is a day"


def test_bytes_that_are_no_characters_are_never_drawn_whatever_the_tokenizer_is_written_in():
    vocabulary = vocabulary_of(PerceiverTokenizer())
    drawn = {*range(vocabulary.size)} - {*vocabulary.never}
    assert len(drawn) == 128 and all("\ufffd" not in vocabulary.decode([i]) for i in drawn)
    assert {*vocabulary.encode("é")[0]} <= {*vocabulary.parts}


def test_a_tokenizer_that_wants_another_package_names_it(tmp_path, monkeypatch):
    bert().save_pretrained(tmp_path)

    def lacking(*_, **more):
        raise ImportError("You need to install sacremoses")

    monkeypatch.setattr(AutoTokenizer, "from_pretrained", lacking)
    with pytest.raises(BadInput, match="cannot be read here: You need to install sacremoses"):
        load(tmp_path)
