"""minent on a GPU: whether it says there what it says on a CPU, where a training step waits for the CPU, how fast it is.

Parts, in this order, each flushed to FOLDER/gpu.json when it is done:
  correctness   errors ‖a − b‖ / ‖b‖ of outputs and gradients beside fp64 on the CPU (TF32 off); a few steps of all kinds
                of training beside the same on the CPU; what is written, drawn, classified and explained on both
  syncs         the lines at which a step, a token or a sweep makes the CPU wait for the GPU, and how often
  training, attention, decoding, gan, explaining     speed, beside transformers, torch's own layers and SDPA
Where there is no GPU, correctness is that of the CPU beside itself, and other parts run only where they are named.

    PYTHONPATH=src python benchmarks/gpu.py [PART ...] [--quick] [--out FOLDER] [--seconds 360]
"""

import argparse
import copy
import itertools
import json
import math
import platform
import signal
import statistics
import tempfile
import time
import traceback
import warnings
from collections import Counter
from contextlib import contextmanager
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import PartialState
from torch import nn

import minent
import minent.nn.cross_entropy as chunks
from minent.attribution import explain, self_influence, tracin
from minent.data import Batches, Labelled
from minent.data.images.images import Images
from minent.data.images.toys import gaussians
from minent.data.texts.pairs import Pairs
from minent.gan import gradient_normalise, spectral_normalise
from minent.gan.game import play
from minent.gan.input_gradients.penalty import r1
from minent.gan.input_gradients.slope import value_and_gradient
from minent.gan.networks import Critic, Generator
from minent.gan.options import Networks, Playing
from minent.gan.score.features import train_features
from minent.gan.score.samples import score
from minent.gan.train import new_players, train_gan
from minent.nn.attention import Cache, Nystrom, Softmax, Synthesizer, nystrom_attention, swap
from minent.nn.attention.bidirectional import Bidirectional, Shared
from minent.nn.convolution import add_slide
from minent.nn.cross_entropy import linear_cross_entropy
from minent.nn.shape import Shape
from minent.nn.transformer import Decoder, Encoder
from minent.text.classification.training import new_classifier, train_classifier
from minent.text.exposure import objective_of
from minent.text.exposure.diagnosis import exposure
from minent.text.gibbs import Gibbs, Vocabulary, diagnostics, pseudo_perplexity
from minent.text.masked.training import new_masked_lm, train_masked_lm
from minent.text.options import Learning, Reading, Search, Writing
from minent.text.writing.seq2seq import Seq2Seq
from minent.text.writing.seq2seq import loss as writing_loss
from minent.text.writing.training import batched, new_seq2seq, train_seq2seq
from minent.text.writing.write import n_best, written
from minent.training.loop import fit
from minent.training.recipe import Recipe
from minent.training.trajectory import record

PACKAGE = str(Path(minent.__file__).parent)
CPU, GPU = torch.device("cpu"), torch.cuda.is_available()
DEVICE = torch.device("cuda", 0) if GPU else CPU
BOUNDS = {"fp64": 1e-8, "fp32": 1e-4, "bf16": 6e-2}  # of relative errors
MIXED = "same device", "two devices", "two different devices", "can't convert cuda", "on CPU, but", "is on cpu"
TINY = Shape(dim=32, heads=4, layers=2, hidden=64, longest=64, dropout=0.0)


class Report:
    """What was found, part by part; a check that fails or takes too long is told, and the next goes on."""

    def __init__(self, folder, seconds):
        self.file, self.end = folder / "gpu.json", time.monotonic() + seconds
        name = torch.cuda.get_device_name() if GPU else f"{platform.machine()}, no GPU"
        versions = {one: version(one) for one in ("torch", "transformers", "accelerate")}
        self.found = {"date": date.today().isoformat(), "device": name, "versions": versions, "checks": [], "tables": {}}
        signal.signal(signal.SIGALRM, self._late)

    @staticmethod
    def _late(*_):
        raise TimeoutError("took too long")

    def check(self, name, run, bound=None, limit=30.0):
        """`run()` gives an error, which the bound is on, and perhaps a message; or nothing."""
        begun, error, said, status = time.perf_counter(), math.nan, "", "ok"
        left = min(limit, self.end - time.monotonic())
        try:
            if left <= 1:
                raise TimeoutError("no time was left")
            signal.setitimer(signal.ITIMER_REAL, left)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = run()
                synchronise()
            signal.setitimer(signal.ITIMER_REAL, 0)
            error, said = found if isinstance(found, tuple) else (math.nan if found is None else found, "")
            status = "ok" if bound is None or error <= bound else "FAIL"
        except Exception as problem:
            signal.setitimer(signal.ITIMER_REAL, 0)
            mixed = isinstance(problem, RuntimeError | TypeError) and any(one in str(problem) for one in MIXED)
            status = "MIXES" if mixed else "late" if isinstance(problem, TimeoutError) else "FAIL"
            said = f"{where(problem)}{type(problem).__name__}: {' '.join(str(problem).split())[:200]}"
            if status == "FAIL":
                print("".join(traceback.format_exception(problem)[-6:]), flush=True)
        seconds = time.perf_counter() - begun
        self.found["checks"].append([name, status, error, bound, round(seconds, 2), said])
        print(line(self.found["checks"][-1]), flush=True)

    def row(self, table, name, **columns):
        self.found["tables"].setdefault(table, {})[name] = columns
        print(f"{table}: {name}: " + ", ".join(f"{key} {value}" for key, value in columns.items()), flush=True)

    def flush(self):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(self.found, indent=1) + "\n")

    def shown(self):
        checks = self.found["checks"]
        bad = [one for one in checks if one[1] != "ok"]
        parts = [f"\n{self.found['device']}, {self.found['versions']}; {len(checks)} checks, {len(bad)} not ok:"]
        parts += map(line, bad)
        for name, rows in self.found["tables"].items():
            parts.append(f"\n{name}")
            parts += [f"  {key:44} " + "  ".join(f"{k} {v}" for k, v in one.items()) for key, one in rows.items()]
        return "\n".join(parts)


