"""What the two players lose: the critic f by what it says of real and drawn samples, the generator by that of drawn.

                        critic, real    critic, drawn    generator
    non-saturating      s(-f)           s(f)             s(-f)          s(u) = log(1 + exp u); Goodfellow et al. 2014
    hinge               max(0, 1 - f)   max(0, 1 + f)    -f             Lim & Ye 2017; Miyato et al. 2018
    wasserstein         -f              f                -f             Arjovsky et al. 2017
    least-squares       (1 - f)²        (1 + f)²         (1 - f)²       Mao et al. 2017, with a = -1, b = c = 1

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
        case "non-saturating":
            return Loss(lambda f: F.softplus(-f), F.softplus, lambda f: F.softplus(-f))
        case "hinge":
            return Loss(lambda f: F.relu(1 - f), lambda f: F.relu(1 + f), torch.neg)
        case "wasserstein":
            return Loss(torch.neg, lambda f: f, torch.neg)
        case "least-squares":
            return Loss(lambda f: (1 - f).square(), lambda f: (1 + f).square(), lambda f: (1 - f).square())
    raise BadInput(f"loss must be one of {', '.join(get_args(LossName))}; got {name!r}")


def critic_loss(
    generator: Any, loss: Loss, playing: Playing, sums: Tensor, critic: nn.Module, batch: dict[str, Tensor]
) -> tuple[Tensor, int]:
    """The critic's losses, summed over the samples, and their number; adds what it says of real and drawn ones to
    `sums`, and their number."""
    real, labels = batch["x"], [batch["label"]] if generator.classes else []
    number = len(real)
    with torch.no_grad():
        drawn = generator(torch.randn(number, generator.latent, device=real.device), *labels).to(real.dtype)
    if playing.lipschitz == "r1":
        on_real, slope = value_and_gradient(critic, real, *labels)
        on_drawn = one_each(critic(drawn, *labels), drawn)
    else:
        samples = torch.cat([real, drawn])
        both = one_each(critic(samples, *(torch.cat([one, one]) for one in labels)), samples)
        (on_real, on_drawn), slope = both.split(number), None
    total = loss.real(on_real.float()).sum() + loss.drawn(on_drawn.float()).sum()
    if slope is not None:
        total = total + playing.weight * r1(slope).sum()
    if playing.lipschitz == "gp":
        total = total + playing.weight * gradient_penalty(critic, real, drawn, *labels).sum()
    if playing.consistency:
        total = total + playing.consistency * consistency(critic, on_real, real, *labels).sum()
    sums[:2] += torch.stack([on_real.sum(), on_drawn.sum()]).detach()
    sums[2] += number
    return total, number


def generator_loss(critic: nn.Module, loss: Loss, generator: Any, batch: dict[str, Tensor]) -> tuple[Tensor, int]:
    """The generator's losses, summed over as many samples as `batch` has rows, and their number."""
    number, device = len(batch["rows"]), batch["rows"].device
    labels = [torch.randint(generator.classes, (number,), device=device)] if generator.classes else []
    drawn = generator(torch.randn(number, generator.latent, device=device), *labels)
    return loss.generator(one_each(critic(drawn, *labels), drawn).float()).sum(), number


def _unlikely(f: Tensor) -> Tensor:
    """-log((1 + f) / 2), at most that of the float next to -1."""
    return -torch.log(((1 + f) / 2).clamp_min(torch.finfo(f.dtype).eps))
