"""Local moving where units share words (`Words`): as `move`, with what the words of a module cost, and with the modules
that hold other states of the same physical node among those a unit may go to.

How much of word k stands in module m is kept in an open-addressed table under the number m · keys + k.
"""

import numpy as np

from minent.community.search.sweep import crossing, module_cost
from minent.entropy import plogp
from minent.kernels import kernel

FULL = 0.6  # of a table, when it is made anew


@kernel
def slot(codes, code):
    """Where a number stands in a table, or would (the table has free places, -1)."""
    mask = codes.shape[0] - 1
    at = ((code * 40503) ^ (code >> 7)) & mask
    while codes[at] != code and codes[at] != -1:
        at = (at + 1) & mask
    return at


@kernel
def fill(indptr, key, amount, keys, label, codes, held, users):
    """Enter all words in an emptied table; how many places are taken."""
    codes[:] = -1
    held[:] = 0.0
    users[:] = 0
    taken = 0
    for i in range(label.shape[0]):
        for t in range(indptr[i], indptr[i + 1]):
            code = np.int64(label[i]) * keys + key[t]
            at = slot(codes, code)
            if codes[at] == -1:
                codes[at] = code
                taken += 1
            held[at] += amount[t]
            users[at] += 1
    return taken


@kernel
def words_change(indptr, key, amount, rate, codes, held, users, a, i, sign):
    """What it adds to the cost of module a that unit i comes (sign 1), or that it goes (-1)."""
    bits = 0.0
    keys = np.int64(rate.shape[0])
    for t in range(indptr[i], indptr[i + 1]):
        at = slot(codes, np.int64(a) * keys + key[t])
        before = held[at] if codes[at] != -1 else 0.0
        after = before + sign * amount[t]
        if sign < 0 and users[at] == 1:
            after = 0.0
        bits -= rate[key[t]] * (plogp(after) - plogp(before))
    return bits


