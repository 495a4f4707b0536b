"""What the two players lose: the critic f by what it says of real and drawn samples, the generator by that of drawn.

                        critic, real    critic, drawn    generator
    non-saturating      s(-f)           s(f)             s(-f)          s(u) = log(1 + exp u); Goodfellow et al. 2014
    logistic            as non-saturating, of a bounded critic too: Wu et al. in their code
    hinge               max(0, 1 - f)   max(0, 1 + f)    -f             Lim & Ye 2017; Miyato et al. 2018
    wasserstein         -f              f                -f             Arjovsky et al. 2017
    least-squares       (1 - f)²        (1 + f)²         (1 - f)²       Mao et al. 2017, with a = -1, b = c = 1
    relativistic        s(f′ - f)       of a pair        s(f - f′)      f of real, f′ of drawn ones: Huang et al. 2024

Of a critic bounded by 1 (gn), non-saturating is the cross entropy with the probability (1 + f) / 2 that a sample is
real, as Wu et al. have it: -log((1 + f) / 2), -log((1 - f) / 2), -log((1 + f) / 2).

Where they coincide: for |f| < 1, hinge is wasserstein plus 1 in each of the critic's terms: the same gradients.
Everywhere, the generators of hinge and wasserstein are one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from minent.errors import BadInput
from minent.gan.input_gradients.penalty import consistency, gradient_penalty, r1
from minent.gan.input_gradients.slope import one_each, value_and_gradient
from minent.gan.options import LossName, Playing


@dataclass(frozen=True)
class Loss:
    """Losses of each sample, by what the critic says of it: of the critic on `real` and `drawn` ones, and of the
    `generator` on those that it drew."""

    real: Callable[[Tensor], Tensor]
    drawn: Callable[[Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    paired: bool = False
    """Whether `real` and `generator` are of how much more the critic says of one than of the other of a pair; there is
    no `drawn` then."""

    centred: bool = True
    """Whether 0 stands between what is real and what is drawn."""


def loss_of(name: LossName, bounded: bool = False) -> Loss:
    """The losses of that name, for a critic whose values are `bounded` by 1 or not.

    >>> hinge, wasserstein = loss_of("hinge"), loss_of("wasserstein")
    >>> f = torch.tensor([-0.5, 0.9])
    >>> (hinge.real(f) - wasserstein.real(f)).tolist(), (hinge.drawn(f) - wasserstein.drawn(f)).tolist()
    ([1.0, 1.0], [1.0, 1.0])
    """
    match name:
        case "non-saturating" if bounded:
            return Loss(_unlikely, lambda f: _unlikely(-f), _unlikely)
        case "non-saturating" | "logistic":
            return Loss(lambda f: F.softplus(-f), F.softplus, lambda f: F.softplus(-f))
        case "hinge":
            return Loss(lambda f: F.relu(1 - f), lambda f: F.relu(1 + f), torch.neg)
        case "wasserstein":
            return Loss(torch.neg, lambda f: f, torch.neg, centred=False)
        case "least-squares":
            return Loss(lambda f: (1 - f).square(), lambda f: (1 + f).square(), lambda f: (1 - f).square())
        case "relativistic":
            surer = loss_of("logistic")
            return Loss(surer.real, torch.zeros_like, surer.generator, paired=True, centred=False)
    raise BadInput(f"loss must be one of {', '.join(get_args(LossName))}; got {name!r}")


def critic_loss(
    generator: Any,
    loss: Loss,
    playing: Playing,
    seen: Callable[[Tensor], Tensor],
    sums: Tensor,
    critic: nn.Module,
    batch: dict[str, Tensor],
) -> tuple[Tensor, int]:
    """The critic's losses, summed over the samples, and their number; images are as they are `seen` by it. Adds to
    `sums` what it says of real and drawn ones, their number, and how many real ones it takes for real, less the others.
    """
    if generator.classes and "label" not in batch:
        raise BadInput(
            f"a generator of {generator.classes} classes wants labels beside the real samples (label; of `Images`, "
            f"batches(…, labels=True)); got {', '.join(batch)}"
        )
    real, labels = _real(batch, playing), [batch["label"]] if generator.classes else []
    number = len(real)
    with torch.no_grad():
        drawn = generator(torch.randn(number, generator.latent, device=real.device), *labels).to(real.dtype)
        if drawn.shape != real.shape:
            raise BadInput(f"drawn samples have the shape of real ones, {tuple(real.shape)}; got {tuple(drawn.shape)}")
        real, drawn = seen(real), seen(drawn)
    samples, twice = torch.cat([real, drawn]), [torch.cat([one, one]) for one in labels]
    slope = None
    if playing.lipschitz == "r1":
        on_real, slope = value_and_gradient(critic, real, *labels)
        on_drawn = one_each(critic(drawn, *labels), drawn)
    elif playing.lipschitz == "r1r2":
        both, slope = value_and_gradient(critic, samples, *twice)
        on_real, on_drawn = both.split(number)
    else:
        on_real, on_drawn = one_each(critic(samples, *twice), samples).split(number)
    on_real, on_drawn = on_real.float(), on_drawn.float()
    apart = on_real - on_drawn
    total = loss.real(apart).sum() if loss.paired else loss.real(on_real).sum() + loss.drawn(on_drawn).sum()
    if slope is not None:
        total = total + playing.weight * r1(slope).sum()
    if playing.lipschitz == "gp":
        total = total + playing.weight * gradient_penalty(critic, real, drawn, *labels).sum()
    if playing.consistency:
        total = total + playing.consistency * consistency(critic, on_real, real, *labels).sum()
    taken = (on_real if loss.centred else apart).sign()
    sums += torch.stack([on_real.sum(), on_drawn.sum(), on_real.new_tensor(number), taken.sum()]).detach()
    return total, number


def generator_loss(
    critic: nn.Module,
    loss: Loss,
    playing: Playing,
    seen: Callable[[Tensor], Tensor],
    generator: Any,
    batch: dict[str, Tensor],
) -> tuple[Tensor, int]:
    """The generator's losses, summed over as many samples as `batch` has rows or, where losses are of pairs, real
    samples, and their number."""
    number, device = len(next(iter(batch.values()))), next(iter(batch.values())).device
    labels = [torch.randint(generator.classes, (number,), device=device)] if generator.classes else []
    labels = [batch["label"]] if labels and loss.paired else labels
    drawn = seen(generator(torch.randn(number, generator.latent, device=device), *labels))
    told = one_each(critic(drawn, *labels), drawn).float()
    if loss.paired:
        with torch.no_grad():
            real = seen(_real(batch, playing))
            on_real = one_each(critic(real, *labels), real).float()
        told = told - on_real
    return loss.generator(told).sum(), number


def _real(batch: dict[str, Tensor], playing: Playing) -> Tensor:
    """Real samples: bytes are pixels, from -1 to 1 as numbers; half of them are mirrored, where that is wanted."""
    real = batch["x"]
    real = real if real.is_floating_point() else real.float() / 127.5 - 1
    if playing.mirror:
        if real.ndim != 4:
            raise BadInput(f"what is mirrored are images; got samples of shape {tuple(real.shape[1:])}")
        half = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device) < 0.5
        real = torch.where(half, real.flip(-1), real)
    return real


def _unlikely(f: Tensor) -> Tensor:
    """-log((1 + f) / 2), at most that of the float next to -1."""
    return -torch.log(((1 + f) / 2).clamp_min(torch.finfo(f.dtype).eps))
