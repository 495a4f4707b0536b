"""How much of every word stands in every module, where units share words (`Words`): lists for words that attract each
other (`Holders`), and for the others a table with open addressing, under the number module · words + word.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from minent.community.search.holders import Holders, handed_over, holders, listed
from minent.community.walk.codewords import Words
from minent.entropy import plogp
from minent.kernels import kernel

FULL = 0.6  # of a table, when it is made anew


class Known(NamedTuple):
    """Words of units, and who holds those that are shared."""

    words: Words
    of: Holders


class Table(NamedTuple):
    """The other words of modules."""

    number: Int[np.ndarray, " places"]  # -1 where a place is free
    held: Float[np.ndarray, " places"]  # how much of the word stands in the module, and
    holders: Int[np.ndarray, " places"]  # in how many units
    taken: Int[np.ndarray, " 1"]  # places that are not free


def word_table(words: Words | None) -> tuple[Known | None, Table | None]:
    """Room for these words, to be filled; None for what there is none of."""
    if words is None:
        return None, None
    known, places = Known(words, holders(words)), 1024
    if len(words.key) == len(known.of.user):
        return known, None
    while places * FULL < 2 * (len(words.key) - len(known.of.user)) + 64:
        places *= 2
    taken = np.zeros(1, np.int64)
    return known, Table(np.empty(places, np.int64), np.zeros(places), np.zeros(places, np.int64), taken)


@kernel
def slot(number, code):
    """Where a number stands in a table, or would (the table has free places)."""
    mask = number.shape[0] - 1
    at = ((code * 40503) ^ (code >> 7)) & mask
    while number[at] != code and number[at] != -1:
        at = (at + 1) & mask
    return at


@kernel
def fill(words, table, label):
    """Enter the words that are not in lists in an emptied table."""
    number, held, holders, taken = table
    for at in range(number.shape[0]):
        number[at] = -1
        held[at] = 0.0
        holders[at] = 0
    taken[0] = 0
    for i in range(label.shape[0]):
        for t in range(words.indptr[i], words.indptr[i + 1]):
            if words.key[t] >= words.shared:
                enter(words, table, label[i], words.key[t], words.amount[t])


@kernel
def told(known, table, label):
    """Enter all words."""
    listed(known.of, label)
    if table is not None:
        fill(known.words, table, label)


@kernel
def enter(words, table, a, key, amount):
    """So much more of a word in module a."""
    number, held, holders, taken = table
    code = np.int64(a) * words.rate.shape[0] + key
    at = slot(number, code)
    if number[at] == -1:
        number[at] = code
        taken[0] += 1
    held[at] += amount
    holders[at] += 1


@kernel
def words_moved(known, table, label, i, a):
    """Unit i went from module a to that in `label`, with its words."""
    words, of = known
    handed_over(of, words, i, a, label[i])
    if table is not None:
        number, held, holders, taken = table
        for t in range(words.indptr[i], words.indptr[i + 1]):
            if words.key[t] >= words.shared:
                at = slot(number, np.int64(a) * words.rate.shape[0] + words.key[t])
                holders[at] -= 1
                held[at] = held[at] - words.amount[t] if holders[at] > 0 else 0.0
                enter(words, table, label[i], words.key[t], words.amount[t])
        if taken[0] > FULL * number.shape[0]:
            fill(words, table, label)


@kernel
def beside(known, table, a, i, sign, paid, number, look):
    """What it costs beside the codebooks that unit i joins module a (sign 1), or that it stays there (-1), if there are
    this number of modules then, and if the module is `paid` for only with it; less what its shared words cost alone."""
    words, of = known
    bits = words.price if paid else 0.0
    if of.seen[a] == look:
        bits -= of.gain[a]
    if table is not None:
        for t in range(words.indptr[i], words.indptr[i + 1]):
            if words.key[t] < words.shared:
                continue
            at = slot(table.number, np.int64(a) * words.rate.shape[0] + words.key[t])
            before = table.held[at] if table.number[at] != -1 else 0.0
            after = before + sign * words.amount[t]
            if sign < 0 and table.holders[at] == 1:
                after = 0.0
            bits -= sign * words.rate[words.key[t]] * (plogp(after) - plogp(before))
    return bits + abs(number - words.preferred) if words.preferred >= 0 else bits
