"""Sequence to sequence: speed beside Hugging Face's Marian of the same size and CTranslate2.

Random weights, one thread, CPU seconds by turns, medians; every model writes exactly so many tokens for the same
sources.

    python benchmarks/text.py [--quick] [--write docs/benchmarks_text.md]
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
from transformers import MarianConfig, MarianMTModel, PreTrainedTokenizerFast

from minent.nn.shape import Shape
from minent.text.options import Search
from minent.text.tokenizer import train_tokenizer
from minent.text.writing.export import export
from minent.text.writing.hub import HubWriter
from minent.text.writing.loss import loss
from minent.text.writing.seq2seq import Seq2Seq
from minent.text.writing.write import written

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results" / "text.json"
VOCABULARY, LENGTH, SENTENCES = 8000, 24, 64
ALONE = [f"{name} {search}" for name in ("minent", "CTranslate2", "Marian") for search in ("greedy", "beam 5")]
SHAPE = Shape(dim=256, heads=4, layers=3, hidden=1024, dropout=0.0)


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
    """Sentences a CPU second, SENTENCES together and each by itself."""
    random = np.random.default_rng(0)
    together = [random.integers(5, VOCABULARY, LENGTH) for _ in range(SENTENCES)]
    torch.manual_seed(0)
    kinds = "left-to-right", "bidirectional", "to-middle"
    one, both, middle = (Seq2Seq(VOCABULARY, SHAPE, direction).eval() for direction in kinds)
    own = Seq2Seq(VOCABULARY, SHAPE, "bidirectional", interaction=0.0, share="embeddings").eval()
    theirs, length = marian(), {"min_new_tokens": LENGTH, "max_new_tokens": LENGTH}
    words = [f"w{i}" for i in range(VOCABULARY - 5)]
    one.tokenizer = train_tokenizer([" ".join(words)], kind="words", vocabulary=VOCABULARY)
    named = {"unk_token": "<unk>", "pad_token": "<pad>", "eos_token": "</s>"}
    hub = HubWriter(theirs, PreTrainedTokenizerFast(tokenizer_object=one.tokenizer, **named))
    with tempfile.TemporaryDirectory() as folder:
        export(one, Path(folder) / "model")
        fast = ctranslate2.Translator(str(Path(folder) / "model"), inter_threads=1, intra_threads=1)

    def runs(sources, some):
        tensor = torch.tensor(np.stack(sources))
        tokens = [[one.tokenizer.id_to_token(i) for i in source.tolist()] for source in sources]
        bounds = {"min_decoding_length": LENGTH, "max_decoding_length": LENGTH, "max_batch_size": SENTENCES}

        def ct2(beam):
            return lambda: fast.translate_batch(tokens, beam_size=beam, **bounds)

        def ours(model, beam, **more):
            return lambda: written(model, sources, Search(beam=beam, shortest=LENGTH, longest=LENGTH, **more))

        every = {
            "minent greedy": ours(one, 1), "minent beam 4": ours(one, 4), "minent beam 5": ours(one, 5),
            "minent both ends 1 + 1": ours(both, 1, judge="own"), "minent both ends 2 + 2": ours(both, 2, judge="own"),
            "minent both ends 2 + 2, agreed": ours(both, 2),
            "minent both ends 2 + 2, pairwise": ours(both, 2, pairwise=True, judge="own"),
            "minent own decoders 2 + 2": ours(own, 2, judge="own"), "minent own decoders 2 + 2, agreed": ours(own, 2),
            "minent to the middle, beam 4": ours(middle, 4),
            "CTranslate2 greedy": ct2(1), "CTranslate2 beam 5": ct2(5),
            "Marian greedy": lambda: theirs.generate(tensor, num_beams=1, do_sample=False, **length),
            "Marian, written with by minent, greedy": ours(hub, 1),
            "Marian, written with by minent, beam 5": ours(hub, 5),
            "Marian beam 5": lambda: theirs.generate(tensor, num_beams=5, do_sample=False, **length),
        }  # fmt: skip
        return {name: run for name, run in every.items() if not some or name in some}

    many = {name: SENTENCES / seconds for name, seconds in race(runs(together, ()), repeats).items()}
    single = {name: 1 / seconds for name, seconds in race(runs(together[:1], ALONE), 3 * repeats).items()}
    return many, single


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


def report(saved):
    parts = [
        f"""# Sequence to sequence: measured

`benchmarks/text.py` on {saved["date"]}, {saved["machine"]}, one thread ({saved["versions"]}).

### Speed: {SHAPE.layers} + {SHAPE.layers} layers, {SHAPE.dim} wide, {LENGTH} tokens to {LENGTH} of {VOCABULARY}

| | sentences written a CPU second, {SENTENCES} together | one by one |
|---|---|---|"""
    ]
    alone = saved["alone"]
    parts += [
        f"| {name} | {value:.1f} | {format(alone[name], '.1f') if name in alone else ''} |"
        for name, value in saved["decoding"].items()
    ]
    parts.append("\n| | target tokens trained on a CPU second |\n|---|---|")
    parts += [f"| {name} | {value:,.0f} |" for name, value in saved["training"].items()]
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    many, single = decoding(1 if options.quick else 5)
    saved = {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": ", ".join(f"{name} {version(name)}" for name in ("minent", "torch", "transformers", "ctranslate2")),
        "decoding": many, "alone": single, "training": training(1 if options.quick else 7),
    }  # fmt: skip
    print(json.dumps({**many, "alone": single, **saved["training"]}, indent=1), flush=True)
    if not options.quick:
        RESULTS.write_text(json.dumps(saved, indent=1) + "\n")
    if options.write:
        options.write.write_text(report(saved))


if __name__ == "__main__":
    main()
