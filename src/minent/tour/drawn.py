"""Drawn: digits by a generator after a minute, and 25 Gaussians by two, whose critics are kept flat in two ways."""

import logging
from dataclasses import replace
from pathlib import Path

from minent.data.images.images import Images
from minent.data.images.read import read_images
from minent.gan.networks import Generator
from minent.gan.options import Networks, Playing
from minent.gan.scores.samples import score
from minent.gan.train import new_players, train_gan
from minent.plot.picture import data_uri, grid, points
from minent.tour.page import Section, table

ASKED = """A generator draws, a critic judges, both learn: here from scikit-learn's 1,797 digits of 8 × 8 pixels. The
critic must not be steep. Gradient normalisation divides it by its own gradient and has nothing to tune; a gradient
penalty asks for a gradient of length one, here with the weight that its authors take for points. On 25 Gaussians, where
it is easy to see what is left out, one stands beside the other: the same networks, as many steps."""
DIGITS = Playing(lipschitz="gn", batch=64, evaluate_every=0)
GAUSSIANS = {
    "gradient normalisation": Playing(lipschitz="gn", batch=256, learning_rate=1e-3, ema=0.99, evaluate_every=0),
    "gradient penalty": Playing(
        lipschitz="gp", strength=0.1, batch=256, learning_rate=1e-3, ema=0.99, evaluate_every=0
    ),
}
FRAME = 3.4  # of the plane, from its middle
log = logging.getLogger(__name__)


def drawn(folder: Path, steps: int = 700, points_steps: int = 2500) -> Section:
    """Train one generator of digits and two of points, for so many steps each; the first goes to `folder`."""
    digits, plane = read_images("digits"), read_images("gaussians")
    out = folder / "digits-drawn"
    generator = played("digits", digits, Networks("dcgan", latent=32, width=32), replace(DIGITS, steps=steps), out)
    found = score(generator.draw(len(digits) // 2).numpy(), digits.scaled(slice(None)))
    pictures = [("digits, class by class", grid(generator.draw(50).numpy(), columns=10))]
    rows = []
    for name, playing in GAUSSIANS.items():
        made = played(name, plane, Networks("mlp", latent=2, width=128), replace(playing, steps=points_steps))
        scores = score(sample := made.draw(5000).numpy(), plane.scaled(slice(None)), mixture=True).drawn
        near = f"{100 * scores['high_quality']:.0f} %"
        rows.append((name, f"{scores['modes']:.0f} of 25", near, f"{scores['sliced_w2']:.2f}"))
        pictures.append((name, points(sample, low=-FRAME, high=FRAME)))
    pictures.append(("the 25 Gaussians", points(plane.values[:5000], low=-FRAME, high=FRAME)))
    command = (
        f"minent gan train digits --out {out} --classes --network dcgan --latent 32 --width 32 --steps {steps}\n"
        f"minent gan draw --run {out} -n 50 -o digits.png\n"
        f"minent gan train gaussians --out run --lipschitz gp --strength 0.1 --steps {points_steps} --batch 256 …"
    )
    told = "; ".join(f"{name}: {modes} modes covered, {good} near one" for name, modes, good, _ in rows)
    result = f"digits: FID of pixels {found.drawn['fid']:.2f}, of real ones {found.floor['fid']:.2f}; {told}"
    shown = "".join(
        f'<figure style="display: inline-block; margin: 1rem 1rem 0 0"><img src="{data_uri(picture)}" alt="{name}" '
        f'style="max-width: 100%; width: {2 * picture.shape[1] // 3}px"><figcaption>{name}</figcaption></figure>'
        for name, picture in pictures
    )
    heads = ["critic kept flat by", "modes covered", "points near a mode", "sliced W₂"]
    return Section("drawn", ASKED, command, result, table(heads, rows) + shown)


def played(name: str, samples: Images, networks: Networks, playing: Playing, folder: Path | None = None) -> Generator:
    """A generator that has played, of images by class."""
    generator, critic = new_players(samples, networks, classes=samples.labels is not None)
    for turn in train_gan(generator, critic, samples, playing, folder=folder):
        log.info("%s: step %d of %d", name, turn.step, turn.steps)
    return generator
