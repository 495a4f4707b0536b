"""How token ids become a text again: as the tokenizer has it, without blanks that it only puts between characters of
scripts that are written without."""

import re
from collections.abc import Callable, Sequence

from tokenizers import Tokenizer

# Scripts that are written without blanks: Han, kana, bopomofo, and their punctuation.
WIDE = "[\u3000-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U000323af]"
ASKED = 200  # tokens at most, until one tells


def spelled(tokenizer: Tokenizer) -> Callable[[Sequence[int]], str]:
    """Ids to a text, special tokens left out. A tokenizer that reads two characters as two tokens and writes a blank
    between them (WordPiece) is told by one of its own: then blanks between wide characters are no part of the text.

    >>> from tokenizers import decoders, models, normalizers, pre_tokenizers
    >>> tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0, "今": 1, "天": 2, "go": 3, "##es": 4}, unk_token="[UNK]"))
    >>> tokenizer.normalizer = normalizers.BertNormalizer()  # it sets Han characters apart
    >>> tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.BertPreTokenizer(), decoders.WordPiece()
    >>> tokenizer.decode([1, 2, 3, 4]), spelled(tokenizer)([1, 2, 3, 4])
    ('今 天 goes', '今天 goes')
    """
    apart = re.compile(f"(?<={WIDE}) +(?={WIDE})") if _puts_blanks(tokenizer) else None

    def text(ids: Sequence[int]) -> str:
        plain = tokenizer.decode(list(ids))
        return apart.sub("", plain) if apart else plain

    return text


def _puts_blanks(tokenizer: Tokenizer) -> bool:
    wide = [token for token in tokenizer.get_vocab() if re.fullmatch(WIDE, token)][:ASKED]
    for token in wide:
        ids = tokenizer.encode(2 * token, add_special_tokens=False).ids
        if ids == 2 * [tokenizer.token_to_id(token)]:
            return " " in tokenizer.decode(ids)
    return False
