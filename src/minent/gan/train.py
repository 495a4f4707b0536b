"""From images to a generator in a folder: two networks, their game, scores and pictures along it.

run/
├── config.json, model.safetensors    the generator, at the end: a `Generator` of huggingface_hub's mixin
├── game.json, log.jsonl              how it was played, and a line a step
├── pictures/step-00001000.png        what it drew, always from the same noise
├── snapshots/step-00001000/          the generator as it was then
└── checkpoints/
"""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from torch import nn
from torch.nn.utils.parametrize import is_parametrized, remove_parametrizations

from minent.data.images.images import Images
from minent.errors import BadInput, some
from minent.gan.game import constrained, play, played
from minent.gan.networks import Critic, Generator
from minent.gan.options import Networks, Playing
from minent.gan.scores.features import train_features
from minent.gan.scores.mixture import mixture_scores
from minent.gan.scores.samples import Reference, along, summary
from minent.gan.turns import Turn
from minent.plot.picture import grid, points, write_png
from minent.training import checkpoint
from minent.training.weights import fill, read, weights

SHOWN = 64  # images of a picture
POINTS = 5000


def new_players(
    images: Images, networks: Networks, *, classes: bool = False, seed: int = 1
) -> tuple[Generator, Critic]:
    """A generator and a critic of such images, of their classes where wanted, with weights drawn by `seed`."""
    if classes and images.labels is None:
        raise BadInput(
            "classes are wanted, and these samples have none: folders of a class each, a column called label and "
            "labels of IDX beside it have"
        )
    count = len(images.classes) if classes else 0
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        names = list(images.classes) if classes else None
        generator = Generator(images.channels, images.size, networks, count, names)
        return generator, Critic(images.channels, images.size, networks, count)


def players_from(run: str | Path, images: Images, *, classes: bool = False) -> tuple[Generator, Critic]:
    """The generator and the critic of a run, from its newest checkpoint, to play on with other images of the same kind.

    Raises BadInput for a folder without checkpoints, and for images of another size, channels or classes."""
    run = Path(run)
    newest = checkpoint.newest(run / "checkpoints") if run.is_dir() else None
    if newest is None:
        raise BadInput(f"players begin as those of a run, in the folder it left; {str(run)!r} holds no checkpoint")
    generator = Generator.from_pretrained(run).train()
    names = list(images.classes) if classes else []
    for what, was, now in (
        ("channels", generator.channels, images.channels), ("pixels", generator.size, images.size),
        ("classes", list(generator.names or []), names),
    ):  # fmt: skip
        if was != now:
            raise BadInput(f"the run in {str(run)!r} drew {what}: {was}; got images of {now}")
    critic = Critic(images.channels, images.size, generator.networks, generator.classes)
    players = nn.ModuleDict({"generator": generator, "critic": constrained(critic, played(run))})
    held = read(newest / "weights.safetensors")
    fill(weights(players), {name: one for name, one in held.items() if not name.startswith("seen.")}, newest)
    normed = [layer for layer in players["critic"].modules() if is_parametrized(layer)]
    for layer in normed:
        remove_parametrizations(layer, "weight", leave_parametrized=False)
    return generator, players["critic"] if normed else critic  # type: ignore[return-value]  # sn trains a copy


def train_gan(
    generator: Generator,
    critic: Critic,
    images: Images,
    playing: Playing | None = None,
    *,
    mixture: bool = False,
    folder: str | Path | None = None,
    resume: bool = False,
    log: Callable[[dict[str, Any]], object] | None = None,
) -> Iterator[Turn]:
    """Play on images, one `Turn` a step of the generator (see `minent.gan.game.play`). Each `evaluate_every` steps and
    at the end it is scored: FID (of a small classifier's features where there are classes, else of pixels), precision
    and coverage, of points sliced W₂; with `mixture`, of the 25 Gaussians, modes covered and the share of high quality.
    With a `folder`, pictures are written there as often, and the generator as it then is."""
    playing = playing or Playing()
    if generator.classes and images.labels is not None and _places(images, generator) != [*range(generator.classes)]:
        told, got = some(generator.names), some(images.classes)
        raise BadInput(f"the classes of the generator are {told}; got images of {got}")

    @cache
    def reference() -> Reference | None:
        if len(images) < 12:
            return None
        features = train_features(images, device=playing.device) if images.size and len(images.classes) > 1 else None
        return along(images, features)

    def judge(generator: Generator, step: int) -> dict[str, float]:
        real = reference()  # on all processes, which train its classifier together
        if not PartialState().is_main_process:
            return {}
        number = 1000 if images.size else POINTS
        drawn = generator.draw(number, labels_as_in(images, generator, number)).numpy()
        if folder is not None:
            shown = drawn
            if generator.classes and images.size:  # classes in turn
                shown = generator.draw(SHOWN, noise=generator.noise(number)[:SHOWN]).numpy()
            write_picture(Path(folder) / "pictures" / f"step-{step:08d}.png", shown, images)
            generator.save_pretrained(Path(folder) / "snapshots" / f"step-{step:08d}")
        scores = {} if real is None else summary(drawn, real)
        if mixture:
            scores |= {name: score for name, score in mixture_scores(drawn).items() if name != "kl"}
        return scores

    batches = images.batches(playing.batch, playing.seed, labels=generator.classes > 0)
    yield from play(generator, critic, batches, playing, judge=judge, folder=folder, resume=resume, log=log)
    if folder is not None and PartialState().is_main_process:
        generator.save_pretrained(folder)


def labels_as_in(images: Images, generator: Generator, number: int) -> torch.Tensor | None:
    """Classes for so many samples, each as often as among the images, so that a generator is not judged by what is
    seldom; None (in turn, where there are any) if they have others than it draws.

    >>> images = Images(np.zeros((4, 1, 8, 8), np.uint8), np.array([1, 0, 1, 1]), ("cat", "dog"))
    >>> generator = Generator(1, 8, Networks(latent=4, width=2), 2, ["dog", "cat"])
    >>> labels_as_in(images, generator, 8).tolist()
    [1, 1, 0, 0, 0, 0, 0, 0]
    """
    places = _places(images, generator)
    if images.labels is None or not places:
        return None
    at = ((np.arange(number) + 0.5) / number * len(images)).astype(int)
    return torch.from_numpy(np.array(places)[np.sort(images.labels)[at]])


def _places(images: Images, generator: Generator) -> list[int]:
    """Which of a generator's classes each of the images' is: by name, or by number where it has numbers only; none if
    it lacks one."""
    names, classes = list(generator.names or []), list(images.classes)
    if len(names) == len(classes) and names == [str(place) for place in range(len(names))]:
        return list(range(len(names)))
    return [names.index(name) for name in classes] if set(classes) <= set(names) else []


def write_picture(path: Path, drawn: np.ndarray, images: Images | None = None, columns: int | None = None) -> None:
    """A picture of images side by side, in so many columns, or of points in the plane, within the frame of `images`; of
    points of other dimensions there is none."""
    if drawn.ndim == 4:
        write_png(path, grid(drawn[:SHOWN] if images is not None else drawn, columns))
    elif drawn.shape[1] == 2:
        frame = float(1.2 * np.abs(drawn if images is None else images.values).max())
        write_png(path, points(drawn, low=-frame, high=frame))
