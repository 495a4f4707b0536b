"""What models of Hugging Face read of texts: ids by their own tokenizers, with what these put around a text."""

from collections.abc import Iterator, Sequence
from secrets import token_hex
from typing import Any

import numpy as np

from minent.data.ragged import Ragged
from minent.text.cut import Cut
from minent.text.token_ids import arrayed, count_of, together

MOST = 10**9  # tokens of a text, where nothing limits them


def hub_array(tokenizer: Any, texts: Sequence[str], cut: Cut, blank: int) -> Ragged:
    """The ids of each text, `blank` where it has none, end to end in one array; of each `cut.longest` at most, closed
    as any text is, and `cut` counts what is lost, or not known."""
    how = f"{told_apart(tokenizer)} {blank}"
    found = arrayed(texts, _read(tokenizer, texts, blank), how)
    cut.count_all(found.lengths)
    cut.unknown += count_of(unknown_to(tokenizer), found)
    if not cut.cut:
        return found
    return arrayed(texts, _read(tokenizer, texts, blank, cut.longest), f"{how} {cut.longest}")


def _read(tokenizer: Any, texts: Sequence[str], blank: int, most: int | None = None) -> Iterator[list[np.ndarray]]:
    for part in together(texts):
        found = tokenizer(part, verbose=False, **at_most(most))["input_ids"]
        yield [np.array(ids or [blank], np.int32) for ids in found]


def at_most(most: int | None) -> dict[str, Any]:
    """How a tokenizer is told that a text has so many tokens at most."""
    return {} if most is None else {"truncation": True, "max_length": most}


def told_apart(tokenizer: Any) -> str:
    """What tells the tokens of a text from those of another tokenizer; slow ones do not tell."""
    told = tokenizer.backend_tokenizer.to_str() if getattr(tokenizer, "is_fast", False) else token_hex()
    return f"{told} {getattr(tokenizer, 'src_lang', '')} {getattr(tokenizer, 'tgt_lang', '')}"


def unknown_to(tokenizer: Any) -> int | None:
    """The token of what a tokenizer does not know, where it frames no text besides, as GPT-2's ends them."""
    frames = {tokenizer.eos_token_id, tokenizer.bos_token_id}
    return None if tokenizer.unk_token_id in frames else tokenizer.unk_token_id
