"""The path kernel as its definition has it: every example's gradient, momentum and moments are arrays of their own.

For a network of three layers z = W a + b with φ between, written out by hand; forwards in time, as training went.
"""

import torch


def contributions(weights, biases, phi, slope_of, x, y, test, batches, update, *, decay=0.0):
    """(test, output, example) in float64, by the secant rule; what weight decay added (test, output); and both ends.

    `update` is ("sgd", rate), ("momentum", rate, μ) or ("adam", rate, β₁, β₂, ε); losses are mean cross entropies;
    decay is that of AdamW.
    """
    layers, n = len(weights), len(x)
    sizes = [w.numel() + b.numel() for w, b in zip(weights, biases, strict=True)]
    momentum = [torch.zeros(n, size, dtype=x.dtype) for size in sizes]
    second = [torch.zeros(size, dtype=x.dtype) for size in sizes]

    def forward(weights, biases, a):
        into, out = [], []
        for k in range(layers):
            into.append(a)
            out.append(a @ weights[k].T + biases[k])
            a = phi(out[k])
        return into, out

    first = forward(weights, biases, test)[1][-1]
    outputs = first.shape[1]
    found = torch.zeros(len(test), outputs, n, dtype=x.dtype)
    decayed = torch.zeros(len(test), outputs, dtype=x.dtype)
    for step, ids in enumerate(batches, 1):
        into, out = forward(weights, biases, x[ids])
        delta = (out[-1].softmax(1) - torch.nn.functional.one_hot(y[ids], outputs)) / len(ids)
        gradients = [None] * layers
        for k in reversed(range(layers)):
            gradients[k] = torch.zeros(n, sizes[k], dtype=x.dtype)
            gradients[k][ids] = torch.cat([torch.einsum("no,ni->noi", delta, into[k]).flatten(1), delta], 1)
            if k:
                delta = (delta @ weights[k]) * slope_of(out[k - 1])
        moves, new = [], []
        for k in range(layers):
            if update[0] == "sgd":
                move = -update[1] * gradients[k]
            elif update[0] == "momentum":
                momentum[k] = update[2] * momentum[k] + gradients[k]
                move = -update[1] * momentum[k]
            else:
                _, rate, beta1, beta2, epsilon = update
                momentum[k] = beta1 * momentum[k] + (1 - beta1) * gradients[k]
                second[k] = beta2 * second[k] + (1 - beta2) * gradients[k].sum(0) ** 2
                root = (second[k] / (1 - beta2**step)).sqrt() + epsilon
                move = -rate * momentum[k] / (1 - beta1**step) / root
            shrink = -decay * update[1] * torch.cat([weights[k].flatten(), biases[k]])
            moves.append((move, shrink))
            whole = torch.cat([weights[k].flatten(), biases[k]]) + move.sum(0) + shrink
            new.append((whole[: weights[k].numel()].view_as(weights[k]), whole[weights[k].numel() :]))
        following = [w for w, _ in new], [b for _, b in new]
        (a0, z0), (a1, z1) = forward(weights, biases, test), forward(*following, test)
        back = torch.eye(outputs, dtype=x.dtype).expand(len(test), outputs, outputs)
        for k in reversed(range(layers)):
            middle = torch.cat([(a0[k] + a1[k]) / 2, torch.ones(len(test), 1, dtype=x.dtype)], 1)
            size = weights[k].numel()
            for target, move in ((found, moves[k][0]), (decayed, moves[k][1][None])):
                matrix = torch.cat([move[:, :size].unflatten(1, weights[k].shape), move[:, size:, None]], 2)
                part = torch.einsum("mco,mi,noi->mcn", back, middle, matrix)
                target += part if target is found else part[..., 0]
            if k:
                difference = z1[k - 1] - z0[k - 1]
                same = difference == 0
                quotient = (phi(z1[k - 1]) - phi(z0[k - 1])) / torch.where(same, 1.0, difference)
                slope = torch.where(same, slope_of(z0[k - 1]), quotient)
                back = (back @ ((weights[k] + following[0][k]) / 2)) * slope[:, None]
        weights, biases = following
    return found, decayed, first, forward(weights, biases, test)[1][-1]
