"""Which training texts made a fine-tuned model of transformers say this? And which of their labels are wrong?

The body of a BERT is frozen, its attention is adapted by LoRA, and its head is new: what trains is recorded. Here its
weights are random and its texts are toys, so that nothing is downloaded. Needs pip install "minent[hub]".
"""

import tempfile

import torch
from torch import nn
from torch.utils.data import DataLoader
from transformers import BertConfig, BertForSequenceClassification

from minent.attribution import Numbered, explain, mislabels, record

torch.manual_seed(0)
data = [{"input_ids": torch.randint(5, 15, (4,)) + 10 * (i % 2), "labels": i % 2} for i in range(60)]
data[7]["labels"] = 0  # a lie, to be found


class LoRA(nn.Module):
    def __init__(self, layer, rank=4):
        super().__init__()
        self.layer, self.down = layer, nn.Linear(layer.in_features, rank, bias=False)
        self.up = nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, x):
        return self.layer(x) + self.down(x) @ self.up.T


config = BertConfig(vocab_size=25, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
model = BertForSequenceClassification(config).requires_grad_(False).train()
for layer in model.bert.encoder.layer:
    layer.attention.self.value = LoRA(layer.attention.self.value)
optimizer = torch.optim.AdamW([*model.classifier.requires_grad_(True).parameters(), *model.bert.parameters()], 1e-2)
loader, folder = DataLoader(Numbered(data), batch_size=10, shuffle=True), tempfile.mkdtemp() + "/run"
with record(model, optimizer, folder) as recording:
    for batch in [batch for _ in range(10) for batch in loader]:
        recording.batch(batch.pop("id"))  # whose gradients the next step follows: Numbered told
        optimizer.zero_grad()
        model(**batch).loss.backward()
        optimizer.step()

parts = explain(model, folder, {"input_ids": torch.tensor([[15, 16, 17, 18]])}, train=loader, outputs="margin", first=3)
print(parts, "spoke for it: {}; against it: {}".format(*parts.top(0)), sep="\n")
print(mislabels(model, folder, train=loader).to_frame().head(3).round(2).to_string(index=False))
