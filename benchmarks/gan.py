"""What a Lipschitz critic costs, and what it is worth: gradient normalisation beside every alternative.

cost      seconds of a critic step, a generator step and a cycle (n_dis 1), each as a multiple of the plain GAN's in the
          same way of running, eager and compiled; the median of repeats taken in turn.
          "gn, autograd" is gn by autograd's double backward, which no compiler takes.
quality   25 Gaussians (modes, high quality, KL), digits 8 by 8 and MNIST 28 by 28 (FID of a classifier trained here,
          precision, recall, coverage): every method gets the same CPU time, and the learning rate that was best for it
          on other seeds (101, …), by the median; then --seeds seeds. No method knows of another's rate.

    python benchmarks/gan.py cost [--repeats 30] [--no-compile]
    python benchmarks/gan.py quality [TASK ...] [--seeds 5] [--seconds 60] [--rates 1e-4 2e-4 5e-4 1e-3]
    python benchmarks/gan.py figure [--write docs/figures/gan_jump.png]      f̂ along a line: where it jumps
    python benchmarks/gan.py report [--write docs/benchmarks_gan.md]

Results go to results/gan_cost.json and results/gan_TASK.json run by run; runs that are there are not made again.
"""

import argparse
import json
import os
import platform
import time
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch import nn

from minent.data.images import Images
from minent.data.read_images import read_images
from minent.gan.features import train_features
from minent.gan.game import play
from minent.gan.lipschitz import constrained
from minent.gan.losses import critic_loss, loss_of
from minent.gan.mixture import mixture_scores
from minent.gan.options import Networks, Playing
from minent.gan.score import score
from minent.gan.standing import standing
from minent.gan.train import new_players

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results"
METHODS = {
    "gn": Playing(lipschitz="gn"),
    "gn, hinge": Playing(lipschitz="gn", loss="hinge"),
    "gran": Playing(lipschitz="gran"),
    "gp": Playing(lipschitz="gp"),
    "gp, wasserstein": Playing(lipschitz="gp", loss="wasserstein"),
    "r1": Playing(lipschitz="r1"),
    "sn": Playing(lipschitz="sn"),
    "clip, wasserstein": Playing(lipschitz="clip", loss="wasserstein"),
    "none": Playing(lipschitz="none"),
}
TASKS = {
    "gaussians": (Networks("mlp", latent=2, width=128), 256, 10_000, "modes"),
    "digits": (Networks("dcgan", latent=32, width=32), 64, 100_000, "fid"),
    "mnist": (Networks("dcgan", latent=64, width=32), 64, 100_000, "fid"),
}
SHOWN = {
    "gaussians": ("modes", "high_quality", "kl", "sliced_w2"),
    "digits": ("fid", "precision", "recall", "density", "coverage"),
    "mnist": ("fid", "precision", "recall", "density", "coverage"),
}


def machine():
    return {
        "date": date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": ", ".join(f"{package} {version(package)}" for package in ("minent", "torch", "numpy")),
    }


@cache
def images(task, folder):
    if task == "mnist":
        return read_images(Path(folder) / "images" / "mnist" / "t10k-images-idx3-ubyte.gz")
    return read_images(task)


