"""Hugging Face's models that write, of an encoder and a decoder or of a decoder only, as objectives read them.

Labels of −100 are not wanted; what stands before a decoder's first label is its prefix.
"""

from contextlib import nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from minent.errors import BadInput
from minent.text.exposure.reads import Batch, Reads, among, to_the_end
from minent.text.writing.hub_training import IGNORED, moved

OURS = "labels", "decoder_input_ids", "progress", "id", "use_cache"  # of a batch, not given to the model as they are
SPECIAL = "pad", "bos", "eos", "sep", "cls", "decoder_start", "forced_bos"


class EncoderDecoder(Reads):
    """A batch of input_ids, labels and what else the model takes; decoder_input_ids are the labels moved by one."""

    def __init__(self, model: nn.Module, bare: Any, batch: Batch):
        self.model, self.bare = model, bare
        self.rest = {name: x for name, x in batch.items() if name not in OURS}
        self.special = _special(bare)
        labels = batch["labels"]
        read = batch.get("decoder_input_ids")
        if read is None:
            read = moved(bare, labels)
        self.start, self.tokens = read[:, :1], read[:, 1:]
        self.wanted, self.counts = labels, labels != IGNORED
        self.free = self.counts[:, :-1] & ~among(self.tokens, self.special)
        self.source = batch["input_ids"]
        self.source_mask = batch.get("attention_mask", torch.ones_like(self.source)).bool()
        self.source_mask = self.source_mask & ~among(self.source, self.special)
        self.embedding = _embedding(bare.get_decoder())

    def scores(self, history: Tensor) -> Tensor:
        soft = history.is_floating_point()
        rest = self.rest
        if soft:  # the encoder reads first: it may embed by the same weights
            named = ("input_ids", "attention_mask", "inputs_embeds")
            memory = self.bare.get_encoder()(**{name: rest[name] for name in named if name in rest})
            rest = {**{name: x for name, x in rest.items() if name != "input_ids"}, "encoder_outputs": memory}
        tokens = torch.cat([self.start, self.tokens if soft else history], dim=1)
        with _instead(self.embedding, history) if soft else nullcontext():
            return self.model(**rest, decoder_input_ids=tokens, use_cache=False).logits

    def one_vocabulary(self) -> bool:
        shared = getattr(self.bare.config, "share_encoder_decoder_embeddings", True)  # Marian's may have two
        return shared and len(self.embedding.weight) == len(_embedding(self.bare.get_encoder()).weight)

    def own(self) -> Tensor:
        n = self.wanted.shape[1]
        wrote = self.bare.generate(**self.rest, max_new_tokens=n, num_beams=1, do_sample=False)[:, 1:]
        return to_the_end(F.pad(wrote, (0, n - wrote.shape[1]), value=-1), _ends(self.bare))


class DecoderOnly(Reads):
    """A batch of input_ids and labels of the same shape, and what else the model takes."""

    def __init__(self, model: nn.Module, bare: Any, batch: Batch):
        self.model, self.bare = model, bare
        self.rest = {name: x for name, x in batch.items() if name not in (*OURS, "input_ids")}
        self.special, inputs, labels = _special(bare), batch["input_ids"], batch["labels"]
        if inputs.shape[1] < 2:
            raise BadInput(f"a decoder is trained on two tokens or more; got {inputs.shape[1]}")
        self.ends, self.tokens = (inputs[:, :1], inputs[:, -1:]), inputs[:, 1:-1]
        self.wanted, self.counts = labels[:, 1:], labels[:, 1:] != IGNORED
        self.free = self.counts[:, :-1] & ~among(self.tokens, self.special)
        real = batch.get("attention_mask", torch.ones_like(inputs)).bool() & (labels == IGNORED)
        self.source, self.source_mask = inputs, real & ~among(inputs, self.special)
        self.prompt = real.clone()
        self.prompt[:, 0] = True  # what is first is given, whatever its label
        if "attention_mask" in batch:
            self.prompt &= batch["attention_mask"].bool()
        self.embedding = bare.get_input_embeddings()

    def scores(self, history: Tensor) -> Tensor:
        soft = history.is_floating_point()
        tokens = torch.cat([self.ends[0], self.tokens if soft else history, self.ends[1]], dim=1)
        with _instead(self.embedding, history) if soft else nullcontext():
            out = self.model(input_ids=tokens, **self.rest, use_cache=False)
        if (experts := getattr(out, "aux_loss", None)) is not None:  # output_router_logits
            self.balance = self.bare.config.router_aux_loss_coef * experts
        return out.logits[:, :-1]

    def own(self) -> Tensor:
        begun = (self.prompt.cumsum(1) * self.prompt).argmax(1) + 1  # where each text begins
        found = torch.full_like(self.wanted, -1)
        for row in range(len(self.source)):
            first, n = int(begun[row]), int(self.counts[row].sum())
            if not n:
                continue
            prompt = self.source[row, :first][self.prompt[row, :first]][None]
            options = {"attention_mask": torch.ones_like(prompt), "max_new_tokens": n, "num_beams": 1}
            wrote = self.bare.generate(prompt, do_sample=False, **options)[0, prompt.shape[1] :]
            found[row, first - 1 : first - 1 + len(wrote)] = to_the_end(wrote[None], _ends(self.bare))[0]
        return found


def _embedding(part: Any) -> nn.Embedding:
    """Of an encoder or a decoder, which need be no model of its own, as FSMT's."""
    return part.get_input_embeddings() if hasattr(part, "get_input_embeddings") else part.embed_tokens


def _special(model: Any) -> set[int]:
    found: set[int] = set()
    for config in (model.config, getattr(model, "generation_config", None)):
        for name in SPECIAL:
            ids = getattr(config, f"{name}_token_id", None)
            found.update(() if ids is None else [ids] if isinstance(ids, int) else ids)
    return found


def _ends(model: Any) -> set[int]:
    ids = model.generation_config.eos_token_id
    return set() if ids is None else {ids} if isinstance(ids, int) else set(ids)


def _instead(embedding: nn.Module, vectors: Tensor) -> Any:
    """Within the block the embedding gives these vectors after the first."""
    n = vectors.shape[1]
    return embedding.register_forward_hook(
        lambda module, given, out: torch.cat([out[:, :1], vectors.to(out.dtype), out[:, 1 + n :]], dim=1)
    )
