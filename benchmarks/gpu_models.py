"""Training on a GPU, and what is done with models, beside the same on the CPU."""

import copy
import itertools
import math
import tempfile
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from gpu_report import CPU, DEVICE, OBJECTIVES, TINY, alike, far, marian, mostly, on, recorded
from torch import nn
from transformers import BertConfig, BertForMaskedLM, BertModel

from minent.attribution import explain, self_influence, tracin
from minent.gan.game import play
from minent.gan.networks import Generator
from minent.gan.options import Networks, Playing
from minent.gan.scores.features import train_features
from minent.gan.scores.samples import score
from minent.gan.train import new_players, train_gan
from minent.nn.attention import lengthen
from minent.nn.shape import Shape
from minent.text.classification.training import new_classifier, train_classifier
from minent.text.exposure import objective_of
from minent.text.exposure.diagnosis import exposure
from minent.text.gibbs import Gibbs, Vocabulary, diagnostics, pseudo_perplexity
from minent.text.masked.training import new_masked_lm, train_masked_lm
from minent.text.options import Learning, Search
from minent.text.writing.training import batched, train_seq2seq
from minent.text.writing.write import n_best
from minent.training.recipe import Recipe

BOUNDS = {"fp32": 1e-3, "bf16": 6e-2}  # of losses
RANDOM = "masked LM", "random-replacement", "scheduled-sampling", "r-drop"  # other numbers are drawn on a GPU
SEARCHES = {
    "left-to-right": [
        {"beam": 1}, {"beam": 4}, {"beam": 2, "temperature": 1.0, "top_k": 9, "top_p": 0.9},
        {"no_repeat": 2, "shortest": 3}, {"prefix": "w3 w4"},
    ],
    "bidirectional": [{"beam": 2}, {"beam": 2, "pairwise": True}, {"beam": 2, "judge": "own"}, {"temperature": 1.0}],
    "to-middle": [{"beam": 4}, {"temperature": 1.0}],
}  # fmt: skip
SAMPLINGS = (
    {"schedule": "random"}, {"schedule": "sweep", "top_k": 5}, {"schedule": "block", "top_p": 0.9}, {"anneal": 0.2},
    {"correct": "raw"}, {"correct": "normalised", "schedule": "sweep"}, {"edit": True, "seed_text": "w1 w2 w3 w4"},
    {"precision": "bf16"},
)  # fmt: skip


def losses(device, make, steps, precision="fp32", **recipe):
    """Of a few steps, and the model; `make()` gives a model and a generator of records, given a recipe."""
    with on(device):
        model, train = make()
        told = Recipe(**{"steps": steps, "learning_rate": 1e-3, "precision": precision, **recipe})
        return [one.loss for one in train(recipe=told)], model


def trainings(report, data, steps):
    """Losses of a few steps of each kind of training; breaks, and games."""

    def writer(decoder="left-to-right", objective="teacher-forcing", copying=False, **more):
        model = data.writer(decoder, copying, replace(TINY, dropout=0.1) if objective == "r-drop" else TINY)
        more = {"objective": objective_of(Learning(objective)), "tokens": 256, **more}
        return model, partial(train_seq2seq, model, data.pairs, **more)

    def classifier(**more):
        model = new_classifier(data.labelled, TINY, data.reading)
        return model, partial(train_classifier, model, data.labelled, tokens=256, **more)

    def masked():
        model = new_masked_lm(data.texts, TINY, data.reading)
        return model, partial(train_masked_lm, model, data.texts, tokens=256)

    kinds = {"classifier": classifier, "masked LM": masked, "seq2seq copies": partial(writer, copying=True)}
    kinds |= {f"seq2seq {one}": partial(writer, one) for one in SEARCHES}
    kinds["seq2seq bidirectional, two passes"] = partial(writer, "bidirectional", two_pass=0.5)
    kinds |= {f"seq2seq {one}": partial(writer, objective=one) for one in OBJECTIVES}
    for name, make in kinds.items():
        wanted = losses(CPU, make, steps)[0]
        for precision, bound in BOUNDS.items():

            def error(make=make, precision=precision, wanted=wanted):
                return far([losses(DEVICE, make, steps, precision)[0]], [wanted])

            report.check(
                f"training {name}, {precision}", error, 0.3 if name.removeprefix("seq2seq ") in RANDOM else bound
            )
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
                model = losses(
                    DEVICE,
                    partial(make, dev=data.labelled, folder=folder, resume=steps != halves[0]),
                    steps,
                    schedule="constant",
                    ema=0.9,
                    evaluate_every=4,
                )[1]
        found.append(list(model.state_dict().values()))
    return far(*found)


