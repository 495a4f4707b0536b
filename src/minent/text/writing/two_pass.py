"""Two passes: a bidirectional model learns to read a partner that errs.

On gold histories the direction from the left sees, past the middle, its next token in what the direction from the right
has written, and learns to copy it; but when it writes, its partner's history is written too, and may be wrong (Zhou,
Zhang & Zong 2019, §4.2). So in a first pass each direction learns by itself, without interaction; then each writes the
training targets, and in a second, short pass each learns the gold target beside what the other wrote.
"""

import numpy as np

from minent.data.texts.pairs import Pairs
from minent.errors import BadInput
from minent.nn.evaluating import evaluating
from minent.text.options import Search
from minent.text.token_ids import sequences
from minent.text.tokenizer import blank_of
from minent.text.writing.model import Writer, alone
from minent.text.writing.write import written


def wrote(model: Writer, pairs: Pairs) -> dict[str, list[np.ndarray]]:
    """Columns "forward" and "backward": what each direction writes for each source without the other, in its own order.

    Raises BadInput for a model of one direction."""
    if model.direction != "bidirectional":
        raise BadInput(f"two passes are for a bidirectional model; got one from {model.direction}")
    blank, shape = blank_of(model.tokenizer), model.shape
    sources = sequences(model.reader, pairs.sources, shape.longest)
    targets = sequences(model.tokenizer, pairs.targets, shape.written)
    search = Search(beam=1, longest=max(map(len, targets)), judge="own")
    with alone(model), evaluating(model):
        found = written(model, sources, search)
    columns: dict[str, list[np.ndarray]] = {"forward": [], "backward": []}
    for hypotheses in found:
        best = {one.direction: one.tokens for one in reversed(hypotheses)}
        columns["forward"].append(np.array(best[0] or (blank,), np.int32))
        columns["backward"].append(np.array(best[1][::-1] or (blank,), np.int32))
    return columns
