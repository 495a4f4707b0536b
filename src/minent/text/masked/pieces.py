"""What a tokenizer makes of texts, told by asking it: what frames them, how it reads masks, which tokens are parts of
characters."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tokenizers import Tokenizer

from minent.errors import BadInput
from minent.text.spelling import WIDE

PIECE = re.compile("<0x[0-9A-F]{2}>")  # a byte, which spells rare characters together with others
SPACED = re.compile("[Ġ▁ ].")  # a token that begins with the space before it


def framing(ids: Callable[[str, bool], list[int]], known: Iterable[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What stands before and after a text, told from one that is read with it and without."""
    for text in ("a", *known):
        if bare := ids(text, False):
            framed = ids(text, True)
            for start in range(len(framed) - len(bare) + 1):
                if framed[start : start + len(bare)] == bare:
                    return tuple(framed[:start]), tuple(framed[start + len(bare) :])
    raise BadInput(
        "the tokenizer finds no token in any of its own words: it cannot be told what opens and closes a text"
    )


def reading_gaps(
    read: Callable[[str], list[int]], mask: int, name: str | None, known: Iterable[str]
) -> Callable[[Sequence[str]], list[int]] | None:
    """How parts of a text are read with the mask's `name` between them, if the tokenizer knows it there."""
    if not name or read(f"{name}{name}") != [mask, mask]:
        return None
    spaced = any(map(SPACED.match, known))
    return lambda parts: read(name.join([*(part.rstrip(" ") if spaced else part for part in parts[:-1]), parts[-1]]))


def broken(ids: Iterable[int], tokenizer: Any) -> set[int]:
    """Tokens of which none but others make characters: those of bytes that are not whole UTF-8."""
    listed = list(ids)
    if isinstance(tokenizer, Tokenizer):
        texts, name = tokenizer.decode_batch([[i] for i in listed], skip_special_tokens=False), tokenizer.id_to_token
    else:
        texts, name = [tokenizer.decode([i]) for i in listed], tokenizer.convert_ids_to_tokens
    return {i for i, text in zip(listed, texts, strict=True) if "\ufffd" in text and "\ufffd" not in (name(i) or "")}


def adds_blanks(tokenizer: Any, known: dict[str, int]) -> str:
    """Between what characters decoding puts blanks that texts are written without, a pattern: Han and kana by BERT's,
    any by one that reads letter by letter (ESM's); "" where it puts none."""
    wide = next((i for token, i in known.items() if re.fullmatch(f"{WIDE}+", token)), None)
    letters = [token for token in known if len(token) == 1 and token.isalnum() and not re.match(WIDE, token)][:20]
    text = "".join(letters)
    apart = [known[one] for one in letters] == tokenizer(text, add_special_tokens=False)["input_ids"]
    if len(letters) > 1 and apart and tokenizer.decode([known[one] for one in letters]) == " ".join(letters):
        return "."
    return WIDE if wide is not None and " " in tokenizer.decode([wide, wide]) else ""