def line(check):
    name, status, error, bound, seconds, said = check
    figure = "" if math.isnan(error) else f"{error:.1e}" + ("" if bound is None else f" of {bound:.0e}")
    return f"{status:5} {name:52} {figure:18} {seconds:6.2f} s  {said}"


def where(problem):
    """The innermost line of minent that a problem went through."""
    ours = [one for one in traceback.extract_tb(problem.__traceback__) if one.filename.startswith(PACKAGE)]
    return f"{ours[-1].filename[len(PACKAGE) + 1 :]}:{ours[-1].lineno}: " if ours else ""


def synchronise():
    if GPU:
        torch.cuda.synchronize()


@contextmanager
def on(device):
    """Training takes place on this device."""
    PartialState._reset_state()
    PartialState(cpu=device.type == "cpu")
    try:
        yield
    finally:
        PartialState._reset_state()


def far(found, wanted):
    """‖a − b‖ / ‖b‖ of all tensors together."""
    a, b = (torch.cat([torch.as_tensor(t).detach().double().cpu().flatten() for t in ts]) for ts in (found, wanted))
    return float((a - b).norm() / b.norm().clamp(min=1e-300))


def differ(one, other):
    """The share of two lists that differs."""
    return sum(a != b for a, b in zip(one, other, strict=True)) / len(one)


def beside(run):
    """What `run(device)` gives on the device and on the CPU."""
    return run(DEVICE), run(CPU)


# ---- correctness: layers


def passes(module, inputs, call, precision, device):
    """What comes out, and gradients by inputs and parameters."""
    dtype = torch.float64 if precision == "fp64" else torch.float32
    module = copy.deepcopy(module).to(device, dtype)
    inputs = [
        one.to(device, dtype).detach().requires_grad_() if one.is_floating_point() else one.to(device) for one in inputs
    ]
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
        out = call(module, *inputs)
    out = out.to(dtype)
    (out * torch.arange(out.numel(), device=device, dtype=dtype).cos().view_as(out)).sum().backward()
    leaves = [*module.parameters(), *(one for one in inputs if one.is_floating_point())]
    return [out], [one.grad for one in leaves if one.grad is not None]


def layer(report, name, module, *inputs, call=lambda m, *x: m(*x), loose=1.0, precisions=tuple(BOUNDS)):
    wanted = passes(module, inputs, call, "fp64", CPU)
    for precision in precisions:

        def error(precision=precision):
            return max(map(far, passes(module, inputs, call, precision, DEVICE), wanted))

        report.check(f"{name}, {precision}", error, BOUNDS[precision] * loose)


def step_by_step(module, x, memory=None):
    """Tokens one after another, with caches."""
    if isinstance(module, Decoder):
        caches = module.caches()
        return torch.cat([module(x[:, i : i + 1], memory, None, None, caches) for i in range(x.shape[1])], 1)
    cache = Cache()
    return torch.cat([module(x[:, i : i + 1], None, None, True, cache) for i in range(x.shape[1])], 1)


