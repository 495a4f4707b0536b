"""The language that a text is written in, of models of Hugging Face that write several.

NLLB, M2M100 and mBART-50 open a text by the token of its language; transformers takes that of the source where nobody
says which one.
"""

from typing import Any

from minent.errors import BadInput


def tokens_of_languages(tokenizer: Any) -> dict[str, int]:
    """Those that the tokenizer spells out as text, as M2M100's does, for it does not count them among its special
    ones."""
    return getattr(tokenizer, "lang_token_to_id", None) or {}


def as_target(tokenizer: Any, texts: Any, **options: Any) -> Any:
    """The token ids of texts as the tokenizer has targets, whose language may be unsaid, and stays so."""
    named = getattr(tokenizer, "tgt_lang", None)
    try:
        if hasattr(tokenizer, "tgt_lang"):
            tokenizer.tgt_lang = named or tokenizer.src_lang
        return tokenizer(text_target=texts, **options)["input_ids"]
    finally:
        if hasattr(tokenizer, "tgt_lang"):
            tokenizer.tgt_lang = named


def opened_by(model: Any, tokenizer: Any) -> int | None:
    """The token that the folder says a text is opened by: forced_bos_token_id of its generation_config.json, else the
    language that tokenizer_config.json names (tgt_lang), where it stands first; None where it says none."""
    forced = getattr(model.generation_config, "forced_bos_token_id", None)
    forced = getattr(model.config, "forced_bos_token_id", None) if forced is None else forced
    if forced is not None or not getattr(tokenizer, "tgt_lang", None):
        return forced
    with_it, without = (as_target(tokenizer, "a", add_special_tokens=special) for special in (True, False))
    return with_it[0] if with_it[:1] != without[:1] else None


def settle(model: Any, tokenizer: Any) -> None:
    """Let targets have the language that the folder says. Raises BadInput where it says none."""
    if not hasattr(tokenizer, "tgt_lang") or tokenizer.tgt_lang:
        return
    if (first := opened_by(model, tokenizer)) is None:
        raise BadInput(
            "the model writes several languages, and its folder does not say which one targets are in: set tgt_lang in "
            "tokenizer_config.json, or tokenizer.tgt_lang"
        )
    names = {number: name for name, number in tokens_of_languages(tokenizer).items()}
    tokenizer.tgt_lang = names.get(first, "").strip("_") or tokenizer.convert_ids_to_tokens(first)
