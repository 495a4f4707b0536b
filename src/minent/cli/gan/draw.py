"""`minent gan draw`: samples of a generator."""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from minent.cli.computing import Computing
from minent.cli.gan.train import kind
from minent.cli.outputs import outputs
from minent.errors import BadInput, require
from minent.files import whole_file

if TYPE_CHECKING:
    from torch import Tensor

    from minent.gan import Generator

Grid = Literal["interpolation", "truncation"]


def draw(
    *,
    model: str,
    number: Annotated[int, Parameter(name=["--number", "-n"])] = 64,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    label: str | None = None,
    seed: int = 1,
    truncation: float | None = None,
    grid: Grid | None = None,
    computing: Annotated[Computing | None, Parameter(name="*")] = None,
) -> None:
    """Draw samples: minent gan draw --model run -n 64 -o grid.png

    Parameters
    ----------
    model
        Folder that `minent gan train` wrote, or its name on the hub.
    number
        How many.
    out
        .png: one picture of all; .npy: an array, of pixels as uint8 (n, height, width, channels).
    label
        Name of the class to draw; all in turn if not given.
    seed
        The same seed draws the same.
    truncation
        The largest that a number of the noise may be: less varied samples below 2.
    grid
        Rows of 8, each from one sample to another (interpolation), or of one from a truncation of 0.1 to 2.
    """
    require("torch", "gan", "draw samples")
    import numpy as np

    from minent.gan import Generator
    from minent.gan.train import write_picture

    if out.suffix not in (".png", ".npy"):
        raise BadInput(f"--out must end with .png or .npy; got {str(out)!r}")
    wrote = outputs([out], [model])
    generator = Generator.from_pretrained(model)
    if number < 1:
        raise BadInput(f"number must be at least 1; got {number}")
    noise, labels, columns = _asked(generator, number, label, seed, truncation, grid)
    with (computing or Computing()).of(generator):
        drawn = generator.draw(len(noise), labels, noise=noise).numpy()
    if out.suffix == ".png":
        if drawn.ndim == 2 and drawn.shape[1] != 2:
            raise BadInput(f"a picture is of images or of points in the plane; got points of {drawn.shape[1]} numbers")
        write_picture(out, drawn, columns=columns)
    else:
        if drawn.ndim == 4:
            drawn = np.rint((drawn.transpose(0, 2, 3, 1) + 1) * 127.5).astype(np.uint8)
        held = BytesIO()
        np.save(held, drawn)  # into a file, numpy says nothing of a full disk
        with whole_file(out) as temporary:
            temporary.write_bytes(held.getvalue())
    print(wrote(out))


def _asked(
    generator: "Generator", number: int, label: str | None, seed: int, truncation: float | None, grid: Grid | None
) -> "tuple[Tensor, Tensor | str | None, int | None]":
    """The noise that is drawn from, the labels of its samples, and how many lie side by side."""
    import torch

    from minent.gan.latent import COLUMNS, interpolated, narrowed, truncated

    rows = number if grid is None else -(-number // COLUMNS)
    noise = generator.noise(rows, seed)
    if grid is None:
        return noise if truncation is None else truncated(noise, truncation), label, None
    if not generator.size:
        raise BadInput(f"a grid of {grid} is of images; this generator draws {kind(generator)}")
    if grid == "truncation" and truncation is not None:
        raise BadInput(f"a grid of truncations goes through its own; got --truncation {truncation:g} beside it")
    noise = noise if truncation is None else truncated(noise, truncation)
    noise = narrowed(noise) if grid == "truncation" else interpolated(noise, noise.roll(-1, 0) if rows > 1 else -noise)
    classes = torch.arange(rows) % max(generator.classes, 1)
    return noise, classes.repeat_interleave(COLUMNS) if label is None and generator.classes else label, COLUMNS
