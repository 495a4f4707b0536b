"""`minent gan`: generators of images, trained, drawn from and scored."""

import json
import time
from collections import deque
from contextlib import nullcontext
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from minent.cli.computing import Computing
from minent.cli.kept_options import keeping
from minent.cli.outputs import check_apart, outputs
from minent.cli.processes import speaks
from minent.errors import BadInput, require, some
from minent.files import whole_file
from minent.gan.options import Networks, Playing

gan = App(name="gan", help="Generators of images: trained, drawn from and scored.")


@gan.command
def train(
    images: str,
    /,
    *,
    out: Path,
    size: int | None = None,
    classes: Annotated[bool, Parameter(show_default=False)] = False,
    split: str | None = None,
    skip_bad: int = 0,
    resume: Annotated[bool, Parameter(show_default=False)] = False,
    networks: Annotated[Networks | None, Parameter(name="*")] = None,
    playing: Annotated[Playing | None, Parameter(name="*")] = None,
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
    """
    require("torch", "gan", "train generators")
    from minent.cli import terminal
    from minent.data.images.read import read_images
    from minent.gan import new_players, train_gan
    from minent.training.devices import device_of
    from minent.training.run import refuse_taken

    check_apart(out, [images])
    refuse_taken(out, resume)
    start, networks, playing = time.perf_counter(), networks or Networks(), playing or Playing()
    device_of(playing.device)
    with terminal.progress() if speaks() else nullcontext():
        samples = read_images(images, size, playing.seed, skip_bad=skip_bad, split=split)
    if speaks():
        terminal.told(samples.plan)
    generator, critic = new_players(samples, networks, classes=classes, seed=playing.seed)
    mixture = images == "gaussians"
    turns = train_gan(generator, critic, samples, playing, mixture=mixture, folder=out, resume=resume)
    if not speaks():
        deque(turns, maxlen=0)
        return
    options = {"images": images, "size": size, "classes": classes, "split": split, "skip_bad": skip_bad}
    options |= {"networks": networks, "playing": playing}
    weights = [sum(parameter.numel() for parameter in player.parameters()) for player in (generator, critic)]
    print(f"{_kind(samples)}, {playing.lipschitz}; {weights[0]:,} weights draw, {weights[1]:,} judge")
    terminal.playing(keeping(turns, "gan", out, options, resume))
    print(f"wrote {out} in {time.perf_counter() - start:.0f} s")


@gan.command
def draw(
    *,
    run: Path,
    number: Annotated[int, Parameter(name=["--number", "-n"])] = 64,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    label: str | None = None,
    seed: int = 1,
    computing: Annotated[Computing | None, Parameter(name="*")] = None,
) -> None:
    """Draw samples: minent gan draw --run run -n 64 -o grid.png

    Parameters
    ----------
    run
        Folder that `minent gan train` wrote.
    number
        How many.
    output
        .png: one picture of all; .npy: an array, of pixels as uint8 (n, height, width, channels).
    label
        Name of the class to draw; all in turn if not given.
    seed
        The same seed draws the same.
    """
    require("torch", "gan", "draw samples")
    import numpy as np

    from minent.gan import Generator
    from minent.gan.train import write_picture

    if output.suffix not in (".png", ".npy"):
        raise BadInput(f"output must end with .png or .npy; got {str(output)!r}")
    wrote = outputs([output], [run])
    generator = Generator.from_pretrained(run)
    with (computing or Computing()).of(generator):
        drawn = generator.draw(number, label, seed).numpy()
    if output.suffix == ".png":
        if drawn.ndim == 2 and drawn.shape[1] != 2:
            raise BadInput(f"a picture is of images or of points in the plane; got points of {drawn.shape[1]} numbers")
        write_picture(output, drawn)
    else:
        if drawn.ndim == 4:
            drawn = np.rint((drawn.transpose(0, 2, 3, 1) + 1) * 127.5).astype(np.uint8)
        held = BytesIO()
        np.save(held, drawn)  # into a file, numpy says nothing of a full disk
        with whole_file(output) as temporary:
            temporary.write_bytes(held.getvalue())
    print(wrote(output))


@gan.command
def score(
    *,
    run: Path,
    data: str,
    split: str | None = None,
    skip_bad: int = 0,
    inception: Path | None = None,
    seed: int = 1,
    computing: Annotated[Computing | None, Parameter(name="*")] = None,
    json_: Annotated[bool, Parameter(name="--json", show_default=False)] = False,
) -> None:
    """Score what a generator draws beside real samples in its place: minent gan score --run run --data photos/

    Parameters
    ----------
    run
        Folder that `minent gan train` wrote.
    data
        Real samples, as for training.
    split
        Of data that are divided: train if not given, validation or test.
    skip_bad
        Pass over as many pictures that cannot be read; an error names the first if not given.
    inception
        FID of Inception's features besides: file of the weights, weights-inception-2015-12-05-6726825d.pth.
    seed
        The same seed draws the same.
    json_
        Print one JSON object.
    """
    require("torch", "gan", "score samples")
    from minent.cli import terminal
    from minent.data.images.read import read_images
    from minent.gan import Generator, train_features
    from minent.gan import inception as network
    from minent.gan import score as scored
    from minent.gan.scores.samples import MOST

    generator = Generator.from_pretrained(run)
    with terminal.progress():
        real = read_images(data, generator.size or None, seed, skip_bad=skip_bad, split=split)
    if (real.channels, real.size) != (generator.channels, generator.size):
        raise BadInput(f"{str(run)!r} draws {_kind(generator)}; got {_kind(real)} in {data!r}")
    judge = None if inception is None else network(inception)
    with terminal.progress() as say:
        say("scoring")
        computing = computing or Computing()
        with computing.of(generator):
            drawn = generator.draw(min(MOST, max(1, len(real) // 2)), seed=seed).numpy()
        known = real.size and len(real.classes) > 1
        features = train_features(real, device=computing.device) if known else None
        options = {"mixture": data == "gaussians", "inception": judge, "seed": seed}
        found = scored(drawn, real.scaled(), features=features, **options)
    if json_:
        print(json.dumps(asdict(found)))
        return
    terminal.told(real.plan)
    if generator.names and set(generator.names) != {*real.classes}:
        terminal.told(
            f"classes differ: {some(generator.names)} are drawn; {some(real.classes) or 'none'} are in the data"
        )
    terminal.drawn_and_floor(found)
    print(f"{len(drawn):,} drawn, as many real ones, beside as many others; FID to coverage by")
    print(found.space)


def _kind(samples: Any) -> str:
    """What samples are, or what a generator draws."""
    if not samples.size:
        return f"points of {samples.channels} numbers"
    return f"{'grey' if samples.channels == 1 else 'colour'} images of {samples.size} by {samples.size}"
