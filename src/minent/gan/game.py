"""Two players take turns: the critic steps down its loss n_dis times, then the generator once down its own.

    min over f of E[a(f(x))] + E[b(f(G(z)))],   min over G of E[c(f(G(z)))]     a, b, c: see `minent.gan.losses`
Goodfellow et al. 2014, algorithm 1; the moving average of the generator is what is kept (Yazıcı et al. 2019).
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from minent.data.whole import read_json, whole
from minent.errors import BadInput
from minent.files import write_text
from minent.gan.augmentation import augmentation
from minent.gan.input_gradients.apart import refuse_batch_norm
from minent.gan.input_gradients.lipschitz import GradientNormalised, gradient_normalise, spectral_normalise
from minent.gan.losses import critic_loss, generator_loss, loss_of
from minent.gan.options import Playing
from minent.gan.standing import standing
from minent.gan.turns import Game, Judge, Turn, turn
from minent.training import checkpoint
from minent.training.batches import Batches
from minent.training.descent import averaging
from minent.training.descent.adamw import fusible
from minent.training.processes import agree_on, found
from minent.training.run import Log, resumed, rooted
from minent.training.weights import fill, weights

Lost = Callable[..., tuple[Tensor, int | Tensor]]


def play(
    generator: nn.Module,
    critic: nn.Module,
    batches: Batches,
    playing: Playing,
    *,
    judge: Judge | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
    log: Log | None = None,
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

    Raises BadInput for a critic that mixes the samples of a batch (by batch normalisation; by anything where its
    gradient is taken) or gives another number of values, a folder that is not as `resume` has it, losses that are not
    finite.
    """
    found(playing.device)
    with rooted(folder) as root:
        game = prepared(
            generator,
            critic,
            batches,
            playing,
            judge,
            folder=root,
            kept=folder is not None,
            resume=resume,
            log=log,
        )
        with released(game):
            while game.state.step < game.steps:
                yield turn(game)
        closed(game)


def prepared(
    generator: nn.Module,
    critic: nn.Module,
    batches: Batches,
    playing: Playing,
    judge: Judge | None,
    *,
    folder: Path,
    kept: bool,
    resume: bool,
    log: Log | None,
) -> Game:
    """The game that `play` asks for, where it begins or goes on; its folder is `kept` or goes with the game."""
    refuse_batch_norm(critic.train())
    if missing := [name for name in ("latent", "classes") if getattr(generator, name, None) is None]:
        raise BadInput(
            "a generator tells how many numbers it draws from (latent) and of how many classes (classes, 0 for none), "
            f"as attributes; this {type(generator).__name__} lacks {' and '.join(missing)}"
        )
    names = getattr(generator, "names", None)
    processes, critic = found(playing.device), constrained(critic, playing)
    seen = augmentation(playing.augment)
    players = nn.ModuleDict({"generator": generator, "critic": critic, "seen": seen}).to(processes.device)
    agree_on(players, processes)
    loss, sums = loss_of(playing.loss, playing.lipschitz == "gn"), torch.zeros(4, device=processes.device)
    # one optimiser, so that checkpoints know one: who has no gradients stays where it is
    groups, betas = [{"params": list(one.parameters())} for one in (generator, critic)], (playing.beta1, playing.beta2)
    optimizer = torch.optim.Adam(groups, betas=betas, fused=fusible(players.parameters()))
    of_critic, of_generator = (compiled(one) if playing.compile else one for one in (critic_loss, generator_loss))
    game = Game(
        model=players, batches=batches, recipe=playing.recipe, steps=playing.steps, processes=processes,
        optimizer=optimizer, average=averaging.start(generator) if playing.ema else None, folder=folder,
        saving=kept and processes.is_main_process, playing=playing, generator=generator, critic=critic,
        generator_loss=partial(of_generator, critic, loss, playing, seen), seen=seen, paired=loss.paired,
        critic_loss=partial(of_critic, generator, loss, playing, seen, sums),
        trained=(_trained(generator), _trained(critic)), sums=sums, judge=judge,
    )  # fmt: skip
    if resume and checkpoint.newest(game.checkpoints) is not None:
        refuse_other(folder, playing, names)
    resumed(game, resume, kept, log)
    if game.saving:
        write_text(folder / "game.json", json.dumps(asdict(playing) | {"classes": names}, indent=2, ensure_ascii=False))
    return game


def closed(game: Game) -> None:
    """Have the generator hold its moving average, where it has one, and both players stand in evaluation mode."""
    if game.average is not None:
        fill(weights(game.generator), game.average, "the moving average")
    game.model.eval()
    standing(game.generator, game.playing.seed)


def constrained(critic: nn.Module, playing: Playing) -> nn.Module:
    """The critic that is trained: with the same parameters, or with those of a copy where they are changed (sn)."""
    match playing.lipschitz:
        case "gn" | "gran" as kind:
            if any(isinstance(one, GradientNormalised) for one in critic.modules()):
                raise BadInput(f"a critic is normalised once, and this one is already: give it as it is, {kind} is put "
                               "around it here")  # fmt: skip
            return gradient_normalise(critic, kind, playing.weight or 1.0)
        case "sn":
            return spectral_normalise(critic, playing.seed)
        case _:
            return critic


def compiled(loss: Lost) -> Lost:
    """The loss by kernels that torch.compile writes when it is first called: the same to rounding, of other noise.
    Raises BadInput, then, where there is nothing to write them with."""
    from torch._dynamo.exc import TorchDynamoException  # takes two seconds

    fast = torch.compile(loss)

    def told(*arguments: Any) -> tuple[Tensor, int | Tensor]:
        try:
            return fast(*arguments)
        except TorchDynamoException as error:
            problem = " ".join(str(error).split("\n\n")[0].split())
            raise BadInput(f"torch.compile wrote no kernels; without compile the same runs: {problem}") from error

    return told


def _trained(player: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in player.parameters() if parameter.requires_grad]


@contextmanager
def released(game: Game) -> Iterator[None]:
    """After the block, however it ends, all can be trained again and none holds a gradient."""
    try:
        yield
    finally:
        for parameter in [*game.trained[0], *game.trained[1]]:
            parameter.requires_grad_(True).grad = None


def played(folder: Path) -> Playing:
    """How the run in a folder was played. Raises BadInput."""
    file, kind = folder / "game.json", "the options of a run"
    options = read_json(file, kind)
    with whole(file, kind):
        return Playing(**{name: value for name, value in options.items() if name != "classes"})


def refuse_other(folder: Path, playing: Playing, classes: list[str] | None) -> None:
    """Raises BadInput unless the run in the folder is one by the same options, but for its length and device, of these
    classes."""
    saved = read_json(folder / "game.json", "the options of a run, by which it is resumed")
    for name, value in (asdict(playing) | {"classes": classes}).items():
        if name not in (*checkpoint.OPEN, "compile") and saved.get(name) != value:
            raise BadInput(
                f"a run is resumed by its own options: {name} was {saved.get(name)!r} in {str(folder)!r}; got {value!r}"
            )
