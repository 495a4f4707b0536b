"""My generator repeats itself: what helps, searching otherwise or learning otherwise?

A small model learns to sum up docstrings of installed packages in a line. It has learned for some
seconds only: that is when models repeat themselves most.
Needs pip install "minent[torch]".
"""

from itertools import pairwise

from minent.data import Pairs, docstrings, held_out
from minent.nn import Shape
from minent.text import RandomReplacement, Reading, TeacherForcing, Writing, batched, new_seq2seq, train_seq2seq
from minent.text.exposure import exposure
from minent.training import Recipe

found = [one for one in docstrings(["networkx", "pandas"], per_package=400) if 2 < len(one.summary.split()) < 13]
pairs = Pairs([" ".join(f"{one.head} {one.body}".split()[:25]) for one in found], [one.summary for one in found])
train, test = held_out(pairs, 0.1)


def repeated(texts):
    """The share of pairs of words that stood in the same text before."""
    runs = [list(pairwise(text.split())) for text in texts]
    return 1 - sum(len(set(run)) for run in runs) / sum(map(len, runs))


searches = {
    "greedy": {"beam": 1},
    "beam of 4": {"beam": 4},
    "no pair twice": {"beam": 4, "no_repeat": 2},
    "drawn": {"beam": 1, "temperature": 0.7},
}
print(f"people repeat {repeated(test.targets):.1%}")
for objective in (TeacherForcing(), RandomReplacement()):
    shape = Shape(dim=64, heads=4, layers=1, hidden=256, longest=32)
    model = new_seq2seq(train, shape, Reading(vocabulary=2000), Writing(copy=True))
    recipe = Recipe(steps=200, learning_rate=4e-3, warmup=20)
    *_, last = train_seq2seq(model, train, None, recipe, objective=objective, tokens=512)
    right = exposure(model, batched(model, test, 4096, shuffle=False).epoch(1)).accuracy
    print(f"{objective}: loss {last.loss:.2f}; next tokens right after a history that is")
    print("  " + ", ".join(f"{kind}: {share:.0%}" for kind, share in right.items()))
    for name, search in searches.items():
        written = model.write(test.sources, longest=24, **search)
        print(f"  {name:14} repeats {repeated(written):5.1%}   {written[0]}")
