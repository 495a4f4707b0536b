"""Which sites are drawn anew, and in what order; each chain has sites of its own.

random   a free site drawn at each step
sweep    every free site once, from left to right
block    some free sites, drawn, masked together and drawn one after another
The stationary law of inconsistent conditionals, such as a masked language model's, depends on it: with kernels K_t of
the sites it is that of (1/n) Σ K_t, or of K₁K₂…K_n (Heckerman et al. 2000; Kuo & Wang 2019). Of consistent ones it does
not.
"""

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

STOCK = 256  # steps that numbers are drawn for at a time


class Chances:
    """Uniform numbers: each chain has its own, whatever chains are beside it.

    >>> Chances(1, 2, 3)().shape
    torch.Size([2, 3])
    """

    def __init__(self, seed: int, chains: int, numbers: int, device: torch.device | str = "cpu"):
        self.random = [np.random.default_rng([seed, chain]) for chain in range(chains)]
        self.numbers, self.device, self.used = numbers, device, STOCK
        self.stock = torch.empty(0)

    def __call__(self) -> Tensor:
        """The numbers (chains, numbers) of one step, below 1."""
        if self.used == STOCK:
            drawn = np.stack([random.random((STOCK, self.numbers)) for random in self.random], axis=1)
            self.stock, self.used = torch.from_numpy(drawn).to(self.device), 0
        self.used += 1
        return self.stock[self.used - 1]


def nth(free: Bool[Tensor, "rows n"], place: Int[Tensor, " rows"]) -> Int[Tensor, " rows"]:
    """The site of each row's true value number `place`, from 0.

    >>> nth(torch.tensor([[False, True, True]]), torch.tensor([1])).tolist()
    [2]
    """
    return (free & (free.cumsum(1) == place[:, None] + 1)).long().argmax(1)


def visits(
    scan: Literal["random", "sweep", "block"],
    free: Bool[Tensor, "chains n"],
    chances: Callable[[], Tensor],
    block: int = 1,
) -> Iterator[tuple[Int[Tensor, " rows"], Int[Tensor, "rows k"], Tensor]]:
    """The steps of one sweep: which chains, their sites, and a uniform number for each token to draw and one more.

    As many steps as the chain with the most free sites has of them, in blocks fewer; a chain whose sites have all been
    swept rests."""
    count = free.sum(1)
    most, everyone = int(count.max()), torch.arange(len(free), device=free.device)
    if scan == "sweep":
        for step in range(most):
            rows = everyone[count > step]
            yield rows, nth(free[rows], torch.full_like(rows, step))[:, None], chances()[rows, 1:]
        return
    size = 1 if scan == "random" else min(block, int(count.min()))
    for _ in range(-(-most // size)):
        chance, left, sites = chances(), free.clone(), []
        for i in range(size):
            sites.append(nth(left, (chance[:, i] * left.sum(1)).long()))
            left[everyone, sites[-1]] = False
        yield everyone, torch.stack(sites, 1), chance[:, size:]
