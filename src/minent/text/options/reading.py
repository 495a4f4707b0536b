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

    tokens: int | None = None
    """Tokens of a batch, padding included; by how many there are to learn from if not given, 512 to 8,192."""

    source_tokenizer: str = ""
    """A tokenizer for the sources alone, as --tokenizer; seq2seq. One for both sides if neither this nor
    --source-vocabulary is given."""

    source_vocabulary: int = 0
    """Tokens that it knows, at most; as many as --vocabulary if not given."""

    @property
    def sources(self) -> "Reading | None":
        """How sources are read that have a tokenizer of their own.

        >>> Reading(vocabulary=4000).sources, Reading(vocabulary=4000, source_tokenizer="characters").sources.vocabulary
        (None, 4000)
        """
        if not (self.source_tokenizer or self.source_vocabulary):
            return None
        return Reading(self.source_tokenizer or self.tokenizer, self.source_vocabulary or self.vocabulary)

    def __post_init__(self) -> None:
        told = ("vocabulary", self.vocabulary), ("tokens", self.tokens)
        check(self, *((name, value is None or value >= 1, "at least 1") for name, value in told))
        check(self, ("source_vocabulary", self.source_vocabulary >= 0, "at least 0"))
