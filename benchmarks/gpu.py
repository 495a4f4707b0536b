"""minent on a GPU: whether it says there what it says on a CPU, how fast, and where a CPU waits.

Parts, in this order, each flushed to FOLDER/gpu.json when it is done:
  correctness   errors ‖a − b‖ / ‖b‖ of outputs and gradients beside fp64 on the CPU (TF32 off); a few steps of every
                training beside the same on the CPU; what is written, drawn, classified and explained on both
  syncs         the lines at which a step, a token or a sweep makes the CPU wait for the GPU, and how often
  training, attention, decoding, gan, explaining     speed, beside transformers, torch's own layers and SDPA
What is known to stay on the CPU is told as CPU. Where there is no GPU, correctness is that of the CPU beside itself,
and other parts run only where they are named.

    PYTHONPATH=src python benchmarks/gpu.py [PART ...] [--quick] [--out FOLDER] [--seconds 360]
"""

import argparse
import itertools
import json
import tempfile
import traceback
import warnings
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from gpu_layers import attentions, critics, transformers
from gpu_models import drawing, hub, reasons, recorded_by_fit, sampling, trainings, writing
from gpu_report import DEVICE, GPU, OBJECTIVES, PACKAGE, TINY, Data, Report, on, page
from gpu_speed import attention, decoding, explaining, gan, training

from minent.gan.options import Networks, Playing
from minent.gan.train import new_players, train_gan
from minent.text.classification.training import new_classifier, train_classifier
from minent.text.exposure import objective_of
from minent.text.gibbs import Gibbs
from minent.text.masked.training import new_masked_lm, train_masked_lm
from minent.text.options import Learning, Search
from minent.text.writing.training import train_seq2seq
from minent.text.writing.write import n_best
from minent.training.recipe import Recipe


def correctness(report, quick):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    data = {"data": Data()}
    few, many = {**data, "steps": 3 if quick else 6}, {**data, "steps": 30 if quick else 80}
    for group, given in (
        (attentions, {}), (transformers, {}), (critics, {}), (trainings, few), (writing, many), (sampling, many),
        (drawing, data), (hub, {}), (reasons, {}), (recorded_by_fit, data),
    ):  # fmt: skip
        report.isolated(group.__name__, lambda group=group, given=given: group(report, **given))
    torch.backends.cudnn.allow_tf32 = True


@contextmanager
def counting(found):
    """Counts the waits within the block by the innermost line of minent behind them."""

    def note(message, *_, **__):
        ours = [one for one in traceback.extract_stack() if one.filename.startswith(PACKAGE)]
        if "synchronizing" in str(message) and ours:
            found[f"{ours[-1].filename[len(PACKAGE) + 1 :]}:{ours[-1].lineno}  {ours[-1].line[:80]}"] += 1

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = note
        torch.cuda.set_sync_debug_mode("warn")
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode("default")


def waits(report, name, items, each=4, warm=3):
    """The waits of each of a few items of a generator, those of the first left out."""
    found = Counter()
    with on(DEVICE):
        for _ in range(warm):
            next(items)
        with counting(found) if GPU else warnings.catch_warnings():
            for _ in range(each):
                next(items)
        items.close()
    told = {place: round(count / each, 2) for place, count in found.most_common()}
    report.row("waits for the GPU", name, each=round(sum(told.values()), 2), **told)


def syncs(report, quick):
    data, recipe = Data(), {"recipe": Recipe(steps=50)}
    jobs = {
        "classifier": lambda: train_classifier(
            new_classifier(data.labelled, TINY, data.reading), data.labelled, **recipe
        ),
        "masked LM": lambda: train_masked_lm(new_masked_lm(data.texts, TINY, data.reading), data.texts, **recipe),
    }
    for decoder in ("left-to-right", "bidirectional", "to-middle"):
        jobs[f"seq2seq {decoder}"] = lambda d=decoder: train_seq2seq(data.writer(d), data.pairs, **recipe)
    for name in OBJECTIVES:
        objective = objective_of(Learning(name))
        shape = replace(TINY, dropout=0.1) if name == "r-drop" else TINY
        jobs[f"seq2seq {name}"] = lambda o=objective, s=shape: train_seq2seq(
            data.writer(shape=s), data.pairs, objective=o, **recipe
        )
    for lipschitz in ("gn", "gp", "r1", "sn", "none"):
        playing = Playing(lipschitz, steps=50, batch=16)
        jobs[f"gan {lipschitz}"] = lambda p=playing: train_gan(
            *new_players(data.images, Networks("dcgan", 8, 8)), data.images, p
        )
    model, filler = data.writer().to(DEVICE).eval(), new_masked_lm(data.texts, TINY, data.reading).to(DEVICE).eval()
    for name, options in (("greedy", {"beam": 1}), ("beam 4", {}), ("sampling", {"temperature": 1.0})):
        search = Search(longest=16, shortest=16, **options)
        jobs[f"17 tokens, {name}"] = lambda s=search: (n_best(model, data.texts[:8], s) for _ in itertools.count())
    for options in ({}, {"schedule": "sweep"}, {"correct": "normalised"}, {"edit": True, "seed_text": "w1 w2 w3 w4"}):
        start = {} if "seed_text" in options else {"length": "8"}
        jobs[f"gibbs, a sweep of 8, {options}"] = lambda s=start, o=options: Gibbs(filler, chains=4, **s, **o).sweeps()
    with tempfile.TemporaryDirectory() as root:
        jobs["classifier, recorded"] = lambda: train_classifier(
            new_classifier(data.labelled, TINY, data.reading), data.labelled, folder=root, record=1, **recipe
        )
        for name, job in jobs.items():
            report.check(f"waits of {name}", lambda n=name, j=job: waits(report, n, j()), limit=15)


PARTS = {  # seconds that each may take
    correctness: 200,
    syncs: 60,
    training: 120,
    attention: 60,
    decoding: 45,
    gan: 45,
    explaining: 45,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = {part.__name__: part for part in PARTS}
    parser.add_argument("parts", nargs="*", choices=[[], *names], default=[])
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent / "results")
    parser.add_argument("--seconds", type=float, default=360.0, help="in all")
    parser.add_argument("--write", type=Path, help="a page of what gpu.json in the folder holds, and nothing else")
    options = parser.parse_args()
    if options.write:
        options.write.write_text(page(json.loads((options.out / "gpu.json").read_text("utf-8"))), "utf-8")
        return
    report = Report(options.out, options.seconds)
    if not GPU:
        print("there is no GPU here: the CPU is compared with itself")
    for name in options.parts or (names if GPU else ["correctness"]):
        report.part(name, names[name], options.quick, PARTS[names[name]] if GPU else options.seconds)
    print(report.shown())


if __name__ == "__main__":
    main()
