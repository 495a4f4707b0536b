"""Two players take turns: the critic steps down its loss n_dis times, then the generator once down its own.

    min over f of E[a(f(x))] + E[b(f(G(z)))],   min over G of E[c(f(G(z)))]     a, b, c: see `minent.gan.losses`
Goodfellow et al. 2014, algorithm 1; the moving average of the generator is what is kept (Yazıcı et al. 2019).
"""

import json
import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import nn

from minent.errors import BadInput
from minent.files import write_text
from minent.gan.input_gradients.lipschitz import clip_weights, constrained, refuse_batch_norm
from minent.gan.losses import critic_loss, generator_loss, loss_of
from minent.gan.options import Playing
from minent.gan.standing import standing
from minent.training import averaging, checkpoint
from minent.training.batches import Batches, groups
from minent.training.checkpoint import State
from minent.training.gradient import gradient
from minent.training.log import journal
from minent.training.processes import agree_on, agreed, found
from minent.training.schedule import factor
from minent.training.weights import fill, weights

Judge = Callable[[Any, int], dict[str, float]]


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


def play(
    generator: nn.Module,
    critic: nn.Module,
    batches: Batches,
    playing: Playing,
    *,
    judge: Judge | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
    log: Callable[[dict[str, Any]], object] | None = None,
) -> Iterator[Turn]:
    """Train both, one `Turn` a step of the generator; nothing happens before the first is asked for.

    - `generator(noise, labels)` draws from noise (batch, generator.latent) and, where `generator.classes` is not 0,
      labels (batch,); `critic(samples)` or `critic(samples, labels)` gives a number for each. As they are: the
      constraint is put around the critic here. See `minent.gan.networks` for ready ones.
    - `batches`: "x" (batch, ...), and "label" (batch,) where there are classes; see `minent.training.batches`.
    - `judge(generator, step)`: scores, asked on every process each `evaluate_every` steps and at the end, of the
      generator in evaluation mode, holding its moving average where there is one; process 0 is believed.
    - `folder`, `resume`, `log`: as for `minent.training.loop.fit`: a resumed run ends as if it had not been broken.

    At the end the generator holds its moving average, in evaluation mode. Under torchrun processes share each step, and
    take the step that one process would with as many times the `accumulate`. The caller's randomness is left alone.

    Raises BadInput for a critic that mixes the samples of a batch, a folder that is not as `resume` has it, losses that
    are not finite.
    """
    refuse_batch_norm(critic)
    if folder is None and resume:
        raise BadInput("resume wants the folder of the run to go on with; got None")
    processes, recipe = found(), playing.recipe
    first, device = processes.is_main_process, processes.device
    together = playing.accumulate * processes.num_processes
    critic = constrained(critic, playing)
    players = nn.ModuleDict({"generator": generator, "critic": critic}).to(device)
    agree_on(players, processes)
    rates = playing.learning_rate, playing.critic_learning_rate or playing.learning_rate
    optimizer = torch.optim.Adam(  # one, so that checkpoints know one: who has no gradients stays where it is
        [{"params": list(player.parameters())} for player in (generator, critic)], betas=(playing.beta1, playing.beta2)
    )
    trained = [[one for one in player.parameters() if one.requires_grad] for player in (generator, critic)]
    average = averaging.start(generator) if playing.ema else None
    loss, sums = loss_of(playing.loss, playing.lipschitz == "gn"), torch.zeros(3, device=device)
    losses = partial(critic_loss, generator, loss, playing, sums), partial(generator_loss, critic, loss)
    with _released(trained), tempfile.TemporaryDirectory() if folder is None else nullcontext(folder) as root:
        checkpoints = Path(root) / "checkpoints"
        state, newest = State(), checkpoint.newest(checkpoints)
        if newest is not None:
            same_game(Path(root), playing, resume)
            state = checkpoint.load(newest, recipe, players, optimizer, average)
            if state.step > playing.steps:
                raise BadInput(f"the run in {str(folder)!r} is {state.step} steps long already; got {playing.steps}")
        processes.wait_for_everyone()
        if folder is not None and first:
            write_text(Path(root) / "game.json", json.dumps(asdict(playing), indent=2))
            log = log or journal(Path(folder) / "log.jsonl", state.step)
        walk = groups(batches, together, state.epoch, state.position)
        while state.step < playing.steps:
            begun, step = perf_counter(), state.step + 1
            share = factor(playing.schedule, step, 0, playing.steps)
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * share
            sums.zero_()
            lost = []
            players.train()
            _only(trained[1], trained[0])
            for _ in range(playing.n_dis):
                epoch, position, real, _ = next(walk)
                state = replace(state, epoch=epoch, position=position + len(real))
                keyed = [((playing.seed, 0, epoch, number), batch) for number, batch in enumerate(real, position)]
                mine = keyed[processes.process_index :: processes.num_processes]
                lost.append(_finite(gradient(critic, losses[0], mine, recipe, processes), step))
                optimizer.step()
                if playing.lipschitz == "clip":
                    clip_weights(critic, playing.weight)
            _only(*trained)
            noises = [((playing.seed, 1, step, n), {"number": np.array(playing.batch)}) for n in range(together)]
            mine = noises[processes.process_index :: processes.num_processes]
            paid = _finite(gradient(generator, losses[1], mine, recipe, processes), step)
            optimizer.step()
            state = replace(state, step=step)
            if average is not None:
                averaging.follow(average, generator, playing.ema, step)
            if processes.num_processes > 1:
                torch.distributed.all_reduce(sums)
            on_real, on_drawn, number = sums.tolist()
            speed, scores = number / (perf_counter() - begun), None
            pause = step == playing.steps or (playing.evaluate_every and step % playing.evaluate_every == 0)
            if pause and judge is not None:
                with averaging.holding(generator, average):
                    standing(generator, playing.seed)
                    scores = agreed(judge(generator.eval(), step), processes)
            turn = Turn(
                step, playing.steps, state.epoch, sum(lost) / len(lost), paid, (on_real - on_drawn) / number,
                rates[0] * share, speed, scores,
            )  # fmt: skip
            if first and log is not None:
                log(asdict(turn))
            if first and folder is not None and pause:
                checkpoint.save(checkpoints, state, recipe, players, optimizer, average)
            yield turn
    if average is not None:
        fill(weights(generator), average, "the moving average")
    players.eval()
    standing(generator, playing.seed)


