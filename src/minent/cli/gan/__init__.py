"""`minent gan`: generators of images from the command line, a file for each command."""

from cyclopts import App

from minent.cli.gan.draw import draw
from minent.cli.gan.score import score
from minent.cli.gan.train import train

gan = App(name="gan", help="Generators of images: trained, drawn from and scored.")
for command in (train, draw, score):
    gan.command(command)
