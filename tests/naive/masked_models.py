"""Masked language models so small that all texts can be enumerated, and the laws that samplers of them reach.

Tokens are 2, 3, …; 0 is the mask and 1 is padding. Everything is in float64 and by plain loops."""

import itertools

import numpy as np
import torch

from minent.text.gibbs import Vocabulary

MASK, PAD = 0, 1


def vocabulary(size):
    """Of `size` tokens that are drawn."""
    return Vocabulary(size=size + 2, mask=MASK, pad=PAD, special=(MASK, PAD))


def texts(size, n):
    """All texts of n tokens."""
    return list(itertools.product(range(2, size + 2), repeat=n))


class Inconsistent:
    """Logits that are a smooth random function of everything but the site's own token: those of no joint law."""

    def __init__(self, size, seed, strength=1.5, longest=8):
        random = np.random.default_rng(seed)
        self.seen = torch.from_numpy(random.normal(size=(longest, size + 2, 12)))
        self.seen[:, PAD] = 0
        self.said = torch.from_numpy(random.normal(size=(longest, 12, size + 2))) * strength / 12**0.5

    def __call__(self, tokens, positions):
        places = torch.arange(tokens.shape[1])
        hidden = torch.tanh(self.seen[places, tokens].sum(1))
        return torch.einsum("rh,rkhv->rkv", hidden, self.said[positions])


class Consistent:
    """The conditionals of one random joint law of n tokens; what is masked beside the site is summed out."""

    def __init__(self, size, n, seed, strength=1.0):
        self.size, self.n = size, n
        joint = np.random.default_rng(seed).normal(size=(size,) * n) * strength
        self.joint = np.exp(joint) / np.exp(joint).sum()
        rows = itertools.product(range(size + 2), repeat=n)
        self.table = torch.full(((size + 2) ** n, n, size + 2), -torch.inf, dtype=torch.float64)
        for number, row in enumerate(rows):
            if PAD not in row:
                for site in range(n):
                    at = tuple(slice(None) if token == MASK or i == site else token - 2 for i, token in enumerate(row))
                    others = [i for i, token in enumerate(row) if token == MASK or i == site]
                    kept = others.index(site)
                    part = np.moveaxis(self.joint[at], kept, 0).reshape(size, -1).sum(1)
                    self.table[number, site, 2:] = torch.from_numpy(np.log(part))

    def __call__(self, tokens, positions):
        number = torch.zeros(len(tokens), dtype=torch.long)
        for site in range(self.n):
            number = number * (self.size + 2) + tokens[:, site]
        return self.table[number[:, None], positions]

    def law(self):
        """The joint law, in the order of `texts`."""
        return self.joint.reshape(-1)


def logits_of(model, text, site):
    """The logits of one site of one text."""
    hidden = [MASK if i == site else token for i, token in enumerate(text)]
    return model(torch.tensor([hidden]), torch.tensor([[site]]))[0, 0].numpy()


def energy(model, text, kind):
    """−Σ f_t or −Σ log p_t. The softmax is over all tokens, the mask and padding too."""
    total = 0.0
    for site, token in enumerate(text):
        logits = logits_of(model, text, site)
        total -= logits[token] - (np.log(np.exp(logits).sum()) if kind == "normalised" else 0.0)
    return total


def site_kernel(model, size, n, site):
    """The matrix of one Gibbs step at a site."""
    states = texts(size, n)
    number = {text: i for i, text in enumerate(states)}
    kernel = np.zeros((len(states), len(states)))
    for text in states:
        odds = np.exp(logits_of(model, text, site)[2:])
        for token, p in enumerate(odds / odds.sum(), 2):
            kernel[number[text], number[(*text[:site], token, *text[site + 1 :])]] += p
    return kernel


def stationary(kernel):
    """The law that a kernel leaves as it is."""
    values, vectors = np.linalg.eig(kernel.T)
    law = np.real(vectors[:, np.argmin(np.abs(values - 1))])
    return law / law.sum()


def distance(one, other):
    """The total variation of two laws."""
    return 0.5 * np.abs(one - other).sum()


def noise(law, draws, seed=0):
    """How far, in total variation, a sample of a law is from it: the mean and four standard deviations more."""
    random = np.random.default_rng(seed)
    found = [distance(random.multinomial(draws, law) / draws, law) for _ in range(200)]
    return np.mean(found) + 4 * np.std(found)
