"""Two players, a generator that draws and a critic that judges; what keeps the critic from being steep."""

from typing import TYPE_CHECKING

from minent.rooms import on_first_use

if TYPE_CHECKING:
    from minent.gan.game import play
    from minent.gan.input_gradients import (
        averaged,
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
    from minent.gan.scores import Features, Scores, features_of, inception, score, train_features
    from minent.gan.train import labels_as_in, new_players, players_from, train_gan
    from minent.gan.turns import Turn

__all__ = [
    "Critic", "Features", "Generator", "Networks", "Playing", "Scores", "Turn", "averaged", "clip_weights",
    "consistency", "features_of", "gradient_normalise", "gradient_penalty", "inception", "labels_as_in", "new_players",
    "play", "players_from", "r1", "score", "spectral_normalise", "train_features", "train_gan", "value_and_gradient",
]  # fmt: skip
__getattr__ = on_first_use(
    __name__,
    {
        "minent.gan.game": "play",
        "minent.gan.input_gradients": "averaged clip_weights consistency gradient_normalise gradient_penalty r1 "
        "spectral_normalise value_and_gradient",
        "minent.gan.networks": "Critic Generator",
        "minent.gan.options": "Networks Playing",
        "minent.gan.scores": "Features Scores features_of inception score train_features",
        "minent.gan.train": "labels_as_in new_players players_from train_gan",
        "minent.gan.turns": "Turn",
    },
)
