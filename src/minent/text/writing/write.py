"""Writing: a model is asked for its next tokens, step by step, and a search keeps the likeliest texts, or draws some."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from minent.data import Batches
from minent.errors import BadInput
from minent.kernels import log
from minent.text.options import Search
from minent.text.spelling import spelled
from minent.text.token_ids import Cut, encode, sequences
from minent.text.tokenizer import blank_of
from minent.text.writing.agreement import agreed
from minent.text.writing.beam import Hypothesis, Step, beam_search
from minent.text.writing.middle import meet
from minent.text.writing.model import Writer
from minent.text.writing.pairwise import Pairwise
from minent.text.writing.sampling import sample
from minent.text.writing.stepper import Stepper


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