def layers(report):
    torch.manual_seed(0)
    x, memory = torch.randn(3, 50, 32), torch.randn(3, 21, 32)
    mask = torch.arange(50) < torch.tensor([50, 33, 5])[:, None]

    def padded(module, x, mask, **more):
        return module(x, None, mask, **more) * mask[:, :, None]

    def causal(module, x):
        return module(x, None, None, True)

    soft = Softmax(32, 4)
    layer(report, "softmax", soft, x)
    layer(report, "softmax, padding", soft, x, mask, call=padded)
    layer(report, "softmax, causal", soft, x, call=causal)
    layer(report, "softmax, causal, padding", soft, x, mask, call=partial(padded, causal=True))
    layer(report, "softmax, memory", soft, x, memory)
    layer(report, "softmax, cached", soft, x[:, :7], call=step_by_step)
    layer(report, "softmax, rotary", Softmax(32, 4, rotary=True), x, call=causal, precisions=("fp32", "bf16"))
    for options in ({}, {"solver": "newton"}, {"kernel": 0}):
        nystrom, told = Nystrom(32, 4, landmarks=8, **{"kernel": 9, **options}), f"Nyström {options or ''}"
        layer(report, told, nystrom, x)
        layer(report, f"{told}, padding", nystrom, x, mask, call=padded)
    layer(report, "Nyström, few tokens", Nystrom(32, 4, landmarks=64), x)
    layer(report, "Nyström, rotary", Nystrom(32, 4, landmarks=8, rotary=True), x, precisions=("fp32", "bf16"))
    for kind in ("dense", "random", "fixed", "factorised-dense", "factorised-random", "random+softmax", "dense+fixed"):
        one = Synthesizer(32, 4, longest=50, kind=kind)
        layer(report, f"synthesizer {kind}", one, x)
        layer(report, f"synthesizer {kind}, causal, padding", one, x, mask, call=partial(padded, causal=True))
        layer(report, f"synthesizer {kind}, cached", one, x[:, :7], call=step_by_step)
        report.check(f"synthesizer {kind}, remembered", partial(remembered, one, x), BOUNDS["fp32"])
    for fusion in ("tanh", "linear", "gate"):
        layer(report, f"bidirectional {fusion}", Bidirectional(32, 4, fusion=fusion), x[:2], call=causal)
    layer(report, "bidirectional, shared memory", Shared(32, 4), torch.randn(4, 5, 32), memory[:2])
    heads, filters = torch.randn(3, 4, 50, 8), torch.randn(4, 9)
    layer(report, "convolution", nn.Identity(), heads, heads.flip(2), filters,
          call=lambda _, out, one, f: add_slide(out * 1, one, f))  # fmt: skip
    vectors, table, wanted = torch.randn(40, 16), torch.randn(99, 16), torch.arange(40) * 2
    layer(report, "linear cross entropy", nn.Identity(), vectors, table, torch.randn(2, 99), wanted, wanted // 2 % 2,
          call=lambda _, v, w, b, i, g: linear_cross_entropy(v, w, i, 0.1, b, g))  # fmt: skip
    for attention in ("softmax", "nystrom", "synthesizer"):
        shape = Shape(dim=32, heads=4, layers=2, hidden=64, attention=attention, landmarks=8, longest=50, kind="dense")
        layer(report, f"encoder, {attention}", Encoder(shape).eval(), x, mask, call=lambda m, x, k: m(x, k) * k[..., None])
    layer(report, "decoder", Decoder(TINY), x, memory)
    layer(report, "decoder, cached", Decoder(TINY), x[:, :7], memory, call=step_by_step)
    images = torch.randn(6, 1, 16, 16)
    for network in ("dcgan", "resnet"):
        critic = Critic(1, 16, Networks(network, width=8))
        for kind, made in {"gn": gradient_normalise(critic), "gran": gradient_normalise(critic, "gran"),
                           "sn": spectral_normalise(critic)}.items():  # fmt: skip
            layer(report, f"critic {network}, {kind}", made, images, loose=10)
        for name, one in (("by hand", critic), ("by autograd", nn.Sequential(critic, nn.Softplus()))):
            layer(report, f"critic {network}, r1, {name}", one, images, loose=10,
                  call=lambda m, x: r1(value_and_gradient(m, x)[1]))  # fmt: skip


@torch.no_grad()
def remembered(one, x):
    own, other = (copy.deepcopy(one).to(device).eval() for device in (DEVICE, CPU))
    return max(far([own(x.to(DEVICE))], [other(x)]) for _ in range(2))


# ---- correctness: training and what is done with models


class Data:
    """Small texts, pairs and images, drawn."""

    def __init__(self, number=96):
        random, words = np.random.default_rng(0), [f"w{i}" for i in range(24)]
        rows = [random.choice(words, random.integers(3, 10)).tolist() for _ in range(number)]
        self.texts = [" ".join(row) for row in rows]
        self.pairs = Pairs(self.texts, [" ".join(row[::-1]) for row in rows])
        self.labelled = Labelled(self.texts, ["yes" if "w0" in row or "w1" in row or "w2" in row else "no" for row in rows])
        pixels, labels = random.integers(0, 256, (64, 1, 16, 16)).astype(np.uint8), np.arange(64) % 2
        self.images = Images(pixels)
        self.classes, self.points = Images(pixels, labels, ("a", "b")), Images(gaussians(512))
        self.reading = Reading("words", 40)

    def writer(self, decoder="left-to-right", copying=False, shape=TINY):
        return new_seq2seq(self.pairs, shape, self.reading, Writing(decoder, copy=copying))


def losses(device, make, steps, precision="fp32", **recipe):
    """Of a few steps, and the model; `make()` gives a model and a generator of records, given a recipe."""
    with on(device):
        model, train = make()
        told = Recipe(**{"steps": steps, "learning_rate": 1e-3, "precision": precision, **recipe})
        return [one.loss for one in train(recipe=told)], model


