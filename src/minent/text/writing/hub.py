"""Models of Hugging Face that write, of an encoder and a decoder or of a decoder only, with their tokenizers.

A model of an encoder and a decoder writes a text for a text, one of a decoder only goes on with it. No code that lies
in a folder is run.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int32
from torch import nn

from minent.errors import BadInput, some
from minent.kernels import log
from minent.text.cut import Cut
from minent.text.options import Search
from minent.text.writing.language import as_target, opened_by, tokens_of_languages

LONGEST = 512  # tokens that are written at most, where neither options nor the folder say it
RULES = {  # of generation_config.json that have options here, and what they are without being said
    "num_beams": ("beam", 1), "length_penalty": ("length_penalty", 1.0), "no_repeat_ngram_size": ("no_repeat", 0),
    "min_new_tokens": ("shortest", 0), "min_length": ("shortest", 0), "temperature": ("temperature", 1.0),
    "top_k": ("top_k", 50), "top_p": ("top_p", 1.0),
}  # fmt: skip
DRAWN = "temperature", "top_k", "top_p"  # of do_sample
NONE = {  # and those that have none, as they are where they do nothing
    "repetition_penalty": 1.0, "encoder_repetition_penalty": 1.0, "encoder_no_repeat_ngram_size": 0,
    "diversity_penalty": 0.0, "num_beam_groups": 1, "penalty_alpha": 0.0, "guidance_scale": 1.0, "sequence_bias": {},
    "exponential_decay_length_penalty": (), "stop_strings": (), "early_stopping": False, "renormalize_logits": False,
    "min_p": 0.0, "typical_p": 1.0, "epsilon_cutoff": 0.0, "eta_cutoff": 0.0, "prompt_lookup_num_tokens": 0,
}  # fmt: skip


class HubWriter(nn.Module):
    """A model of transformers and its tokenizer, as `n_best` asks them; `chat`: each text is what a user says to it,
    put as its chat template has it. Raises BadInput for a model that reads no texts.

    `end` ends a text, any of `ends` does; `never` are tokens that its generation_config.json suppresses, `never_first`
    at the first place, where `first` is given if it is one; `start` is what its decoder reads first."""

    direction, directions = "left-to-right", 1

    def __init__(self, model: Any, tokenizer: Any, chat: bool = False):
        super().__init__()
        self.model, self.tokenizer, self.chat = model.eval(), tokenizer, chat
        self.told: Search | None = None  # of what is not done, for this search
        config, rules = model.config, getattr(model, "generation_config", None)
        if rules is None:
            raise BadInput(f"wanted a model that writes; got a {type(model).__name__}")
        if getattr(model, "main_input_name", "input_ids") != "input_ids":
            raise BadInput(f"a model that writes reads texts; a {config.model_type} reads {model.main_input_name}")
        if chat and not getattr(tokenizer, "chat_template", None):
            raise BadInput("its tokenizer has no chat template; texts are given to the model as they stand")
        sizes = (config.get_text_config(decoder=True), config)
        self.both = bool(config.is_encoder_decoder)

        def told(name: str) -> Any:
            values = (getattr(one, name, None) for one in (rules, *sizes))
            return next((value for value in values if value is not None), None)

        pad = told("pad_token_id")
        self.pad = int(pad if pad is not None else tokenizer.pad_token_id or 0)
        ends = told("eos_token_id")
        ends = tokenizer.eos_token_id if ends is None else ends
        self.ends = [] if ends is None else [ends] if isinstance(ends, int) else list(ends)
        head = model.get_output_embeddings()
        width = sizes[0].vocab_size if head is None else head.weight.shape[0]
        self.ends = [end for end in self.ends if 0 <= end < width]
        self.end = self.ends[0] if self.ends else width
        self.vocabulary = width if self.ends else width + 1
        start = told("decoder_start_token_id")
        self.start = told("bos_token_id") if start is None else start
        if self.both and not isinstance(self.start, int):
            raise BadInput(f"a decoder begins with a decoder_start_token_id; its settings say {self.start!r}")
        self.first = opened_by(model, tokenizer) if self.both else None
        words = told("bad_words_ids") or []
        self.never = sorted({*(told("suppress_tokens") or ()), *(w[0] for w in words if len(w) == 1)} - {*self.ends})
        self.never_first = told("begin_suppress_tokens") or []
        self.unheeded = {name: getattr(rules, name) for name, off in NONE.items() if getattr(rules, name, None)
                         not in (None, off)}  # fmt: skip
        if more := [w for w in words if len(w) > 1]:
            self.unheeded["bad_words_ids"] = more

    def places(self, side: str) -> int | None:
        """How many tokens the model has places for, where it has so many."""
        config = self.model.config
        part = getattr(config, side, None)
        asked = ((config, f"max_{side}_position_embeddings"), (part, "max_position_embeddings"),
                 (config, "max_position_embeddings"))  # fmt: skip
        return next((n for one, name in asked if isinstance(n := getattr(one, name, None), int) and n > 0), None)

    def longest(self, search: Search) -> int:
        """Tokens of a text at most: those asked for, else those of the folder, else LONGEST, as there are places."""
        rules, most = self.model.generation_config, search.longest
        spare = int(getattr(rules, "forced_eos_token_id", None) is not None)  # the end is the last of them
        if not most and rules.max_new_tokens:
            most = rules.max_new_tokens - spare
        elif not most and self.both and rules.max_length:
            most = rules.max_length - 1 - spare
        places = self.places("decoder")
        if self.both:
            return max(1, min(most or LONGEST, places or LONGEST))
        return most or min(LONGEST, (places or 2 * LONGEST) // 2)

    def read(self, texts: Sequence[str], search: Search, cut: Cut | None = None) -> list[Int32[np.ndarray, " tokens"]]:
        """The token ids of each text, as many as there are places for; `cut` counts what is lost. Raises BadInput where
        places are too few for what is to be written."""
        most = min(self.places("encoder") or 10**9, self.tokenizer.model_max_length)
        if not self.both and (most := most - self.longest(search)) < 1:
            places = self.places("decoder")
            raise BadInput(f"longest must leave places for texts: the model has {places}; got {self.longest(search)}")
        cut, found = cut or Cut(most), list[Int32[np.ndarray, " tokens"]]()
        cut.longest = most
        for text in texts:
            ids = self._ids(text)
            if cut.count(len(ids)):
                if self.chat:
                    raise BadInput(f"a message of {len(ids):,} tokens is too long: there are places for {most:,}")
                ids = self.tokenizer(text, truncation=True, max_length=most)["input_ids"]
            self.check(ids)
            found.append(np.array(ids or [self.start if isinstance(self.start, int) else self.pad], np.int32))
        return found

    def _ids(self, text: str) -> list[int]:
        if not self.chat:
            return self.tokenizer(text, verbose=False)["input_ids"]
        said = [{"role": "user", "content": text}]
        made = self.tokenizer.apply_chat_template(said, add_generation_prompt=True, tokenize=True, return_dict=True)
        return made["input_ids"]

    def check(self, ids: Sequence[int] | np.ndarray, written: bool = False) -> None:
        """Raises BadInput for a token of the tokenizer that the model does not know, where it reads, or is to write."""
        table = self.model.get_input_embeddings()
        known = self.vocabulary - (not self.ends) if written else getattr(table, "num_embeddings", None)
        if known is not None and len(ids) and (odd := int(np.max(ids))) >= known:
            token = self.tokenizer.decode([odd])
            raise BadInput(f"the model knows {known:,} tokens; the tokenizer makes {odd:,}, {token!r}, of a text")

    def begun(self, prefix: str) -> list[int]:
        """The tokens of what every text begins with; special ones, such as that of a language, may be among them."""
        named, (head, _, rest) = tokens_of_languages(self.tokenizer), prefix.partition(" ")
        ids, rest = ([named[head]], rest) if head in named else ([], prefix)
        ids += as_target(self.tokenizer, rest, add_special_tokens=False) if rest else []
        if self.first is not None and ids and ids[0] not in {*self.tokenizer.all_special_ids, *named.values()}:
            ids = [self.first, *ids]
        if (unknown := self.tokenizer.unk_token_id) in ids and unknown not in self.ends:
            raise BadInput(f"texts cannot begin with {prefix!r}: some of it is unknown to the tokenizer")
        return ids

    def spell(self, ids: Sequence[int]) -> str:
        """A text, special tokens left out."""
        named = {*tokens_of_languages(self.tokenizer).values()}
        return self.tokenizer.decode([int(i) for i in ids if i not in named], skip_special_tokens=True)

    def tell_of(self, sources: Sequence[np.ndarray], texts: Sequence[Sequence[int]], search: Search) -> None:
        """Warn of texts that are cut without anyone having asked for it, and of tokens that are unknown: of a source
        that is not put as the model learned to read it many are."""
        unknown, longest = self.tokenizer.unk_token_id, self.longest(search)
        if not search.longest and (cut := sum(len(text) >= longest for text in texts)):
            log.warning("%d of %d texts are cut at %d tokens, where no end came (--longest)", cut, len(texts), longest)
        if unknown is None or unknown in self.ends:
            return
        if many := sum(int((source == unknown).sum()) for source in sources):
            log.warning("%d of %d tokens that were read are unknown to the model", many, sum(map(len, sources)))
        if left := sum(unknown in text for text in texts):
            log.warning("from %d of %d texts unknown tokens that the model wrote are left out", left, len(texts))

    def tell(self, search: Search) -> None:
        """Warn of what the folder says of writing and is not done."""
        if search == self.told:
            return
        self.told, rules, other = search, self.model.generation_config, {}
        for name, (option, off) in RULES.items():
            asked = getattr(rules, name, None)
            if asked in (None, off, 0) or (name in DRAWN and not getattr(rules, "do_sample", None)):
                continue
            if asked != getattr(search, option):
                other[option] = asked
        if other:
            flags = " ".join(f"--{option.replace('_', '-')} {value}" for option, value in other.items())
            log.warning("generation_config.json of the model asks for another search than this one: %s", flags)
        if self.unheeded:
            log.warning("generation_config.json of the model asks for what is not done: %s", some(self.unheeded, 9))
        if not self.chat and getattr(self.tokenizer, "chat_template", None):
            log.warning("the model has a chat template; texts are given to it as they stand (--chat: as messages)")
        opens = self.start in {self.pad, *self.ends, self.tokenizer.bos_token_id}  # and is no language
        if self.both and self.first is None and opens and hasattr(self.tokenizer, "tgt_lang") and not search.prefix:
            log.warning("the model writes several languages, and which one is not said (--prefix, as fra_Latn)")
        ends, named = self.tokenizer.eos_token_id, self.tokenizer.eos_token
        if ends is not None and self.ends and ends not in self.ends:
            log.warning("texts of the tokenizer end with %s, which does not end what the model writes", named)
        if not self.both and not self.chat and ends is not None and self._ids("a")[-1:] == [ends]:
            log.warning("the tokenizer ends each text with %s, and the model goes on after it (add_eos_token)", named)
