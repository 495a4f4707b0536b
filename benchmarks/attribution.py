"""Attribution: time and memory beside captum, dattri and per-example gradients by vmap; and what the answers are worth.

Speed: TracIn of 100 inputs by 500 examples at 5 checkpoints, the same numbers by all, for an MLP, a CNN and a small
transformer; one thread, CPU seconds and the peak of the process's memory, each in a process of its own. captum's
TracInCP leaves embeddings and norms out: what it says is compared with what Linear and Conv2d alone give.
Quality, 3 seeds, digits (and MNIST, where MINENT_DATA has it), an MLP trained by AdamW:
  mislabels   area under the ROC curve of finding a tenth of the labels, turned wrong
  LDS         linear datamodelling score (Park et al. 2023): rank correlation, over models trained on halves of the
              examples, of a test score and the sum of the attributions of the half
  removal     how many labels of 50 inputs change in training without the 20 examples that spoke most for each

    python benchmarks/attribution.py [--quick] [--write docs/benchmarks_attribution.md]

Runs are kept in results/attribution.json, and not run again.
"""

import argparse
import gzip
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from minent.attribution import Again, explain, record, removal, self_influence, tracin
from minent.nn.shape import Shape
from minent.nn.transformer import Encoder
from minent.training.trajectory.trajectory import Trajectory

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results" / "attribution.json"
DATA = Path(os.environ.get("MINENT_DATA", HERE.parents[2] / "shared" / "data"))
SPEED = "minent", "captum", "captum Fast", "dattri", "vmap"


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.out = nn.Embedding(100, 64), nn.Linear(64, 10)
        self.encoder = Encoder(Shape(dim=64, heads=4, layers=2, hidden=128, dropout=0.0))

    def forward(self, tokens):
        return self.out(self.encoder(self.tokens(tokens)).mean(1))


class Pretrained(nn.Module):
    """A small one of transformers, at random, with a linear layer on the mean of its states."""

    def __init__(self, kind):
        import transformers

        super().__init__()
        if kind == "BERT":
            shape = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
            config = transformers.BertConfig(vocab_size=100, **shape)
            self.body = transformers.BertModel(config, add_pooling_layer=False)
        else:
            shape = {"n_embd": 64, "n_layer": 2, "n_head": 4, "bos_token_id": 0, "eos_token_id": 0}
            self.body = transformers.GPT2Model(transformers.GPT2Config(vocab_size=100, use_cache=False, **shape))
        self.out = nn.Linear(64, 10)

    def forward(self, tokens):
        return self.out(self.body(tokens).last_hidden_state.mean(1))


MODELS = {
    "mlp": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)
    ),
    "cnn": lambda: nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1568, 10),
    ),
    "transformer": Reader,
    "BERT": lambda: Pretrained("BERT"),
    "GPT-2": lambda: Pretrained("GPT-2"),
}  # fmt: skip
READING = "transformer", "BERT", "GPT-2"


def one_speed(peer, kind, quick):
    """CPU seconds and MiB above the start of one peer on one model, in this process; and its numbers."""
    n, m, k = (50, 10, 2) if quick else (500, 100, 5)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = MODELS[kind]().eval()
    shape = (n + m, 24) if kind in READING else (n + m, 1, 28, 28)
    x = torch.randint(0, 100, shape) if kind in READING else torch.randn(shape)
    y = torch.randint(0, 10, (n + m,))
    points = [{name: p + 0.01 * i * torch.randn_like(p) for name, p in model.state_dict().items()} for i in range(k)]
    train, test = (x[:n], y[:n]), (x[n:], y[n:])
    run = {"minent": _minent, "captum": _captum, "captum Fast": _captum_fast, "dattri": _dattri, "vmap": _vmap}[peer]
    run(model, points[:1], (x[:3], y[:3]), (x[:2], y[:2]))  # what is imported and compiled at first is not counted
    before, times = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, []
    while not times or (len(times) < 3 and sum(times) < 15):  # the least of three, where that does not take long
        start = time.process_time()
        scores = np.asarray(run(model, points, train, test))
        times.append(time.process_time() - start)
    seconds = min(times)
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    told = {"seconds": seconds, "mib": memory, "scores": scores[:5, :5].round(6).tolist()}
    if peer == "minent":  # captum's TracInCP passes over the parameters of all other modules, without a word
        heeded = [name for name, module in model.named_modules() if type(module) in (nn.Linear, nn.Conv2d)]
        some = tracin(model, [(p, 0.1) for p in points], *test, train=train, layers=heeded)
        told["scores by Linear and Conv2d alone"] = some[:5, :5].round(6).tolist()
    return told