@cache
def halves(task, folder):
    """Samples to learn from, and others to judge by."""
    whole = images(task, folder)
    order = np.random.default_rng(7).permutation(len(whole))
    return whole.at(order[: len(order) // 2]), whole.at(order[len(order) // 2 :])


@cache
def features(task, folder):
    return train_features(halves(task, folder)[1])


class Hidden(nn.Module):
    """A critic that hides what it is made of, so that its gradient is autograd's."""

    def __init__(self, critic):
        super().__init__()
        self.within = [critic]
        self.weights = nn.ParameterList(critic.parameters())

    def forward(self, x):
        return self.within[0](x)


def steps_of(name, method, networks, samples, batch, compiled):
    """Three functions that take a critic's step, a generator's, and both."""
    generator, critic = new_players(samples, networks)
    critic = constrained(Hidden(critic) if name.endswith("autograd") else critic, method)
    of_critic, of_generator = (
        torch.optim.Adam(one.parameters(), 2e-4, (0.0, 0.9), fused=True) for one in (critic, generator)
    )
    loss, sums = loss_of(method.loss, method.lipschitz == "gn"), torch.zeros(3)
    real = torch.from_numpy(samples.scaled(slice(0, batch)))

    def lost_by_critic():
        return critic_loss(generator, loss, method, sums, critic, {"x": real})[0] / batch

    def lost_by_generator():
        return loss.generator(critic(generator(torch.randn(batch, generator.latent)))).mean()

    if compiled:
        lost_by_critic, lost_by_generator = torch.compile(lost_by_critic), torch.compile(lost_by_generator)

    def step(lost, player, other, optimizer):
        player.requires_grad_(True)
        other.requires_grad_(False)
        optimizer.zero_grad()
        lost().backward()
        optimizer.step()

    def critic_step():
        step(lost_by_critic, critic, generator, of_critic)

    def generator_step():
        step(lost_by_generator, generator, critic, of_generator)

    def cycle():
        critic_step()
        generator_step()

    return critic_step, generator_step, cycle


def cost(options):
    saved = {**machine(), "threads": 1, "rows": {}}
    networks = {
        "dcgan 32": (Networks("dcgan", width=32), 32, 3, 32),
        "resnet 32": (Networks("resnet", width=32), 32, 3, 16),
    }
    methods = {"none": METHODS["none"], **{k: v for k, v in METHODS.items() if "," not in k and k != "none"}}
    methods = {**methods, "gn, autograd": METHODS["gn"], "clip": METHODS["clip, wasserstein"]}
    for shape, (network, size, channels, batch) in networks.items():
        pixels = np.random.default_rng(0).integers(0, 256, (batch, channels, size, size)).astype(np.uint8)
        for compiled in (False, True) if options.compile else (False,):
            ready = {}
            for name, method in methods.items():
                if compiled and name.endswith("autograd"):
                    continue
                torch.manual_seed(0)
                try:
                    torch._dynamo.reset()
                    ready[name] = steps_of(name, method, network, Images(pixels), batch, compiled)
                    for one in ready[name]:
                        one()
                        one()
                except Exception as error:  # a method that the compiler refuses is shown as such
                    print(f"{shape}, {name}, compiled: {type(error).__name__}", flush=True)
                    ready.pop(name, None)
            taken = {name: [[], [], []] for name in ready}
            for _ in range(options.repeats):
                for name, three in ready.items():
                    for one, times in zip(three, taken[name], strict=True):
                        start = time.process_time()
                        one()
                        times.append(time.process_time() - start)
            plain = [float(np.median(times)) for times in taken["none"]]
            for name, three in taken.items():
                seconds = [float(np.median(times)) for times in three]
                key = f"{shape}, {'compiled' if compiled else 'eager'}, {name}"
                saved["rows"][key] = {"seconds": seconds, "ratio": [a / b for a, b in zip(seconds, plain, strict=True)]}
                figures = "  ".join(f"{1000 * a:7.1f} ms {a / b:5.2f}×" for a, b in zip(seconds, plain, strict=True))
                print(f"{key:<36} critic, generator, cycle: {figures}", flush=True)
            (RESULTS / "gan_cost.json").write_text(json.dumps(saved, indent=1) + "\n", encoding="utf-8")


def run(task, folder, method, rate, seed, seconds):
    """Play for so much CPU time, and score what the average draws beside samples that it has not seen."""
    networks, batch, most, _ = TASKS[task]
    learned, other = halves(task, folder)
    playing = Playing(
        lipschitz=method.lipschitz, loss=method.loss, learning_rate=rate, batch=batch, steps=most, seed=seed,
        ema=0.99, evaluate_every=0,
    )  # fmt: skip
    generator, critic = new_players(learned, networks, seed=seed)
    start, step = time.process_time(), 0
    average: dict = {}
    turns = play(generator, critic, learned.batches(batch, seed), playing)
    for turn in turns:  # the time ends the game before its last step: the average is kept by hand
        step, weight = turn.step, 0.01 if average else 1.0
        for name, tensor in generator.state_dict().items():
            if tensor.is_floating_point():
                average[name] = tensor.clone() if name not in average else average[name].lerp_(tensor, weight)
        if time.process_time() - start > seconds:
            break
    turns.close()
    spent = time.process_time() - start
    generator.load_state_dict({**generator.state_dict(), **average})
    standing(generator, seed)
    drawn = generator.draw(2500 if task == "gaussians" else min(2000, len(other) // 2), seed=seed).numpy()
    if task == "gaussians":
        kept = mixture_scores(drawn) | {"sliced_w2": score(drawn, other.scaled()).drawn["sliced_w2"]}
    else:
        kept = score(drawn, other.scaled(), features=features(task, folder)).drawn
    return {**kept, "steps": step, "seconds": spent}


def quality(options):
    torch.set_num_threads(1)
    for task in options.tasks or TASKS:
        name = RESULTS / f"gan_{task}.json"
        saved = {**machine(), "seconds": options.seconds, "rates": options.rates, "runs": {}}
        if name.exists():
            saved["runs"] = json.loads(name.read_text(encoding="utf-8"))["runs"]

        def made(method, rate, seed, saved=saved, task=task, name=name):
            key = f"{method}, rate {rate:g}, seed {seed}"
            if key not in saved["runs"]:
                try:
                    found = run(task, options.data, METHODS[method], rate, seed, options.seconds)
                except ValueError as error:  # a game that diverged is the worst of all
                    found = {"error": str(error)}
                saved["runs"][key] = found
                name.write_text(json.dumps(saved, indent=1) + "\n", encoding="utf-8")
                figures = " ".join(f"{k} {v:.4g}" for k, v in found.items() if isinstance(v, float | int))
                print(f"{task}, {key}: {figures or found['error'][:60]}", flush=True)
            return saved["runs"][key]

        best = {
            method: max(options.rates, key=lambda rate, method=method: _merit(
                task, [made(method, rate, 101 + i) for i in range(options.tuning)]
            ))
            for method in options.methods
        }  # fmt: skip
        saved["best"] = {**saved.get("best", {}), **best}
        for seed in range(1, options.seeds + 1):
            for method in options.methods:
                made(method, best[method], seed)
        name.write_text(json.dumps(saved, indent=1) + "\n", encoding="utf-8")


def _merit(task, several):
    sign, key = (1, "modes") if task == "gaussians" else (-1, "fid")
    value = float(np.median([sign * one[key] if key in one else -np.inf for one in several]))  # it may have diverged
    quality = float(np.median([one.get("high_quality", 0.0) for one in several]))
    return value, quality


def report(options):
    parts = ["# Critics that are not steep: measured\n\n`benchmarks/gan.py`."]
    if (place := RESULTS / "gan_cost.json").exists():
        saved = json.loads(place.read_text(encoding="utf-8"))
        parts.append(
            "\n## Cost\n\n{date}, {machine}, one thread ({versions}); CPU time, and times plain.\n".format(**saved)
        )
        parts.append("| network, way, method | critic step | generator step | cycle |\n|---|---|---|---|")
        for key, row in saved["rows"].items():
            cells = [f"{1000 * s:.1f} ms, {r:.2f}×" for s, r in zip(row["seconds"], row["ratio"], strict=True)]
            parts.append(f"| {key} | {' | '.join(cells)} |")
    for task, columns in SHOWN.items():
        if not (place := RESULTS / f"gan_{task}.json").exists():
            continue
        saved = json.loads(place.read_text(encoding="utf-8"))
        parts.append("\n## {}\n\n{date}, {machine}, one thread ({versions}); {seconds:g} s of CPU a run.\n".format(
            task, **saved
        ))  # fmt: skip
        parts.append(f"| method | rate | {' | '.join(columns)} | steps | seeds |")
        parts.append("|---" * (len(columns) + 4) + "|")
        for method, rate in saved.get("best", {}).items():
            runs = [
                found for key, found in saved["runs"].items()
                if key.startswith(f"{method}, rate {rate:g}, seed ") and int(key.rsplit(" ", 1)[1]) <= 100
            ]  # fmt: skip
            good = [found for found in runs if "error" not in found]
            cells = []
            for column in (*columns, "steps"):
                values = [one[column] for one in good]
                spread = f" ({min(values):.3g} to {max(values):.3g})" if len(values) > 1 and column != "steps" else ""
                cells.append(f"{np.median(values):.4g}{spread}" if values else "diverged")
            parts.append(f"| {method} | {rate:g} | {' | '.join(cells)} | {len(good)} of {len(runs)} |")
        parts.append("\nMedians, and from the least to the greatest.")
    text = "\n".join(parts) + "\n"
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


def figure(options):
    """f and f̂ of a critic of the plane along a line."""
    from matplotlib.figure import Figure

    from minent.gan.lipschitz import gradient_normalise

    torch.manual_seed(2)
    critic = nn.Sequential(nn.Linear(2, 12), nn.ReLU(), nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, 1))
    t = torch.linspace(-3, 3, 4000)
    with torch.no_grad():
        line = torch.stack([t, 0.4 * t + 0.2], 1)
        f, g = critic(line).flatten(), gradient_normalise(critic)(line).flatten()
    drawing = Figure(figsize=(7, 3.5), layout="constrained")
    axes = drawing.subplots()
    axes.plot(t, f / f.abs().max(), label="f, scaled", color="0.6")
    jumps = (g[1:] - g[:-1]).abs() > 0.01
    g[1:][jumps] = np.nan
    axes.plot(t, g, label="f̂ = f / (‖∇f‖ + |f|)")
    axes.set_xlabel("along a line in the plane")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    options.write.parent.mkdir(parents=True, exist_ok=True)
    drawing.savefig(options.write, dpi=150)
    print(f"{int(jumps.sum())} jumps; wrote {options.write}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["cost", "quality", "figure", "report"])
    parser.add_argument("tasks", nargs="*", choices=[[], *TASKS], default=[])
    parser.add_argument("--data", default=os.environ.get("MINENT_DATA", HERE.parents[2] / "shared" / "data"))
    parser.add_argument("--methods", nargs="*", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tuning", type=int, default=2, help="seeds that a learning rate is chosen by")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rates", type=float, nargs="*", default=[1e-4, 2e-4, 5e-4, 1e-3])
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--no-compile", dest="compile", action="store_false")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.what == "figure" and not options.write:
        options.write = Path("gan_jump.png")
    {"cost": cost, "quality": quality, "figure": figure, "report": report}[options.what](options)


if __name__ == "__main__":
    main()
