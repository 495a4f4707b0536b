"""What images go through, real and drawn alike, before a critic sees them, so that it cannot learn few by heart."""

from torch import nn

from minent.gan.augmentation.adaptive import Adaptive
from minent.gan.augmentation.differentiable import Differentiable
from minent.gan.options import Augment

__all__ = ["Adaptive", "Differentiable", "augmentation"]


def augmentation(kind: Augment) -> nn.Module:
    """That of the name: images (batch, channel, height, width) in [-1, 1] to others that a generator learns through."""
    return {"none": nn.Identity, "diffaugment": Differentiable, "ada": Adaptive}[kind]()
