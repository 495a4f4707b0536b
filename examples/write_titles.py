"""Write titles for texts.

The texts are docstrings of scipy, the titles their first lines. A thousand pairs and some seconds
teach what titles are like, and little more: give it ten thousand and an hour.
python write_titles.py bidirectional: from both ends at once, which has to learn for longer.
Needs pip install "minent[torch,score]".
"""

import sys

from minent.data import Pairs, docstrings, held_out
from minent.nn import Shape
from minent.text import Reading, Writing, new_seq2seq, train_seq2seq
from minent.text.score import score
from minent.training import Recipe

decoder = sys.argv[1] if len(sys.argv) > 1 else "left-to-right"
found = [one for one in docstrings(["scipy"], per_package=1200) if 2 < len(one.summary.split()) < 11]
texts = [" ".join(f"{one.head.replace('_', ' ')} {one.body}".split())[:400] for one in found]
train, test = held_out(Pairs(texts, [one.summary for one in found]), 0.05)

shape = Shape(dim=96, heads=4, layers=1, hidden=384, longest=32)  # longest: what is read of a text, in tokens
# copy: words of the text are likelier in its title.
model = new_seq2seq(train, shape, Reading(vocabulary=2000), Writing(decoder, copy=True))
for record in train_seq2seq(model, train, None, Recipe(steps=300, learning_rate=4e-3, warmup=30), tokens=512):
    if record.step % 100 == 0:
        print(f"step {record.step}: loss {record.loss:.2f}")

written = model.write(test.sources, beam=4, longest=24, no_repeat=2)
for title, truth in list(zip(written, test.targets, strict=True))[::9]:
    print(f"written: {title}\n  truth: {truth}")
ours, others = score(written, test.targets), score(train.targets[: len(test)], test.targets)
print(f"ROUGE-L {ours.rouge_l:.1f}; of titles of other texts {others.rouge_l:.1f}")
model.save_pretrained("titles")
print("minent text write --model titles < texts.txt  # the same model, from the command line")
