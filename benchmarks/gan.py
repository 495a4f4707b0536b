"""What a Lipschitz critic costs, and what it is worth: gradient normalisation beside every alternative.

cost      seconds of a critic step, a generator step and a cycle (n_dis 1), each as a multiple of the plain GAN's in the
          same way of running, eager and compiled; the median of repeats taken in turn.
          "gn, autograd" is gn by autograd's double backward, which no compiler takes.
quality   25 Gaussians (modes, high quality, KL), digits 8 by 8 and MNIST 28 by 28 (FID of a classifier trained here,
          precision, recall, coverage): every method gets the same CPU time, and the learning rate that was best for it
          on other seeds (101, …), by the median; then --seeds seeds. Weights of penalties are not tuned:
          gan_quality.py tunes those too, and counts steps.

    python benchmarks/gan.py cost [--repeats 30] [--no-compile]
    python benchmarks/gan.py quality [TASK ...] [--seeds 5] [--seconds 60] [--rates 1e-4 2e-4 5e-4 1e-3]
    python benchmarks/gan.py figure [--write gan_jump.png]            f̂ along a line: where it jumps
    python benchmarks/gan.py report [--write docs/benchmarks_gan.md]  with that figure in docs/figures

Results go to results/gan_cost.json and results/gan_TASK.json run by run; runs that are there are not made again.
"""

import argparse
import json
import os
import platform
import time
from dataclasses import replace
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path

import gan_quality
import numpy as np
import torch
from gan_quality import cell, features, halves
from torch import nn

from minent.data.images.images import Images
from minent.gan.game import constrained, play
from minent.gan.input_gradients.slope import value_and_gradient
from minent.gan.losses import critic_loss, loss_of
from minent.gan.options import Networks, Playing
from minent.gan.scores.mixture import mixture_scores
from minent.gan.scores.samples import score
from minent.gan.standing import standing
from minent.gan.train import new_players

