"""How texts become tokens."""

from dataclasses import dataclass

from minent.errors import BadInput


@dataclass(frozen=True)
class Reading:
    """How texts are read; see `minent.text.tokenizer`. Raises BadInput for what cannot be."""

    tokenizer: str = "bpe"
    """Kind of tokenizer to train (bpe, unigram, characters, words), or a tokenizer.json, or a folder that holds one."""

    vocabulary: int = 8000
    """Tokens that a trained tokenizer knows, at most."""

    tokens: int = 8192
    """Tokens of a batch, padding included."""

    def __post_init__(self) -> None:
        for name in ("vocabulary", "tokens"):
            if getattr(self, name) < 1:
                raise BadInput(f"{name} must be at least 1; got {getattr(self, name)}")
