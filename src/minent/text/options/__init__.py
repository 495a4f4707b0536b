"""How texts are read and written, in frozen values: Python argument, command-line flags and TOML table alike."""

from minent.text.options.masked import Masking, Sampling
from minent.text.options.reading import Reading
from minent.text.options.writing import Learning, Quantization, Search, Writing

__all__ = ["Learning", "Masking", "Quantization", "Reading", "Sampling", "Search", "Writing"]
