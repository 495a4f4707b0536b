"""Gibbs sampling from masked language models: site updates per CPU second, beside loops by transformers.

The loop is what people write: hide a token of one sentence, call the model, draw from the softmax of its logits there.
Batched, it hides one of each of many sentences, and takes of all logits those at the sites; sites only, it takes the
sites before it calls the head. minent draws the same, many chains at once, at sites of their own: the last layer and
the head are computed at those only. "One by one" is minent with a single chain, "plain" is many chains through the
model as it is: what the parts are worth. Models are BERTs of random weights, sentences of 38 tokens between [CLS] and
[SEP] (Wang & Cho 2019 have 40); one thread, CPU seconds, ways by turns, medians over rounds. In bf16 the loop's
weights are bf16 too.

    python benchmarks/gibbs.py [SHAPE ...] [--chains 64] [--rounds 5] [--seconds 4] [--write docs/benchmarks_gibbs.md]

Results go to results/gibbs.json shape by shape; others that are there stay.
"""

import argparse
import json
import os
import platform
import time
from copy import deepcopy
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertForMaskedLM

from minent.text.gibbs import Gibbs, Vocabulary
from minent.text.masked.conditionals import Conditionals, plainly
from minent.text.masked.sites import at

RESULTS = Path(__file__).resolve().parent / "results" / "gibbs.json"
SHAPES = {"tiny": (2, 128, 2), "small": (4, 512, 8), "base": (12, 768, 12)}  # layers, width, heads
WORDS, LENGTH = 30522, 38
BERT = Vocabulary(WORDS, mask=103, pad=0, before=(101,), after=(102,), special=tuple(range(1000)))
WANTED = {"tiny": 14, "small": 6, "base": 4}
WAYS = LOOP, HALF_LOOP, BATCHED, SITES, ONE, PLAIN, OURS, HALF = (
    "transformers, one chain",
    "the same, bf16",
    "batched",
    "batched, sites only",
    "minent, one by one",
    "minent, plain",
    "minent",
    "minent, bf16",
)
RATIOS = {
    "batched": (OURS, BATCHED),
    "sites only": (OURS, SITES),
    "fp32": (OURS, LOOP),
    "bf16": (HALF, HALF_LOOP),
    "bf16 / loop in fp32": (HALF, LOOP),
}


def model_of(shape):
    layers, width, heads = SHAPES[shape]
    torch.manual_seed(0)
    sizes = {"num_hidden_layers": layers, "hidden_size": width, "num_attention_heads": heads}
    return BertForMaskedLM(BertConfig(**sizes, intermediate_size=4 * width, vocab_size=WORDS)).eval()


def loop(model, updates):
    """One chain, as people write it."""
    tokens = torch.full((1, LENGTH + 2), 103)
    tokens[0, 0], tokens[0, -1] = 101, 102
    random = np.random.default_rng(0)
    with torch.no_grad():
        for _ in range(updates):
            site = int(random.integers(1, LENGTH + 1))
            tokens[0, site] = 103
            logits = model(input_ids=tokens).logits[0, site]
            tokens[0, site] = torch.multinomial(logits.float().softmax(0), 1)[0]


def batched(model, count, before_head):
    """A function that makes about so many updates of `count` chains by transformers, and returns how many."""
    tokens = torch.full((count, LENGTH + 2), 103)
    tokens[:, 0], tokens[:, -1] = 101, 102
    random = torch.Generator().manual_seed(0)

    @torch.no_grad()
    def run(updates):
        for _ in range(many := max(1, round(updates / count))):
            site = torch.randint(1, LENGTH + 1, (count, 1), generator=random)
            tokens.scatter_(1, site, 103)
            if before_head:
                logits = model.cls(at(model.bert(input_ids=tokens).last_hidden_state, site))[:, 0]
            else:
                logits = model(input_ids=tokens).logits[torch.arange(count), site[:, 0]]
            tokens.scatter_(1, site, torch.multinomial(logits.softmax(1), 1, generator=random))
        return many * count

    return run


