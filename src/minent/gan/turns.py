"""A turn: the critic steps down its loss n_dis times, then the generator once down its own."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from minent.gan.augmentation import Adaptive
from minent.gan.input_gradients.lipschitz import clip_weights
from minent.gan.options import Playing
from minent.gan.standing import standing
from minent.training.batches import Arrays
from minent.training.descent import averaging
from minent.training.descent.gradient import Loss, gradient
from minent.training.processes import agreed
from minent.training.run import Run, finite, mine, saved
from minent.training.schedule import factor

Judge = Callable[[Any, int], dict[str, float]]
OTHER = "another constraint"


@dataclass(frozen=True)
class Turn:
    """A step of the generator, and those of the critic before it; the same on all processes, but for speed."""

    step: int
    steps: int
    epoch: int
    """That of the real samples, from 1."""
    critic_loss: float
    """Its mean over the critic's steps, penalties included."""
    generator_loss: float
    gap: float
    """The mean of f on real samples, less that on drawn ones."""
    learning_rate: float
    samples_per_second: float
    """Real samples, on all processes."""
    scores: dict[str, float] | None
    """What `judge` said after the step; None where it was not asked."""


@dataclass(kw_only=True)
class Game(Run):
    """A run of two players, whose steps are the generator's; `model` holds both, `average` is of the generator."""

    playing: Playing
    generator: nn.Module
    critic: nn.Module
    """As it is trained, with its constraint around it."""

    generator_loss: Loss
    critic_loss: Loss
    trained: tuple[list[nn.Parameter], list[nn.Parameter]]
    """The parameters of the generator and of the critic that are not frozen."""

    sums: Tensor
    """Of f on real samples and on drawn ones, their number, and the real ones taken for real less the others, in this
    turn: `critic_loss` adds to them."""

    seen: nn.Module
    """What images go through before the critic sees them."""

    paired: bool
    """Whether the generator's loss is of real samples too: those of the critic's last step."""

    judge: Judge | None


def turn(game: Game) -> Turn:
    """Take the next one; where it is time to, ask the judge and save."""
    begun, playing, step = perf_counter(), game.playing, game.state.step + 1
    share = factor(playing.schedule, step, 0, game.steps)
    rates = playing.learning_rate, playing.critic_learning_rate or playing.learning_rate
    for group, rate in zip(game.optimizer.param_groups, rates, strict=True):
        group["lr"] = rate * share
    game.model.train()
    lost, real = critic_turn(game)
    paid = generator_turn(game, real if game.paired else None)
    game.state = replace(game.state, step=step)
    if game.average is not None:
        averaging.follow(game.average, game.generator, playing.ema, step)
    if game.processes.num_processes > 1:
        torch.distributed.all_reduce(game.sums)
    on_real, on_drawn, number, real = game.sums.tolist()
    if isinstance(game.seen, Adaptive):
        game.seen.follow(real / number, int(number))
    speed = number / (perf_counter() - begun)
    pause = step == game.steps or (playing.evaluate_every and step % playing.evaluate_every == 0)
    scores = judged(game, game.judge) if pause and game.judge is not None else None
    gap, epoch = (on_real - on_drawn) / number, game.state.epoch
    taken = Turn(step, game.steps, epoch, lost, paid, gap, rates[0] * share, speed, scores)
    if game.log is not None:
        game.log(asdict(taken))
    if game.saving and pause:
        saved(game)
    return taken


def critic_turn(game: Game) -> tuple[float, list[Arrays]]:
    """The critic steps down its loss on real and drawn samples: its mean over the steps, and the last real ones."""
    playing, step, lost = game.playing, game.state.step + 1, []
    real: list[Arrays] = []
    only(game.trained[1], game.trained[0])
    game.sums.zero_()
    for _ in range(playing.n_dis):
        epoch, position, real, _ = next(game.walk)
        game.state = replace(game.state, epoch=epoch, position=position + len(real))
        game.last = real[-1]
        keyed = [((playing.seed, 0, epoch, number), batch) for number, batch in enumerate(real, position)]
        told = gradient(game.critic, game.critic_loss, mine(keyed, game.processes), game.recipe, game.processes)
        lost.append(finite(told, step, OTHER)[0])
        game.optimizer.step()
        if playing.lipschitz == "clip":
            clip_weights(game.critic, playing.weight)
    return sum(lost) / len(lost), real


def generator_turn(game: Game, real: list[Arrays] | None) -> float:
    """The generator steps down its loss on what it draws, beside these real samples where there are any."""
    playing, step = game.playing, game.state.step + 1
    only(*game.trained)
    rows: Arrays = {"rows": np.empty(playing.generator_batch or playing.batch, np.bool_)}
    given: list[Arrays] = [rows] * (playing.accumulate * game.processes.num_processes) if real is None else real
    keyed = [((playing.seed, 1, step, number), batch) for number, batch in enumerate(given)]
    told = gradient(game.generator, game.generator_loss, mine(keyed, game.processes), game.recipe, game.processes)
    lost, _, _ = finite(told, step, OTHER)
    game.optimizer.step()
    return lost


def judged(game: Game, judge: Judge) -> dict[str, float]:
    """What the judge says of the generator, holding its average where it has one; process 0 is believed."""
    with averaging.holding(game.generator, game.average):
        standing(game.generator, game.playing.seed)
        return agreed(judge(game.generator.eval(), game.state.step), game.processes)


def only(those: list[nn.Parameter], others: list[nn.Parameter]) -> None:
    """Have these parameters trained, and not the others."""
    for parameter in those:
        parameter.requires_grad_(True)
    for parameter in others:
        parameter.requires_grad_(False).grad = None
