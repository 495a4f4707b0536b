"""One model from left to right learns what both directions of another agree on.

    targets ← (y of the pairs, argmax_y ½ (log p⃗(y | x) + log p⃖(y | x)) / |y|^α)
as sequences (Kim & Rush 2016, "Sequence-level knowledge distillation", D16-1139). It begins as the half of its teacher
that writes from the left, is as fast as any model of one direction, and is exported like one.
"""

from minent.data.texts.pairs import Pairs
from minent.errors import BadInput
from minent.nn.evaluating import evaluating
from minent.text.writing.seq2seq import Seq2Seq


def left_half(model: Seq2Seq) -> Seq2Seq:
    """The direction from the left of a bidirectional model, as a model of its own, by the same weights, in evaluation
    mode. Raises BadInput for a model of another kind."""
    if model.direction != "bidirectional":
        raise BadInput(f"a half is taken of a bidirectional model; got one that is {model.direction}")
    copies, sources = model.copying is not None, model.source_vocabulary
    half = Seq2Seq(model.vocabulary, model.shape, copy=copies, end=model.end, source_vocabulary=sources)
    wanted = half.state_dict()
    for name, weight in model.state_dict().items():
        own = name.replace(".ways.0", "")
        if own in wanted:  # the other half and gates are not; keys and values of both stand in one, the left's first
            wanted[own].copy_(weight[: len(wanted[own])])
    half.tokenizer, half.source_tokenizer, half.has_learned = model.tokenizer, model.source_tokenizer, True
    return half.to(model.starts.device).eval()


def agreed_pairs(model: Seq2Seq, pairs: Pairs, beam: int = 2) -> Pairs:
    """The pairs, and after them each source once more with what both directions of a bidirectional model agree on,
    where that is another text than the target. Raises BadInput for a model of another kind."""
    if model.direction != "bidirectional":
        raise BadInput(f"what both directions agree on is asked of a bidirectional model; got one {model.direction}")
    with evaluating(model):
        found = model.write(pairs.sources, beam=beam)
    wrote = [(a, b) for a, b, target in zip(pairs.sources, found, pairs.targets, strict=True) if b and b != target]
    return Pairs([*pairs.sources, *(a for a, _ in wrote)], [*pairs.targets, *(b for _, b in wrote)])