def chains(model, count, precision="fp32", plain=False):
    """A function that makes about so many updates of `count` chains, sweep by sweep, and returns how many it made."""
    text = " ".join(map(str, np.random.default_rng(0).integers(1000, WORDS, LENGTH)))
    free = 2  # sites, so that sweeps are short; the others are kept, which costs what it would if they were not
    options = {"chains": count, "sweeps": 10**6, "precision": precision, "seed_text": text}
    sampler = Gibbs(model, BERT, keep=(f"1..{LENGTH - free}",), **options)
    if plain:
        sampler.chains.conditionals = Conditionals(plainly(model, 0), "plain", 0, torch.device("cpu"))
    sweeps = sampler.sweeps()
    next(sweeps)

    def run(updates):
        many = max(1, round(updates / (free * count)))
        for _ in range(many):
            next(sweeps)
        return many * free * count

    return run, sampler.how


def measure(shape, options):
    model = model_of(shape)
    fast, how = chains(model, options.chains)
    half = deepcopy(model).to(torch.bfloat16)
    ways = {
        LOOP: lambda updates: loop(model, updates) or updates,
        HALF_LOOP: lambda updates: loop(half, updates) or updates,
        BATCHED: batched(model, options.chains, before_head=False),
        SITES: batched(model, options.chains, before_head=True),
        ONE: chains(model, 1)[0],
        PLAIN: chains(model, options.chains, plain=True)[0],
        OURS: fast,
        HALF: chains(model, options.chains, "bf16")[0],
    }
    size, rates = {}, {name: [] for name in ways}
    for name, run in ways.items():  # once to warm up, and to see how many updates take so many seconds
        run(1)
        start = time.process_time()
        made = run(1)
        size[name] = max(1, int(made * options.seconds / max(time.process_time() - start, 1e-4)))
    for _ in range(options.rounds):
        for name, run in ways.items():
            start = time.process_time()
            made = run(size[name])
            rates[name].append(made / (time.process_time() - start))
    return {
        "chains": options.chains, "how": how, "wanted": WANTED[shape], "layers_width_heads": SHAPES[shape],
        "updates_per_cpu_second": {name: float(np.median(found)) for name, found in rates.items()},
        "spread": {name: float(np.std(found)) for name, found in rates.items()},
    }  # fmt: skip


def report(saved):
    parts = [
        "# Gibbs sampling from masked language models: measured\n\n`benchmarks/gibbs.py`, {date}, {machine}, one "
        "thread ({versions}); site updates per CPU second, sentences of {length} tokens, {words:,} words.\n".format(
            **saved, length=LENGTH, words=WORDS
        ),
        f"| BERT of random weights | {' | '.join(WAYS)} | minent / loop: {' | '.join(RATIOS)} | wanted |",
        "|---" * (len(WAYS) + len(RATIOS) + 2) + "|",
    ]
    for shape, found in saved["shapes"].items():
        rates = found["updates_per_cpu_second"]
        layers, width, _ = found["layers_width_heads"]
        cells = [f"{rates[name]:,.1f}" if name in rates else "" for name in WAYS]  # older runs lack some
        cells += [f"{rates[one] / rates[other]:.1f}×" if other in rates else "" for one, other in RATIOS.values()]
        told = f" ({found['date']})" if "date" in found else ""
        parts.append(f"| {shape}: {layers} layers of {width}{told} | {' | '.join(cells)} | ≥ {found['wanted']}× |")
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", nargs="*", choices=[[], *SHAPES], default=[])
    parser.add_argument("--chains", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    saved = {"shapes": json.loads(RESULTS.read_text(encoding="utf-8"))["shapes"] if RESULTS.exists() else {}}
    saved |= {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": ", ".join(f"{package} {version(package)}" for package in ("minent", "torch", "transformers")),
    }
    for shape in options.shapes or SHAPES:
        saved["shapes"][shape] = measure(shape, options)
        RESULTS.write_text(json.dumps(saved, indent=1) + "\n", encoding="utf-8")
        print(report({**saved, "shapes": {shape: saved["shapes"][shape]}}).split("\n", 3)[3], flush=True)
    if options.write:
        options.write.write_text(report(saved), encoding="utf-8")


if __name__ == "__main__":
    main()
