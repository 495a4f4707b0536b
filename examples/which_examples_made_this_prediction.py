"""Which training examples made this prediction? And which of their labels are wrong?

Training is recorded; a score is then a sum over training examples.
Needs pip install "minent[torch,knn]".
"""

import tempfile

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

from minent.attribution import explain, record

torch.manual_seed(1)
digits = load_digits()
order = torch.randperm(len(digits.target))[:500]
images = torch.tensor(digits.data[order] / 16, dtype=torch.float32)
labels = torch.tensor(digits.target[order])
train, test = slice(0, 400), slice(400, 500)
taught = labels[train].clone()
taught[:8] = (taught[:8] + 3) % 10  # eight lies, to be found

model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
folder = tempfile.mkdtemp() + "/run"
with record(model, optimizer, folder) as recording:
    for _ in range(10):
        for ids in torch.randperm(400).split(40):
            optimizer.zero_grad()
            F.cross_entropy(model(images[ids]), taught[ids]).backward()
            recording.batch(ids)  # the only line that is not in every training loop
            optimizer.step()

parts = explain(model, folder, images[test][:1], outputs="predicted", train=(images[train], taught))
print(parts)  # how much of the score the sum lacks: rounding
raised, lowered = parts.top(input=0, k=3)
print(f"it says {int(model(images[test][:1]).argmax())}; truth {int(labels[test][0])}")
for word, examples in (("raised", raised), ("lowered", lowered)):
    print(word, *(f"example {i} (a {int(taught[i])}) by {part:+.2f};" for i, part in examples))

whole = explain(model, folder, images[train], train=(images[train], taught))
suspects, _ = whole.mislabels(taught.numpy())  # those that all others contradict, first
print(f"of the 8 false labels, {sum(int(i) < 8 for i in suspects[:8])} are among the first 8 suspects")