def game(images, lipschitz, precision, networks=None, again=False, **more):
    """A few turns; of one that is resumed, how far what is drawn is from that of one that is not."""
    drawn = []
    for halves in ((4,), (2, 4)) if again else ((4,),):
        with on(DEVICE), tempfile.TemporaryDirectory() as folder:
            for steps in halves:
                players = new_players(images, networks or Networks("dcgan", 8, 8), classes=images.labels is not None)
                playing = Playing(
                    lipschitz, steps=steps, batch=16, n_dis=2, precision=precision, evaluate_every=2, **more
                )
                if images.labels is None:
                    turns = list(train_gan(*players, images, playing, folder=folder, resume=steps != halves[0]))
                else:  # without the scores, which take a classifier that is trained for long
                    turns = list(play(*players, images.batches(16, labels=True), playing))
            drawn.append(players[0].draw(8))
    return far(*drawn) if again else (math.nan, f"critic {turns[-1].critic_loss:.3f}")


def writing(report, data, steps):
    """Search and sampling by models that were trained a while on the device."""
    texts = data.texts[:32]
    for decoder, searches in SEARCHES.items():
        models = []

        def make(decoder=decoder):
            model = data.writer(decoder)
            return model, partial(train_seq2seq, model, data.pairs, tokens=512)

        def train(models=models, make=make):
            models.append(losses(DEVICE, make, steps, learning_rate=5e-3)[1])

        report.check(f"{decoder}, {steps} steps", train)
        for model, options in itertools.product(models, searches):

            def written(device, model=model, options=options):
                found = n_best(copy.deepcopy(model).to(device), texts, Search(longest=16, **options))
                return [one[0].text for one in found]

            mostly(report, f"{decoder}, {options}", written)
        for model in models:
            batches = list(batched(model, data.pairs, 512, shuffle=False).epoch(1))

            def right(device, model=model, batches=batches):
                return [exposure(copy.deepcopy(model).to(device), batches).right[0]]

            alike(report, f"{decoder}, exposure", right, 0.02)
            report.check(f"{decoder}, write()", lambda model=model: (math.nan, model.write(texts[:1])[0][:60]))


def sampling(report, data, steps):
    """A classifier, and a masked language model that was trained a while: chains, energies."""
    texts, reader = data.texts[:32], new_classifier(data.labelled, TINY, data.reading).eval()
    filler = new_masked_lm(data.texts, TINY, data.reading)
    alike(report, "classify", lambda device: [reader.to(device).probabilities(texts)])
    with on(DEVICE):
        report.check("masked LM", lambda: list(train_masked_lm(filler, data.texts, None, Recipe(steps=steps)))[-1].loss)
    filler.eval()
    for options in SAMPLINGS:
        more = {**options, **({} if "edit" in options else {"length": "6..9"})}

        def chains(device, more=more):
            return list(Gibbs(copy.deepcopy(filler).to(device), chains=16, sweeps=4, **more).sweeps())[-1].texts

        mostly(report, f"gibbs {options}", chains, 0.5 if "precision" in options else 0.15)
    alike(report, "pseudo-perplexity", lambda device: [pseudo_perplexity(filler.to(device), texts)])
    one = Gibbs(filler.to(DEVICE), length="6", chains=4, sweeps=9)
    report.check("gibbs diagnostics", lambda: (math.nan, str(diagnostics(one, one.sweeps(), texts))[:60]))


def drawing(report, data):
    """Images are drawn on the device, and scored on the CPU."""
    generator = Generator(1, 16, Networks("dcgan", 8, 8), 2)
    alike(report, "gan draw", lambda device: [copy.deepcopy(generator).to(device).draw(9)])

    def scored():
        with on(DEVICE):
            space = train_features(data.classes, 20)
        found = score(generator.to(DEVICE).draw(64).numpy(), data.classes.scaled(), features=space)
        return math.nan, f"by numpy on the CPU: FID {found.drawn['fid']:.1f}"

    report.check("gan features, score", scored)


