"""The next token of every beginning, asked of a model of Hugging Face, with what it has computed kept in its cache.

What its generation_config.json says of tokens holds as in transformers' own `generate`: log p is of all tokens, then
those that are never written become impossible, the first one may be given, and at the last the end costs nothing.
"""

import inspect
from typing import Any, cast

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minent.errors import BadInput

CACHES = "cache", "past_key_values"  # what models call theirs


class HubStepper:
    """The `Step` of a search for a batch of sources of a `HubWriter`, `beam` rows for each; a text has `longest` tokens
    at most, and where it is given `first` before all others. A decoder by itself reads its source first, padded on the
    left. Of several ends each beginning has the likeliest, or where tokens are `drawn` all together."""

    def __init__(
        self,
        writer: Any,
        source: Int[Tensor, "batch k"],
        mask: Bool[Tensor, "batch k"] | None,
        beam: int,
        longest: int,
        first: int | None = None,
        drawn: bool = False,
    ):
        self.writer, self.model, self.beam, self.longest = writer, writer.model, beam, longest
        self.first, self.drawn = first, drawn
        mask = torch.ones_like(source) if mask is None else mask.long()
        source = source.long().masked_fill(mask == 0, writer.pad)
        self.written, self.memory = 0, cast(Any, None)
        self.cache: dict[str, Any] = {}  # by the name that the model has for it
        if writer.both:
            self.memory = self.model.get_encoder()(source, mask, return_dict=True)
            self.history = torch.full((len(source), 1), writer.start, device=source.device)
        else:
            left = mask.argsort(dim=1, stable=True)  # padding first
            self.history, mask = source.gather(1, left), mask.gather(1, left)
        self.mask = mask
        self.placed = "position_ids" in inspect.signature(self.model.forward).parameters

    def __call__(
        self, tokens: Int[Tensor, " rows"] | None, rows: Int[Tensor, " rows"]
    ) -> Float[Tensor, "rows vocabulary"]:
        device = self.history.device
        if tokens is None:
            logs = self._log_p()
            each = torch.arange(len(logs), device=device).repeat_interleave(self.beam)
            self._choose(each, sentences=True)
            logs = logs[each]
        else:
            if len(rows) < len(self.history) or not torch.equal(rows, torch.arange(len(rows))):
                self._choose(rows.to(device), sentences=len(rows) < len(self.history))
            self.history = torch.cat([self.history, tokens.to(device)[:, None]], dim=1)
            if self.memory is None:
                self.mask = torch.cat([self.mask, self.mask.new_ones(len(rows), 1)], dim=1)
            logs = self._log_p() if self.written < self.longest else self._ended(len(rows))
        self.written += 1
        return logs

    def _log_p(self) -> Tensor:
        """Of what follows each row, by the rules of its folder; what the model has computed is kept."""
        given: dict[str, Any] = {"attention_mask": self.mask, "use_cache": True, **self.cache}
        if self.memory is not None:
            given["encoder_outputs"] = self.memory
        elif self.placed:
            given["position_ids"] = (self.mask.cumsum(1) - 1).masked_fill(self.mask == 0, 0)
        given = self.model.prepare_inputs_for_generation(
            self.history, next_sequence_length=1 if self.cache else None, is_first_iteration=not self.written, **given
        )
        out = self.model(**given, return_dict=True)
        self.cache = {name: out[name] for name in CACHES if name in out.keys() and out[name] is not None}  # noqa: SIM118
        if not self.cache and getattr(self.model, "_is_stateful", False):
            kind = self.model.config.model_type
            raise BadInput(
                f"a {kind} model keeps a state that knows no padding and no beams: it cannot be written with"
            )
        logs = out.logits[:, -1].float().log_softmax(1)
        if logs[:, 0].isnan().any():  # of a row all are, or none
            raise BadInput("the model's logits are NaN, as those of some are in fp16: choose another precision")
        writer, impossible = self.writer, -torch.inf
        if writer.end == logs.shape[1]:  # no token ends a text
            logs = torch.nn.functional.pad(logs, (0, 1), value=impossible)
        if not self.written and self.first is not None:
            return torch.full_like(logs, impossible).index_fill(1, torch.tensor([self.first], device=logs.device), 0)
        never = [*writer.never, *(() if self.written else writer.never_first)]
        logs = logs.index_fill(1, torch.tensor(never, dtype=torch.long, device=logs.device), impossible)
        if len(writer.ends) > 1:
            ends = logs[:, writer.ends]
            logs = logs.index_fill(1, torch.tensor(writer.ends, device=logs.device), impossible)
            logs[:, writer.end] = ends.logsumexp(1) if self.drawn else ends.amax(1)
        return logs

    def _ended(self, rows: int) -> Tensor:
        logs = torch.full((rows, self.writer.vocabulary), -torch.inf, device=self.history.device)
        logs[:, self.writer.end] = 0.0
        return logs

    def _choose(self, rows: Tensor, sentences: bool) -> None:
        """Go on with these rows, of which some may stand twice; `sentences`: not as many of each sentence as before."""
        self.history = self.history[rows]
        for cache in self.cache.values():  # what is known of a source is the same in all its rows
            (cache if sentences else getattr(cache, "self_attention_cache", cache)).reorder_cache(rows)
        if sentences or self.memory is None:
            self.mask = self.mask[rows]
        if sentences and self.memory is not None:
            self.memory = type(self.memory)(last_hidden_state=self.memory.last_hidden_state[rows])
