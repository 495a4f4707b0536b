"""`minent gan train`: a generator, learned from images."""

import time
from collections import deque
from contextlib import nullcontext
from math import inf
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from minent.cli.computing import Threads, check_threads, compute_on
from minent.cli.kept_options import begun, keeping
from minent.cli.outputs import check_apart
from minent.cli.processes import speaks
from minent.errors import BadInput, require
from minent.gan.options import Networks, Playing
from minent.plot.run import read_log


def train(
    images: str,
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    size: int | None = None,
    classes: Annotated[bool, Parameter(show_default=False)] = False,
    split: str | None = None,
    skip_bad: int = 0,
    threads: Threads = 0,
    resume: Annotated[bool, Parameter(show_default=False)] = False,
    init: Annotated[Path | None, Parameter(show_default=False)] = None,
    networks: Annotated[Networks | None, Parameter(name="*", group="Networks")] = None,
    playing: Annotated[Playing | None, Parameter(name="*", group="Game")] = None,
) -> None:
    """Train a generator: minent gan train photos/ [recipe.toml] --out run --size 64

    Every option may stand in recipe.toml instead, by its name (learning_rate = 0.001); options given override it.

    Parameters
    ----------
    images
        A folder or .zip of pictures, or of a folder for each class; .npy, .npz, .parquet, …idx3-ubyte[.gz]; several
        files by a pattern, 'data/train-*.parquet'; or digits, gaussians, swiss-roll.
    out
        Folder for the generator, pictures along training, checkpoints, options and log.jsonl.
    size
        Pixels of the side that images are brought to; their own if not given.
    classes
        Draw by class.
    split
        Of data that are divided: train if not given, validation or test.
    skip_bad
        Pass over as many pictures that cannot be read; an error names the first if not given.
    resume
        Go on with a run that was stopped: --resume FOLDER in place of --out needs no other option, nor images.
    init
        Begin as the generator and critic of this run, which keep their shape: other images of the same size.
    """
    require("torch", "gan", "train generators")
    from minent.cli import terminal
    from minent.data.images.read import read_images
    from minent.gan import new_players, players_from, train_gan
    from minent.training.devices import device_of
    from minent.training.run import refuse_taken

    check_threads(threads)
    check_apart(out, [images, init])
    refuse_taken(out, resume)
    start, networks, playing = time.perf_counter(), networks or Networks(), playing or Playing()
    device_of(playing.device)
    with terminal.progress() if speaks() else nullcontext():
        samples = read_images(images, size, playing.seed, skip_bad=skip_bad, split=split)
    if speaks():
        terminal.told(samples.plan)
    if init is not None and networks != Networks():
        raise BadInput("players that play on keep their networks; got --init and options of these")
    if init is not None:
        generator, critic = players_from(begun(str(init), out, resume), samples, classes=classes)
    else:
        generator, critic = new_players(samples, networks, classes=classes, seed=playing.seed)
    weights = [sum(parameter.numel() for parameter in player.parameters()) for player in (generator, critic)]
    points = 6.0 * playing.batch * sum(weights)
    compute_on(threads, inf if samples.size else points)  # convolutions have more to do
    mixture = images == "gaussians"
    turns = train_gan(generator, critic, samples, playing, mixture=mixture, folder=out, resume=resume)
    if not speaks():
        deque(turns, maxlen=0)
        return
    options = {
        "images": images,
        "size": size,
        "classes": classes,
        "split": split,
        "skip_bad": skip_bad,
        "threads": threads,
    }
    options |= {"init": init, "networks": networks, "playing": playing}
    print(f"{kind(samples)}, {playing.lipschitz}; {weights[0]:,} weights draw, {weights[1]:,} judge")
    terminal.playing(keeping(turns, "gan", out, options, resume))
    _told_of_the_best(out)
    print(f"wrote {out} in {time.perf_counter() - start:.0f} s")


def _told_of_the_best(out: Path) -> None:
    """Where the generator was better, plainly, than it is at the end: a late collapse is no loss."""
    scored = [(one["step"], one["scores"]) for one in read_log(out) if one.get("scores")]
    for name in ("fid", "sliced_w2"):
        if steps := [(scores[name], step) for step, scores in scored if name in scores]:
            (least, step), (last, end) = min(steps), steps[-1]
            if step != end and last > 1.1 * least:
                place = out / "snapshots" / f"step-{step:08d}"
                print(f"{name} was least at step {step:,}, {least:.3g}, and is {last:.3g} at the end: {place}")
            return


def kind(samples: Any) -> str:
    """What samples are, or what a generator draws."""
    if not samples.size:
        return f"points of {samples.channels} numbers"
    return f"{'grey' if samples.channels == 1 else 'colour'} images of {samples.size} by {samples.size}"
