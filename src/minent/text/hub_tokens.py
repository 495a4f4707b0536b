"""What models of Hugging Face read of texts: ids by their own tokenizers, with what these put around a text."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from secrets import token_hex
from typing import Any

import numpy as np

from minent.data.ragged import Ragged
from minent.kernels import log
from minent.text.token_ids import TOGETHER, Cut, arrayed

MOST = 10**9  # tokens of a text, where nothing limits them
UNKNOWN = 0.05  # of the tokens, above which it is said


def hub_array(tokenizer: Any, texts: Sequence[str], cut: Cut, blank: int) -> Ragged:
    """The ids of each text, `blank` where it has none, end to end in one array; of each `cut.longest` at most, closed
    as any text is, and `cut` counts what is lost."""
    how = f"{told_apart(tokenizer)} {blank}"
    found = arrayed(texts, _read(tokenizer, texts, blank), how)
    cut.count_all(found.lengths)
    if not cut.cut:
        return found
    return arrayed(texts, _read(tokenizer, texts, blank, cut.longest), f"{how} {cut.longest}")


def _read(tokenizer: Any, texts: Sequence[str], blank: int, most: int | None = None) -> Iterator[list[np.ndarray]]:
    for part in parts(texts):
        found = tokenizer(part, verbose=False, **at_most(most))["input_ids"]
        yield [np.array(ids or [blank], np.int32) for ids in found]


def parts(texts: Sequence[str]) -> Iterator[list[str]]:
    """Some texts at a time."""
    rest = iter(texts)
    while part := list(islice(rest, TOGETHER)):
        yield part


def at_most(most: int | None) -> dict[str, Any]:
    """How a tokenizer is told that a text has so many tokens at most."""
    return {} if most is None else {"truncation": True, "max_length": most}


def told_apart(tokenizer: Any) -> str:
    """What tells the tokens of a text from those of another tokenizer; slow ones do not tell."""
    told = tokenizer.backend_tokenizer.to_str() if getattr(tokenizer, "is_fast", False) else token_hex()
    return f"{told} {getattr(tokenizer, 'src_lang', '')} {getattr(tokenizer, 'tgt_lang', '')}"


def tell_unknown(tokenizer: Any, read: Mapping[str, Ragged], ends: Sequence[int] = ()) -> None:
    """Warn where the tokenizer does not know much of the texts: it is another language's."""
    unknown = tokenizer.unk_token_id
    if unknown is None or unknown in ends:
        return
    for name, ids in read.items():
        total = int(ids.lengths.sum())
        if (many := sum(int((flat == unknown).sum()) for _, flat in ids.parts())) > UNKNOWN * total:
            log.warning("%s: %d of %d tokens are unknown to the model", name, many, total)
