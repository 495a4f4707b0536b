"""Two players, a generator that draws and a critic that judges; critics that are 1-Lipschitz by construction."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minent.gan.game import play
    from minent.gan.input_gradients import (
        clip_weights,
        consistency,
        gradient_normalise,
        gradient_penalty,
        r1,
        spectral_normalise,
        value_and_gradient,
    )
    from minent.gan.networks import Critic, Generator
    from minent.gan.options import Networks, Playing
    from minent.gan.scores import Features, Scores, inception, score, train_features
    from minent.gan.train import new_players, train_gan
    from minent.gan.turns import Turn

__all__ = [
    "Critic", "Features", "Generator", "Networks", "Playing", "Scores", "Turn", "clip_weights", "consistency",
    "gradient_normalise", "gradient_penalty", "inception", "new_players", "play", "r1", "score", "spectral_normalise",
    "train_features", "train_gan", "value_and_gradient",
]  # fmt: skip
HOMES = {
    "game": ["play"],
    "input_gradients": [
        "clip_weights", "consistency", "gradient_normalise", "gradient_penalty", "r1", "spectral_normalise",
        "value_and_gradient",
    ],
    "networks": ["Critic", "Generator"],
    "options": ["Networks", "Playing"],
    "scores": ["Features", "Scores", "inception", "score", "train_features"],
    "train": ["new_players", "train_gan"],
    "turns": ["Turn"],
}  # fmt: skip


def __getattr__(name: str) -> Any:
    for home, names in HOMES.items():  # on first use: the command line reads options here, and is fast without torch
        if name in names:
            return getattr(importlib.import_module(f"minent.gan.{home}"), name)
    raise AttributeError(f"module 'minent.gan' has no attribute {name!r}")
