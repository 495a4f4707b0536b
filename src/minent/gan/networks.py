"""A generator turns noise into a sample, z ↦ G(z); a critic says of a sample how real it looks, x ↦ f(x).

    f(x, y) = ⟨w + v_y, φ(x)⟩ + b      of classes y, by projection: Miyato & Koyama 2018, equation 3
Images are b·2^k wide, b from 4 to 7: k levels, each half as wide as the one before and twice as deep. Critics have no
batch normalisation; generators have, but in an mlp, and are told the class by a vector beside their noise.
    dcgan    Radford et al. 2016; a convolution of stride 2 at each level
    sngan    that generator; at each level of the critic another of stride 1, as Miyato et al. 2018 and Wu et al. 2021
    resnet   Gulrajani et al. 2017; Miyato et al. 2018, table 4
"""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from itertools import pairwise
from unicodedata import normalize

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from minent.errors import BadInput, some
from minent.gan import residual
from minent.gan.judged import Judged, refuse_labels
from minent.gan.options import Networks
from minent.nn.evaluating import evaluating
from minent.training.saved import Saved

DEPTH = 3  # hidden layers of an mlp
Labels = Int[Tensor, " batch"] | None


class Generator(Saved):
    """Draws images of `channels` by `size` by `size` pixels in [-1, 1], or, of size 0, points of `channels` numbers;
    of `classes`, where there are any, called `names` ("0", "1", … if not given). Saved and shared by
    `save_pretrained`, `from_pretrained`.

    >>> Generator(1, 8, Networks("dcgan", latent=4, width=2)).draw(3).shape
    torch.Size([3, 1, 8, 8])
    """

    def __init__(
        self, channels: int, size: int, networks: Networks, classes: int = 0, names: Sequence[str] | None = None
    ):
        super().__init__()
        kind = networks.network or ("dcgan" if size else "mlp")
        self.channels, self.size, self.classes, self.latent = channels, size, classes, networks.latent
        self.networks = networks
        self.names = [str(i) for i in range(classes)] if names is None else list(names)
        if len(self.names) != classes:
            raise BadInput(f"every class has a name; got {len(self.names)} names of {classes} classes")
        self.label = nn.Embedding(classes, networks.latent) if classes else None
        noise = networks.latent * (2 if classes else 1)
        if kind == "mlp":
            layers = _hidden(noise, networks.width, nn.ReLU)
            layers.append(nn.Linear(networks.width, channels * max(size, 1) ** 2))
            layers += [nn.Tanh(), nn.Unflatten(1, (channels, size, size))] if size else []
        else:
            base, levels = _levels(size)
            widths = [networks.width * 2**level for level in reversed(range(levels + 1))]
            layers = [nn.Linear(noise, widths[0] * base**2), nn.Unflatten(1, (widths[0], base, base))]
            for wide, narrow in pairwise(widths):
                if kind in ("dcgan", "sngan"):
                    layers += [nn.BatchNorm2d(wide), nn.ReLU(), nn.ConvTranspose2d(wide, narrow, 4, 2, 1)]
                else:
                    layers.append(residual.Up(wide, narrow))
            layers += [nn.BatchNorm2d(widths[-1]), nn.ReLU(), nn.Conv2d(widths[-1], channels, 3, 1, 1), nn.Tanh()]
        self.body = nn.Sequential(*layers)
        _begun(self, networks)

    def forward(self, noise: Float[Tensor, "batch latent"], labels: Labels = None) -> Float[Tensor, "batch ..."]:
        if self.label is not None:
            if labels is None:
                raise BadInput(f"a generator of {self.classes} classes draws by label, one a sample; got none")
            noise = torch.cat([noise, self.label(labels)], 1)
        return self.body(noise)

    def draw(
        self,
        number: int,
        labels: Int[Tensor, " number"] | str | int | None = None,
        seed: int = 1,
        noise: Float[Tensor, "number latent"] | None = None,
    ) -> Float[Tensor, "..."]:
        """Samples (number, ...) on the CPU: of the class of a name or number, of `labels`, or of classes in turn; from
        `noise`, as of `minent.gan.latent`, or what `seed` draws."""
        if number < 1:
            raise BadInput(f"number must be at least 1; got {number}")
        device = next(self.parameters()).device
        if noise is None:
            noise = self.noise(number, seed)
        if tuple(noise.shape) != (number, self.latent):
            raise BadInput(f"noise is of shape {(number, self.latent)}; got {tuple(noise.shape)}")
        if labels is None and self.classes:
            labels = torch.arange(number) % self.classes
        if labels is not None and not self.classes:
            got = int(labels.max()) if isinstance(labels, Tensor) else repr(labels)
            raise BadInput(f"a generator without classes draws none by its label; got {got}")
        if isinstance(labels, str | int):
            labels = torch.full((number,), self._place(labels) if isinstance(labels, str) else labels)
        if labels is not None and not 0 <= int(labels.min()) <= int(labels.max()) < self.classes:
            raise BadInput(f"labels must be less than the number of classes, {self.classes}; got {int(labels.max())}")
        batches = zip(noise.split(256), [None] * number if labels is None else labels.split(256), strict=False)
        with torch.no_grad(), evaluating(self):
            parts = [self(z.to(device), y if y is None else y.to(device)).float().cpu() for z, y in batches]
        return torch.cat(parts)

    def noise(self, number: int, seed: int = 1) -> Float[Tensor, "number latent"]:
        """What samples are drawn from."""
        return torch.randn(number, self.latent, generator=torch.Generator().manual_seed(seed))

    def _place(self, name: str) -> int:
        places = {normalize("NFC", one): i for i, one in enumerate(self.names)}  # macOS writes é as e and an accent
        if (place := places.get(normalize("NFC", name))) is None:
            near = get_close_matches(name, self.names, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise BadInput(f"label must be one of {some(self.names, 20)}; got {name!r}{hint}")
        return place


class Critic(nn.Module):
    """Judges what a `Generator` of the same arguments draws: (batch, ...) to (batch,)."""

    def __init__(self, channels: int, size: int, networks: Networks, classes: int = 0):
        super().__init__()
        kind, width = networks.network or ("dcgan" if size else "mlp"), networks.width
        if kind == "mlp":
            layers = [nn.Flatten(), *_hidden(channels * max(size, 1) ** 2, width, lambda: nn.LeakyReLU(0.1))]
        else:
            base, levels = _levels(size)
            widths = [width * 2**level for level in range(levels + 1)]
            if kind in ("dcgan", "sngan"):
                layers = [nn.Conv2d(channels, width, 3, 1, 1), nn.LeakyReLU(0.1)]
                for narrow, wide in pairwise(widths):
                    layers += [nn.Conv2d(narrow, wide, 4, 2, 1), nn.LeakyReLU(0.1)]
                    layers += [nn.Conv2d(wide, wide, 3, 1, 1), nn.LeakyReLU(0.1)] if kind == "sngan" else []
                layers.append(nn.Flatten())
                width = widths[-1] * base**2
            else:
                deep = pairwise([channels, *widths[1:]])
                layers = [residual.Down(narrow, wide, rectified=i > 0) for i, (narrow, wide) in enumerate(deep)]
                layers += [nn.ReLU(), nn.AvgPool2d(base), nn.Flatten()]
                width = widths[-1]
        self.body, self.head = nn.Sequential(*layers), nn.Linear(width, 1)
        _begun(self, networks)
        self.label = nn.Embedding(classes, width) if classes else None
        if self.label is not None:
            nn.init.normal_(self.label.weight, std=0.02)  # not 0, which has no spectral norm

    def forward(self, x: Float[Tensor, "batch ..."], labels: Tensor | None = None) -> Float[Tensor, " batch"]:
        refuse_labels(self.label, x, labels)
        features = self.body(x)
        value = self.head(features)[:, 0]
        return value if self.label is None else value + (self.label(labels) * features).sum(1)

    def passed(self) -> Judged:
        return Judged(self)


def _begun(player: nn.Module, networks: Networks) -> None:
    """Have layers begin where the options say, and convolutions keep the channels of a pixel together, in which they
    are faster."""
    player.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  torch has no type for it
    if networks.deviation is None:
        return
    for layer in player.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, std=networks.deviation)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]


def _hidden(inputs: int, width: int, rectifier: Callable[[], nn.Module]) -> list[nn.Module]:
    sides = pairwise([inputs, *[width] * DEPTH])
    return [layer for a, b in sides for layer in (nn.Linear(a, b), rectifier())]


def _levels(size: int) -> tuple[int, int]:
    """The width of the smallest images, and how often that is doubled."""
    base, levels = size, 0
    while base > 7 and base % 2 == 0:
        base, levels = base // 2, levels + 1
    if not 4 <= base <= 7 or not levels:
        near = min((b * 2**k for k in range(1, 12) for b in range(4, 8)), key=lambda good: abs(good - size))
        raise BadInput(
            "images of a dcgan or resnet are 8, 10, 12 or 14 pixels wide, or that times 2, 4, 8, …; got "
            f"{size}, and {near} is the nearest such size"
        )
    return base, levels
