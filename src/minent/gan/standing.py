"""Standing statistics: the means of batch normalisation, taken of what the generator draws with the weights it has.

An average of weights has no others, and several processes have the same (Brock et al. 2019).
"""

from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from minent.training.descent.gradient import seeded

BATCHES = 16
SAMPLES = 64  # of each


def standing(generator: Any, seed: int = 0) -> None:
    """Take the means of batch normalisation anew, of samples drawn by the weights as they are. Changes buffers only."""
    norms = [layer for layer in generator.modules() if isinstance(layer, _BatchNorm)]
    if not norms:
        return
    before, training = [norm.momentum for norm in norms], generator.training
    device = next(generator.parameters()).device
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean of all batches
    generator.train()
    with torch.no_grad(), seeded(device, seed):
        for _ in range(BATCHES):
            labels = torch.randint(generator.classes, (SAMPLES,), device=device) if generator.classes else None
            generator(torch.randn(SAMPLES, generator.latent, device=device), labels)
    generator.train(training)
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum
