"""Sequence to sequence: speed beside Hugging Face's Marian of the same size, and what each decoder learns.

Speed: random weights, one thread, CPU seconds by turns, medians; every model writes exactly so many tokens for the same
sources. Quality: real data, the same size and steps for every decoder, several seeds; greedy and beam; the share of
references whose first four and last four tokens are right.

    python benchmarks/text.py [--data FOLDER] [--quick] [--seeds 3] [--write docs/benchmarks_text.md]
"""

import argparse
import json
import os
import platform
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import ctranslate2
import numpy as np
import torch
from transformers import MarianConfig, MarianMTModel

from minent.data.pairs import Pairs, held_out
from minent.nn.shape import Shape
from minent.text.export import export
from minent.text.options import Reading, Search, Writing
from minent.text.score import score
from minent.text.seq2seq import Seq2Seq, loss
from minent.text.tokenizer import train_tokenizer
from minent.text.transduction import new_seq2seq, train_seq2seq
from minent.text.write import written
from minent.training.recipe import Recipe

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results" / "text.json"
VOCABULARY, LENGTH, SENTENCES = 8000, 24, 64
SHAPE = Shape(dim=256, heads=4, layers=3, hidden=1024, dropout=0.0)
DECODERS = {
    "left to right": Writing("left-to-right"),
    "right to left": Writing("right-to-left"),
    "both ends, one pass": Writing("bidirectional"),
    "both ends, two passes": Writing("bidirectional", two_pass=0.2),
}


def marian():
    torch.manual_seed(0)
    config = MarianConfig(
        vocab_size=VOCABULARY, d_model=SHAPE.dim, encoder_layers=SHAPE.layers, decoder_layers=SHAPE.layers,
        encoder_attention_heads=SHAPE.heads, decoder_attention_heads=SHAPE.heads, encoder_ffn_dim=SHAPE.hidden,
        decoder_ffn_dim=SHAPE.hidden, max_position_embeddings=512, pad_token_id=0, eos_token_id=3,
        decoder_start_token_id=0, forced_eos_token_id=None, dropout=0.0, attention_dropout=0.0, activation_dropout=0.0,
    )  # fmt: skip
    return MarianMTModel(config).eval()


def race(runs, repeats):
    """Median CPU seconds of each run, by turns, after one that is not counted."""
    found = {name: [] for name in runs}
    for repeat in range(repeats + 1):
        for name, run in runs.items():
            start = time.process_time()
            run()
            if repeat:
                found[name].append(time.process_time() - start)
    return {name: float(np.median(seconds)) for name, seconds in found.items()}


def decoding(repeats):
    """Sentences a CPU second."""
    random = np.random.default_rng(0)
    sources = [random.integers(5, VOCABULARY, LENGTH) for _ in range(SENTENCES)]
    tensor = torch.tensor(np.stack(sources))
    torch.manual_seed(0)
    one, both = (Seq2Seq(VOCABULARY, SHAPE, direction).eval() for direction in ("left-to-right", "bidirectional"))
    theirs, length = marian(), {"min_new_tokens": LENGTH, "max_new_tokens": LENGTH}
    words = [f"w{i}" for i in range(VOCABULARY - 5)]
    one.tokenizer = train_tokenizer([" ".join(words)], kind="words", vocabulary=VOCABULARY)
    tokens = [[one.tokenizer.id_to_token(i) for i in source.tolist()] for source in sources]
    with tempfile.TemporaryDirectory() as folder:
        export(one, Path(folder) / "model")
        fast = ctranslate2.Translator(str(Path(folder) / "model"), inter_threads=1, intra_threads=1)

    def ct2(beam):
        bounds = {"min_decoding_length": LENGTH, "max_decoding_length": LENGTH, "max_batch_size": SENTENCES}
        return lambda: fast.translate_batch(tokens, beam_size=beam, **bounds)

    def ours(model, beam):
        return lambda: written(model, sources, Search(beam=beam, shortest=LENGTH, longest=LENGTH))

    runs = {
        "minent greedy": ours(one, 1), "minent beam 4": ours(one, 4), "minent beam 5": ours(one, 5),
        "minent both ends 1 + 1": ours(both, 1), "minent both ends 2 + 2": ours(both, 2),
        "CTranslate2 greedy": ct2(1), "CTranslate2 beam 5": ct2(5),
        "Marian greedy": lambda: theirs.generate(tensor, num_beams=1, do_sample=False, **length),
        "Marian beam 5": lambda: theirs.generate(tensor, num_beams=5, do_sample=False, **length),
    }  # fmt: skip
    return {name: SENTENCES / seconds for name, seconds in race(runs, repeats).items()}


def training(repeats):
    """Target tokens a CPU second, forwards and backwards, fp32 and bf16."""
    random = np.random.default_rng(0)
    source, target = (torch.tensor(random.integers(5, VOCABULARY, (32, LENGTH))) for _ in range(2))
    real = torch.ones(32, LENGTH, dtype=torch.bool)
    batch = {"source": source, "source_mask": real, "target": target, "target_mask": real}
    ours, theirs = Seq2Seq(VOCABULARY, SHAPE).train(), marian().train()
    wanted = torch.cat([target, torch.full((32, 1), 3)], 1)

    def minent(bf16):
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            total, count = loss(ours, batch)
        (total / count).backward()

    def peer(bf16):
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            out = theirs(input_ids=source, attention_mask=real.long(), labels=wanted)
        out.loss.backward()

    runs = {
        f"{name} {precision}": (lambda step=step, bf16=precision == "bf16": step(bf16))
        for precision in ("fp32", "bf16") for name, step in (("minent", minent), ("Marian", peer))
    }  # fmt: skip
    return {name: 32 * (LENGTH + 1) / seconds for name, seconds in race(runs, repeats).items()}


