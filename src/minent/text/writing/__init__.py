"""A sequence for a sequence: the model, what it learns from, and how it writes."""

from minent.text.writing.distil import agreed_pairs, left_half
from minent.text.writing.export import export
from minent.text.writing.hub import HubWriter
from minent.text.writing.load import load_writer
from minent.text.writing.seq2seq import Seq2Seq
from minent.text.writing.training import batched, new_seq2seq, train_seq2seq
from minent.text.writing.write import Written, n_best

__all__ = [
    "HubWriter", "Seq2Seq", "Written", "agreed_pairs", "batched", "export", "left_half", "load_writer", "n_best",
    "new_seq2seq", "train_seq2seq",
]  # fmt: skip
