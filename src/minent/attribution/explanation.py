"""An explanation is a sum: what the model said before training, and what each training example added to that.

prediction = initial + Σ_i contributions_i + other terms + residual
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64, Int

from minent.data.graph import Graph
from minent.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Explanation:
    """What each training example added to each output for each input; see `minent.attribution.explain`.

    >>> parts = Explanation(np.array([[3.0]]), np.array([[1.0]]), np.array([[[2.5, 0.0, -0.5]]]), {})
    >>> parts.residual.tolist(), parts.top(0, 0, k=1)
    ([[0.0]], ([(0, 2.5)], [(2, -0.5)]))
    >>> parts
    Explanation(1 inputs, 1 outputs, 3 examples; residual 0.0e+00 of what training changed)
    """

    prediction: Float64[np.ndarray, "inputs outputs"]
    """What the model says at the end of the trajectory."""

    initial: Float64[np.ndarray, "inputs outputs"]
    """What it said at its beginning."""

    contributions: Float64[np.ndarray, "inputs outputs examples"]
    other: Mapping[str, Float64[np.ndarray, "inputs outputs"]]
    """Terms that no example made: "weight decay", "earlier steps"."""

    notes: tuple[str, ...] = field(default=())
    """What is not exact: operators without a secant rule, parameters whose gradients do not factorise, thinning."""

    @property
    def residual(self) -> Float64[np.ndarray, "inputs outputs"]:
        """What the sum lacks of the prediction."""
        return self.prediction - self.initial - self.contributions.sum(2) - sum(self.other.values(), start=0.0)

    @property
    def relative_residual(self) -> float:
        """‖residual‖ / ‖prediction − initial‖."""
        return float(np.linalg.norm(self.residual) / max(np.linalg.norm(self.prediction - self.initial), 1e-300))

    def top(
        self, input: int, output: int | None = None, k: int = 5
    ) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
        """The `k` examples that raised an output most, and the `k` that lowered it most; the highest output if None."""
        output = int(self.prediction[input].argmax()) if output is None else output
        parts = self.contributions[input, output]
        order = np.argsort(-parts, kind="stable")
        helpers = [(int(i), float(parts[i])) for i in order[:k] if parts[i] > 0]
        return helpers, [(int(i), float(parts[i])) for i in order[::-1][:k] if parts[i] < 0]

    def to_frame(self) -> "pd.DataFrame":
        """A row (input, output, example, contribution) for each contribution that is not 0."""
        import pandas as pd

        places = np.nonzero(self.contributions)
        names = ("input", "output", "example")
        columns = {**dict(zip(names, places, strict=True)), "contribution": self.contributions[places]}
        return pd.DataFrame(columns)

    def self_influence(self, labels: Int[np.ndarray, " examples"]) -> Float64[np.ndarray, " examples"]:
        """What each example added to the score of its own label; the inputs must be the training examples."""
        return self.contributions[(rows := self._own(labels)), labels, rows]

    def others(self) -> Float64[np.ndarray, "examples outputs"]:
        """What is said of each training example but for what it added itself."""
        rows = self._own(None)
        return self.prediction - self.contributions[rows, :, rows]

    def mislabels(
        self, labels: Int[np.ndarray, " examples"]
    ) -> tuple[Int[np.ndarray, " examples"], Float64[np.ndarray, " examples"]]:
        """Training examples, the likeliest to be mislabelled first, and a score of each (by number).

        The score is how far the others' say on the example (`others`) has another label above its own. The inputs must
        be the training examples, and all outputs explained.
        """
        rows, others = self._own(labels), self.others()
        own = others[rows, labels]
        rival = others.copy()
        rival[rows, labels] = -np.inf
        score = rival.max(1) - own
        return np.argsort(-score, kind="stable"), score

    def kernel(self) -> Float64[np.ndarray, "examples examples"]:
        """How alike training examples are in what they added: the cosine of their contributions to all outputs."""
        vectors = self.contributions.reshape(-1, self.contributions.shape[2]).T
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-300)
        return vectors @ vectors.T

    def graph(self, neighbours: int = 10) -> Graph:
        """Training examples, each linked to those that teach most nearly the same: the largest positive cosines."""
        alike = self.kernel()
        np.fill_diagonal(alike, 0)
        nearest = np.argsort(-alike, axis=1, kind="stable")[:, :neighbours]
        source = np.repeat(np.arange(len(alike)), nearest.shape[1])
        target = nearest.ravel()
        weight = np.maximum(alike[source, target], 0)
        return Graph.from_links(source, target, weight, names=np.arange(len(alike)))

    def _own(self, labels: Int[np.ndarray, " examples"] | None) -> Int[np.ndarray, " examples"]:
        inputs, outputs, examples = self.contributions.shape
        if inputs != examples:
            raise BadInput(f"wanted an explanation of the {examples} training examples themselves; got {inputs} inputs")
        if labels is not None and (len(labels) != examples or labels.min() < 0 or labels.max() >= outputs):
            raise BadInput(f"wanted a label below {outputs} for each of {examples} examples; got {labels!r}")
        return np.arange(examples)

    def __repr__(self) -> str:
        inputs, outputs, examples = self.contributions.shape
        return (
            f"Explanation({inputs} inputs, {outputs} outputs, {examples} examples; "
            f"residual {self.relative_residual:.1e} of what training changed)"
        )
