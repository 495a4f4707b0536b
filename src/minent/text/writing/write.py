"""Writing: a model's next-token probabilities, asked for step by step, with what it has computed kept in caches."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from minent.data import Batches
from minent.errors import BadInput
from minent.kernels import log
from minent.text.options import Search
from minent.text.spelling import spelled
from minent.text.token_ids import Cut, encode, sequences
from minent.text.tokenizer import blank_of
from minent.text.writing.agreement import Memory, agreed
from minent.text.writing.beam import Hypothesis, Step, beam_search
from minent.text.writing.middle import meet
from minent.text.writing.model import Writer
from minent.text.writing.pairwise import Pairwise
from minent.text.writing.sampling import sample


class Stepper:
    """The `Step` of beam search for a batch of sources, `beam` rows for each sentence and direction."""

    def __init__(self, model: Writer, source: Int[Tensor, "batch k"], mask: Bool[Tensor, "batch k"] | None, beam: int):
        self.memory: Tensor = model.encoder(model.embedding(source), mask)
        self.mask, self.prior = mask, model.prior(source, mask)
        self.model, self.beam, self.position = model, beam, 0
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
        if tokens is None:
            vectors = self.model.start(len(rows))
        else:
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
            vectors = self.model.embedding(tokens[:, None], start=self.position)
        self.position += 1
        out = self.model.decoder(vectors, self.memory, self.real, self.mask, self.caches)
        if tokens is None:
            self.first = [other for _, other in self.caches]
        prior = None if self.prior is None else self.prior.repeat_interleave(self.beam, 0).repeat(directions, 1)
        return self.possible(self.model.embedding.scores(out)[:, 0], prior)

    def possible(self, scores: Tensor, prior: Tensor | None) -> Tensor:
        """Scores of every token, with what its source adds, and without those that are never written."""
        scores = scores.float() if prior is None else scores.float() + prior
        return scores.index_fill(scores.dim() - 1, self.never, -torch.inf)

    def remembered(self) -> Memory:
        """What is known of all sources, whichever are done."""
        vectors, mask, prior = self.whole

        def possible(scores: Tensor, of: Tensor) -> Tensor:
            return self.possible(scores, None if prior is None else prior[of][:, None])

        return Memory(vectors, mask, self.first, possible)


@torch.no_grad()
def written(
    model: Writer,
    sources: Sequence[np.ndarray],
    search: Search,
    tokens: int = 4096,
    prefix: Sequence[int] = (),
    first: int = 0,
) -> list[list[Hypothesis]]:
    """What the model writes for each sequence of token ids, the best first, as people read it, beginning with `prefix`;
    about `tokens` source tokens at a time (which changes nothing but the speed). `first` is the number of the first
    source, by which what is drawn differs; where options leave nothing to write, nothing is found.

    Raises BadInput for a prefix where a direction comes to the beginning last, or one longer than it may be."""
    joined, shape = model.direction == "to-middle", model.shape
    longest = search.longest or shape.written
    if shape.positions == "learned" or shape.attention == "synthesizer":  # there is nothing for more tokens than these
        longest = min(longest, shape.written)
    search = replace(search, longest=longest)
    if prefix and not (joined or model.direction == "left-to-right"):
        wanted = "a prefix is for models that write it first, left-to-right or to-middle"
        raise BadInput(f"{wanted}; got one that is {model.direction}")
    if search.pairwise and model.direction != "bidirectional":
        raise BadInput(f"pairwise is for bidirectional models; got one that is {model.direction}")
    most = (search.longest + 1) // 2 if joined else search.longest
    if len(prefix) > most:
        wanted = "the half that a prefix begins" if joined else "the longest text"
        raise BadInput(f"{wanted} has {most} tokens at most; got a prefix of {len(prefix)}")
    found: list[list[Hypothesis]] = [[] for _ in sources]
    if not len(sources):
        return found
    device = model.starts.device
    longest = max(map(len, sources))
    for batch in Batches({"source": list(sources)}, tokens=max(tokens, longest), shuffle=False).epoch(1):
        whole = batch["source_mask"].all()
        source, mask = (
            torch.from_numpy(batch[name]).to(device, non_blocking=True) for name in ("source", "source_mask")
        )
        mask = None if whole else mask
        stepper = Stepper(model, source, mask, search.beam ** (2 if search.pairwise else 1))
        step: Step = Pairwise(stepper, search.beam) if search.pairwise else stepper
        if search.temperature:
            results = sample(step, (batch["id"] + first).tolist(), model.directions, model.end, search, prefix, joined)
        elif joined:
            results = meet(step, len(source), model.end, search, prefix)
        else:
            results = beam_search(step, len(source), model.directions, model.end, search, prefix)
        if search.judge == "both" and model.direction == "bidirectional" and not search.temperature:
            results = agreed(model, stepper.remembered(), results, search)
        else:
            results = [[_forward(model, hypothesis) for hypothesis in hypotheses] for hypotheses in results]
        for i, hypotheses in zip(batch["id"].tolist(), results, strict=True):
            found[i] = hypotheses
    if search.temperature:
        asked = len(found) * search.beam * (1 if joined else model.directions)
        if lost := asked - sum(map(len, found)):
            log.warning("%d of %d draws are left out: the options left no token to draw", lost, asked)
    elif none := sum(not one for one in found):
        log.warning("for %d of %d texts the options leave nothing to write", none, len(found))
    return found


def _forward(model: Writer, hypothesis: Hypothesis) -> Hypothesis:
    """As people read it."""
    backward = model.direction == "right-to-left" or hypothesis.direction == 1
    tokens = hypothesis.tokens[::-1] if backward else hypothesis.tokens
    return Hypothesis(tokens, hypothesis.score, hypothesis.direction)


@dataclass(frozen=True)
class Written:
    """A text that was written, the mean log p of its tokens (by the search's length penalty), and where it began: 0 for
    the direction of the model, 1 for the other of two."""

    text: str
    score: float
    direction: int


BLANK = Written("", 0.0, 0)


def n_best(
    model: Writer, texts: Sequence[str] | str, search: Search | None = None, tokens: int = 4096, first: int = 0,
    cut: Cut | None = None,
) -> list[list[Written]]:  # fmt: skip
    """What the model writes for each text, the best first; see `written`. For a text of blanks, an empty one. Of ways
    to spell a text the best one only, but where texts are drawn. `cut` counts what is not read. Raises BadInput without
    a tokenizer, and for a prefix that it does not know."""
    texts = [texts] if isinstance(texts, str) else texts
    sources, tokenizer = sequences(model.tokenizer, texts, model.shape.longest, cut), model.tokenizer
    assert tokenizer is not None
    search = search or Search()
    prefix = encode(tokenizer, [search.prefix])[0].tolist()
    if (unknown := blank_of(tokenizer)) in prefix and unknown != model.end:
        raise BadInput(f"texts cannot begin with {search.prefix!r}: some of it is unknown to the tokenizer")
    found = written(model, sources, search, tokens, prefix, first)
    spell = spelled(tokenizer)
    every = [
        [Written(spell(h.tokens), h.score, h.direction) for h in one] if text.strip() else [BLANK]
        for text, one in zip(texts, found, strict=True)
    ]
    return every if search.temperature else [_different(found) for found in every]


def _different(found: list[Written]) -> list[Written]:
    """The best of each text."""
    best: dict[str, Written] = {}
    for one in found:
        best.setdefault(one.text, one)
    return list(best.values())