def hub(report):
    """Models of transformers: chains, attention that is put in, objectives."""
    config = BertConfig(vocab_size=30, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64)
    bert, ids, real = BertForMaskedLM(config).eval(), torch.randint(5, 30, (3, 20)), torch.ones(3, 20).long()
    vocabulary = Vocabulary(30, mask=4, pad=0, special=(0, 1, 2, 3, 4))

    def chains(device):
        return list(Gibbs(copy.deepcopy(bert).to(device), vocabulary, length="8", chains=16, sweeps=4))[-1].texts

    mostly(report, "gibbs, BERT", chains, 0.15)
    for name, options in (("nystrom", {"landmarks": 4}), ("window+landmarks", {"window": 4})):
        model = lengthen(BertModel(config).eval().to(DEVICE), None, name, **options)

        def states(device, model=model):
            return [copy.deepcopy(model).to(device)(ids.to(device), real.to(device)).last_hidden_state]

        alike(report, f"BERT, {name}", states)
    batch = {"input_ids": ids, "labels": ids, "attention_mask": real}
    model = marian(30, Shape(dim=32, heads=4, layers=1, hidden=64))
    for name in OBJECTIVES:

        def lost(device, name=name):
            one = copy.deepcopy(model).to(device).train(name == "r-drop")  # it compares two draws of dropout
            return [objective_of(Learning(name))(one, {k: v.to(device) for k, v in batch.items()})]

        alike(report, f"Marian, {name}", lost, 0.3 if name in RANDOM else 0.1)


def reasons(report):
    """A loop recorded on the device, and explained on the CPU and, where that is had, on the device."""
    torch.manual_seed(0)
    x, y = torch.randn(60, 1, 8, 8), torch.arange(60) % 3
    head = nn.Flatten(), nn.Linear(36, 16), nn.Tanh(), nn.Linear(16, 3)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), *head)

    def at(device):
        one, train = copy.deepcopy(model).to(device), (x.to(device), y.to(device))
        return one, train, [(one.state_dict(), 0.1)]

    def loop(folder, steps, device):
        recorded(*at(DEVICE)[:1], *at(DEVICE)[1], folder, steps, device)

    def influence(device):
        one, train, states = at(device)
        return [tracin(one, states, train[0][:9], train[1][:9], train=train)]

    def own(device):
        one, train, states = at(device)
        return [self_influence(one, states, train=train)]

    alike(report, "tracin of weights", influence)
    alike(report, "self-influence of weights", own)
    with tempfile.TemporaryDirectory() as root:
        report.check("record a loop", lambda: loop(f"{root}/run", 10, CPU))
        report.check("record a loop, ids on the device", lambda: loop(f"{root}/ids", 2, DEVICE))
        for device, outputs in itertools.product(dict.fromkeys((CPU, DEVICE)), ("all", "predicted")):

            def lacking(device=device, outputs=outputs):
                one, train, _ = at(device)
                return explain(one, f"{root}/run", train[0][:7], train=train, outputs=outputs).relative_residual

            report.check(f"explain on {device.type}, {outputs}", lacking, 1e-3, stays=True)
        one, train, _ = at(DEVICE)
        missing = lambda: np.isnan(tracin(one, f"{root}/run", *train, train=train)).mean()  # noqa: E731
        report.check(f"tracin of a trajectory on {DEVICE.type}", missing, 0, stays=True)


def recorded_by_fit(report, data):
    """A classifier of texts recorded on the device, and explained on the CPU."""
    reader = new_classifier(data.labelled, TINY, data.reading)
    read = reader.tokens(data.texts)
    rows = torch.tensor(np.stack([np.pad(one, (0, 10 - len(one))) for one in read])).long()
    train = (rows, rows != 0), torch.tensor([reader.labels.index(one) for one in data.labelled.labels])
    with tempfile.TemporaryDirectory() as root:

        def fitted():
            with on(DEVICE):
                more = {"tokens": 512, "folder": root, "record": 1}
                return list(train_classifier(reader, data.labelled, None, Recipe(steps=6), **more))[-1].loss

        def lacking():
            return explain(reader.cpu(), root, (rows[:4], rows[:4] != 0), train=train).relative_residual

        report.check("record a classifier by fit", fitted)
        report.check("explain that classifier on cpu", lacking, 1e-2)
