"""Which sites are drawn anew, and in what order; each chain has sites of its own.

random   a free site drawn at each step
sweep    every free site once, from left to right
block    some free sites, drawn, masked together and drawn one after another
The stationary law of inconsistent conditionals, such as a masked language model's, depends on it: with kernels K_t of
the sites it is that of (1/n) Σ K_t, or of K₁K₂…K_n (Heckerman et al. 2000; Kuo & Wang 2019). Of consistent ones it does
not. Schedules that fill masks and are done are in `minent.text.gibbs.filling`.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float64, Int
from torch import Tensor

BLOCK = 4  # sites of a block, where none is given


class Chances:
    """Uniform numbers below 1: each chain has its own, whatever chains are beside it. `chains` names each by numbers.

    >>> Chances(1, [(0, 0), (0, 1)]).steps(torch.tensor([2, 5]), 3).shape
    torch.Size([5, 2, 3])
    """

    def __init__(self, seed: int, chains: Sequence[tuple[int, ...]], device: torch.device | str = "cpu"):
        self.random = [np.random.default_rng([seed, *chain]) for chain in chains]
        self.device = device

    def steps(self, steps: Int[Tensor, " chains"], numbers: int) -> Float64[Tensor, "most chains numbers"]:
        """So many numbers for each of a chain's own steps; 0 behind its last."""
        count = steps.tolist()
        table = np.zeros((max(count, default=0), len(count), numbers))
        for i, n in enumerate(count):
            table[:n, i] = self.random[i].random((n, numbers))
        return torch.from_numpy(table).to(self.device)


def nth(free: Bool[Tensor, "rows n"], place: Int[Tensor, " rows"]) -> Int[Tensor, " rows"]:
    """The site of each row's true value number `place`, from 0.

    >>> nth(torch.tensor([[False, True, True]]), torch.tensor([1])).tolist()
    [2]
    """
    return (free & (free.cumsum(1) == place[:, None] + 1)).long().argmax(1)


def visits(
    schedule: str, free: Bool[Tensor, "chains n"], chances: Chances, block: int = 0
) -> Iterator[tuple[Int[Tensor, " rows"], Int[Tensor, "rows k"], Tensor]]:
    """The steps of one sweep: which chains, their sites, and a uniform number for each token to draw and one more.

    A chain makes as many steps as it has free sites, in blocks fewer, and then rests. Where its blocks are smaller than
    those beside it, its last site is said again."""
    count, everyone = free.sum(1), torch.arange(len(free), device=free.device)
    most = 1 if schedule != "block" else block or BLOCK
    size = count.clamp(max=most)
    steps = -(-count // size.clamp(min=1))
    for step, chance in enumerate(chances.steps(steps, 2 * most if schedule == "block" else 3)):
        rows = everyone[steps > step]
        left, sites, some = free[rows], [], chance[rows]
        if schedule == "sweep":
            yield rows, nth(left, torch.full_like(rows, step))[:, None], some[:, 1:]
            continue
        for i in range(most):
            more = i < size[rows]
            found = nth(left, (some[:, i] * left.sum(1)).long())
            sites.append(torch.where(more, found, sites[-1]) if i else found)
            left[torch.arange(len(rows), device=rows.device), sites[-1]] = False
        yield rows, torch.stack(sites, 1), some[:, most:]
