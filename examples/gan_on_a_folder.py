"""Draw more images like those in a folder.

The folder here is filled first, with 1,797 digits of 8 by 8 pixels.
Needs pip install "minent[gan,knn]".
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image
from sklearn.datasets import load_digits

from minent.data import read_images
from minent.gan import Networks, Playing, new_players, score, train_gan
from minent.plot import grid, write_png

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 120
folder = Path(tempfile.mkdtemp())
digits = load_digits()
for i, (pixels, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
    file = folder / "photos" / str(digit) / f"{i}.png"  # a folder for each class: it may draw by class
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((pixels * 15.9).astype("uint8")).save(file)

images = read_images(folder / "photos", size=8)  # squares of 8 pixels; 32, 64 or 128 for photographs
networks = Networks(network="dcgan", latent=32, width=32)
generator, critic = new_players(images, networks, classes=True)
# gn: the critic is divided by its own gradient, so that its linear pieces are not steep.
playing = Playing(lipschitz="gn", steps=steps, batch=64, learning_rate=1e-3, ema=0.98, evaluate_every=0)
for turn in train_gan(generator, critic, images, playing, folder=folder / "run"):
    if turn.step % (steps // 5) == 0:
        print(f"step {turn.step}: critic tells real from drawn by {turn.gap:.2f} of at most 2")

found = score(generator.draw(len(images) // 2).numpy(), images.scaled())
for name in ("fid", "precision", "recall"):  # beside the floor: what as many real images get
    print(f"{name:9} {found.drawn[name]:6.2f}, of real ones {found.floor[name]:.2f}")
picture = Path("drawn.png")
write_png(picture, grid(generator.draw(50).numpy(), columns=10))
print(f"{picture}: 50 digits, class by class; {folder / 'run'}: the generator, its log and its pictures")
