"""My BERT reads 512 tokens, my documents have 4,096: lengthen it, keep its weights, lose nothing.

A small random BERT stands for yours: BertModel.from_pretrained("…").
Needs pip install "minent[hub]".
"""

import copy
import tempfile
import time

import torch
from transformers import AutoModel, BertConfig, BertModel

from minent.nn.attention import lengthen

torch.manual_seed(0)
config = BertConfig(
    vocab_size=1000, hidden_size=128, num_hidden_layers=2, num_attention_heads=4, intermediate_size=256,
    max_position_embeddings=512, initializer_range=0.15,
)  # fmt: skip
bert = BertModel(config).eval()
long = lengthen(copy.deepcopy(bert), 4096)  # window+landmarks, windows of 256
exact = lengthen(copy.deepcopy(bert), 4096, "softmax")

with tempfile.TemporaryDirectory() as folder:
    long.save_pretrained(folder)
    long = AutoModel.from_pretrained(folder).eval()  # wherever minent was imported


@torch.no_grad()
def read(model, tokens):
    begun = time.process_time()
    states = model(tokens).last_hidden_state
    return states, 1000 * (time.process_time() - begun)


print("tokens   softmax   lengthened   difference of outputs")
for n in (64, 512, 2048, 4096):
    tokens = torch.randint(1000, (1, n))
    (one, before), (other, after) = read(exact, tokens), read(long, tokens)
    print(f"{n:6} {before:6.0f} ms {after:9.0f} ms   {(one - other).norm() / one.norm():.3f}")
