"""Models of SentencePiece are read as SentencePiece reads them."""

import io

import pytest
import sentencepiece
from tokenizers import Tokenizer

from minent.cli import main
from minent.errors import BadInput
from minent.text.tokenizer import blank_of, end_of, read_tokenizer

TEXTS = [
    f"{a} {b} {c}." for a in ("the old sea", "A man", "ﬁne ships", "春眠不觉晓", "ｶﾀｶﾅ")
    for b in ("goes to", "sees", "²")
    for c in ("the lake", "１２ boats", "处处闻啼鸟", "naïve cafés", "</x410>")
]  # fmt: skip
ODD = ["  two  blanks ", "tab\there", "😀 emoji 𝄞", "", "À e\u0301", "<s> hi </s>", "<0x41> byte", "▁ under", "한국어"]


def trained(kind, **more):
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS), model_writer=made, vocab_size=420, model_type=kind, hard_vocab_limit=False,
        minloglevel=2, num_threads=1, **more,
    )  # fmt: skip
    return made.getvalue()


@pytest.mark.parametrize("kind", ["unigram", "bpe", "char"])
@pytest.mark.parametrize(
    "more",
    [{}, {"byte_fallback": True}, {"normalization_rule_name": "identity"}, {"add_dummy_prefix": False},
     {"remove_extra_whitespaces": False}, {"split_by_whitespace": False}, {"user_defined_symbols": ["<sep>"]}],
)  # fmt: skip
def test_texts_become_the_same_pieces_and_pieces_the_same_texts(kind, more, tmp_path, caplog):
    data = trained(kind, **more)
    theirs = sentencepiece.SentencePieceProcessor(model_proto=data)
    (tmp_path / "one.model").write_bytes(data)
    ours = read_tokenizer(tmp_path / "one.model")
    ours.encode_special_tokens = True
    assert [ours.id_to_token(i) for i in range(ours.get_vocab_size())] == [
        theirs.id_to_piece(i) for i in range(theirs.get_piece_size())
    ]
    assert (end_of(ours), blank_of(ours)) == (theirs.eos_id(), theirs.unk_id())
    for text in (*TEXTS, *ODD, "<sep> a <sep>b"):
        ids = theirs.encode(text)
        if "<sep>" in text and kind != "unigram" and "user_defined_symbols" in more:
            assert ours.token_to_id("<sep>") in ours.encode(text).ids and "blanks beside <sep>" in caplog.text
            continue
        assert ours.encode(text, add_special_tokens=False).ids == ids, text
        if theirs.unk_id() not in ids:
            assert ours.decode(ids) == theirs.decode(ids)
    again = Tokenizer.from_str(ours.to_str())  # as it is saved beside a model
    assert again.encode(TEXTS[0]).ids == ours.encode(TEXTS[0]).ids == [theirs.bos_id(), *theirs.encode(TEXTS[0]), 2]


def test_a_folder_holds_one_and_what_is_none_is_said(tmp_path):
    data = trained("bpe")
    (tmp_path / "spiece.model").write_bytes(data)
    assert read_tokenizer(tmp_path).get_vocab_size() > 100
    for broken in (data[: len(data) // 2], b"\x0a\x03abc", b"text\n", b""):
        (tmp_path / "spiece.model").write_bytes(broken)
        with pytest.raises(BadInput, match=r"is no tokenizer\.json, and no whole model of SentencePiece|unknown piece"):
            read_tokenizer(tmp_path)
    (tmp_path / "words.model").write_bytes(trained("word"))
    with pytest.raises(
        BadInput, match=r"models of unigrams, pairs and characters are read; .*words\.model' is another"
    ):
        read_tokenizer(tmp_path / "words.model")


def test_a_model_learns_and_writes_with_one(tmp_path, capsys):
    (tmp_path / "pieces.model").write_bytes(trained("unigram"))
    (tmp_path / "pairs.tsv").write_text("".join(f"{text}\t{text}\n" for text in TEXTS))
    sizes = {"dim": 16, "heads": 2, "layers": 1, "hidden": 16, "steps": 3, "tokens": 400, "warmup": 1}
    words = [word for name, value in sizes.items() for word in (f"--{name}", str(value))]
    main(["text", "train", "--task", "seq2seq", "--train", str(tmp_path / "pairs.tsv"), "--out", str(tmp_path / "m"),
          "--tokenizer", str(tmp_path / "pieces.model"), *words])  # fmt: skip
    (tmp_path / "in.txt").write_text(f"{TEXTS[0]}\n")
    capsys.readouterr()
    main(["text", "write", str(tmp_path / "in.txt"), "--model", str(tmp_path / "m"), "--longest", "5"])
    assert capsys.readouterr().out.count("\n") == 1
