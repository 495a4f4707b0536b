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
    held: Float[np.ndarray, " _"]  # how much of the word stands in the module, and
    cost: Float[np.ndarray, " _"]  # the plogp of that
    units: Int[np.ndarray, " _"]  # in how many units it stands there
    gain: Float[np.ndarray, " units"]  # of every module, what words that it shares with a unit save
    seen: Int[np.ndarray, " units"]  # of every module, the look at which it was seen last


def holders(words: Words) -> Holders:
    """No modules yet."""
    start, user, amount = words.users()
    count, units = len(user), len(words.indptr) - 1
    many, module, among = np.zeros(words.shared, np.int32), np.zeros(count, np.int32), np.zeros(count, np.int32)
    places = many, module, np.zeros(count), np.zeros(count), among
    return Holders(start, user, amount, *places, np.zeros(units), np.full(units, -1))


@kernel
def listed(of, label):
    """Note who holds what."""
    start, user, amount, many, module, held, cost, units, _, seen = of
    for b in range(seen.shape[0]):
        seen[b] = -1  # of each module, its place in the list that is being made
    for k in range(many.shape[0]):
        begin = end = start[k]
        for t in range(start[k], start[k + 1]):
            b = label[user[t]]
            z = seen[b]
            if z < begin:
                seen[b] = z = end
                module[z] = b
                held[z] = 0.0
                units[z] = 0
                end += 1
            held[z] += amount[t]
            units[z] += 1
        for z in range(begin, end):
            cost[z] = plogp(held[z])
        many[k] = end - begin
    for b in range(seen.shape[0]):
        seen[b] = -1


@kernel
def sharing(of, words, state, i, a, look, found, count):
    """The modules that share words with unit i of module a, added to those `found` already, which have flow BETWEEN;
    what that saves goes to `gain`."""
    start, _, _, many, module, held, cost, units, gain, seen = of
    for t in range(words.indptr[i], words.indptr[i + 1]):
        k, x = words.key[t], words.amount[t]
        if k >= many.shape[0]:
            continue
        rate, alone, few = words.rate[k], plogp(x), many[k] <= FEW
        for z in range(start[k], start[k] + many[k]):
            b = module[z]
            if seen[b] != look:
                seen[b] = look
                gain[b] = 0.0
                if few and state[b, BETWEEN] == 0.0:
                    found[count] = b
                    count += 1
            if b != a:
                gain[b] += rate * (plogp(held[z] + x) - cost[z] - alone)
            elif units[z] > 1:
                gain[b] += rate * (cost[z] - plogp(held[z] - x) - alone)
    return count


@kernel
def handed_over(of, words, i, a, b):
    """Unit i went from module a to b, with its words."""
    start, _, _, many, module, held, cost, units, _, _ = of
    for t in range(words.indptr[i], words.indptr[i + 1]):
        k, x = words.key[t], words.amount[t]
        if k >= many.shape[0]:
            continue
        first = z = start[k]
        last = first + many[k] - 1
        while module[z] != a:
            z += 1
        units[z] -= 1
        held[z] -= x
        cost[z] = plogp(held[z])
        if units[z] == 0:
            module[z] = module[last]
            units[z] = units[last]
            held[z] = held[last]
            cost[z] = cost[last]
            last -= 1
        z = first
        while z <= last and module[z] != b:
            z += 1
        if z > last:
            module[z] = b
            held[z] = 0.0
            units[z] = 0
            last += 1
        held[z] += x
        cost[z] = plogp(held[z])
        units[z] += 1
        many[k] = last - first + 1
