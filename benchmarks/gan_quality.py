"""What each constraint of a critic is worth once its baselines are tuned as hard as it is.

Every method is tried with four learning rates (a factor of 2 apart) and climbs from the best on a grid of these and,
where it has one, of weights of its penalty (a factor of √10 apart): it goes on until no neighbour is better, so that
no grid ends at its edge; each point is the mean of --tuning runs (seeds 101, …). What it found is then played with
seeds 1, …, which nobody tuned by. Methods have equal time: as many steps as --plain of the plain GAN take, by CPU
seconds of a cycle that are measured side by side once (gan_quality.json keeps them); so runs repeat on any machine.

    python benchmarks/gan_quality.py gaussians mnist14 [--n-dis 1 5] [--seeds 5] [--tuning 2] [--plain 3000]
    python benchmarks/gan_quality.py report

Results go to results/gan_quality.json after every run; runs that are there are not made again.
"""

import argparse
import json
import math
import os
import time
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import torch

from minent.data.images.read import read_images
from minent.gan.game import play
from minent.gan.options import Networks, Playing
from minent.gan.scores.features import train_features
from minent.gan.scores.mixture import mixture_scores
from minent.gan.scores.samples import score
from minent.gan.train import new_players

HERE = Path(__file__).resolve()
RESULTS = HERE.parent / "results" / "gan_quality.json"
METHODS = {
    "gn": Playing(lipschitz="gn"),
    "gp": Playing(lipschitz="gp"),
    "r1": Playing(lipschitz="r1"),
    "r1r2": Playing(lipschitz="r1r2"),
    "r3gan": Playing(lipschitz="r1r2", loss="relativistic"),
    "sn": Playing(lipschitz="sn"),
    "none": Playing(lipschitz="none"),
}
WEIGHED = ("gp", "r1", "r1r2", "r3gan")
TASKS = {  # networks, batch, steps of the plain GAN, learning rate and weight that climbing begins at
    "gaussians": (Networks("mlp", latent=2, width=128), 256, 5000, 1e-3, 0.1),
    "mnist14": (Networks("dcgan", latent=64, width=16), 64, 800, 2e-3, 1.0),
    "mnist": (Networks("dcgan", latent=64, width=16), 64, 1000, 2e-3, 1.0),
}
FIRST = -1, 0, 1, 2  # of learning rates: where each method has been before it climbs
MOST = 14  # points that a method may climb over


def images(task, folder):
    if not task.startswith("mnist"):
        return read_images(task)
    return read_images(Path(folder) / "images" / "mnist" / "t10k-images-idx3-ubyte.gz", int(task[5:] or 28))


