"""The pass through a critic of classes by projection, with gradients of its head and of the vectors of classes.

    f(x, y) = ⟨w + v_y, φ(x)⟩ + b      back: ∂f/∂φ = w + v_y      push: ∂/∂w = Σ g q, ∂/∂v_y the same over samples of y
Miyato & Koyama 2018, equation 3; u, g and q as in `minent.gan.input_gradients.pullback`.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from minent.errors import BadInput
from minent.gan.input_gradients.passes import passed, refuse_hooked
from minent.gan.input_gradients.tape import Tape


class Judged:
    """See `minent.gan.input_gradients.tape.Pass`."""

    def __init__(self, critic: Any):
        self.body, self.head, self.label = passed(critic.body), critic.head, critic.label
        for part in (self.head, self.label):
            if part is not None:
                refuse_hooked(part)

    def weights(self) -> list[Tensor]:
        label = [] if self.label is None else [self.label.weight]
        return [*self.body.weights(), self.head.weight, self.head.bias, *label]

    def there(self, x: Tensor, tape: Tape, labels: Tensor | None = None) -> Tensor:
        refuse_labels(self.label, x, labels)
        features = self.body.there(x, tape)
        self.at = [tape.take() for _ in range(2 if self.label is None else 3)]
        weight, bias, *each = [tape.kept[i] for i in self.at]
        if not each:
            return F.linear(features, weight, bias)[:, 0]
        self.labels, vector = tape.keep(labels), F.embedding(labels, each[0])  # type: ignore[arg-type]
        self.vector = tape.keep(vector)
        return F.linear(features, weight, bias)[:, 0] + (vector * features).sum(1)

    def back(self, g: Tensor, tape: Tape) -> Tensor:
        self.g, weight = tape.keep(g), tape.kept[self.at[0]]
        return self.body.back(g[:, None] * (weight if len(self.at) == 2 else weight + tape.kept[self.vector]), tape)

    def push(self, q: Tensor, u: Tensor, tape: Tape) -> Tensor:
        g, q = tape.kept[self.g], self.body.push(q, u, tape)
        each = g[:, None] * q
        tape.found[self.at[0]], tape.found[self.at[1]] = each.sum(0, keepdim=True), (u * g).sum()[None]
        if len(self.at) == 3:
            table = tape.kept[self.at[2]]
            tape.found[self.at[2]] = torch.zeros_like(table).index_add(0, tape.kept[self.labels], each.to(table.dtype))
        return q  # nobody asks for it


def refuse_labels(embedding: nn.Embedding | None, x: Tensor, labels: Tensor | None) -> None:
    """Raises BadInput unless there is a label for each sample, or neither classes nor labels."""
    got, want = None if labels is None else tuple(labels.shape), None if embedding is None else tuple(x.shape[:1])
    if got != want:
        raise BadInput(f"labels of a critic are of shape {want}, None where it knows no classes; got {got}")