@kernel
def move_words(
    indptr,
    indices,
    flow,
    visit,
    out,
    into,
    port_from,
    port_to,
    group,
    above,
    weight,
    label,
    module_exit,
    module_enter,
    module_visit,
    order,
    patience,
    least,
    word_indptr,
    word_key,
    word_amount,
    word_rate,
    user_indptr,
    user,
    price,
    preferred,
):
    """As `move`, with words; `user` are the units of each word below the number of shared ones."""
    n = visit.shape[0]
    uniform = flow.shape[0] == 1
    grouped = group.shape[0] > 1
    recorded = port_from.shape[0] > 1
    loose = weight.shape[0] > 1
    shared = user_indptr.shape[0] - 1
    keys = np.int64(word_rate.shape[0])
    ported = 0.0
    for i in range(port_from.shape[0]):
        ported += port_from[i]
    exit, enter, inside, size = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    port = np.zeros((n if recorded else 1, 2))
    home = np.zeros(n, np.int32)
    total = above.copy()
    for a in range(module_exit.shape[0]):
        exit[a], enter[a], inside[a] = module_exit[a], module_enter[a], module_visit[a]
    for i in range(n):
        a = label[i]
        size[a] += weight[i] if loose else 1.0
        home[a] = group[i] if grouped else 0
        if recorded:
            port[a, 0] += port_from[i]
            port[a, 1] += port_to[i]
    free = np.empty(n, np.int32)
    frees = 0
    for a in range(n):
        if size[a] == 0:
            free[frees] = a
            frees += 1
        else:
            enter_a = enter[a]
            if recorded:
                enter_a = crossing(exit[a], enter[a], port[a, 0], port[a, 1], ported)[1]
            total[home[a]] += enter_a
    places = 1024
    while places * FULL < 2 * word_key.shape[0] + 64:
        places *= 2
    codes, held, users = np.empty(places, np.int64), np.zeros(places), np.zeros(places)
    taken = fill(word_indptr, word_key, word_amount, keys, label, codes, held, users)
    queue, waiting = np.empty(n, np.int32), np.zeros(n, np.uint8)
    head = 0
    length = order.shape[0]
    for k in range(length):
        queue[k] = order[k]
        waiting[order[k]] = 1
    between, seen, near = np.zeros(n), np.zeros(n, np.uint8), np.empty(n + 2, np.int32)
    moves = 0
    while length > 0 and patience > 0:
        patience -= 1
        i = queue[head]
        head = head + 1 if head + 1 < n else 0
        length -= 1
        waiting[i] = 0
        a = label[i]
        g = group[i] if grouped else 0
        nears = 0
        for k in range(indptr[i], indptr[i + 1]):
            b = label[indices[k]]
            if seen[b] == 0:
                seen[b] = 1
                near[nears] = b
                nears += 1
            between[b] += flow[0] if uniform else flow[k]
        if shared > 0:
            for t in range(word_indptr[i], word_indptr[i + 1]):
                if word_key[t] < shared:
                    for k in range(user_indptr[word_key[t]], user_indptr[word_key[t] + 1]):
                        b = label[user[k]]
                        if seen[b] == 0:
                            seen[b] = 1
                            near[nears] = b
                            nears += 1
        weight_i = weight[i] if loose else 1.0
        alone = size[a] <= weight_i
        if not alone and frees > 0:
            near[nears] = free[frees - 1]
            home[free[frees - 1]] = g
            nears += 1
        port_i = port_from[i] if recorded else 0.0
        land_i = port_to[i] if recorded else 0.0
        exit_p, enter_p = exit[a], enter[a]
        if recorded:
            exit_p, enter_p = crossing(exit[a], enter[a], port[a, 0], port[a, 1], ported)
        rest = total[g] - enter_p
        kept = 0.0 if loose and size[a] == 1 else module_cost(exit_p, enter_p, inside[a]) + price
        exit_a, enter_a, inside_a = 0.0, 0.0, 0.0
        if not alone:
            exit_a = max(0.0, exit[a] - out[i] + between[a])
            enter_a = max(0.0, enter[a] - into[i] + between[a])
            inside_a = inside[a] - visit[i]
            exit_p, enter_p = exit_a, enter_a
            if recorded:
                exit_p, enter_p = crossing(exit_a, enter_a, port[a, 0] - port_i, port[a, 1] - land_i, ported)
            rest += enter_p
            if not loose or size[a] > weight_i + 1:
                kept -= module_cost(exit_p, enter_p, inside_a) + price
        left = words_change(word_indptr, word_key, word_amount, word_rate, codes, held, users, a, i, -1.0)
        modules = n - frees
        best = plogp(total[g]) + kept - left - least
        if preferred >= 0:
            best += abs(modules - preferred)
        target = a
        best_total, best_exit, best_enter, best_inside = 0.0, 0.0, 0.0, 0.0
        for t in range(nears):
            b = near[t]
            s = between[b]
            between[b] = 0.0
            seen[b] = 0
            if b == a or (grouped and home[b] != g):
                continue
            exit_b, enter_b, inside_b = exit[b] + out[i] - s, enter[b] + into[i] - s, inside[b] + visit[i]
            exit_p, enter_p = exit[b], enter[b]
            if recorded:
                exit_p, enter_p = crossing(exit_p, enter_p, port[b, 0], port[b, 1], ported)
            cost = 0.0
            if size[b] > 0 and not (loose and size[b] == 1):
                cost = -module_cost(exit_p, enter_p, inside[b]) - price
            total_b = rest - (enter_p if size[b] > 0 else 0.0)
            exit_p, enter_p = max(0.0, exit_b), max(0.0, enter_b)
            if recorded:
                exit_p, enter_p = crossing(exit_p, enter_p, port[b, 0] + port_i, port[b, 1] + land_i, ported)
            total_b += enter_p
            if not loose or size[b] + weight_i > 1:
                cost += module_cost(exit_p, enter_p, inside_b) + price
            cost += plogp(max(0.0, total_b))
            if preferred >= 0:
                cost += abs(modules + (1 if size[b] == 0 else 0) - (1 if alone else 0) - preferred)
            cost += words_change(word_indptr, word_key, word_amount, word_rate, codes, held, users, b, i, 1.0)
            if cost < best:
                best = cost
                target = b
                best_total = total_b
                best_exit, best_enter, best_inside = max(0.0, exit_b), max(0.0, enter_b), inside_b
        between[a] = 0.0
        seen[a] = 0
        if target == a:
            continue
        b = target
        if size[b] == 0:
            frees -= 1
            exit[b] = enter[b] = inside[b] = 0.0
        exit[a], enter[a], inside[a] = exit_a, enter_a, inside_a
        size[a] -= weight_i
        if alone:
            size[a] = 0.0
            free[frees] = a
            frees += 1
        exit[b], enter[b], inside[b] = best_exit, best_enter, best_inside
        size[b] += weight_i
        if recorded:
            port[a, 0] -= port_i
            port[a, 1] -= land_i
            port[b, 0] += port_i
            port[b, 1] += land_i
        total[g] = max(0.0, best_total)
        for t in range(word_indptr[i], word_indptr[i + 1]):
            at = slot(codes, np.int64(a) * keys + word_key[t])
            users[at] -= 1
            held[at] = held[at] - word_amount[t] if users[at] > 0 else 0.0
            code = np.int64(b) * keys + word_key[t]
            at = slot(codes, code)
            if codes[at] == -1:
                codes[at] = code
                taken += 1
            held[at] += word_amount[t]
            users[at] += 1
        label[i] = b
        moves += 1
        if taken > FULL * codes.shape[0]:
            taken = fill(word_indptr, word_key, word_amount, keys, label, codes, held, users)
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            if waiting[j] == 0 and label[j] != b and (not grouped or group[j] == g):
                waiting[j] = 1
                tail = head + length
                queue[tail - n if tail >= n else tail] = j
                length += 1
        if shared > 0:
            for t in range(word_indptr[i], word_indptr[i + 1]):
                if word_key[t] < shared:
                    for k in range(user_indptr[word_key[t]], user_indptr[word_key[t] + 1]):
                        j = user[k]
                        if waiting[j] == 0 and label[j] != b and (not grouped or group[j] == g):
                            waiting[j] = 1
                            tail = head + length
                            queue[tail - n if tail >= n else tail] = j
                            length += 1
    return moves
