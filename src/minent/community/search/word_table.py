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


class WordTable(NamedTuple):
    """Words of units, and of modules."""

    words: Words  # of every unit
    of: Holders
    number: Int[np.ndarray, " places"]  # -1 where a place is free
    held: Float[np.ndarray, " places"]  # how much of the word stands in the module, and
    holders: Int[np.ndarray, " places"]  # in how many units
    taken: Int[np.ndarray, " 1"]  # places that are not free


def word_table(words: Words) -> WordTable:
    """The table of these words, to be filled."""
    of = holders(words)
    places = 1024
    while places * FULL < 2 * (len(words.key) - len(of.user)) + 64:
        places *= 2
    return WordTable(
        words, of, np.empty(places, np.int64), np.zeros(places), np.zeros(places, np.int64), np.zeros(1, np.int64)
    )


@kernel
def slot(number, code):
    """Where a number stands in a table, or would (the table has free places)."""
    mask = number.shape[0] - 1
    at = ((code * 40503) ^ (code >> 7)) & mask
    while number[at] != code and number[at] != -1:
        at = (at + 1) & mask
    return at


@kernel
def fill(table, label):
    """Enter the words that are not in lists in an emptied table."""
    words = table.words
    table.number[:] = -1
    table.held[:] = 0.0
    table.holders[:] = 0
    table.taken[0] = 0
    if words.key.shape[0] == table.of.user.shape[0]:
        return
    for i in range(label.shape[0]):
        for t in range(words.indptr[i], words.indptr[i + 1]):
            if words.key[t] >= words.shared:
                enter(table, label[i], words.key[t], words.amount[t])


@kernel
def told(table, label):
    """Enter all words."""
    listed(table.of, label)
    fill(table, label)


@kernel
def enter(table, a, key, amount):
    """So much more of a word in module a."""
    code = np.int64(a) * table.words.rate.shape[0] + key
    at = slot(table.number, code)
    if table.number[at] == -1:
        table.number[at] = code
        table.taken[0] += 1
    table.held[at] += amount
    table.holders[at] += 1


@kernel
def words_moved(table, label, i, a):
    """Unit i went from module a to that in `label`, with its words."""
    words = table.words
    handed_over(table.of, words, i, a, label[i])
    if words.key.shape[0] == table.of.user.shape[0]:
        return
    for t in range(words.indptr[i], words.indptr[i + 1]):
        if words.key[t] >= words.shared:
            at = slot(table.number, np.int64(a) * words.rate.shape[0] + words.key[t])
            table.holders[at] -= 1
            table.held[at] = table.held[at] - words.amount[t] if table.holders[at] > 0 else 0.0
            enter(table, label[i], words.key[t], words.amount[t])
    if table.taken[0] > FULL * table.number.shape[0]:
        fill(table, label)


@kernel
def beside(table, a, i, sign, paid, number, look):
    """What it costs beside the codebooks that unit i joins module a (sign 1), or that it stays there (-1), if there are
    this number of modules then, and if the module is `paid` for only with it; less what its shared words cost alone."""
    words, of = table.words, table.of
    bits = words.price if paid else 0.0
    if of.seen[a] == look:
        bits -= of.gain[a]
    if words.key.shape[0] > of.user.shape[0]:
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
