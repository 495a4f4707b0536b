"""Which modules hold a word that units share, and how much of it: a list for each word, no longer than it has units.

A unit that brings x of a word with rate r to a module that holds h of it saves, beside what it saves alone,

    r [plogp(h + x) − plogp(h) − plogp(x)]

bits; so of all modules only those in the lists of the unit's words need to be looked at.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from minent.community.search.modules import BETWEEN
from minent.community.walk.codewords import Words
from minent.entropy import plogp
from minent.kernels import kernel

FEW = 16  # modules that hold a word: then a unit may go where it shares the word but has no link


class Holders(NamedTuple):
    """Of each shared word the units that have it, and the modules: `many` places from where its units begin."""

    start: Int[np.ndarray, " _"]  # where the units of each begin in `user`
    user: Int[np.ndarray, " _"]
    amount: Float[np.ndarray, " _"]  # how much of the word each has
    many: Int[np.ndarray, " shared"]
    module: Int[np.ndarray, " _"]
    held: Float[np.ndarray, "_ 2"]  # how much of the word stands in the module, and the plogp of that
    units: Int[np.ndarray, " _"]  # in how many units it stands there
    gain: Float[np.ndarray, " units"]  # of every module, what words that it shares with a unit save
    seen: Int[np.ndarray, " units"]  # of every module, the look at which it was seen last


def holders(words: Words) -> Holders:
    """No modules yet."""
    start, user, amount = words.users()
    count, units = len(user), len(words.indptr) - 1
    places = (
        np.zeros(words.shared, np.int32),
        np.zeros(count, np.int32),
        np.zeros((count, 2)),
        np.zeros(count, np.int32),
    )
    return Holders(start, user, amount, *places, np.zeros(units), np.full(units, -1))


@kernel
def listed(of, label):
    """Note who holds what."""
    of.seen[:] = -1  # of each module, its place in the list that is being made
    for k in range(of.many.shape[0]):
        begin = end = of.start[k]
        for t in range(of.start[k], of.start[k + 1]):
            b = label[of.user[t]]
            z = of.seen[b]
            if z < begin:
                of.seen[b] = z = end
                of.module[z], of.held[z, 0], of.units[z] = b, 0.0, 0
                end += 1
            of.held[z, 0] += of.amount[t]
            of.units[z] += 1
        for z in range(begin, end):
            of.held[z, 1] = plogp(of.held[z, 0])
        of.many[k] = end - begin
    of.seen[:] = -1


@kernel
def sharing(of, words, state, i, a, look, found, count):
    """The modules that share words with unit i of module a, added to those `found` already, which have flow BETWEEN;
    what that saves goes to `gain`."""
    for t in range(words.indptr[i], words.indptr[i + 1]):
        k, x = words.key[t], words.amount[t]
        if k >= of.many.shape[0]:
            continue
        rate, alone, few = words.rate[k], plogp(x), of.many[k] <= FEW
        for z in range(of.start[k], of.start[k] + of.many[k]):
            b = of.module[z]
            if of.seen[b] != look:
                of.seen[b] = look
                of.gain[b] = 0.0
                if state[b, BETWEEN] == 0.0 and few:
                    found[count] = b
                    count += 1
            if b != a:
                of.gain[b] += rate * (plogp(of.held[z, 0] + x) - of.held[z, 1] - alone)
            elif of.units[z] > 1:
                of.gain[b] += rate * (of.held[z, 1] - plogp(of.held[z, 0] - x) - alone)
    return count


@kernel
def handed_over(of, words, i, a, b):
    """Unit i went from module a to b, with its words."""
    for t in range(words.indptr[i], words.indptr[i + 1]):
        k, x = words.key[t], words.amount[t]
        if k >= of.many.shape[0]:
            continue
        first, last = of.start[k], of.start[k] + of.many[k] - 1
        z = first
        while of.module[z] != a:
            z += 1
        of.units[z] -= 1
        of.held[z, 0] -= x
        of.held[z, 1] = plogp(of.held[z, 0])
        if of.units[z] == 0:
            of.module[z], of.units[z] = of.module[last], of.units[last]
            of.held[z, 0], of.held[z, 1] = of.held[last, 0], of.held[last, 1]
            last -= 1
        z = first
        while z <= last and of.module[z] != b:
            z += 1
        if z > last:
            of.module[z], of.held[z, 0], of.units[z] = b, 0.0, 0
            last += 1
        of.held[z, 0] += x
        of.held[z, 1] = plogp(of.held[z, 0])
        of.units[z] += 1
        of.many[k] = last - first + 1