def trainings(report, data, steps):
    def writer(decoder="left-to-right", objective="teacher-forcing", copying=False, **more):
        model = data.writer(decoder, copying)
        more = {"objective": objective_of(Learning(objective)), "tokens": 256, **more}
        return model, partial(train_seq2seq, model, data.pairs, **more)

    def classifier(**more):
        model = new_classifier(data.labelled, TINY, data.reading)
        return model, partial(train_classifier, model, data.labelled, tokens=256, **more)

    def masked():
        model = new_masked_lm(data.texts, TINY, data.reading)
        return model, partial(train_masked_lm, model, data.texts, tokens=256)

    kinds = {"classifier": (classifier, 1), "masked LM": (masked, 300)}
    kinds |= {f"seq2seq {d}": (partial(writer, d), 1) for d in ("left-to-right", "bidirectional", "to-middle")}
    kinds["seq2seq bidirectional, two passes"] = (partial(writer, "bidirectional", two_pass=0.5), 10)
    kinds["seq2seq copies"] = (partial(writer, copying=True), 1)
    for name in ("random-replacement", "gradient-penalty", "adversarial", "scheduled-sampling", "teaforn", "r-drop"):
        kinds[f"seq2seq {name}"] = partial(writer, objective=name), 300 if name[0] in "rs" and name != "r-drop" else 1
    for name, (make, loose) in kinds.items():  # what is drawn at random is drawn otherwise on a GPU
        wanted = losses(CPU, make, steps)[0]
        for precision in ("fp32", "bf16"):
            report.check(f"training {name}, {precision}",
                         lambda make=make, p=precision, w=wanted: far([losses(DEVICE, make, steps, p)[0]], [w]),
                         max(BOUNDS[precision], 1e-3 * loose))  # fmt: skip
    report.check("training resumed", partial(resumed, classifier, data), 1e-5)
    for precision, lipschitz in itertools.product(("fp32", "bf16"), ("gn", "gran", "gp", "sn", "r1", "clip", "none")):
        report.check(f"gan {lipschitz}, {precision}", partial(game, data.images, lipschitz, precision))
    report.check("gan, classes, consistency", partial(game, data.classes, "gn", "fp32", consistency=1.0))
    report.check("gan, points", partial(game, data.points, "gp", "fp32", Networks(width=16)))
    report.check("gan resumed", partial(game, data.images, "gn", "fp32", again=True), 1e-4)


def resumed(make, data):
    """How far weights after a break are from those without one."""
    found = []
    for halves in ((8,), (4, 8)):
        with tempfile.TemporaryDirectory() as folder:
            for steps in halves:
                model = losses(DEVICE, partial(make, dev=data.labelled, folder=folder, resume=steps != halves[0]), steps,
                               schedule="constant", ema=0.9, evaluate_every=4)[1]  # fmt: skip
        found.append(list(model.state_dict().values()))
    return far(*found)


def game(images, lipschitz, precision, networks=None, again=False, **more):
    """A few turns; of one that is resumed, how far what is drawn is from that of one that is not."""
    drawn = []
    for halves in ((4,), (2, 4)) if again else ((4,),):
        with on(DEVICE), tempfile.TemporaryDirectory() as folder:
            for steps in halves:
                players = new_players(images, networks or Networks("dcgan", 8, 8), classes=images.labels is not None)
                playing = Playing(lipschitz, steps=steps, batch=16, n_dis=2, precision=precision, evaluate_every=2, **more)
                if images.labels is None:
                    turns = list(train_gan(*players, images, playing, folder=folder, resume=steps != halves[0]))
                else:  # without the scores, which take a classifier that is trained for long
                    turns = list(play(*players, images.batches(16, labels=True), playing))
            drawn.append(players[0].draw(8))
    return far(*drawn) if again else (math.nan, f"critic {turns[-1].critic_loss:.3f}")


def uses(report, data, steps):
    """What is done with models that were trained a while."""
    texts, models = data.texts[:32], {}
    for decoder in ("left-to-right", "bidirectional", "to-middle"):
        make = lambda decoder=decoder: (model := data.writer(decoder), partial(train_seq2seq, model, data.pairs, tokens=512))  # noqa: E501, E731
        report.check(f"{decoder}, {steps} steps",
                     lambda d=decoder, m=make: models.update({d: losses(DEVICE, m, steps, learning_rate=5e-3)[1]}))  # fmt: skip
    searches = {
        "left-to-right": [{"beam": 1}, {"beam": 4}, {"beam": 2, "temperature": 1.0, "top_k": 9, "top_p": 0.9},
                          {"no_repeat": 2, "shortest": 3}, {"prefix": "w3 w4"}],
        "bidirectional": [{"beam": 2}, {"beam": 2, "pairwise": True}, {"beam": 2, "agree": True}, {"temperature": 1.0}],
        "to-middle": [{"beam": 4}, {"temperature": 1.0}],
    }  # fmt: skip
    for decoder, model in models.items():
        for options in searches[decoder]:
            report.check(f"{decoder}, {options}", lambda m=model, o=options: differ(*beside(
                lambda d: [one[0].text for one in n_best(copy.deepcopy(m).to(d), texts, Search(longest=16, **o))])), 0.1)  # fmt: skip
        report.check(f"{decoder}, write()", lambda m=model: (math.nan, m.write(texts[:1])[0]))
        batches = list(batched(model, data.pairs, 512, shuffle=False).epoch(1))
        report.check(f"{decoder}, exposure", lambda m=model, b=batches: far(*beside(
            lambda d: [exposure(copy.deepcopy(m).to(d), b).right[0]])), 0.02)  # fmt: skip
    with on(DEVICE):
        reader, filler = new_classifier(data.labelled, TINY, data.reading), new_masked_lm(data.texts, TINY, data.reading)
        report.check("classify", lambda: far(*beside(lambda d: [reader.to(d).eval().probabilities(texts)])), 1e-4)
        report.check("masked LM", lambda: list(train_masked_lm(filler, data.texts, None, Recipe(steps=steps)))[-1].loss)
    filler.eval()
    for options in ({"scan": "random"}, {"scan": "sweep", "top_k": 5}, {"scan": "block", "top_p": 0.9}, {"anneal": 0.2},
                    {"correct": "raw"}, {"correct": "normalised", "scan": "sweep"}, {"edit": True, "seed_text": "w1 w2 w3 w4"},
                    {"precision": "bf16"}):  # fmt: skip
        start = {} if "seed_text" in options else {"length": "6..9"}
        report.check(f"gibbs {options}", lambda o=options, s=start: differ(*beside(
            lambda d: list(Gibbs(copy.deepcopy(filler).to(d), chains=16, sweeps=4, **s, **o).sweeps())[-1].texts)),
            0.5 if "precision" in options else 0.15)  # fmt: skip
    report.check("pseudo-perplexity", lambda: far(*beside(lambda d: [pseudo_perplexity(filler.to(d), texts)])), 1e-4)
    chains = Gibbs(filler.to(DEVICE), length="6", chains=4, sweeps=9)
    report.check("gibbs diagnostics", lambda: (math.nan, str(diagnostics(chains, chains.sweeps(), texts))[:60]))
    generator = Generator(1, 16, Networks("dcgan", 8, 8), 2)
    report.check("gan draw", lambda: far(*beside(lambda d: [copy.deepcopy(generator).to(d).draw(9)])), 1e-4)
    with on(DEVICE):
        report.check("gan features and scores, which stay on the CPU", lambda: (math.nan, str(score(
            generator.to(DEVICE).draw(64).numpy(), data.classes.scaled(), features=train_features(data.classes, 20)
        ).drawn)[:60]))  # fmt: skip
    hub(report)


