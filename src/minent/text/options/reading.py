"""How texts become tokens."""

from dataclasses import dataclass

from minent.errors import check


@dataclass(frozen=True)
class Reading:
    """How texts are read; see `minent.text.tokenizer`. Raises BadInput for what cannot be."""

    tokenizer: str = "auto"
    """Kind of tokenizer to train (bpe, unigram, characters, words), or a tokenizer.json, a .model of
    SentencePiece, or a folder that holds one; auto: bpe, and for --task masked-lm characters where most are Chinese or
    Japanese."""

    vocabulary: int = 8000
    """Tokens that a trained tokenizer knows, at most."""

    tokens: int = 8192
    """Tokens of a batch, padding included."""

    def __post_init__(self) -> None:
        check(self, *((name, getattr(self, name) >= 1, "at least 1") for name in ("vocabulary", "tokens")))
