"""Tokenizers: every text comes back, in any script; the same texts give the same tokenizer."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

import minent
from minent.errors import BadInput
from minent.text.token_ids import encode
from minent.text.tokenizer import SPECIAL, read_tokenizer, train_tokenizer

CHINESE = ["道可道，非常道。名可名，非常名。", "天地不仁，以万物为刍狗；圣人不仁，以百姓为刍狗。"]
CORPUS = [*Path(minent.__file__).with_name("cli").joinpath("terminal.py").read_text().split("\n"), *CHINESE * 5]
WHOLE = ["bpe", "unigram", "characters"]


@pytest.fixture(scope="module")
def tokenizers():
    return {kind: train_tokenizer(CORPUS, kind=kind, vocabulary=400) for kind in [*WHOLE, "words"]}


@pytest.mark.parametrize("kind", WHOLE)
@given(
    text=st.one_of(
        st.text(), st.text("道可非常 \n\ta<s>/🤗👩‍🚀é"), st.sampled_from(["  two  blanks ", "<mask></s><0x41>", ""])
    )
)
def test_every_text_comes_back(tokenizers, kind, text):
    assert tokenizers[kind].decode(encode(tokenizers[kind], [text])[0]) == text


@pytest.mark.parametrize("kind", [*WHOLE, "words"])
def test_special_tokens_come_first_and_the_vocabulary_is_kept_to(kind, tokenizers):
    assert [tokenizers[kind].token_to_id(token) for token in SPECIAL] == [0, 1, 2, 3, 4]
    assert 260 < tokenizers[kind].get_vocab_size() <= 400
    smallest = train_tokenizer(CORPUS, kind=kind, vocabulary=6 if kind == "words" else 261)
    assert smallest.get_vocab_size() == (6 if kind == "words" else 261)


@pytest.mark.parametrize("kind", [*WHOLE, "words"])
def test_the_same_texts_give_the_same_tokenizer(kind, tokenizers):
    for _ in range(3):
        assert train_tokenizer(iter(CORPUS), kind=kind, vocabulary=400).to_str() == tokenizers[kind].to_str()


@pytest.mark.parametrize("kind", WHOLE)
def test_what_was_learnt_shortens_chinese(kind):
    text = "".join(CHINESE)
    ids = encode(train_tokenizer(CHINESE * 5, kind=kind, vocabulary=400), [text])[0]
    assert len(ids) <= len(text) < len(text.encode()) / 2


def test_words_are_kept_and_unknown_ones_are_said_to_be():
    tokenizer = train_tokenizer(["[MAX 2 9 [MIN 4 7 ] 0 ]"], kind="words")
    ids = encode(tokenizer, ["[MAX 9 ] ]", "[MED 9 8 ]"])
    assert tokenizer.decode(ids[0]) == "[MAX 9 ] ]"
    assert (ids[1] == 1).tolist() == [True, False, True, False]


def test_encoding_cuts_and_opens_and_closes(tokenizers):
    bpe = tokenizers["bpe"]
    plain, marked = encode(bpe, CORPUS), encode(bpe, CORPUS, special=True)
    assert max(map(len, plain)) > 20
    assert all(ids.dtype == np.int32 for ids in plain)
    assert [ids.tolist() for ids in marked] == [[2, *ids, 3] for ids in plain]
    assert [ids.tolist() for ids in encode(bpe, CORPUS, 7)] == [ids[:7].tolist() for ids in plain]
    assert [ids.tolist() for ids in encode(bpe, CORPUS, 7, special=True)] == [[2, *ids[:5], 3] for ids in plain]
    assert encode(bpe, ["a<mask>"], special=True)[0][-2] == 4
    assert 4 not in encode(bpe, ["a<mask>"])[0]
    assert encode(bpe, []) == []


def test_a_tokenizer_is_read_from_its_file_or_folder_without_its_cuts(tmp_path, tokenizers):
    bpe = Tokenizer.from_str(tokenizers["bpe"].to_str())
    bpe.enable_truncation(3)
    bpe.enable_padding(length=50)
    bpe.save(str(tmp_path / "tokenizer.json"))
    for path in (tmp_path, tmp_path / "tokenizer.json"):
        read = read_tokenizer(path)
        assert [ids.tolist() for ids in encode(read, CORPUS)] == [
            ids.tolist() for ids in encode(tokenizers["bpe"], CORPUS)
        ]


def test_what_cannot_be_read_is_said(tmp_path):
    (tmp_path / "vocab.txt").write_text("a\n")
    with pytest.raises(BadInput, match=r"no file .*tokenizer\.json'; its folder holds vocab\.txt"):
        read_tokenizer(tmp_path)
    with pytest.raises(BadInput, match=r"is (not a|no) tokenizer\.json"):
        read_tokenizer(tmp_path / "vocab.txt")
    with pytest.raises(BadInput, match="there is no file"):
        read_tokenizer(tmp_path / "none" / "tokenizer.json")


def test_what_cannot_be_learnt_is_said():
    with pytest.raises(BadInput, match="got none"):
        train_tokenizer(["", ""])
    with pytest.raises(BadInput, match="got one text"):
        train_tokenizer("one text")
    with pytest.raises(BadInput, match="at least 261 tokens; got 100"):
        train_tokenizer(CHINESE, vocabulary=100)
    with pytest.raises(BadInput, match="longest must be more than 0; got 0"):
        encode(Tokenizer(models.BPE()), ["a"], 0)