def hub(report):
    """Models of transformers."""
    from transformers import BertConfig, BertForMaskedLM, BertModel

    config = BertConfig(vocab_size=30, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64)
    bert, ids, real = BertForMaskedLM(config).eval(), torch.randint(5, 30, (3, 20)), torch.ones(3, 20).long()
    vocabulary = Vocabulary(30, mask=4, pad=0, special=(0, 1, 2, 3, 4))
    report.check("gibbs, BERT", lambda: differ(*beside(
        lambda d: list(Gibbs(copy.deepcopy(bert).to(d), vocabulary, length="8", chains=16, sweeps=4))[-1].texts)), 0.15)  # fmt: skip
    for name in ("nystrom", "synthesizer"):
        model = swap(BertModel(config).eval().to(DEVICE), name, **({"landmarks": 4} if name == "nystrom" else {}))
        report.check(f"BERT, {name}", lambda m=model: far(*beside(
            lambda d: [copy.deepcopy(m).to(d)(ids.to(d), real.to(d)).last_hidden_state])), 1e-4)  # fmt: skip
    batch = {"input_ids": ids, "labels": ids, "attention_mask": real}
    model = marian(30, Shape(dim=32, heads=4, layers=1, hidden=64))
    for name in ("random-replacement", "gradient-penalty", "adversarial", "scheduled-sampling", "teaforn", "r-drop"):
        loss = objective_of(Learning(name))
        report.check(f"Marian, {name}", lambda loss=loss: far(*beside(
            lambda d: [loss(copy.deepcopy(model).to(d), {k: v.to(d) for k, v in batch.items()})])), 0.1)  # fmt: skip


def reasons(report, data):
    """A run recorded on the device, and explained."""
    torch.manual_seed(0)
    x, y, model = torch.randn(60, 1, 8, 8), torch.arange(60) % 3, convolutional()
    start = copy.deepcopy(model).to(DEVICE)
    with tempfile.TemporaryDirectory() as root:
        report.check("record a loop", lambda: recorded(start, x.to(DEVICE), y.to(DEVICE), f"{root}/run", 10))
        report.check("record a loop, ids on the device",
                     lambda: recorded(copy.deepcopy(model), x.to(DEVICE), y.to(DEVICE), f"{root}/ids", 2, DEVICE))  # fmt: skip
        for device in dict.fromkeys((CPU, DEVICE)):
            one, train = copy.deepcopy(model).to(device), (x.to(device), y.to(device))
            for outputs in ("all", "predicted"):
                report.check(f"explain on {device.type}, {outputs}", lambda o=one, t=train, a=outputs: (
                    explain(o, f"{root}/run", t[0][:7], train=t, outputs=a).relative_residual), 1e-3)  # fmt: skip
            report.check(f"tracin of a trajectory on {device.type}",
                         lambda o=one, t=train: far([tracin(o, f"{root}/run", *t, train=t)], [1]) * 0)  # fmt: skip
        states = lambda d: [(copy.deepcopy(model).to(d).state_dict(), 0.1)]  # noqa: E731
        report.check("tracin of weights", lambda: far(*beside(lambda d: [tracin(
            copy.deepcopy(model).to(d), states(d), x[:9].to(d), y[:9].to(d), train=(x.to(d), y.to(d)))])), 1e-4)  # fmt: skip
        report.check("self-influence of weights", lambda: far(*beside(lambda d: [self_influence(
            copy.deepcopy(model).to(d), states(d), train=(x.to(d), y.to(d)))])), 1e-4)  # fmt: skip
        with on(DEVICE):
            reader = new_classifier(data.labelled, TINY, data.reading)
            report.check("record a classifier by fit", lambda: list(train_classifier(
                reader, data.labelled, None, Recipe(steps=6), tokens=512, folder=f"{root}/reader", record=1))[-1].loss)  # fmt: skip
        rows = torch.from_numpy(next(Batches({"t": reader.tokens(data.texts)}, examples=96, shuffle=False).epoch(1))["t"])
        asked = rows[:4], rows[:4] != 0
        order = next(Batches({"t": reader.tokens(data.texts)}, examples=96, shuffle=False).epoch(1))["id"]
        places, labels = np.argsort(order), torch.tensor([reader.labels.index(one) for one in data.labelled.labels])
        report.check("explain that classifier on cpu", lambda: explain(
            reader.cpu(), f"{root}/reader", asked, train=((rows[places], rows[places] != 0), labels)
        ).relative_residual, 1e-2)  # fmt: skip