HERE = Path(__file__).resolve()
SEED = 6  # of the critic that is drawn
RESULTS = HERE.parent / "results"
METHODS = {
    "gn": Playing(lipschitz="gn"),
    "gn, hinge": Playing(lipschitz="gn", loss="hinge"),
    "gran": Playing(lipschitz="gran"),
    "gp": Playing(lipschitz="gp"),
    "gp 0.1": Playing(lipschitz="gp", strength=0.1),  # what its authors take for points
    "gp, wasserstein": Playing(lipschitz="gp", loss="wasserstein"),
    "r1": Playing(lipschitz="r1"),
    "sn": Playing(lipschitz="sn"),
    "clip, wasserstein": Playing(lipschitz="clip", loss="wasserstein"),
    "none": Playing(lipschitz="none"),
}
TASKS = {
    "gaussians": (Networks("mlp", latent=2, width=128), 256, 10_000, "modes"),
    "digits": (Networks("dcgan", latent=32, width=32), 64, 100_000, "coverage"),  # FID of 450 images is mostly noise
    "mnist": (Networks("dcgan", latent=64, width=16), 64, 100_000, "fid"),
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
    loss, sums = loss_of(method.loss, method.lipschitz == "gn"), torch.zeros(4)
    real = torch.from_numpy(samples.scaled(slice(0, batch)))

    def lost_by_critic():
        return critic_loss(generator, loss, method, nn.Identity(), sums, critic, {"x": real})[0] / batch

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
    playing = replace(method, learning_rate=rate, batch=batch, steps=most, seed=seed, ema=0.99, evaluate_every=0)
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
            kept = json.loads(name.read_text(encoding="utf-8"))
            saved |= {name: kept[name] for name in ("runs", "best", "note") if name in kept}

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
    key = TASKS[task][3]
    sign = -1 if key == "fid" else 1
    value = float(np.median([sign * one[key] if key in one else -np.inf for one in several]))  # it may have diverged
    quality = float(np.median([one.get("high_quality", 0.0) for one in several]))
    return value, quality


def measured(saved, method):
    """What was found by the rate chosen for a method: with the seeds that it was chosen by, and with the others."""
    begin = f"{method}, rate {saved['best'][method]:g}, seed "
    seeds = {int(key.removeprefix(begin)): found for key, found in saved["runs"].items() if key.startswith(begin)}
    return [one for seed, one in seeds.items() if seed > 100], [one for seed, one in seeds.items() if seed <= 100]


def in_short(results):
    """gn's modes, and gn beside the others on each task."""

    def merits(task, method):
        return [_merit(task, [each])[0] for each in measured(results[task], method)[1]]

    parts = []
    if "gn" in results.get("gaussians", {}).get("best", {}):
        modes = merits("gaussians", "gn")
        parts = [f"gn covers {np.median(modes):g} of 25 modes ({min(modes):g} to {max(modes):g})"]
    for other in ("gp", "gp 0.1", "sn", "none"):
        told = {"better": [], "worse": [], "within the spread": []}
        for task, saved in results.items():
            if {"gn", other} <= saved["best"].keys():
                ours, theirs = merits(task, "gn"), merits(task, other)
                better, worse = min(ours) > max(theirs), max(ours) < min(theirs)
                told["better" if better else "worse" if worse else "within the spread"].append(task)
        found = [f"{word} on {' and '.join(tasks)}" for word, tasks in told.items() if tasks]
        if found:
            weight = " (which weighs 10 there, tuned in its rate only)" if other == "gp" else ""
            parts.append(f"beside {other}{weight} it is {', '.join(found)}")
    return f"In short: {'; '.join(parts)}." if parts else ""


HOW = """
(All with non-saturating losses; better: by modes, coverage (digits) or FID, each run than each of the other.) All runs
of a task have the same CPU time on one thread, so that cheap steps are more steps. The learning rate of both players is
that which was best for the method by the median of runs with other seeds (101, …); tables are of seeds from 1 on:
medians, and from the least to the greatest. One step of the critic for each of the generator; Adam with β of 0 and 0.9;
penalties weigh 10, as their authors have it for images, but "gp 0.1", as they have it for points; no weight was tuned,
so that what gp lacks beside gn tells of its weight as much as of the method. What is judged is the
average of the generator's weights, beside samples that nobody learned from; "real" are other such samples in its place.
FID and what follows are of the features of a classifier that is trained here: compare them within a table only."""


def quality_of(task, saved, folder):
    """The part of the page on one task."""
    networks, batch, _, merit = TASKS[task]
    tuned = max(len(measured(saved, method)[0]) for method in saved["best"])
    merit = {"modes": "the modes, then the share of high quality,", "fid": "the FID"}.get(merit, merit)
    rates = ", ".join(f"{rate:g}" for rate in saved["rates"])
    parts = [
        "\n### {}\n\n{date}, {machine}, one thread ({versions}). {seconds:g} s of CPU a run;".format(task, **saved),
        f"{networks.network} of width {networks.width}, from {networks.latent} numbers, in batches of {batch};",
        f"learning rates {rates}, chosen by {merit} of {tuned} run{'s' * (tuned > 1)}."
        + (f"\n({saved['note']}.)" if "note" in saved else "")
        + "\n",
        f"| method | loss | rate | {' | '.join(SHOWN[task])} | steps | seeds |",
        "|---" * (len(SHOWN[task]) + 5) + "|",
    ]
    for method, rate in saved["best"].items():
        every = measured(saved, method)[1]
        good = [one for one in every if "error" not in one]
        cells = [method.split(",")[0], METHODS[method].loss, f"{rate:g}"]
        cells += [cell([one[column] for one in good]) for column in SHOWN[task]]
        steps = f"{np.median([one['steps'] for one in good]):,.0f}" if good else ""
        parts.append(f"| {' | '.join(cells)} | {steps} | {len(good)} of {len(every)} |")
    other = halves(task, folder)[1].scaled()
    count = 2500 if task == "gaussians" else min(2000, len(other) // 2)  # as many as are drawn in a run
    space = features(task, folder)
    floor = score(other[:count], other, features=space, mixture=task == "gaussians").floor
    return [*parts, f"| real | | | {' | '.join(gan_quality.figure(floor[column]) for column in SHOWN[task])} | | |"]


def report(options):
    parts = ["# Critics that are not steep: measured\n\n`benchmarks/gan_quality.py`, `benchmarks/gan.py`."]
    parts += gan_quality.tables(options.data)
    files = {task: RESULTS / f"gan_{task}.json" for task in SHOWN}
    results = {task: json.loads(file.read_text(encoding="utf-8")) for task, file in files.items() if file.exists()}
    results = {  # the others have just begun
        task: saved for task, saved in results.items()
        if saved.get("best") and all(measured(saved, method)[1] for method in saved["best"])
    }  # fmt: skip
    if results:
        parts += [f"\n## Tuned in the learning rate only\n\n{in_short(results)}", HOW]
    for task, saved in results.items():
        parts += quality_of(task, saved, options.data)
    if (place := RESULTS / "gan_cost.json").exists():
        saved = json.loads(place.read_text(encoding="utf-8"))
        parts.append("\n## Cost\n\n{date}, {machine}, one thread ({versions}). CPU time of a step, and".format(**saved))
        parts.append("times that of the plain GAN run the same way, eager or compiled; a cycle is a step of each.\n")
        parts.append("| network, way, method | critic step | generator step | cycle |\n|---|---|---|---|")
        for key, row in saved["rows"].items():
            cells = [f"{1000 * s:.1f} ms, {r:.2f}×" for s, r in zip(row["seconds"], row["ratio"], strict=True)]
            parts.append(f"| {key} | {' | '.join(cells)} |")
    if options.write:
        picture = options.write.parent / "figures" / "gan_jump.png"
        parts.append(
            "\n## Where f̂ jumps\n\nThe bound on its gradient holds within each linear piece of f only. Along a"
        )
        parts.append(f"line through a small critic with random weights, f̂ has {drawn(picture)}:\n")
        parts.append(f"![f is continuous, with kinks; f̂ jumps at each](figures/{picture.name})")
    text = "\n".join(parts) + "\n"
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")


def figure(options):
    print(f"{drawn(options.write)}; wrote {options.write}")


def drawn(place):
    """f and f̂ of a critic of the plane along a line: where ∇f changes, f has a kink and f̂ a jump; says how many."""
    from matplotlib.figure import Figure

    torch.manual_seed(SEED)
    critic = nn.Sequential(nn.Linear(2, 12), nn.ReLU(), nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, 1))
    t = torch.linspace(-3, 3, 6001)
    f, slope = value_and_gradient(critic, torch.stack([t, 0.4 * t + 0.2], 1))
    f, slope = f.detach().flatten(), slope.detach()
    g = f / (slope.norm(dim=1) + f.abs())
    kinks = 1 + ((slope[1:] - slope[:-1]).abs().amax(1) > 1e-5).nonzero().flatten()
    drawing = Figure(figsize=(8, 4.5), layout="constrained")
    for axes, y, name in zip(drawing.subplots(2, sharex=True), (f, g), ("f", "f̂ = f / (‖∇f‖ + |f|)"), strict=True):
        for kink in t[kinks]:
            axes.axvline(kink, color="0.85", linewidth=0.8)
        for piece, part in zip(torch.tensor_split(t, kinks), torch.tensor_split(y, kinks), strict=True):
            axes.plot(piece, part, color="C0", linewidth=1.8, solid_capstyle="butt")
        axes.axhline(0, color="0.6", linewidth=0.8)
        axes.set_title(name, loc="left", fontsize=11)
        axes.spines[["top", "right"]].set_visible(False)
        axes.margins(x=0)
    axes.set_ylim(-1, 1)
    axes.set_xlabel("along a line in the plane; grey lines: where the gradient of f changes")
    place.parent.mkdir(parents=True, exist_ok=True)
    drawing.savefig(place, dpi=150)
    return f"{len(kinks)} jumps, the largest of {(g[kinks] - g[kinks - 1]).abs().max():.2f}"


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
    parser.add_argument("--write", type=Path, help="file of the report or figure")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.what == "figure" and not options.write:
        options.write = Path("gan_jump.png")
    {"cost": cost, "quality": quality, "figure": figure, "report": report}[options.what](options)


if __name__ == "__main__":
    main()
