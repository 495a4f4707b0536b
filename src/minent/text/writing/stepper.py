"""The next token of every beginning, asked of minent's own models, with what they have computed kept in caches."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minent.text.writing.agreement import Memory
from minent.text.writing.model import Writer
from minent.text.writing.written_out import WrittenOut


class Stepper:
    """The `Step` of a search for a batch of sources, `beam` rows for each sentence and direction."""

    def __init__(
        self,
        model: Writer,
        source: Int[Tensor, "batch k"],
        mask: Bool[Tensor, "batch k"] | None,
        beam: int,
        written_out: WrittenOut | None = None,
    ):
        self.memory: Tensor = model.encoded(source, mask)
        self.mask, self.prior = mask, model.prior(source, mask)
        self.model, self.beam, self.position, self.written_out = model, beam, 0, written_out
        self.caches = model.decoder.caches()
        named = {} if model.tokenizer is None else model.tokenizer.get_added_tokens_decoder()
        never = [i for i, token in named.items() if token.special and i != model.end]  # padding, masks: no text
        self.never = torch.tensor(never, dtype=torch.long, device=self.memory.device)
        self.real: Tensor | None = None  # what a half has written after its end is not
        self.whole = self.memory, mask, self.prior

    def __call__(
        self, tokens: Int[Tensor, " rows"] | None, rows: Int[Tensor, " rows"]
    ) -> Float[Tensor, "rows vocabulary"]:
        directions = self.model.directions
        if tokens is not None:
            before, device = directions * len(self.memory) * self.beam, self.memory.device
            moved = len(rows) < before or not torch.equal(rows, torch.arange(before))
            rows, tokens = (one.to(device, non_blocking=True) for one in (rows, tokens))
            if moved:
                for own, _ in self.caches:
                    own.select(rows)
            if len(rows) < before:  # some sentences are done; all rows of a sentence share its memory
                sentences = rows[: len(rows) // directions : self.beam] // self.beam
                self.memory = self.memory[sentences]
                self.mask, self.prior = (None if part is None else part[sentences] for part in (self.mask, self.prior))
                self.caches = [(own, other.of(sentences)) for own, other in self.caches]
            if self.model.direction == "to-middle":
                before = rows.new_ones(len(rows), 1, dtype=torch.bool) if self.real is None else self.real[rows]
                self.real = torch.cat([before, (tokens != self.model.end)[:, None]], dim=1)
        if tokens is None or self.written_out is None:
            vectors = (
                self.model.start(len(rows)) if tokens is None else self.model.embedding(tokens[:, None], self.position)
            )
            out = self.model.decoder(vectors, self.memory, self.real, self.mask, self.caches)
            scores = self.model.embedding.scores(out)[:, 0]
        else:
            scores = self.written_out(tokens, self.position, self.caches, self.mask, self.real)
        if tokens is None:
            self.first = [other for _, other in self.caches]
        self.position += 1
        prior = None if self.prior is None else self.prior.repeat_interleave(self.beam, 0).repeat(directions, 1)
        return self.possible(scores, prior).log_softmax(1)

    def possible(self, scores: Tensor, prior: Tensor | None) -> Tensor:
        """Scores of every token, with what its source adds, and without those that are never written."""
        scores = scores.float() if prior is None else scores.float() + prior
        return scores.index_fill_(scores.dim() - 1, self.never, -torch.inf)  # nobody else has them

    def remembered(self) -> Memory:
        """What is known of all sources, whichever are done."""
        vectors, mask, prior = self.whole

        def possible(scores: Tensor, of: Tensor) -> Tensor:
            return self.possible(scores, None if prior is None else prior[of][:, None])

        return Memory(vectors, mask, self.first, possible)