def convolutional():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 16), nn.Tanh(),
                         nn.Linear(16, 3))  # fmt: skip


def recorded(model, x, y, folder, steps, device=CPU):
    """A loop by Adam with momentum, of batches of 20."""
    model = model.to(x.device)
    optimizer, ids = torch.optim.AdamW(model.parameters(), 1e-2), torch.arange(20, device=device)
    with record(model, optimizer, folder) as run:
        for step in range(steps):
            rows = (ids + 20 * step) % len(x)
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            run.batch(rows)
            optimizer.step()


def correctness(report, quick):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    data = Data()
    layers(report)
    trainings(report, data, 3 if quick else 6)
    uses(report, data, 30 if quick else 80)
    reasons(report, data)
    torch.backends.cudnn.allow_tf32 = True


# ---- where the CPU waits


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
        "classifier": lambda: train_classifier(new_classifier(data.labelled, TINY, data.reading), data.labelled, **recipe),
        "masked LM": lambda: train_masked_lm(new_masked_lm(data.texts, TINY, data.reading), data.texts, **recipe),
    }
    for decoder in ("left-to-right", "bidirectional", "to-middle"):
        jobs[f"seq2seq {decoder}"] = lambda d=decoder: train_seq2seq(data.writer(d), data.pairs, **recipe)
    for name in ("random-replacement", "gradient-penalty", "adversarial", "scheduled-sampling", "teaforn", "r-drop"):
        objective = objective_of(Learning(name))
        jobs[f"seq2seq {name}"] = lambda o=objective: train_seq2seq(data.writer(), data.pairs, objective=o, **recipe)
    for lipschitz in ("gn", "gp", "r1", "sn", "none"):
        playing = Playing(lipschitz, steps=50, batch=16)
        jobs[f"gan {lipschitz}"] = lambda p=playing: train_gan(*new_players(data.images, Networks("dcgan", 8, 8)), data.images, p)  # noqa: E501
    model, filler = data.writer().to(DEVICE).eval(), new_masked_lm(data.texts, TINY, data.reading).to(DEVICE).eval()
    for name, options in (("greedy", {"beam": 1}), ("beam 4", {}), ("sampling", {"temperature": 1.0})):
        search = Search(longest=16, shortest=16, **options)
        jobs[f"17 tokens, {name}"] = lambda s=search: (n_best(model, data.texts[:8], s) for _ in itertools.count())
    for options in ({}, {"scan": "sweep"}, {"correct": "normalised"}, {"edit": True, "seed_text": "w1 w2 w3 w4"}):
        start = {} if "seed_text" in options else {"length": "8"}
        jobs[f"gibbs, a sweep of 8, {options}"] = lambda s=start, o=options: Gibbs(filler, chains=4, **s, **o).sweeps()
    with tempfile.TemporaryDirectory() as root:
        jobs["classifier, recorded"] = lambda: train_classifier(
            new_classifier(data.labelled, TINY, data.reading), data.labelled, folder=root, record=1, **recipe)  # fmt: skip
        for name, job in jobs.items():
            report.check(f"waits of {name}", lambda n=name, j=job: waits(report, n, j()), limit=15)


# ---- speed


def seconds(run, repeats=10):
    """The median of a run on the device, after three that are not counted."""
    found = []
    for repeat in range(repeats + 3):
        if GPU:
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            run()
            end.record()
            end.synchronize()
            spent = begin.elapsed_time(end) / 1000
        else:
            begun = time.perf_counter()
            run()
            spent = time.perf_counter() - begun
        found += [spent] if repeat >= 3 else []
    return statistics.median(found)


def paced(records, count, warm=5):
    """Seconds of each of `count` steps of a training, which ends there."""
    with on(DEVICE):
        for _ in range(warm):
            next(records)
        synchronise()
        begun = time.perf_counter()
        for _ in range(count):
            next(records)
        synchronise()
        records.close()
    return (time.perf_counter() - begun) / count


def stepping(model, lost, precision="bf16"):
    """A step as one writes it by hand: loss, gradients, AdamW; nothing is asked of the GPU."""
    model = model.to(DEVICE).train()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4, fused=GPU)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(DEVICE.type, torch.bfloat16, enabled=precision == "bf16"):
            value = lost(model)
        value.backward()
        optimizer.step()

    return step


