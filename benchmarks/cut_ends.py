"""Is it of use not to teach the end of a target that is cut? Sequences are to be copied, a third of the targets is cut.

For each seed a small writer learns from the same pairs twice: as minent trains (of a cut target no end is taught), and
with the end taught where the cut is. Told is the share of unseen sequences whose copy ends at the right place: of those
as long as a target may be, and of longer ones.

python benchmarks/cut_ends.py [steps]
"""

import sys
from unittest.mock import patch

import numpy as np

from minent.data import Pairs
from minent.nn import Shape
from minent.text import Reading, n_best, new_seq2seq, train_seq2seq
from minent.text.options import Search, Writing
from minent.text.writing import training
from minent.training import Recipe

MOST, CUT = 12, 8  # letters of a sequence, and of a target


def sequences(number: int, seed: int) -> list[str]:
    """Random letters, of 1 to MOST each, so that a third are longer than CUT."""
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(list("abcdefgh"), random.integers(1, MOST + 1))) for _ in range(number)]


def ends_taught(*arguments, **options):
    """Batches that do not say which targets are cut."""
    batches = batched(*arguments, **options)
    batches.columns.pop("cut", None)
    return batches


batched = training.batched
shape = Shape(dim=64, heads=4, layers=2, hidden=128, longest=MOST, longest_target=CUT, dropout=0.0, positions="rotary")
steps = int(sys.argv[1]) if len(sys.argv) > 1 else 1500
print("% that end at the right place of short and of long sequences; of long ones, % written beyond the cut")
print("seed  ends              short       long     beyond")
for seed in (1, 2, 3):
    texts, asked = sequences(6000, seed), sequences(600, 100 + seed)
    for name, made in (("not taught", batched), ("taught", ends_taught)):
        pairs = Pairs(texts, texts)
        model = new_seq2seq(pairs, shape, Reading("words"), Writing(), seed)
        recipe = Recipe(steps=steps, learning_rate=2e-3, warmup=steps // 10, seed=seed)
        with patch.object(training, "batched", made):
            for _ in train_seq2seq(model, pairs, None, recipe, smoothing=0.0, tokens=2048):
                pass
        wrote = [found[0].text.split() for found in n_best(model, asked, Search(beam=1, longest=2 * MOST))]
        long = np.array([len(text.split()) > CUT for text in asked])
        right = np.array([len(one) == len(text.split()) for one, text in zip(wrote, asked, strict=True)])
        beyond = np.array([len(one) > CUT for one in wrote])
        shares = [100 * part.mean() for part in (right[~long], right[long], beyond[long])]
        print(f"{seed:<5} {name:<12}" + " ".join(f"{share:10.1f}" for share in shares), flush=True)
