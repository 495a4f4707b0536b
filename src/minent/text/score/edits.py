"""The edit distance of two sequences: the fewest tokens put in, left out or exchanged that make one the other.

Of the matrix D[i, j] = min(D[i-1, j] + 1, D[i, j-1] + 1, D[i-1, j-1] + (a[i] != b[j])), where D[i, 0] = i and
D[0, j] = j, neighbours differ by -1, 0 or 1. A column is thus two integers, whose bits say where it rises and where it
falls, and the next column takes a dozen operations on whole integers. Myers 1999 (doi 10.1145/316542.316550), in the
form of Hyyrö 2003, "A bit-vector algorithm for computing Levenshtein and Damerau edit distances".
"""

from collections.abc import Sequence


def edit_distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Insertions, deletions and substitutions, one each, from one sequence of tokens to another.

    >>> edit_distance("kitten", "sitting"), edit_distance("K AE T".split(), "K AH T S".split())
    (3, 2)
    """
    if not a:
        return len(b)
    where: dict[str, int] = {}  # the places in a that hold a token, as bits
    for i, token in enumerate(a):
        where[token] = where.get(token, 0) | 1 << i
    every, last = (1 << len(a)) - 1, 1 << len(a) - 1
    rises, falls, distance = every, 0, len(a)  # the first column, from 0 to len(a)
    for token in b:
        same = where.get(token, 0)
        diagonal = (((same & rises) + rises) ^ rises) | same | falls  # where D[i, j] == D[i-1, j-1]
        more, less = falls | ~(diagonal | rises), rises & diagonal  # where D[i, j] - D[i, j-1] is 1 and -1
        distance += bool(more & last) - bool(less & last)
        more, less = more << 1 | 1, less << 1
        rises, falls = (less | ~(diagonal | more)) & every, more & diagonal & every
    return distance
