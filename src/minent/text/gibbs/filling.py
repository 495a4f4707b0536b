"""Masks are filled once: in an order that is drawn, or as the model is sure; several at a time, where steps are fewer.

    once         sites in an even order; with one site a step x ~ E_order Π p(x_o(i) | x_o(<i)): sweep 0 of Gibbs chains
    confidence   a token is drawn for each mask, and those of the greatest log p(token) + g(1 − step/steps) Gumbel stay
                 (MaskGIT: Chang et al. 2022, arXiv:2202.04200; LLaDA: Nie et al. 2025, arXiv:2502.09992)
    entropy      those sites first whose law has the least entropy (Dream: Ye et al. 2025, arXiv:2508.15487)
    remask       all are drawn, the least likely are masked again, fewer each time (Mask-Predict: arXiv:1904.09324)
With blocks, masks of a block are filled before those on its right (block diffusion: Arriola et al. 2025,
arXiv:2503.09573). Tokens of one step are drawn apart from one another; a constraint between them holds all the same, as
one that breaks it waits for the next step. Where no token is left for a site the text begins anew.
"""

from dataclasses import replace

import torch
from torch import Tensor

from minent.errors import BadInput
from minent.text.gibbs.chains import Chains
from minent.text.gibbs.schedule import Chances
from minent.text.gibbs.start import FREE

TRIES = 100  # texts that are begun for a chain, before it is held impossible to keep all constraints
CELLS = 1 << 25  # logits that are held at a time, about


def filled(chains: Chains, chances: Chances) -> tuple[Chains, Tensor]:
    """Chains of their own, with what was masked to begin with drawn; and the mean log p of what was."""
    chains = replace(chains, tokens=chains.tokens.clone(), kinds=chains.kinds.clone())
    tokens, mask = chains.tokens, chains.vocabulary.mask
    masked = (tokens == mask) & (chains.kinds == FREE)
    said = torch.zeros(tokens.shape, dtype=torch.float64, device=tokens.device)
    rows = masked.any(1).nonzero()[:, 0]
    for _ in range(TRIES):
        if not len(rows):
            break
        rows = _attempt(chains, rows, masked, said, chances)
        tokens[rows] = torch.where(masked[rows], mask, tokens[rows])
    if len(rows):
        raise BadInput(f"no text was found that keeps all constraints, of {TRIES} begun for chain {int(rows[0]) + 1}")
    chains.check()
    if chains.options.edit or chains.options.correct != "none":
        chains.held = chains.energy(tokens, chains.kinds)
    return chains, said.sum(1) / masked.sum(1).clamp(min=1)


def _attempt(chains: Chains, rows: Tensor, masked: Tensor, said: Tensor, chances: Chances) -> Tensor:
    """Fill the masks of some chains; those are returned that came to a site without a token."""
    options, tokens, mask, dead = chains.options, chains.tokens, chains.vocabulary.mask, []
    count = masked.sum(1)
    steps = count.clamp(max=options.steps) if options.steps else count
    size = options.block if options.fills and options.block else tokens.shape[1]
    group = (masked.long().cumsum(1) - 1) // size
    step = 0
    while len(rows):
        hole = masked[rows] & (tokens[rows] == mask)
        if options.schedule != "remask":
            now = torch.where(hole, group[rows], tokens.shape[1]).amin(1, keepdim=True)
            hole &= group[rows] == now
        own = torch.zeros_like(count)
        own[rows] = count[rows]
        chance = chances.steps(own, 2)[:, rows].permute(
            1, 0, 2
        )  # (rows, masks to begin with, 2): each mask has its own
        place = (masked[rows].long().cumsum(1) - 1).clamp(min=0)
        chance = chance.gather(1, place[:, :, None].expand(-1, -1, 2))
        many = -(-count[rows] // steps[rows].clamp(min=1))
        share = ((step + 1) / steps[rows]).clamp(max=1)
        if options.schedule == "remask":
            many = (count[rows] * share).round().long().clamp(min=1)
        alive = _step(chains, rows, hole, said, chance, many, share)
        if options.schedule == "remask":
            noise = options.gumbel * (1 - share[:, None]) * _gumbel(chance[:, :, 1])
            rank = torch.where(masked[rows] & (tokens[rows] != mask), said[rows] + noise, -torch.inf)
            rank = rank.argsort(dim=1, descending=True, stable=True).argsort(1)
            tokens[rows] = torch.where(masked[rows] & (rank >= many[:, None]), mask, tokens[rows])
        dead.append(rows[~alive])
        rows, step = rows[alive], step + 1
        rows = rows[(masked[rows] & (tokens[rows] == mask)).any(1)]
    return torch.cat(dead) if dead else rows


def _step(
    chains: Chains, rows: Tensor, hole: Tensor, said: Tensor, chance: Tensor, many: Tensor, share: Tensor
) -> Tensor:
    """Fill `many` of the holes of each chain, or as many as constraints let; `share` of the steps are then done.

    Returns which chains have no hole without a token."""
    options, tokens, n = chains.options, chains.tokens, hole.shape[1]
    once = options.schedule == "once" or not options.fills
    many = torch.minimum(many, hole.sum(1)) if options.schedule != "remask" else many
    gumbel = _gumbel(chance[:, :, 1])
    if once:
        order = torch.where(hole, gumbel, -torch.inf).argsort(1, descending=True)
        width = int(many.max())
        wanted = torch.arange(n, device=hole.device) < many[:, None]
    else:
        order = torch.where(hole, 0, 1).argsort(dim=1, stable=True)
        width = int(hole.sum(1).max())
        wanted = torch.arange(n, device=hole.device) < hole.sum(1)[:, None]
    sites, wanted = order[:, :width], wanted[:, :width]
    sites = torch.where(wanted, sites, sites[:, :1])
    found = [
        chains.draw(rows[some], sites[some], chance[some, :, 0].gather(1, sites[some]), options.temperature)
        for some in torch.arange(len(rows), device=hole.device).split(max(1, CELLS // (width * chains.vocabulary.size)))
    ]
    token, p, entropy = (torch.cat(parts) for parts in zip(*found, strict=True))
    alive = ((token >= 0) | ~wanted).all(1)
    score = noise = gumbel.gather(1, sites)
    if not once:
        score = (-entropy if options.schedule == "entropy" else p) + options.gumbel * (1 - share[:, None]) * noise
    best = torch.where(wanted, score, -torch.inf).argsort(dim=1, descending=True, stable=True)
    fixed = torch.zeros(len(rows), dtype=torch.long, device=hole.device)
    remask = options.schedule == "remask"
    for i in best.T if chains.constraints or remask or int(many.max()) > 1 else best[:, :1].T:
        these = torch.arange(len(rows), device=hole.device)
        going = wanted[these, i] & alive & ((fixed < many) | remask)
        these = these[going]
        site, new = sites[these, i[these]], token[these, i[these]]
        if chains.constraints and len(these):
            possible = chains.allowed(tokens[rows[these]], site, chains.kinds[rows[these]])
            keeps = possible.gather(1, new[:, None])[:, 0]
            these, site, new = these[keeps], site[keeps], new[keeps]
        tokens[rows[these], site], said[rows[these], site] = new, p[these, i[these]]
        fixed[these] += 1
    return alive


def _gumbel(chance: Tensor) -> Tensor:
    return -(-chance.clamp(min=1e-12).log()).log()
