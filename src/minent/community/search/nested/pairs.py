"""Pairs of linked leaf modules: where in the tree they meet, so that every link is one between siblings somewhere."""

import numpy as np

from minent.kernels import kernel


@kernel
def meetings(indptr, indices, flow, parent, found, sums):
    """For each pair of linked leaf modules the smallest module that holds both, its children that hold one each, the
    children of these (a leaf stands for its own), and the flow. parent[m] > m, so the smaller number climbs."""
    count = 0
    for i in range(indptr.shape[0] - 1):
        for k in range(indptr[i], indptr[i + 1]):
            if indices[k] <= i:
                continue
            a, b = np.int32(i), indices[k]
            one, other, below, beneath = a, b, a, b
            while a != b:
                if a < b:
                    below, one = one, a
                    a = parent[a]
                else:
                    beneath, other = other, b
                    b = parent[b]
            found[0, count] = a
            found[1, count] = one
            found[2, count] = other
            found[3, count] = below
            found[4, count] = beneath
            sums[count] = flow[k] if flow.shape[0] > 1 else flow[0]
            count += 1


def rows(run, one, other, flow, count):
    """Pairs of units as compressed sparse rows, both ways; the same pair may come more than once."""
    indptr = np.zeros(count + 1, np.int32)
    np.cumsum(np.bincount(one, minlength=count) + np.bincount(other, minlength=count), out=indptr[1:])
    indices, sums = np.empty(2 * len(one), np.int32), np.empty(2 * len(one))
    run(placed)(one, other, flow, indptr.copy(), indices, sums)
    return indptr, indices, sums


@kernel
def placed(one, other, flow, place, indices, sums):
    """Each pair of units at the next `place` in the rows of both."""
    for k in range(one.shape[0]):
        a, b = one[k], other[k]
        indices[place[a]], sums[place[a]] = b, flow[k]
        indices[place[b]], sums[place[b]] = a, flow[k]
        place[a] += 1
        place[b] += 1
