"""Peak memory of attention beside other implementations, each in a process of its own: what the highest resident set is
above that after loading. Layers 512 wide, 8 heads, 64 landmarks, windows of 256, one text of 4,096 and 16,384 tokens,
fp32; then a BERT of 4 such layers for two texts, one of them half padding, by Hugging Face's attentions and lengthened.

    python benchmarks/attention_memory.py
"""

import json
import resource
import subprocess
import sys
from pathlib import Path

import torch

LAYERS = (
    "minent Nyström", "minent window+landmarks", "minent window", "HF Nystromformer", "lucidrains", "SDPA", "by hand"
)  # fmt: skip
MODELS = "eager", "sdpa", "window+landmarks", "window", "nystrom"


def layer(name: str, n: int):
    from attention import HEADS, LANDMARKS, WIDTH, methods

    from minent.nn.attention import attention

    torch.manual_seed(0)
    if name in ("minent window+landmarks", "minent window"):
        return attention(name.split()[1], WIDTH, HEADS, window=256)
    if name == "by hand":
        return ByHand(WIDTH, HEADS)
    assert LANDMARKS == 64
    return methods(n, core=False)["minent" if name == "minent Nyström" else name]


class ByHand(torch.nn.Module):
    """softmax(QKᵀ/√d)V by its parts, as tutorials write it."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads, self.parts, self.out = heads, torch.nn.Linear(width, 3 * width), torch.nn.Linear(width, width)

    def forward(self, x):
        q, k, v = (y.unflatten(2, (self.heads, -1)).transpose(1, 2) for y in self.parts(x).chunk(3, 2))
        return self.out(((q @ k.mT * q.shape[3] ** -0.5).softmax(-1) @ v).transpose(1, 2).flatten(2))


def model(name: str):
    from transformers import BertConfig, BertModel

    from minent.nn.attention import lengthen

    shape = {"hidden_size": 512, "num_hidden_layers": 4, "num_attention_heads": 8, "intermediate_size": 1024}
    found = BertModel(BertConfig(vocab_size=1000, max_position_embeddings=16384, **shape))
    found.set_attn_implementation(name) if name in ("eager", "sdpa") else lengthen(found, None, name, window=256)
    return found.eval()


def one(kind: str, name: str, n: int, gradients: bool) -> float:
    """MB above what is there after a text of 128 tokens."""
    torch.set_num_threads(1)
    made, small = (layer(name, n), layer(name, 128)) if kind == "layer" else (model(name),) * 2

    def run(made: torch.nn.Module, n: int) -> None:
        if kind == "layer":
            given, told = (torch.randn(1, n, 512),), {}
        else:
            mask = torch.ones(2, n, dtype=torch.long)
            mask[1, n // 2 :] = 0
            given, told = (torch.randint(1000, (2, n)),), {"attention_mask": mask}
        with torch.set_grad_enabled(gradients):
            out = made(*given, **told)
            out = out if kind == "layer" else out.last_hidden_state
            if gradients:
                out.square().mean().backward()

    run(small, 128)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run(made, n)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> None:
    if len(sys.argv) > 1:
        kind, name, n, gradients = sys.argv[1:]
        print(one(kind, name, int(n), gradients == "True"))
        return
    found: dict[str, dict[str, float | None]] = {}
    for kind, names in (("layer", LAYERS), ("model", MODELS)):
        for name in names:
            for n in (4096, 16384):
                for gradients in (False, True):
                    if n == 16384 and (name in ("eager", "by hand") or (kind == "model" and gradients)):
                        continue  # some 30 GB
                    told = [sys.executable, __file__, kind, name, str(n), str(gradients)]
                    done = subprocess.run(told, capture_output=True, text=True, check=False, timeout=600)
                    print(done.stderr[-300:], end="", flush=True)
                    got = None if done.returncode else round(float(done.stdout))
                    where = found.setdefault(f"{kind}: {name}", {})
                    where[f"{'gradients' if gradients else 'forward'} {n}"] = got
            print(f"{kind}: {name}", found[f"{kind}: {name}"], flush=True)
    report = {"torch": torch.__version__, "MB": found}
    (Path(__file__).parent / "results" / "attention_memory.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
