"""Ids become the text that was read, in scripts with blanks and without."""

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

from minent.data import Pairs
from minent.nn.shape import Shape
from minent.text import Reading, Writing, n_best, new_seq2seq
from minent.text.masked.vocabulary import vocabulary_of
from minent.text.options import Search
from minent.text.spelling import spelled
from minent.text.tokenizer import read_tokenizer, train_tokenizer

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ア", "##ア", "今", "天", "は", "。", "go", "##es", "to"]


def wordpiece(decoder):
    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(WORDS[:5])
    if decoder:
        tokenizer.decoder = decoders.WordPiece()
    return tokenizer


@pytest.mark.parametrize("decoder", [True, False])
def test_wordpiece_writes_han_and_kana_without_blanks_and_words_with_them(decoder, tmp_path):
    wordpiece(decoder).save(str(tmp_path / "tokenizer.json"))
    tokenizer = read_tokenizer(tmp_path)
    for text in ("今天今。", "今は天。", "go to goes", "今天 go 天天", "アア今"):
        assert spelled(tokenizer)(tokenizer.encode(text, add_special_tokens=False).ids) == text
        assert vocabulary_of(tokenizer).decode(tokenizer.encode(text, add_special_tokens=False).ids) == text


@pytest.mark.parametrize("kind", ["bpe", "unigram", "characters", "words"])
def test_blanks_that_were_read_are_written(kind):
    text = "今 天 今天 go 天 。"
    tokenizer = train_tokenizer([text] * 5, kind=kind, vocabulary=400)
    assert spelled(tokenizer)(tokenizer.encode(text, add_special_tokens=False).ids) == text


def test_a_model_with_a_wordpiece_tokenizer_writes_chinese_without_blanks(tmp_path):
    wordpiece(True).save(str(tmp_path / "tokenizer.json"))
    pairs = Pairs(["今天"], ["天今"])
    shape = Shape(dim=16, heads=2, layers=1, hidden=32)
    model = new_seq2seq(pairs, shape, Reading(str(tmp_path)), Writing()).eval()
    texts = [one.text for one in n_best(model, ["今天"], Search(beam=150, longest=2, shortest=2))[0]]
    assert {"今天", "天今", "go to"} <= set(texts) and not any("今 天" in text or "天 今" in text for text in texts)
