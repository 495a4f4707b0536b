"""Small games of everything that a resumed one can trip on: batch normalisation, classes, averages, power iterations.

As a program: python small_games.py FOLDER OPTIONS plays there.
"""

import json
import sys

import numpy as np
import torch

from minent.data.images.images import Images
from minent.gan.game import play
from minent.gan.networks import Critic, Generator
from minent.gan.options import Networks, Playing

NETWORKS = Networks("dcgan", latent=4, width=4)


def images() -> Images:
    random = np.random.default_rng(0)
    return Images(random.integers(0, 256, (40, 1, 8, 8)).astype(np.uint8), np.arange(40) % 3, tuple("abc"))


def players(networks: Networks = NETWORKS) -> tuple[Generator, Critic]:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return Generator(1, 8, networks, 3), Critic(1, 8, networks, 3)


def game(playing: Playing, **options):
    """The records, not yet asked for, and the players."""
    generator, critic = players()
    batches = images().batches(playing.batch, playing.seed, labels=True)
    return play(generator, critic, batches, playing, judge=judge, **options), generator, critic


def judge(generator: Generator, step: int) -> dict[str, float]:
    return {"mean": float(generator.draw(16).mean())}


if __name__ == "__main__":
    records, _, _ = game(Playing(**json.loads(sys.argv[2])), folder=sys.argv[1])
    list(records)
