"""What a model from left to right learns of one that writes from both ends is kept in its folder: to go on, the run
asks the other no more."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from minent.cli.computing import Computing
from minent.cli.processes import speaks
from minent.data.whole import whole
from minent.files import write_text
from minent.training.recipe import Recipe

if TYPE_CHECKING:
    from minent.data import Pairs
    from minent.text import Seq2Seq

KEPT = "agreed.json"


def distilled(teacher: str, pairs: "Pairs", recipe: Recipe, out: Path, resume: bool) -> "tuple[Seq2Seq, Pairs]":
    """The model that is to learn, and the pairs with, behind them, those on which both directions agree."""
    from minent.data import Pairs
    from minent.text import Seq2Seq, agreed_pairs, left_half

    kept = out / KEPT
    if resume and kept.is_file() and (out / "config.json").is_file():
        with whole(kept, "texts on which both directions agree"):
            added = [(str(source), str(target)) for source, target in json.loads(kept.read_text(encoding="utf-8"))]
        sources, targets = ([pair[end] for pair in added] for end in (0, 1))
        return Seq2Seq.from_pretrained(out), Pairs([*pairs.sources, *sources], [*pairs.targets, *targets])
    both = Seq2Seq.from_pretrained(teacher)
    with Computing(recipe.device).of(both):
        model, found = left_half(both), agreed_pairs(both, pairs)
    if speaks():
        added = list(zip(found.sources, found.targets, strict=True))[len(pairs) :]
        write_text(kept, json.dumps(added, ensure_ascii=False))
    return model, found
