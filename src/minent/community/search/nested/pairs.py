"""Pairs of linked leaf modules: where in the tree they meet, so that every link is one between siblings somewhere."""

import numpy as np

from minent.kernels import kernel


@kernel
def meetings(indptr, indices, flow, parent):
    """For each pair of linked leaf modules the smallest module that holds both, its children that hold one each, the
    children of these (a leaf stands for its own), and the flow. parent[m] > m, so the smaller number climbs."""
    count = 0
    for i in range(indptr.shape[0] - 1):
        for k in range(indptr[i], indptr[i + 1]):
            count += indices[k] > i
    found, sums = np.empty((5, count), np.int32), np.empty(count)
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
    return found, sums


@kernel
def rows(one, other, flow, count):
    """Pairs of units as compressed sparse rows, both ways; the same pair may come more than once."""
    indptr = np.zeros(count + 1, np.int32)
    for k in range(one.shape[0]):
        indptr[one[k] + 1] += 1
        indptr[other[k] + 1] += 1
    for i in range(count):
        indptr[i + 1] += indptr[i]
    place = indptr.copy()
    indices, sums = np.empty(2 * one.shape[0], np.int32), np.empty(2 * one.shape[0])
    for k in range(one.shape[0]):
        a, b = one[k], other[k]
        indices[place[a]], sums[place[a]] = b, flow[k]
        indices[place[b]], sums[place[b]] = a, flow[k]
        place[a] += 1
        place[b] += 1
    return indptr, indices, sums
