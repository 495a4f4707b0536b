"""`minent gan score`: what a generator draws, or a folder, beside real samples."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from minent.cli.computing import Computing
from minent.cli.gan.train import kind
from minent.errors import BadInput, require, some

if TYPE_CHECKING:
    from minent.data.images.images import Images
    from minent.gan import Scores


def score(
    drawn: str | None = None,
    real: str | None = None,
    /,
    *,
    model: Path | None = None,
    data: str | None = None,
    size: int | None = None,
    split: str | None = None,
    skip_bad: int = 0,
    features: str | None = None,
    inception: Path | None = None,
    most: int | None = None,
    whole: Annotated[bool, Parameter(show_default=False)] = False,
    seed: int = 1,
    computing: Annotated[Computing | None, Parameter(name="*")] = None,
    json_: Annotated[bool, Parameter(name="--json", show_default=False)] = False,
) -> None:
    """Score what a generator draws beside real samples in its place: minent gan score --model run --data photos/

    Or one folder beside another, whoever drew it: minent gan score drawn/ photos/

    Parameters
    ----------
    drawn
        Samples that are judged, where no --model draws them: folders and files as for training.
    real
        Real samples, beside these.
    model
        Folder that `minent gan train` wrote.
    data
        Real samples, as for training.
    size
        Pixels of the side that images are brought to: the generator's, or the smaller of both if not given.
    split
        Of data that are divided: train if not given, validation or test.
    skip_bad
        Pass over as many pictures that cannot be read; an error names the first if not given.
    features
        What FID to coverage are taken of: a TorchScript file, a folder with a vision model of transformers, owner/name
        on the hub (facebook/dinov2-small), timm/NAME, torchvision/NAME; if not given, a small classifier that is
        trained here on the classes of the data, or, without any, pixels.
    inception
        FID of Inception's features besides: file of the weights, weights-inception-2015-12-05-6726825d.pth.
    most
        Samples of each kind that are compared at most; 5,000 if not given.
    whole
        Compare with all real samples, as published figures do: there is no floor then.
    seed
        The same seed draws the same.
    json_
        Print one JSON object.
    """
    require("torch", "gan", "score samples")
    from minent.cli import terminal
    from minent.gan import features_of, train_features
    from minent.gan import inception as network
    from minent.gan import score as scored
    from minent.gan.scores.samples import MOST

    folders, runs = (drawn is not None, real is not None), (model is not None, data is not None)
    if folders + runs not in ((True, True, False, False), (False, False, True, True)):
        raise BadInput(
            "score wants a run and real samples, --model run --data photos/, or samples and real ones, drawn/ photos/"
        )
    computing, most = computing or Computing(), MOST if most is None else most
    chosen = None if features is None else features_of(features, computing.device)
    judge = None if inception is None else network(inception)
    if model is not None and data is not None:
        known, judged, names, told = _of_run(model, data, size, split, skip_bad, seed, most, computing, whole)
    else:
        known, judged, names, told = _of_folders(str(drawn), str(real), size, split, skip_bad, seed)
    with terminal.progress() as say:
        say("scoring")
        if chosen is None and known.size and len(known.classes) > 1:
            chosen = train_features(known, device=computing.device)
        found = scored(
            judged, known.values, features=chosen, mixture=data == "gaussians", inception=judge, most=most, whole=whole,
            seed=seed,
        )  # fmt: skip
    if json_:
        print(json.dumps(asdict(found)))
        return
    _shown(found, told, names, list(known.classes))


def _shown(found: "Scores", told: list[str], names: list[str], classes: list[str]) -> None:
    """What was compared, and how it came out."""
    from minent.cli import terminal

    for line in told:
        terminal.told(line)
    if names and set(names) != set(classes):
        terminal.told(f"classes differ: {some(names)} are drawn; {some(classes) or 'none'} are in the data")
    terminal.drawn_and_floor(found)
    one, other = found.counted
    print(
        f"{one:,} drawn{', as many real ones,' if found.floor else ''} beside {other:,} real ones; FID to coverage by"
    )
    print(found.space)


def _of_run(
    run: Path, data: str, size: int | None, split: str | None, skip_bad: int, seed: int, most: int,
    computing: Computing, whole: bool,
) -> "tuple[Images, Any, list[str], list[str]]":  # fmt: skip
    """Real samples, what the generator of a run draws, and what it calls its classes; and what to say of them."""
    from minent.cli import terminal
    from minent.data.images.read import read_images
    from minent.gan import Generator, labels_as_in

    generator = Generator.from_pretrained(run)
    if size not in (None, generator.size):
        raise BadInput(f"{str(run)!r} draws {kind(generator)}; got a size of {size}")
    with terminal.progress():
        real = read_images(data, generator.size or None, seed, skip_bad=skip_bad, split=split)
    if (real.channels, real.size) != (generator.channels, generator.size):
        raise BadInput(f"{str(run)!r} draws {kind(generator)}; got {kind(real)} in {data!r}")
    with computing.of(generator):
        number = min(most, max(1, len(real) if whole else len(real) // 2))
        labels = labels_as_in(real, generator, number)
        told = [real.plan] + ["classes are drawn as often as the data have them"] * (labels is not None)
        return real, generator.draw(number, labels, seed).numpy(), generator.names, told


def _of_folders(
    drawn: str, real: str, size: int | None, split: str | None, skip_bad: int, seed: int
) -> "tuple[Images, Any, list[str], list[str]]":
    """Real samples, those that are judged, and their classes, of one shape; and what to say of them."""
    from minent.cli import terminal
    from minent.data.images.read import read_images
    from minent.data.images.stacked import squares

    with terminal.progress():
        judged = read_images(drawn, size, seed, skip_bad=skip_bad)
        known = read_images(real, size, seed, skip_bad=skip_bad, split=split)
    if bool(judged.size) != bool(known.size) or (not known.size and judged.channels != known.channels):
        raise BadInput(
            f"samples are compared with their like; got {kind(judged)} in {drawn!r}, {kind(known)} in {real!r}"
        )
    told = [f"{drawn}: {judged.plan}", f"{real}: {known.plan}"]
    if known.size:
        side, channels = min(judged.size, known.size), max(judged.channels, known.channels)
        if (judged.size, judged.channels) != (known.size, known.channels):
            told.append(f"{kind(judged)} beside {kind(known)}: both are brought to {side} by {side}"
                        + ", grey ones in three channels" * (judged.channels != known.channels))  # fmt: skip
        judged, known = (
            replace(one, values=squares(one.values, side).repeat(channels // one.channels, 1))
            for one in (judged, known)
        )
    return known, judged.values, list(judged.classes), told