@cache
def halves(task, folder):
    """Samples to learn from, and others to judge by."""
    whole = images(task, folder)
    order = np.random.default_rng(7).permutation(len(whole))
    return whole.at(order[: len(order) // 2]), whole.at(order[len(order) // 2 :])


@cache
def features(task, folder):
    return None if task == "gaussians" else train_features(halves(task, folder)[1])


def merit(task, found):
    """What climbing goes by, the more the better: FID, or the share of points of high quality times exp(-KL)."""
    if "error" in found:
        return -math.inf
    return found["high_quality"] * math.exp(-found["kl"]) if task == "gaussians" else -found["fid"]


def costs(task, folder, n_dis):
    """CPU seconds of a cycle of each method, side by side."""
    networks, batch, *_ = TASKS[task]
    samples, games, taken = halves(task, folder)[0], {}, {name: [] for name in METHODS}
    for name, method in METHODS.items():
        playing = replace(method, batch=batch, steps=10_000, n_dis=n_dis, evaluate_every=0)
        games[name] = play(*new_players(samples, networks), samples.batches(batch), playing)
        next(games[name])
    for _ in range(15):
        for name, game in games.items():
            start = time.process_time()
            next(game)
            taken[name].append(time.process_time() - start)
    for game in games.values():
        game.close()
    return {name: float(np.median(seconds)) for name, seconds in taken.items()}


def run(task, folder, playing):
    """Play, and score what the average draws beside samples that nobody learned from."""
    learned, other = halves(task, folder)
    generator, critic = new_players(learned, TASKS[task][0], seed=playing.seed)
    for _ in play(generator, critic, learned.batches(playing.batch, playing.seed), playing):
        pass
    drawn = generator.draw(2500 if task == "gaussians" else 2000, seed=playing.seed).numpy()
    if task == "gaussians":
        return mixture_scores(drawn) | {"sliced_w2": score(drawn, other.scaled()).drawn["sliced_w2"]}
    return score(drawn, other.scaled(), features=features(task, folder)).drawn


class Book:
    """All runs, on disk after each."""

    def __init__(self, options):
        self.options, self.kept = options, {"date": date.today().isoformat(), "cost": {}, "runs": {}, "found": {}}
        if RESULTS.exists():
            self.kept = json.loads(RESULTS.read_text(encoding="utf-8"))

    def write(self):
        RESULTS.write_text(json.dumps(self.kept, indent=1) + "\n", encoding="utf-8")

    def steps(self, task, name, n_dis):
        key, one = (f"{task}, plain {self.plain(task)}, n_dis {number}" for number in (n_dis, 1))
        for number, missing in ((n_dis, key), (1, one)):
            if missing not in self.kept["cost"]:
                self.kept["cost"][missing] = costs(task, self.options.data, number)
        return round(self.plain(task) * self.kept["cost"][one]["none"] / self.kept["cost"][key][name])

    def plain(self, task):
        return self.options.plain or TASKS[task][2]

    def made(self, task, name, n_dis, point, seed):
        """What was found with a rate 2^(i/1) and a weight 10^(j/2) times those of the start, by one seed."""
        _, batch, _, rate, weight = TASKS[task]
        rate, weight = rate * 2.0 ** point[0], weight * 10 ** (point[1] / 2)
        told = f", weight {weight:.3g}" if name in WEIGHED else ""
        key = f"{task}, plain {self.plain(task)}, n_dis {n_dis}, {name}, rate {rate:.3g}{told}, seed {seed}"
        if key not in self.kept["runs"]:
            playing = replace(
                METHODS[name], learning_rate=rate, strength=weight if name in WEIGHED else None, batch=batch, seed=seed,
                n_dis=n_dis, steps=self.steps(task, name, n_dis), ema=0.99, evaluate_every=0, device="cpu",
            )  # fmt: skip
            try:
                found = run(task, self.options.data, playing)
            except ValueError as error:  # it diverged
                found = {"error": str(error)}
            self.kept["runs"][key] = found | {"steps": playing.steps}
            self.write()
            print(f"{key}: {merit(task, found):.4g}", flush=True)
        return self.kept["runs"][key]

    def climbed(self, task, name, n_dis):
        """The best point, none of whose neighbours is better."""

        def height(point):
            runs = [self.made(task, name, n_dis, point, 101 + i) for i in range(self.options.tuning)]
            return float(np.mean([merit(task, one) for one in runs]))

        seen = {(i, 0): height((i, 0)) for i in FIRST}  # one run that broke down ends no search
        while len(seen) < MOST:
            here = max(seen, key=seen.__getitem__)
            axes = ((1, 0), (0, 1)) if name in WEIGHED else ((1, 0),)
            near = [(here[0] + s * a, here[1] + s * b) for a, b in axes for s in (-1, 1)]
            left = [point for point in near if point not in seen]
            if not left:
                break
            seen[left[0]] = height(left[0])
        best = max(seen, key=seen.__getitem__)
        ended = all((best[0] + s * a, best[1] + s * b) in seen for a, b in axes for s in (-1, 1))
        self.kept["found"][f"{task}, plain {self.plain(task)}, n_dis {n_dis}, {name}"] = {
            "point": best,
            "points": len(seen),
            "inside": ended,
        }
        self.write()
        return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="+", choices=["report", *TASKS])
    parser.add_argument("--data", default=os.environ.get("MINENT_DATA", HERE.parents[2] / "shared" / "data"))
    parser.add_argument("--methods", nargs="*", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--n-dis", type=int, nargs="*", default=[1, 5])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tuning", type=int, default=2, help="runs at each point")
    parser.add_argument("--plain", type=int, default=0, help="steps of the plain GAN; the task's own if not given")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.what == ["report"]:
        print("\n".join(tables(options.data)))
        return
    book = Book(options)
    for n_dis in options.n_dis:
        for task in options.what:
            best = {name: book.climbed(task, name, n_dis) for name in options.methods}
            for seed in range(1, options.seeds + 1):
                for name in options.methods:
                    book.made(task, name, n_dis, best[name], seed)


HOW = """
Every method was tried with four learning rates of both players, a factor of 2 apart, and climbed from the best, on a
grid of rates and, where it has one, of weights of its penalty a factor of √10 apart, until no neighbour was better;
each point is the mean of {tuning} runs (seeds 101, …). Tables are of seeds from 1 on, which nobody tuned by: medians,
and from the least to the greatest. All methods have the same CPU time on one thread, as steps by what a cycle costs,
measured side by side ({date}). Adam with β of 0 and 0.9; losses are non-saturating, but r3gan: relativistic ones with
the penalties of r1r2. Judged is the average of the generator's weights (0.99), beside samples that nobody learned
from."""
SHOWN = {"gaussians": ("modes", "high_quality", "kl", "sliced_w2")}
IMAGES = "fid", "precision", "recall", "density", "coverage"
CALLED = {"gaussians": "25 Gaussians", "mnist14": "MNIST, 14 by 14", "mnist": "MNIST, 28 by 28"}


def finals(kept, game, task, name):
    """The rate and weight that a method climbed to, and its runs with seeds that it was not tuned by; those that it was
    tuned by where there are no others yet."""
    point = kept["found"][f"{game}, {name}"]["point"]
    rate, weight = TASKS[task][3] * 2.0 ** point[0], TASKS[task][4] * 10 ** (point[1] / 2)
    told = f", weight {weight:.3g}" if name in WEIGHED else ""
    begin = f"{game}, {name}, rate {rate:.3g}{told}, seed "
    seeds = {int(key.removeprefix(begin)): one for key, one in kept["runs"].items() if key.startswith(begin)}
    fresh = [one for seed, one in sorted(seeds.items()) if seed < 100]
    return rate, weight if name in WEIGHED else None, fresh or list(seeds.values()), bool(fresh)


def in_short(task, runs):
    """What gn is beside each other method: better or worse where each run is."""
    told = {"better than": [], "worse than": [], "within the spread of": []}
    merits = {name: [merit(task, one) for one in several] for name, several in runs.items()}
    for name, theirs in merits.items():
        if name != "gn":
            ours = merits["gn"]
            better, worse = min(ours) > max(theirs), max(ours) < min(theirs)
            told["better than" if better else "worse than" if worse else "within the spread of"].append(name)
    parts = "; ".join(f"{word} {', '.join(names)}" for word, names in told.items() if names)
    by = "the share of points of high quality times exp(-KL)" if task == "gaussians" else "FID"
    return f"By {by}, which climbing went by, gn is {parts}."


def tables(folder):
    """The lines of the page, of what there is."""
    if not RESULTS.exists():
        return []
    kept, parts = json.loads(RESULTS.read_text(encoding="utf-8")), []
    tuned = max((int(key.rsplit(" ", 1)[1]) - 100 for key in kept["runs"]), default=0)
    for task, plain, n_dis in sorted({tuple(key.split(", ")[:3]) for key in kept["found"]}):
        game, steps = f"{task}, {plain}, {n_dis}", int(n_dis.removeprefix("n_dis "))
        names = [name for name in METHODS if f"{game}, {name}" in kept["found"]]
        found = {name: finals(kept, game, task, name) for name in names}
        if "gn" in found and len(found) > 1:
            parts += table(kept, game, task, steps, int(plain.removeprefix("plain ")), found, folder)
    return [HOW.format(tuning=tuned, date=kept["date"]), *parts] if parts else []


def table(kept, game, task, n_dis, plain, found, folder):
    """The part of the page on one game."""
    shown = SHOWN.get(task, IMAGES)
    fresh = all(one[3] for one in found.values())
    parts = [
        f"\n## {CALLED[task]}, {n_dis} step{'s' * (n_dis > 1)} of the critic for each of the generator\n",
        f"Time of {plain:,} steps of the plain GAN with one step of each. "
        + in_short(task, {name: one[2] for name, one in found.items()})
        + ("" if fresh else " (Runs that were tuned by are shown where others have not been made yet.)")
        + "\n",
        f"| method | rate | weight | points tried | {' | '.join(shown)} | steps | seeds |",
        "|---" * (len(shown) + 6) + "|",
    ]
    for name, (rate, weight, several, new) in found.items():
        good, climbed = [one for one in several if "error" not in one], kept["found"][f"{game}, {name}"]
        cells = [name, f"{rate:.3g}", "" if weight is None else f"{weight:.3g}"]
        cells.append(f"{climbed['points']}{'' if climbed['inside'] else ', at their edge'}")
        cells += [cell([one[column] for one in good]) for column in shown]
        taken = f"{good[0]['steps']:,}" if good else ""
        parts.append(f"| {' | '.join(cells)} | {taken} | {len(good)} of {len(several)}{'' if new else ', tuned by'} |")
    other = halves(task, folder)[1].scaled()
    count = 2500 if task == "gaussians" else 2000
    floor = score(other[:count], other, features=features(task, folder), mixture=task == "gaussians").floor
    return [*parts, f"| real | | | | {' | '.join(figure(floor[column]) for column in shown)} | | |"]


def cell(values):
    """The median, and from the least to the greatest."""
    spread = f" ({figure(min(values))} to {figure(max(values))})" if len(values) > 1 else ""
    return f"{figure(np.median(values))}{spread}" if values else "diverged"


def figure(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


if __name__ == "__main__":
    main()
