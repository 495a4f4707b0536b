"""How likely a model that writes holds texts: log p(y | x) = Σ_t log p(y_t | y_<t, x), the end of y among them; of a
decoder that reads a text alone Σ_t log p(y_t | y_<t), without an end, after the token that opens texts.

Of two directions each is asked by itself, and the mean told: what they agree on (see `minent.text.writing.agreement`).
The p is that of the loss: tokens that are never written, padding and the like, have their share of it, too.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence

from minent.data.texts.pairs import Pairs
from minent.errors import BadInput
from minent.nn.cross_entropy import at_least_float32
from minent.nn.evaluating import evaluating
from minent.text.cut import Cut, told
from minent.text.exposure.folder import hub_batches
from minent.text.exposure.hub_reads import IGNORED
from minent.text.exposure.objective import reads_of
from minent.text.exposure.reads import Batch
from minent.text.masked.likelihood import Likelihood
from minent.text.writing.hub import HubWriter
from minent.text.writing.model import Writer, alone
from minent.text.writing.training import batched

TOKENS = 4096  # of a batch, about
EXAMPLES = 16


def writer_likelihoods(
    writer: Writer | HubWriter, texts: Sequence[str], sources: Sequence[str] | None
) -> list[Likelihood]:
    """Of each text, for its source where the model writes for one: log p in one piece, of how many tokens. Raises
    BadInput for texts that are longer than the model reads, and where sources are wanted, or not."""
    if sources is None and (isinstance(writer, Writer) or writer.both):
        raise BadInput("the model writes a text for a text: wanted pairs of source and target; got texts alone")
    batches, model = _batches(writer, texts, sources)
    both = getattr(writer, "direction", "") == "bidirectional"
    device, found = next(model.parameters()).device, [Likelihood(text, [text], [0.0], [0]) for text in texts]
    with torch.no_grad(), evaluating(model), alone(model) if both else nullcontext():
        for batch in batches:
            read = reads_of(model, {name: torch.as_tensor(x, device=device) for name, x in batch.items()})
            log = at_least_float32(read.scores(read.tokens)).log_softmax(2)
            log = log.gather(2, read.wanted.clamp_min(0)[..., None])[..., 0].where(read.counts, 0)
            sums, counts = (x.sum(1).view(-1, len(batch["id"])).sum(0) for x in (log.double(), read.counts))
            for i, total, count in zip(batch["id"].tolist(), sums.tolist(), counts.tolist(), strict=True):
                share = 2 if both else 1
                found[i] = replace(found[i], log_p=[total / share], tokens=[count // share])
    return found


def _batches(writer: Any, texts: Sequence[str], sources: Sequence[str] | None) -> tuple[Any, Any]:
    """Numbered batches, and the model that reads them."""
    cuts = {"source": Cut(0), "target": Cut(0)}
    if isinstance(writer, Writer):
        cuts = {"source": Cut(writer.shape.longest), "target": Cut(writer.shape.written)}
        batches = batched(writer, Pairs(sources or [], texts), TOKENS, shuffle=False, cuts=cuts).epoch(1)  # type: ignore[arg-type]
    elif sources is None:
        batches = _alone(writer, texts, cuts["target"])
    else:
        batches = list(hub_batches(writer.model, writer.tokenizer, Pairs(sources, texts), EXAMPLES, cuts))
    for cut in cuts.values():
        if cut.cut:
            raise BadInput(f"the model reads at most {cut.longest:,} tokens; text {1 + cut.which.index(True)} has more")
    if isinstance(writer, Writer):  # of other models it is told where they read
        told(cuts)
    return batches, writer if isinstance(writer, Writer) else writer.model


def _alone(writer: HubWriter, texts: Sequence[str], cut: Cut) -> list[Batch]:
    """Texts after the token that opens them."""
    ids, tokenizer = writer.tokenizer(texts, verbose=False)["input_ids"], writer.tokenizer
    opens = next((i for i in (tokenizer.bos_token_id, tokenizer.eos_token_id) if i is not None), writer.pad)
    rows = [one if one[:1] == [opens] else [opens, *one] for one in ids]
    cut.longest = writer.places("decoder") or 10**9
    for row in rows:
        cut.count(len(row))
    order, batches = sorted(range(len(rows)), key=lambda i: len(rows[i])), []
    for start in range(0, len(order), EXAMPLES):
        chosen = order[start : start + EXAMPLES]
        some = [torch.tensor([*rows[i]]) for i in chosen]
        labels = [torch.cat([torch.tensor([IGNORED]), row[1:]]) for row in some]
        padded = [(some, writer.pad), ([torch.ones_like(row) for row in some], 0), (labels, IGNORED)]
        made = [pad_sequence(x, batch_first=True, padding_value=value) for x, value in padded]
        batches.append(dict(zip(("input_ids", "attention_mask", "labels"), made, strict=True)))
        batches[-1]["id"] = torch.tensor(chosen)
    return batches
