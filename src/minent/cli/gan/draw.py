"""`minent gan draw`: samples of a generator."""

from io import BytesIO
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from minent.cli.computing import Computing
from minent.cli.outputs import outputs
from minent.errors import BadInput, require
from minent.files import whole_file


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
