"""Tokens: pieces of text, learnt from texts in any script, out of which every text can be put together again."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, get_args

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from minent.data.tables.texts import place_of
from minent.errors import BadInput
from minent.once import once
from minent.text.options import Reading
from minent.text.sentencepiece_file import sentencepiece_tokenizer

Kind = Literal["bpe", "unigram", "characters", "words"]
SPECIAL = ["<pad>", "<unk>", "<s>", "</s>", "<mask>"]  # ids 0 to 4
WORDS = r" ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+"
ENDS = "</s>", "[SEP]", "<eos>", "<|endoftext|>", "<|end_of_text|>", "<sep>"
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def train_tokenizer(texts: Iterable[str], *, kind: Kind = "bpe", vocabulary: int = 8000) -> Tokenizer:
    """A tokenizer with at most `vocabulary` tokens; <pad>, <unk>, <s>, </s> and <mask> are 0, 1, 2, 3 and 4.

    bpe          pieces merged pair by pair, from bytes (Sennrich et al. 2016, arXiv:1508.07909)
    unigram      the pieces of the likeliest unigram model, made of whole characters; what no piece covers is spelt in
                 bytes (Kudo 2018, arXiv:1804.10959)
    characters   the most frequent characters; a rarer one is spelt in bytes
    words        the most frequent words between blanks; a rarer one is <unk>

    All but words give every text back: decode(encode(text)) == text. The same texts give the same tokenizer.
    Raises BadInput where there are no texts, or a vocabulary too small for bytes (261, words: 6).

    >>> tokenizer = train_tokenizer(["道可道，非常道。", "名可名，非常名。"], kind="characters")
    >>> ids = tokenizer.encode("非道?", add_special_tokens=False)
    >>> ids.tokens, tokenizer.decode(ids.ids)
    (['非', '道', '<0x3F>'], '非道?')
    """
    if isinstance(texts, str):
        raise BadInput("texts must be a list of texts; got one text")
    smallest = len(SPECIAL) + (1 if kind == "words" else len(BYTES))
    if vocabulary < smallest:
        raise BadInput(f"a vocabulary of {kind} must hold at least {smallest} tokens; got {vocabulary}")
    texts = texts if isinstance(texts, Sequence) else list(texts)
    if not any(texts):
        raise BadInput("a tokenizer learns from texts; got none")
    if kind == "bpe":
        tokenizer = _bpe(texts, vocabulary)
    elif kind == "unigram":
        tokenizer = _unigram(texts, vocabulary)
    elif kind == "characters":
        vocabulary_of = _numbered([*SPECIAL, *BYTES], Counter(c for text in texts for c in text), vocabulary)
        tokenizer = Tokenizer(models.BPE(vocabulary_of, [], byte_fallback=True, unk_token="<unk>"))
        tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    else:
        vocabulary_of = _numbered(SPECIAL, Counter(word for text in texts for word in text.split()), vocabulary)
        tokenizer = Tokenizer(models.WordLevel(vocabulary_of, unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 2), ("</s>", 3)]
    )
    return tokenizer


def _bpe(texts: Sequence[str], vocabulary: int) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _unigram(texts: Sequence[str], vocabulary: int) -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(WORDS), "isolated")
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    wanted = max(vocabulary - len(BYTES), len(SPECIAL) + len(set().union(*texts)))  # the trainer takes no fewer
    trainer = trainers.UnigramTrainer(vocab_size=wanted, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    pieces = _settled(dict(json.loads(tokenizer.to_str())["model"]["vocab"]))
    tokenizer.model = models.Unigram(pieces[:vocabulary], unk_id=1, byte_fallback=True)
    return tokenizer


def _settled(scores: dict[str, float]) -> list[tuple[str, float]]:
    """Pieces of a unigram model with their scores: special ones, bytes, then the likeliest first.

    The trainer's order changes from run to run, and with it the last digits of a score, and what tells rare characters
    apart: steps of 0.0001 from the lowest score. Here these get the lowest.
    """
    lowest = round(min(scores.values()), 6)
    rare = lowest + 0.0001 * sum(len(piece) == 1 for piece in scores)
    learnt = {
        piece: lowest if len(piece) == 1 and score <= rare else round(score, 6)
        for piece, score in scores.items() if piece not in SPECIAL
    }  # fmt: skip
    frequent = sorted(learnt.items(), key=lambda item: (-item[1], item[0]))
    return [*((piece, 0.0) for piece in SPECIAL), *((byte, lowest) for byte in BYTES), *frequent]


def _numbered(first: list[str], counts: Counter[str], vocabulary: int) -> dict[str, int]:
    known = set(first)
    frequent = sorted((token for token in counts if token not in known), key=lambda token: (-counts[token], token))
    return {token: i for i, token in enumerate([*first, *frequent][:vocabulary])}


def read_tokenizer(path: str | os.PathLike[str]) -> Tokenizer:
    """The tokenizer in a tokenizer.json, in a .model file of SentencePiece, or in a folder that holds one; it neither
    cuts nor pads. Raises BadInput."""
    file = Path(path) / "tokenizer.json" if Path(path).is_dir() else Path(path)
    if not file.is_file() and len(pieces := sorted(Path(path).glob("*.model"))) == 1:
        file = pieces[0]
    if not file.is_file():
        near = ", ".join(sorted(other.name for other in file.parent.iterdir())) if file.parent.is_dir() else ""
        raise BadInput(f"there is no file {str(file)!r}" + (f"; its folder holds {near}" if near else ""))
    data = file.read_bytes()
    if not data.lstrip().startswith(b"{"):
        return sentencepiece_tokenizer(data, str(file))
    try:
        tokenizer = Tokenizer.from_str(data.decode("utf-8"))
    except Exception as error:  # tokenizers raises no narrower one
        raise BadInput(f"{str(file)!r} is not a tokenizer.json of the tokenizers library: {error}") from None
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if isinstance(tokenizer.model, models.WordPiece) and tokenizer.decoder is None:  # else parts of words stay apart
        tokenizer.decoder = decoders.WordPiece(tokenizer.model.continuing_subword_prefix)
    return tokenizer


def tokenizer_of(texts: Iterable[str], reading: Reading) -> Tokenizer:
    """The tokenizer that `reading` asks for: trained on the texts, or read. Raises BadInput."""
    if reading.sources is not None:
        given = f"source_tokenizer {reading.source_tokenizer!r}, source_vocabulary {reading.source_vocabulary}"
        raise BadInput(f"a tokenizer for the sources alone is for models that write a text for a text; got {given}")
    kind = "bpe" if reading.tokenizer == "auto" else reading.tokenizer
    if kind in get_args(Kind):
        return _trained(texts, kind, reading.vocabulary)
    return read_tokenizer(reading.tokenizer)


def _trained(texts: Iterable[str], kind: Any, vocabulary: int) -> Tokenizer:
    """A tokenizer that is trained on the texts; on those that lie on disk once: it lies there, too."""
    place = place_of(texts) if isinstance(texts, Sequence) else None
    if place is None:
        return train_tokenizer(texts, kind=kind, vocabulary=vocabulary)
    key = blake2b(f"{version('minent')} {place[1]} {kind} {vocabulary}".encode(), digest_size=16).hexdigest()

    def make(half: Path) -> None:
        train_tokenizer(texts, kind=kind, vocabulary=vocabulary).save(str(half / "tokenizer.json"))

    return Tokenizer.from_file(str(once(place[0] / key, make) / "tokenizer.json"))


def end_of(tokenizer: Tokenizer) -> int:
    """The token that ends a text. Raises BadInput for a tokenizer without one.

    >>> end_of(train_tokenizer(["道"]))
    3
    """
    special = {token.content: i for i, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    for name in ENDS:
        if name in special:
            return special[name]
    came = ", ".join(special) or "no special tokens"
    raise BadInput(f"a tokenizer to write with has a special token that ends texts, {', '.join(ENDS)}; got {came}")


def blank_of(tokenizer: Tokenizer | None) -> int:
    """What stands for an empty text: the unknown token; where there is none, the token that ends texts."""
    if tokenizer is None:
        return 1
    found = unknown_of(tokenizer)
    return end_of(tokenizer) if found is None else found


def unknown_of(tokenizer: Tokenizer) -> int | None:
    """The token that stands for what a tokenizer does not know; None where there is none."""
    return next((i for name in ("<unk>", "[UNK]") if (i := tokenizer.token_to_id(name)) is not None), None)
