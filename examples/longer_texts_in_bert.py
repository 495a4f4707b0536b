"""My BERT is slow on long texts: exchange its attention, keep its weights.

A small random BERT stands for yours: BertModel.from_pretrained("…").
Needs pip install "minent[hub]".
"""

import copy
import time

import torch
from transformers import BertConfig, BertModel

from minent.nn.attention import swap

torch.manual_seed(0)
longest = 4096
config = BertConfig(
    vocab_size=1000, hidden_size=128, num_hidden_layers=2, num_attention_heads=4, intermediate_size=256,
    max_position_embeddings=longest, initializer_range=0.15,
)  # fmt: skip
bert = BertModel(config).eval()
swapped = swap(copy.deepcopy(bert), "nystrom", landmarks=64)


@torch.no_grad()
def milliseconds(model, tokens):
    begun = time.perf_counter()
    for _ in range(3):
        model(tokens)
    return 1000 * (time.perf_counter() - begun) / 3


print("tokens   softmax   nystrom   difference of outputs")
for n in (64, 512, 2048, 4096):
    tokens = torch.randint(1000, (1, n))
    before, after = milliseconds(bert, tokens), milliseconds(swapped, tokens)
    with torch.no_grad():
        one, other = bert(tokens).last_hidden_state, swapped(tokens).last_hidden_state
    print(f"{n:6} {before:6.0f} ms {after:6.0f} ms   {(one - other).norm() / one.norm():.3f}")
# With as many landmarks as tokens nothing changes; beyond that it is an approximation: train on before you rely on it.
