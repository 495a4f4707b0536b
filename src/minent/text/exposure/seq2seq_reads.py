"""minent's models that write, as objectives read them."""

import torch
from torch import Tensor

from minent.text.exposure.reads import Batch, Reads, Summed, to_the_end
from minent.text.writing.loss import continuations, loss, read, taught
from minent.text.writing.model import Writer
from minent.text.writing.stepper import Stepper


class Ours(Reads):
    """A batch as a `Seq2Seq` reads it: source, target and their masks; "forward" and "backward" in a second pass."""

    def __init__(self, model: Writer, batch: Batch):
        self.model, self.batch = model, batch
        self.tokens, self.free = model.histories(batch["target"], batch["target_mask"])
        self.wanted, counts = continuations(self.tokens, self.free, model.end)
        self.counts = taught(model, counts, batch.get("cut"))
        times = len(self.tokens) // len(batch["source"])
        self.source, self.source_mask = (batch[name].repeat(times, 1) for name in ("source", "source_mask"))
        self.embedding = model.embedding.tokens
        named = {} if model.tokenizer is None else model.tokenizer.get_added_tokens_decoder()
        self.special = {model.end, *(i for i, token in named.items() if token.special)}

    def scores(self, history: Tensor) -> Tensor:
        prior = self.model.prior(self.batch["source"], self.batch["source_mask"])
        scores = self.model.embedding.scores(read(self.model, self.batch, history, self.free))
        return scores if prior is None else scores + prior.repeat(self.model.directions, 1)[:, None]

    def one_vocabulary(self) -> bool:
        return self.model.source_embedding is None

    def loss(self, history: Tensor, smoothing: float = 0.0) -> Summed:
        return loss(self.model, self.batch, smoothing, history)

    def own(self) -> Tensor:
        mask, rows = self.batch["source_mask"], torch.arange(len(self.tokens))
        step, tokens, wrote = Stepper(self.model, self.batch["source"], mask, beam=1), None, []
        for _ in range(self.wanted.shape[1]):
            tokens = step(tokens, rows).argmax(1)
            wrote.append(tokens)
        return to_the_end(torch.stack(wrote, dim=1), {self.model.end})