def _minent(model, points, train, test):
    return tracin(model, [(p, 0.1) for p in points], *test, train=train, batch=100)


def _captum(model, points, train, test, fast=False):
    from captum.influence import TracInCP, TracInCPFast

    def load(model, at):
        model.load_state_dict(points[at])
        return 0.1

    data, places = torch.utils.data.TensorDataset(*train), list(range(len(points)))
    loss = nn.CrossEntropyLoss(reduction="sum")
    if fast:
        last = [module for module in model.modules() if isinstance(module, nn.Linear)][-1]
        return TracInCPFast(model, last, data, places, load, loss_fn=loss, batch_size=100).influence(test).numpy()
    made = TracInCP(model, data, places, load, loss_fn=loss, batch_size=100, sample_wise_grads_per_batch=True)
    return made.influence(test).numpy()


def _captum_fast(*args):
    return _captum(*args, fast=True)


def _dattri(model, points, train, test):
    from dattri.algorithm.tracin import TracInAttributor
    from dattri.task import AttributionTask

    def loss(params, data):
        x, y = data
        return F.cross_entropy(torch.func.functional_call(model, params, (x[None],)), y[None])

    task = AttributionTask(loss_func=loss, model=model, checkpoints=points)
    made = TracInAttributor(task=task, weight_list=torch.full((len(points),), 0.1), normalized_grad=False)
    made.projector_kwargs = None
    loaders = [
        torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*one), batch_size=100) for one in (train, test)
    ]
    with torch.no_grad():
        return made.attribute(*loaders).T.numpy()


def _vmap(model, points, train, test):
    def loss(params, x, y):
        return F.cross_entropy(torch.func.functional_call(model, params, (x[None],)), y[None])

    each = torch.vmap(torch.func.grad(loss), (None, 0, 0))
    total = 0
    for params in points:
        rows = [torch.cat([g.flatten(1) for g in each(params, *one).values()], 1) for one in (train, test)]
        total = total + 0.1 * rows[1] @ rows[0].T
    return total.detach().numpy()


