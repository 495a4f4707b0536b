"""Writing: a model is asked for its next tokens, step by step; a search keeps the likeliest texts, or draws some."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from minent.data import Batches
from minent.errors import BadInput
from minent.kernels import log
from minent.nn.evaluating import evaluating
from minent.text.cut import Cut, told
from minent.text.options import Search
from minent.text.spelling import spelled
from minent.text.token_ids import encode, sequences
from minent.text.tokenizer import blank_of
from minent.text.writing.agreement import agreed
from minent.text.writing.beam import Hypothesis, Step, beam_search
from minent.text.writing.hub import HubWriter
from minent.text.writing.hub_stepper import HubStepper
from minent.text.writing.middle import meet
from minent.text.writing.model import Writer
from minent.text.writing.pairwise import Pairwise
from minent.text.writing.sampling import sample
from minent.text.writing.stepper import Stepper
from minent.text.writing.written_out import written_out


@torch.no_grad()
def written(
    model: Writer | HubWriter,
    sources: Sequence[np.ndarray],
    search: Search,
    tokens: int = 4096,
    prefix: Sequence[int] = (),
    first: int = 0,
) -> list[list[Hypothesis]]:
    """What the model writes for each sequence of token ids, the best first, as people read it, beginning with `prefix`;
    about `tokens` source tokens at a time (which changes nothing but the speed). `first` is the number of the first
    source, by which what is drawn differs; where options leave nothing to write, nothing is found. A model in training
    drops nothing out while it writes.

    Raises BadInput for a prefix where a direction comes to the beginning last, or one longer than it may be."""
    joined, search = model.direction == "to-middle", replace(search, longest=_longest(model, search))
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
    device = next(model.parameters()).device
    longest = max(map(len, sources))
    with evaluating(model):
        step_of = written_out(model) if isinstance(model, Writer) else None
        for batch in Batches({"source": list(sources)}, tokens=max(tokens, longest), shuffle=False).epoch(1):
            whole = batch["source_mask"].all()
            source, mask = (
                torch.from_numpy(batch[name]).to(device, non_blocking=True) for name in ("source", "source_mask")
            )
            mask, stepper = None if whole else mask, None
            if isinstance(model, Writer):
                stepper = Stepper(model, source, mask, search.beam ** (2 if search.pairwise else 1), step_of)
                step = Pairwise(stepper, search.beam) if search.pairwise else stepper
            else:
                given = prefix[0] if prefix and model.first is not None else model.first
                step: Step = HubStepper(model, source, mask, search.beam, search.longest, given, search.temperature > 0)
            if search.temperature:
                results = sample(
                    step, (batch["id"] + first).tolist(), model.directions, model.end, search, prefix, joined
                )
            elif joined:
                results = meet(step, len(source), model.end, search, prefix)
            else:
                results = beam_search(step, len(source), model.directions, model.end, search, prefix)
            if stepper and model.direction == "bidirectional" and search.judge == "both" and not search.temperature:
                results = agreed(stepper.model, stepper.remembered(), results, search)
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


def _longest(model: Writer | HubWriter, search: Search) -> int:
    """Tokens of a text at most."""
    if not isinstance(model, Writer):
        return model.longest(search)
    shape, longest = model.shape, search.longest or model.shape.written
    if shape.positions == "learned" or shape.attention == "synthesizer":  # there is nothing for more tokens than these
        longest = min(longest, shape.written)
    return longest


def _forward(model: Writer | HubWriter, hypothesis: Hypothesis) -> Hypothesis:
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
    model: Writer | HubWriter, texts: Sequence[str] | str, search: Search | None = None, tokens: int = 4096,
    first: int = 0, cut: Cut | None = None,
) -> list[list[Written]]:  # fmt: skip
    """What the model writes for each text, the best first; see `written`. For a text of blanks, an empty one. Of ways
    to spell a text the best one only, but where texts are drawn. `cut` counts what is not read, or not known; it is
    told where nobody asks for it. Raises BadInput without a tokenizer, and for a prefix that it does not know."""
    texts, search = [texts] if isinstance(texts, str) else texts, search or Search()
    counted = Cut(0) if cut is None else cut
    if isinstance(model, Writer):
        counted.longest = model.shape.longest
        sources, tokenizer = sequences(model.reader, texts, model.shape.longest, counted), model.tokenizer
        if tokenizer is None:
            raise BadInput("a model writes with its tokenizer; this one has none: set model.tokenizer")
        prefix, spell = encode(tokenizer, [search.prefix])[0].tolist(), spelled(tokenizer)
        if (unknown := blank_of(tokenizer)) in prefix and unknown != model.end:
            raise BadInput(f"texts cannot begin with {search.prefix!r}: some of it is unknown to the tokenizer")
    else:
        model.tell(search)
        sources, prefix, spell = model.read(texts, search, counted), model.begun(search.prefix), model.spell
    if cut is None:
        told({"text": counted})
    found = written(model, sources, search, tokens, prefix, first)
    if not isinstance(model, Writer):
        model.tell_of(sources, [one[0].tokens for one in found if one], search)
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
