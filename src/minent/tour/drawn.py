"""Drawn: digits by a generator after a minute, and 25 Gaussians by two, whose critics are kept flat in two ways."""

from dataclasses import replace
from pathlib import Path

from minent.data.images.images import Images
from minent.data.images.read import read_images
from minent.gan.networks import Generator
from minent.gan.options import Networks, Playing
from minent.gan.scores.samples import score
from minent.gan.train import new_players, train_gan
from minent.plot.picture import data_uri, grid, points
from minent.plot.speaking import Say
from minent.tour.page import Section, figure, follow, table

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


def drawn(folder: Path, say: Say, steps: int = 700, points_steps: int = 3200) -> Section:
    """Train one generator of digits and two of points, for so many steps each; the first goes to `folder`."""
    digits, plane = read_images("digits"), read_images("gaussians")
    out = folder / "digits-drawn"
    generator = played("digits", digits, Networks("dcgan", latent=32, width=32), replace(DIGITS, steps=steps), out)
    found = score(generator.draw(len(digits) // 2).numpy(), digits.scaled(slice(None)))
    pictures = [(say("digits, class by class"), grid(generator.draw(50).numpy(), columns=10))]
    rows = []
    for name, playing in GAUSSIANS.items():
        made = played(name, plane, Networks("mlp", latent=2, width=128), replace(playing, steps=points_steps))
        scores = score(sample := made.draw(5000).numpy(), plane.scaled(slice(None)), mixture=True).drawn
        near = f"{100 * scores['high_quality']:.0f} %"
        rows.append((say(name), f"{scores['modes']:.0f} / 25", near, f"{scores['sliced_w2']:.2f}"))
        pictures.append((say(name), points(sample, low=-FRAME, high=FRAME)))
    pictures.append((say("the 25 Gaussians"), points(plane.values[:5000], low=-FRAME, high=FRAME)))
    command = (
        f"minent gan train digits --out {out} --classes --network dcgan --latent 32 --width 32 --steps {steps}\n"
        f"minent gan draw --model {out} -n 50 -o digits.png\n"
        f"minent gan train gaussians --out run --lipschitz gp --strength 0.1 --steps {points_steps} --batch 256 …"
    )
    facts = [(modes, say("modes covered by {}").format(name)) for name, modes, _, _ in rows]
    facts += [
        (f"{found.drawn['fid']:.2f}", say("FID of digits, by pixels")),
        (f"{found.floor['fid']:.2f}", say("FID of other real digits")),
    ]
    shown = "".join(figure(f'<img src="{data_uri(one)}" alt="{name}">', name) for name, one in pictures)
    heads = [say(head) for head in ("critic kept flat by", "modes covered", "points near a mode", "sliced W₂")]
    html = f'<div class="side">{shown}</div>{table(heads, rows)}'
    return Section(say("Images, judged by a critic that cannot be steep"), say(ASKED), command, facts, html, "gan.md")


def played(name: str, samples: Images, networks: Networks, playing: Playing, folder: Path | None = None) -> Generator:
    """A generator that has played, of images by class."""
    generator, critic = new_players(samples, networks, classes=samples.labels is not None)
    follow(name, train_gan(generator, critic, samples, playing, folder=folder))
    return generator