def one_scale(kind, quick):
    """CPU seconds of recording a run of an MLP of 101,770 weights, of its cheap scores and of its mislabels."""
    from minent.attribution import mislabels

    n, epochs, batch = (2000, 2, 128) if quick else (50_000, 10, 128)
    torch.set_num_threads(1)
    rng = torch.Generator().manual_seed(0)
    y = torch.randint(0, 10, (n,), generator=rng)
    x = torch.randn(10, 784, generator=rng)[y] * 0.2 + torch.randn(n, 784, generator=rng)
    wrong = torch.randperm(n, generator=rng)[: n // 20]
    y[wrong] = (y[wrong] + torch.randint(1, 10, (len(wrong),), generator=rng)) % 10
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    make = {"SGD": lambda p: torch.optim.SGD(p, 0.02), "AdamW": lambda p: torch.optim.AdamW(p, 1e-3)}[kind]
    optimizer = make(model.parameters())
    with tempfile.TemporaryDirectory() as folder:
        begun = time.process_time()
        with record(model, optimizer, f"{folder}/run") as r:
            for _ in range(epochs):
                for ids in torch.randperm(n, generator=rng).split(batch):
                    optimizer.zero_grad()
                    F.cross_entropy(model(x[ids]), y[ids]).backward()
                    r.batch(ids)
                    optimizer.step()
        middle = time.process_time()
        found = mislabels(model, f"{folder}/run", train=(x, y))
        seconds = time.process_time() - middle
    bad = np.isin(np.arange(n), wrong)
    scores = {"path kernel": found.score, **found.cheap}
    return {
        "recording": middle - begun, "mislabels": seconds, **found.seconds, "residual": found.checked.relative_residual,
        "auc": {name: _auc(score, bad) for name, score in scores.items()},
    }  # fmt: skip


def _auc(score, bad):
    from scipy.stats import rankdata

    return float((rankdata(score)[bad].sum() - bad.sum() * (bad.sum() + 1) / 2) / (bad.sum() * (~bad).sum()))


def _data(name):
    if name == "digits":
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
        return torch.tensor(x / 16, dtype=torch.float32), torch.tensor(y)
    folder = DATA / "images" / "mnist"
    if not folder.is_dir():
        return None
    images, labels = (
        np.frombuffer(gzip.decompress((folder / f"t10k-{kind}-ubyte.gz").read_bytes()), np.uint8, offset=skip)
        for kind, skip in (("images-idx3", 16), ("labels-idx1", 8))
    )
    return torch.tensor(images.reshape(-1, 784) / 255, dtype=torch.float32), torch.tensor(labels).long()


def _trained(x, y, seed, epochs, folder=None):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(x.shape[1], 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    rng = torch.Generator().manual_seed(seed)

    def walk(r=None):
        for _ in range(epochs):
            for ids in torch.randperm(len(x), generator=rng).split(32):
                optimizer.zero_grad()
                F.cross_entropy(model(x[ids]), y[ids]).backward()
                if r is not None:
                    r.batch(ids)
                optimizer.step()

    if folder is None:
        walk()
    else:
        with record(model, optimizer, folder) as r:
            walk(r)
    return model


def _checkpoints(folder):
    """The weights at five places along the way, as TracIn and gradient-dot have them."""
    trajectory = Trajectory.open(folder)
    places = np.linspace(2, trajectory.end + 1, 5).astype(int)
    return [(trajectory.weights(int(place)), 1.0) for place in places]


def _margin(out, y):
    rows = torch.arange(len(out))
    others = out.clone()
    others[rows, y] = -torch.inf
    return out[rows, y] - others.logsumexp(1)


def one_quality(name, seed, quick):
    data = _data(name)
    if data is None:
        return None
    from scipy.stats import spearmanr

    rng = np.random.default_rng(seed)
    n, m, epochs, halves = (80, 20, 5, 6) if quick else (500, 100, 12, 60)
    chosen = torch.from_numpy(rng.permutation(len(data[0]))[: n + m])
    x, y = (one[chosen] for one in data)
    (x, test), (y, truth) = x.split([n, m]), y.split([n, m])
    scores = {}
    with tempfile.TemporaryDirectory() as folder:
        wrong, taught = rng.choice(n, n // 10, replace=False), y.clone()
        taught[wrong] = (taught[wrong] + torch.from_numpy(rng.integers(1, 10, len(wrong)))) % 10
        model = _trained(x, taught, seed, epochs, f"{folder}/wrong")
        found = {"TracIn self-influence": self_influence(model, _checkpoints(f"{folder}/wrong"), train=(x, taught))}
        with torch.no_grad():
            found["loss"] = F.cross_entropy(model(x), taught, reduction="none").numpy()
        for rule in ("secant", "left"):
            parts = explain(model, f"{folder}/wrong", x, train=(x, taught), rule=rule)
            found[f"path kernel, {rule}"] = parts.mislabels(taught.numpy())[1]
            found[f"path kernel, {rule}, self-influence"] = parts.self_influence(taught.numpy())
        bad = np.isin(np.arange(n), wrong)
        for method, score in found.items():
            scores[f"mislabels: {method}"] = _auc(score, bad)

        model = _trained(x, y, seed, epochs, f"{folder}/right")
        with torch.no_grad():
            best = model(test).argmax(1)
        margins, kept = [], []
        for half in range(halves):
            rows = np.sort(rng.permutation(n)[: n // 2])
            margins.append(_margin(_trained(x[rows], y[rows], 1000 + half, epochs)(test).detach(), best).numpy())
            kept.append(np.isin(np.arange(n), rows))
        points = _checkpoints(f"{folder}/right")
        found = {
            "TracInCP": tracin(model, points, test, best, train=(x, y)),
            "gradient dot": tracin(model, points[-1:], test, best, train=(x, y)),
        }
        found.update(_trak(model, (x, y), (test, best)))
        for rule in ("secant", "left"):
            parts = explain(model, f"{folder}/right", test, train=(x, y), rule=rule)
            rows, labels = np.arange(m), best.numpy()
            raised = parts.contributions
            found[f"path kernel, {rule}"] = raised[rows, labels] - (raised.sum(1) - raised[rows, labels]) / 9
        for method, each in found.items():
            sums = np.array(kept, float) @ each.T
            scores[f"LDS: {method}"] = float(
                np.nanmean([spearmanr(sums[:, i], np.array(margins)[:, i]).statistic for i in range(m)])
            )
    del truth
    return scores


def one_removal(name, seed, quick):
    """The share of inputs that are called otherwise after training without the 20 examples of their highest scores."""
    data = _data(name)
    if data is None:
        return None
    rng = np.random.default_rng(seed)
    n, m, epochs, k, runs = (80, 5, 5, 10, 2) if quick else (500, 50, 12, 20, 10)
    chosen = torch.from_numpy(rng.permutation(len(data[0]))[: n + m])
    (x, test), (y, _) = (one[chosen].split([n, m]) for one in data)
    with tempfile.TemporaryDirectory() as folder:
        model = _trained(x, y, seed, epochs, f"{folder}/0")
        again = Again(model, f"{folder}/0", train=(x, y))
        best = torch.from_numpy(again.says(test).argmax(1))
        for other in range(1, runs):
            _trained(x, y, seed + 100 * other, epochs, f"{folder}/{other}")

        def margin(trajectory):
            return explain(model, trajectory, test, train=(x, y), outputs="margin").contributions[:, 0]

        points = _checkpoints(f"{folder}/0")
        alike = -torch.cdist(test, x).numpy() + np.where(y[None] == best[:, None], 0, -1e9)
        found = {
            "at random": rng.normal(size=(m, n)),
            "nearest of the label": alike,
            "gradient dot": tracin(model, points[-1:], test, best, train=(x, y)),
            "TracInCP": tracin(model, points, test, best, train=(x, y)),
            **_trak(model, (x, y), (test, best)),
            "path kernel, margin": margin(f"{folder}/0"),
            f"path kernel, margin, mean of {runs} runs": margin([f"{folder}/{one}" for one in range(runs)]),
        }
        told = {}
        for method, scores in found.items():
            told[f"removal: {method}"] = float(removal(again, test, scores, k).mean())
            print(name, seed, method, told[f"removal: {method}"], file=sys.stderr, flush=True)
        return told


def _trak(model, train, test):
    try:
        from dattri.algorithm.trak import TRAKAttributor
        from dattri.task import AttributionTask
    except ImportError:
        return {}

    def margin(params, data):
        x, y = data
        return _margin(torch.func.functional_call(model, params, (x[None],)), y[None]).sum()

    def probability(params, data):
        x, y = data
        return torch.func.functional_call(model, params, (x[None],)).softmax(1)[0].gather(0, y[None])[0]

    state = {name: p.detach() for name, p in model.state_dict().items()}
    task = AttributionTask(loss_func=margin, target_func=margin, model=model, checkpoints=[state])
    # 500 examples do not fill 512 numbers: without a ridge the inverse is noise. 0.1 was the best of five by its LDS
    size, ridge = {"proj_dim": 512}, 0.1
    made = TRAKAttributor(task, probability, projector_kwargs=size, regularization=ridge)
    loaders = [
        torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*one), batch_size=100) for one in (train, test)
    ]
    try:
        with torch.no_grad():
            made.cache(loaders[0])
            return {"TRAK, one model (dattri)": made.attribute(loaders[1]).T.numpy()}
    except Exception as error:
        print(f"TRAK of dattri did not run: {type(error).__name__}: {error}")
        return {}


def speeds(kept):
    """(model, library, CPU seconds, in minent's, MiB, how far apart the scores, and how far apart rounding to the six
    digits that are kept sets them) of each, or (model, library, error)."""
    for key, one in kept["speed"].items():
        kind, peer = key.split(", ")
        ours = kept["speed"][f"{kind}, minent"]
        if "failed" in one or "failed" in ours:
            yield kind, peer, one.get("failed", "nothing to compare with")
            continue
        same = np.array(ours["scores by Linear and Conv2d alone" if peer == "captum" else "scores"])
        largest = np.abs(same).max()
        apart = np.abs(np.array(one["scores"]) - same).max() / largest
        yield kind, peer, one["seconds"], one["seconds"] / ours["seconds"], one["mib"], apart, 1e-6 / largest


def qualities(kept):
    """Of each data set, question and method (data, question, method, a value for each seed)."""
    found = {}
    for key, run in kept["quality"].items():
        for method, value in run.items():
            found.setdefault((key.split(", ")[0], *method.split(": ")), []).append(value)
    for key, values in found.items():
        yield *key, values


def spread(values):
    return f"{np.mean(values):.3f}" + (f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else "")


def aims(kept):
    """What was to be reached, what was measured, and whether it was."""
    found = {(kind, peer): numbers for kind, peer, *numbers in speeds(kept) if len(numbers) > 1}
    for kind, times in (("mlp", 30), ("cnn", 5), ("transformer", 5)):
        if (kind, "captum") in found:
            ratio = found[kind, "captum"][1]
            yield f"{kind}: {times} times as fast as captum", f"{ratio:.1f} times", ratio >= times
    for kind in MODELS:
        if (kind, "vmap") in found:
            ratio = found[kind, "vmap"][1]
            yield f"{kind}: as fast as per-example gradients by vmap", f"{ratio:.1f} times", ratio >= 1
            share = found[kind, "minent"][2] / found[kind, "vmap"][2]
            yield f"{kind}: a fifth of the memory of per-example gradients", f"{share:.2f}", share <= 0.2
    for kind in MODELS:
        if peers := [peer for peer in ("captum", "dattri", "vmap") if (kind, peer) in found]:
            apart, finest = (max(found[kind, peer][place] for peer in peers) for place in (3, 4))
            same = apart <= 1.01 * max(1e-6, finest)
            yield f"{kind}: the scores of {', '.join(peers)} to 1e-6", f"{apart:.1e} apart", same
    for kind, minutes in (("SGD", 3), ("AdamW", 10)):
        if kind in kept["scale"]:
            took = kept["scale"][kind]["mislabels"] / 60
            yield f"mislabels of 50,000 × 10 epochs, {kind}: {minutes} CPU minutes", f"{took:.1f}", took <= minutes
    means = {tuple(key): np.mean(values) for *key, values in qualities(kept)}
    for data, question in dict.fromkeys(key[:2] for key in means):
        ours = means[data, question, "path kernel, margin" if question == "removal" else "path kernel, secant"]
        others = {method: mean for (*key, method), mean in means.items()
                  if key == [data, question] and not method.startswith("path kernel")}  # fmt: skip
        best = max(others, key=others.get)
        told = f"{ours:.3f}; {best} {others[best]:.3f}"
        yield f"{data}, {question}: path kernel not below other methods", told, ours >= others[best]


def report(kept, quick):
    """The page of what was measured."""
    versions = ", ".join(f"{name} {number}" for name, number in kept["versions"].items())
    tiny = "\n**A `--quick` run, of tiny sizes: the form of this page, no figures to go by.**\n" if quick else ""
    head = f"""# Which examples made it: measured

`benchmarks/attribution.py`, {kept["date"]}, {kept["machine"]} ({versions}).
{tiny}
## What was aimed at

| aim | measured | |
|---|---|---|
"""
    told = list(aims(kept))
    parts = [f"| {aim} | {found} | {'reached' if reached else '**missed**'} |" for aim, found, reached in told]
    parts.append(f"""
{sum(reached for *_, reached in told)} of {len(told)} are reached.

## Speed

TracIn, the same numbers by all: 100 inputs, 500 examples, 5 checkpoints; an MLP, a small CNN and three transformers of
width 64 and two layers: minent's encoder, and BERT and GPT-2 of transformers at random. Seconds are the least of three,
where these do not take 15. MiB are what the peak of memory rose by. How
far the scores are apart is told in shares of minent's largest (they are
kept to six digits). captum's TracInCP heeds Linear and Conv2d alone, and is compared with what these alone give; captum
Fast heeds the last layer alone, and is fast for that.

| model | library | CPU s | in minent's | MiB | apart |
|---|---|---|---|---|---|""")
    for kind, peer, *numbers in speeds(kept):
        if len(numbers) == 1:
            parts.append(f"| {kind} | {peer} | failed: {numbers[0].replace('|', ' ')[:90]} | | | |")
            continue
        seconds, ratio, mib, apart, _ = numbers
        parts.append(f"| {kind} | {peer} | {seconds:.3f} | {ratio:.1f} | {mib:.0f} | {apart:.1e} |")
    parts.append("""
## Scale

Mislabels of a recorded run: 50,000 examples, 10 epochs of batches of 128 (3,910 steps), an MLP of 101,770 weights. CPU
seconds; the residual is that of the two examples by which the run is checked, which is part of the whole.

| optimiser | recording with training | mislabels, all of it | own contributions | loss, margin and doubt | residual |
|---|---|---|---|---|---|""")
    for kind, one in kept["scale"].items():
        times = " | ".join(f"{one[name]:.0f}" for name in ("recording", "mislabels", "path kernel", "cheap"))
        parts.append(f"| {kind} | {times} | {one['residual']:.0e} |")
    names = list(next(iter(kept["scale"].values()))["auc"]) if kept["scale"] else []
    parts += ["", f"| area under the ROC curve | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for kind, one in kept["scale"].items():
        parts.append(f"| {kind} | {' | '.join(format(one['auc'][name], '.4f') for name in names)} |")
    parts.append("""
## Quality

An MLP that AdamW trained on 500 examples. **mislabels**: the area under the ROC curve of finding the tenth of the
labels that were turned wrong; 0.5 is chance. **LDS**, the linear datamodelling score: how the sums of attributions over
halves of the examples rank 60 models that were trained on these halves; mean over 100 test images, 0 is chance.
**removal**: the share of 50 test images that are called otherwise after training without the 20 examples of their
highest scores ("nearest of the label": the images of that label that are nearest to the input). Mean ±
standard deviation over
the seeds, where there are several.
""")
    rows = list(qualities(kept))
    for question in dict.fromkeys(row[1] for row in rows):
        data = list(dict.fromkeys(row[0] for row in rows))
        parts += [f"| {question} | {' | '.join(data)} |", "|---" * (len(data) + 1) + "|"]
        for method in dict.fromkeys(row[2] for row in rows if row[1] == question):
            values = {row[0]: row[3] for row in rows if row[1:3] == (question, method)}
            cells = " | ".join(spread(values[one]) if one in values else "" for one in data)
            parts.append(f"| {method} | {cells} |")
        parts.append("")
    return head + "\n".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny, to see that it runs; nothing is kept")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--scale", help=argparse.SUPPRESS)
    parser.add_argument("--removal", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--write", type=Path)
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    if args.one:
        print(json.dumps(one_speed(*args.one, args.quick)))
        return
    if args.scale:
        print(json.dumps(one_scale(args.scale, args.quick)))
        return
    if args.removal:
        print(json.dumps(one_removal(args.removal[0], int(args.removal[1]), args.quick)))
        return
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() and not args.quick else {}
    for part in ("speed", "scale", "quality"):
        kept.setdefault(part, {})
    for kind in ("SGD", "AdamW"):
        if kind not in kept["scale"]:
            print(f"measuring {kind}", file=sys.stderr)
            words = [sys.executable, str(HERE), "--scale", kind, *["--quick"] * args.quick]
            done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
            done.check_returncode()
            kept["scale"][kind] = json.loads(done.stdout.splitlines()[-1])
            _keep(kept, args.quick)
    for kind in MODELS:
        for peer in SPEED:
            key = f"{kind}, {peer}"
            if key not in kept["speed"]:
                print(f"measuring {key}", file=sys.stderr)
                words = [sys.executable, str(HERE), "--one", peer, kind, *["--quick"] * args.quick]
                done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
                told = done.stderr.strip().splitlines() or ["?"]
                kept["speed"][key] = (
                    json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {"failed": told[-1]}
                )
                _keep(kept, args.quick)
    for kind, peer, *numbers in speeds(kept):
        if len(numbers) == 1:
            print(f"{kind + ', ' + peer:<28} failed: {numbers[0][:80]}")
            continue
        seconds, ratio, mib, apart, _ = numbers
        print(f"{kind + ', ' + peer:<28} {seconds:8.3f} s ({ratio:6.1f}×) {mib:8.1f} MiB, apart {apart:.1e}")
    for name in ("digits", "mnist"):
        for seed in range(1 if args.quick else 3):
            key = f"{name}, {seed}"
            if key not in kept["quality"]:
                print(f"measuring {key}", file=sys.stderr)
                if (scores := one_quality(name, seed, args.quick)) is not None:
                    kept["quality"][key] = scores
                    _keep(kept, args.quick)
            if not any(one.startswith("removal") for one in kept["quality"].get(key, {})):
                print(f"measuring {key}, removal", file=sys.stderr)
                if (scores := one_removal(name, seed, args.quick)) is not None:
                    kept["quality"][key] = {**kept["quality"].get(key, {}), **scores}
                    _keep(kept, args.quick)
    for data, question, method, values in qualities(kept):
        print(f"{data:<8} {question:<10} {method:<40} {spread(values)}")
    if args.write:
        args.write.write_text(report(kept, args.quick), encoding="utf-8")


def _keep(kept, quick):
    kept["machine"] = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, one thread"
    kept["date"] = str(date.today())
    kept["versions"] = {name: version(name) for name in ("torch", "numpy", "captum", "dattri")}
    if not quick:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