def tasks(folder, quick):
    """Name → (pairs to learn from, development, test, shape, reading, steps, what counts)."""
    sizes = Shape(dim=128, heads=4, layers=2, hidden=512, longest=64, dropout=0.1)
    lines = (folder / "cmudict" / "cmudict.dict").read_text(encoding="utf-8").splitlines()
    words = [line.split("#")[0].split() for line in lines if line[:1].isalpha() and "(" not in line.split()[0]]
    rest, test = held_out(Pairs([" ".join(w[0]) for w in words], [" ".join(w[1:]) for w in words]), 0.02)
    rest, dev = held_out(rest, 0.01)
    few = Pairs(rest.sources[:2000], rest.targets[:2000]) if quick else rest
    yield "CMUdict: letters to sounds", few, dev, test, sizes, Reading("words", 100, 4096), 60 if quick else 1500
    lines = (folder / "tatoeba_cmn" / "cmn.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    rest, test = held_out(Pairs([row[0] for row in rows], [row[1] for row in rows]), 0.05)
    rest, dev = held_out(rest, 0.03)
    few = Pairs(rest.sources[:2000], rest.targets[:2000]) if quick else rest
    yield "Tatoeba: English to Chinese", few, dev, test, sizes, Reading("bpe", 6000, 4096), 60 if quick else 1500


def ends(found, wanted, most=4):
    """The share of references whose first, and whose last, `most` tokens are right, in their order."""
    pairs = [
        (list(a.split() if " " in b else a), list(b.split() if " " in b else b))
        for a, b in zip(found, wanted, strict=True)
    ]
    first = np.mean([a[:most] == b[:most] for a, b in pairs])
    return float(first), float(np.mean([a[-most:] == b[-most:] for a, b in pairs]))


def quality(train, dev, test, shape, reading, steps, seeds):
    rows = {}
    for name, writing in DECODERS.items():
        found = []
        for seed in range(1, seeds + 1):
            # a second pass is paid for by a shorter first one; a bidirectional step reads twice as many targets
            first = steps / (1 + writing.two_pass) / (2 if writing.decoder == "bidirectional" else 1)
            recipe = Recipe(
                steps=round(first), learning_rate=2e-3, warmup=round(first / 10), schedule="cosine", seed=seed,
                evaluate_every=round(first),
            )  # fmt: skip
            model = new_seq2seq(train, shape, reading, writing, seed)
            start = time.process_time()
            list(train_seq2seq(model, train, None, recipe, two_pass=writing.two_pass, tokens=reading.tokens))
            spent = time.process_time() - start
            beam = 2 if writing.decoder == "bidirectional" else 4
            texts = model.write(test.sources, beam=beam, longest=64)
            scores = score(texts, test.targets)
            found.append([scores.bleu, scores.chrf, scores.error_rate, *ends(texts, test.targets), spent])
        rows[name] = {"mean": np.mean(found, 0).tolist(), "spread": np.std(found, 0, ddof=min(1, seeds - 1)).tolist()}
        print(name, rows[name], flush=True)
    return rows


def report(saved):
    parts = [
        f"""# Sequence to sequence: measured

`benchmarks/text.py` on {saved["date"]}, {saved["machine"]}, one thread ({saved["versions"]}).

### Speed: {SHAPE.layers} + {SHAPE.layers} layers, {SHAPE.dim} wide, {LENGTH} tokens to {LENGTH} of {VOCABULARY}

| | sentences written a CPU second |
|---|---|"""
    ]
    parts += [f"| {name} | {value:.1f} |" for name, value in saved["decoding"].items()]
    parts.append("\n| | target tokens trained on a CPU second |\n|---|---|")
    parts += [f"| {name} | {value:,.0f} |" for name, value in saved["training"].items()]
    for name, task in saved["quality"].items():
        parts.append(f"\n### {name}\n\n{task['sizes']}\n")
        parts.append("| decoder | BLEU | chrF | token errors % | first four right % | last four right % | CPU s |")
        parts.append("|---|---|---|---|---|---|---|")
        for decoder, row in task["rows"].items():
            scale = (1, 1, 1, 100, 100, 1)
            pairs = zip(row["mean"], row["spread"], scale, strict=True)
            cells = (f"{k * mean:.1f} ± {k * spread:.1f}" for mean, spread, k in pairs)
            parts.append(f"| {decoder} | {' | '.join(cells)} |")
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("MINENT_DATA", HERE.parents[2] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    saved = {
        "date": date.today().isoformat(), "seeds": options.seeds,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": ", ".join(f"{package} {version(package)}" for package in ("minent", "torch", "transformers")),
        "decoding": decoding(1 if options.quick else 5), "training": training(1 if options.quick else 7), "quality": {},
    }  # fmt: skip
    print(json.dumps({**saved["decoding"], **saved["training"]}, indent=1), flush=True)
    folder = Path(options.data) / "text"
    if folder.is_dir():
        for name, train, dev, test, shape, reading, steps in tasks(folder, options.quick):
            sizes = f"{len(train):,} pairs to learn from, {len(test):,} to test; the cost of {steps} steps one way"
            print(f"\n{name}: {sizes}", flush=True)
            rows = quality(train, dev, test, shape, reading, steps, options.seeds)
            saved["quality"][name] = {"sizes": sizes, "rows": rows}
    if not options.quick:
        RESULTS.write_text(json.dumps(saved, indent=1) + "\n")
    if options.write:
        options.write.write_text(report(saved))


if __name__ == "__main__":
    main()