def _only(those: list[nn.Parameter], others: list[nn.Parameter]) -> None:
    """Have these parameters trained, and not the others."""
    for parameter in those:
        parameter.requires_grad_(True)
    for parameter in others:
        parameter.requires_grad_(False).grad = None


@contextmanager
def _released(trained: list[list[nn.Parameter]]) -> Iterator[None]:
    """After the block, however it ends, all can be trained again and none holds a gradient."""
    try:
        yield
    finally:
        for parameter in [*trained[0], *trained[1]]:
            parameter.requires_grad_(True).grad = None


def _finite(told: tuple[float, float, float], step: int) -> float:
    mean, _, norm = told
    if not math.isfinite(mean + norm):
        raise BadInput(
            f"loss and gradient must be finite; got a loss of {mean} and a gradient of length {norm} at step {step}: a "
            "lower learning rate may help, or another constraint"
        )
    return mean


def same_game(folder: Path, playing: Playing, resume: bool) -> None:
    """Raises BadInput unless the run in the folder is resumed, and by its own options."""
    if not resume:
        raise BadInput(f"{str(folder)!r} holds a run already: resume it, or choose another folder")
    try:
        saved = json.loads((folder / "game.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"a run is resumed by its own options; game.json in {str(folder)!r}: {error}") from None
    for name, value in asdict(playing).items():
        if name != "steps" and saved.get(name) != value:
            raise BadInput(f"a run is resumed by its own options: {name} was {saved.get(name)!r}; got {value!r}")