def marian(vocabulary, shape):
    from transformers import MarianConfig, MarianMTModel

    torch.manual_seed(0)
    return MarianMTModel(MarianConfig(
        vocab_size=vocabulary, d_model=shape.dim, encoder_layers=shape.layers, decoder_layers=shape.layers,
        encoder_attention_heads=shape.heads, decoder_attention_heads=shape.heads, encoder_ffn_dim=shape.hidden,
        decoder_ffn_dim=shape.hidden, max_position_embeddings=512, pad_token_id=0, eos_token_id=3,
        decoder_start_token_id=0, forced_eos_token_id=None, dropout=0.0, attention_dropout=0.0, activation_dropout=0.0,
    )).eval()  # fmt: skip


def training(report, quick):
    shape = Shape(dim=64, heads=4, layers=2, hidden=128, dropout=0.0) if quick else Shape(512, 8, 6, 2048, dropout=0.0)
    vocabulary, batch, n, size = (500, 4, 16, 256) if quick else (32000, 128, 64, 8192)
    a, b = (torch.randn(size, size, device=DEVICE, dtype=torch.bfloat16) for _ in range(2))
    peak = 2 * size**3 / seconds(lambda: a @ b)
    report.row("training", f"bf16 product of {size}", tflops=round(peak / 1e12, 1))
    d, h, deep = shape.dim, shape.hidden, shape.layers

    def told(name, run, tokens, flops):
        def measured():
            spent = run()
            share = f"{100 * flops / spent / peak:.1f} %"
            report.row("training", name, ms=round(1000 * spent, 2), tokens_per_second=round(tokens / spent), of_peak=share)

        report.check(f"training: {name}", measured, limit=40)
        report.flush()

    random = np.random.default_rng(0)
    columns = {one: list(random.integers(5, vocabulary, (4 * batch, n))) for one in ("source", "target")}
    batches = Batches(columns, examples=batch)
    one = {k: torch.from_numpy(v).to(DEVICE) for k, v in next(iter(batches.epoch(1))).items()}
    wanted = F.pad(one["target"], (0, 1), value=3)
    labels = {"input_ids": one["source"], "attention_mask": one["source_mask"].long(), "labels": wanted}
    tokens, across = batch * (n + 1), 12 * d * n * deep
    flops = 6 * tokens * (deep * (12 * d * d + 4 * d * h) + vocabulary * d) + 3 * tokens * across

    def ours(model):
        total, count = writing_loss(model, one)
        return total / count

    for precision in ("bf16", "fp32"):
        for name, chunk in (("minent", 1 << 20), ("minent, chunks of 2^28 scores", 1 << 28)):

            def by_hand(chunk=chunk, precision=precision):
                before, chunks.SCORES = chunks.SCORES, chunk
                try:
                    return seconds(stepping(Seq2Seq(vocabulary, shape), ours, precision))
                finally:
                    chunks.SCORES = before

            told(f"seq2seq, {name}, a bare step, {precision}", by_hand, tokens, flops)

        def looped(precision=precision):
            recipe = Recipe(steps=10_000, precision=precision)
            return paced(fit(Seq2Seq(vocabulary, shape), writing_loss, batches, recipe), 3 if quick else 20)

        told(f"seq2seq, minent, fit, {precision}", looped, tokens, flops)
        told(f"seq2seq, Marian, a bare step, {precision}", lambda p=precision: seconds(
            stepping(marian(vocabulary, shape), lambda m: m(**labels).loss, p)), tokens, flops)  # fmt: skip
    from transformers import BertConfig, BertModel

    for n in (32,) if quick else (512, 4096):
        x = torch.randn(max(1, 65536 // n) if not quick else 2, n, d, device=DEVICE)
        config = BertConfig(vocab_size=10, hidden_size=d, num_hidden_layers=deep, num_attention_heads=shape.heads,
                            intermediate_size=h, max_position_embeddings=n, hidden_dropout_prob=0.0,
                            attention_probs_dropout_prob=0.0)  # fmt: skip
        layer = nn.TransformerEncoderLayer(d, shape.heads, h, 0.0, F.gelu, batch_first=True, norm_first=True)
        peers = {"minent softmax": (Encoder(shape), lambda m, x=x: m(x).float().square().mean()),
                 "torch": (nn.TransformerEncoder(layer, deep, enable_nested_tensor=False),
                           lambda m, x=x: m(x).float().square().mean()),
                 "BERT": (BertModel(config, add_pooling_layer=False),
                          lambda m, x=x: m(inputs_embeds=x).last_hidden_state.float().square().mean())}  # fmt: skip
        for attention in ("nystrom", "synthesizer") if n < 4096 else ("nystrom",):
            other = Encoder(Shape(d, shape.heads, deep, h, attention, longest=n, dropout=0.0, kind="factorised-random"))
            peers[f"minent {attention}"] = (other, lambda m, x=x: m(x).float().square().mean())
        flops = 6 * x.shape[0] * n * deep * (4 * d * d + 2 * d * h) + 12 * x.shape[0] * n * n * d * deep
        for name, (model, lost) in peers.items():
            told(f"encoder of {n}, {name}, bf16", lambda m=model, f=lost: seconds(stepping(m, f), 5), x.shape[0] * n, flops)


def attention(report, quick):
    """Milliseconds of attention itself, 8 heads of 64, bf16; forwards, and with the way back."""
    flexible = None
    if GPU:
        from torch.nn.attention.flex_attention import flex_attention

        flexible = torch.compile(flex_attention, dynamic=False)
    methods = {"SDPA": F.scaled_dot_product_attention, "Nyström, 64": partial(nystrom_attention, landmarks=64),
               "convolution of 33": lambda q, k, v: add_slide(q * 1, v, torch.ones(8, 33, device=q.device, dtype=q.dtype)),
               "flex": flexible}  # fmt: skip
    lengths = (64, 256) if quick else tuple(1024 << i for i in range(6))
    for n, (name, method) in [(n, one) for one in methods.items() for n in lengths if one[1] is not None]:
        if name == "flex" and n not in (4096, 16384):
            continue
        parts = [torch.randn(1 if quick else max(1, 32768 // n), 8, n, 64, device=DEVICE, dtype=torch.bfloat16)
                 for _ in range(3)]  # fmt: skip
        leaves = [one.clone().requires_grad_() for one in parts]

        def measured(method=method, parts=parts, leaves=leaves, name=name, n=n):
            with torch.no_grad():
                there = seconds(lambda: method(*parts))
            out = method(*leaves)
            both = seconds(lambda: torch.autograd.grad(method(*leaves), leaves, out.detach(), allow_unused=True))
            told = {"batch": len(parts[0]), "forward_ms": round(1000 * there, 3), "with_backward_ms": round(1000 * both, 3)}
            report.row("attention", f"{name}, {n}", **told)

        report.check(f"attention: {name}, {n}", measured, limit=40 if name == "flex" else 15)


def decoding(report, quick):
    """Sentences a second."""
    shape = Shape(64, 4, 2, 128, dropout=0.0) if quick else Shape(256, 4, 3, 1024, dropout=0.0)
    vocabulary, number, length = (500, 4, 4) if quick else (8000, 256, 24)
    sources = list(np.random.default_rng(0).integers(5, vocabulary, (number, length)))
    tensor, theirs = torch.tensor(np.stack(sources), device=DEVICE), marian(vocabulary, shape).to(DEVICE)
    runs = {}
    for decoder, beams in (("left-to-right", (1, 4)), ("bidirectional", (1, 2)), ("to-middle", (4,))):
        model = Seq2Seq(vocabulary, shape, decoder).to(DEVICE).eval()
        for beam in beams:
            search = Search(beam=beam, shortest=length, longest=length)
            runs[f"minent {decoder}, beam {beam}"] = lambda m=model, s=search: written(m, sources, s, tokens=1 << 16)
    for beam in (1, 4):
        runs[f"Marian, beam {beam}"] = lambda b=beam: theirs.generate(
            tensor, num_beams=b, do_sample=False, min_new_tokens=length, max_new_tokens=length)  # fmt: skip
    for name, run in runs.items():
        report.check(f"decoding: {name}", lambda n=name, r=run: report.row(
            "decoding", n, sentences_per_second=round(number / seconds(r, 3), 1)), limit=30)  # fmt: skip


def gan(report, quick):
    """Images a second, a step of each player; of 32 by 32 in three colours."""
    pixels = np.random.default_rng(0).integers(0, 256, (64 if quick else 4096, 3, 32, 32)).astype(np.uint8)
    images, networks, batch = Images(pixels), Networks("dcgan", width=4 if quick else 64), 8 if quick else 256
    for precision, lipschitz in itertools.product(("fp32", "bf16"), ("none", "gn", "gp", "r1", "sn")):
        playing = Playing(lipschitz, steps=10_000, batch=batch, precision=precision)

        def measured(playing=playing):
            turns = play(*new_players(images, networks), images.batches(batch), playing)
            report.row("gan", f"{playing.lipschitz}, {playing.precision}",
                       images_per_second=round(batch / paced(turns, 3 if quick else 20)))  # fmt: skip

        report.check(f"gan speed: {lipschitz}, {precision}", measured)


def explaining(report, quick):
    """Seconds to explain ten inputs of a run of so many steps."""
    torch.manual_seed(0)
    x, y = torch.randn(400, 784), torch.arange(400) % 10
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    with tempfile.TemporaryDirectory() as root:
        recorded(model.to(DEVICE), x.to(DEVICE), y.to(DEVICE), f"{root}/run", steps := 5 if quick else 40)
        for device in dict.fromkeys((CPU, DEVICE)):

            def measured(device=device):
                train, begun = (x.to(device), y.to(device)), time.perf_counter()
                explain(model.to(device), f"{root}/run", train[0][:10], train=train)
                report.row("explaining", f"{device.type}, {steps} steps of AdamW", seconds=round(time.perf_counter() - begun, 2))

            report.check(f"explaining on {device.type}", measured, limit=60)


PARTS = {one.__name__: one for one in (correctness, syncs, training, attention, decoding, gan, explaining)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], default=[])
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent / "results")
    parser.add_argument("--seconds", type=float, default=360.0)
    options = parser.parse_args()
    report = Report(options.out, options.seconds)
    if not GPU:
        print("there is no GPU here: the CPU is compared with itself")
    for name in options.parts or (PARTS if GPU else ["correctness"]):
        begun = time.monotonic()
        try:
            PARTS[name](report, options.quick)
        except Exception:
            traceback.print_exc(limit=-4)
        report.row("parts", name, seconds=round(time.monotonic() - begun, 1))
        report.flush()
    print(report.shown())


if __name__ == "__main__":
    main()
