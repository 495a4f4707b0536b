"""An explanation is a sum: what the model said before training, and what each training example added to that.

prediction = initial + Σ_i contributions_i + other terms + residual
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float64, Int64, Real

from minent.attribution.labels import contradicted, of_labels
from minent.data.networks.graph import Graph
from minent.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

ROUNDING, TRUST = 1e-3, 0.1
OTHERS = "other examples"


@dataclass(frozen=True, eq=False)
class Explanation:
    """What each training example added to each output for each input; see `minent.attribution.explain`.

    >>> parts = Explanation(np.array([[3.0]]), np.array([[1.0]]), np.array([[[2.5, 0.0, -0.5]]]), {})
    >>> parts.residual.tolist(), parts.top(0, 0, k=1)
    ([[0.0]], ([(0, 2.5)], [(2, -0.5)]))
    >>> parts
    Explanation(1 inputs, 1 outputs, 3 examples; exact: residual 0.0e+00 of what training changed)
    """

    prediction: Float64[np.ndarray, "inputs outputs"]
    """What the model says at the end of the trajectory."""

    initial: Float64[np.ndarray, "inputs outputs"]
    """What it said at its beginning."""

    contributions: Float64[np.ndarray, "inputs outputs shown"]
    """Of all training examples, or of `examples`."""

    other: Mapping[str, Float64[np.ndarray, "inputs outputs"]]
    """Terms that no example made: "weight decay", "earlier steps"."""

    notes: tuple[str, ...] = field(default=())
    """What is not exact: operators without a secant rule, parameters whose gradients do not factorise, thinning."""

    doubts: tuple[str, ...] = field(default=())
    """What may be why it is not exact, the likeliest first."""

    off: float = 0.0
    """How far the gradients that were made again are from those that training followed, at least: 0 to 2."""

    examples: Int64[np.ndarray, "inputs outputs shown"] | None = None
    """Whose contributions these are, where they are not those of all training examples in their order; what all the
    others added is the term "other examples"."""

    @property
    def verdict(self) -> Literal["exact", "approximate", "not to be trusted"]:
        """Whether this is what training did: exact but for rounding (the sum lacks less than a thousandth of what
        training changed, and gradients are within a thousandth of those that were followed), or within a tenth, or
        not."""
        worst = max(self.relative_residual, self.off)
        return "exact" if worst < ROUNDING else "approximate" if worst < TRUST else "not to be trusted"

    def refuse(self) -> None:
        """Raises BadInput for what is not to be trusted."""
        if self.verdict == "not to be trusted":
            lacks = f"the sum lacks {self.relative_residual:.1%} of what training changed"
            if self.relative_residual < TRUST:
                lacks = f"gradients that were made again are {self.off:.1%} off those that were followed"
            raise BadInput(f"not to be trusted, for {lacks}: {'; '.join(self.doubts)}")

    @property
    def residual(self) -> Float64[np.ndarray, "inputs outputs"]:
        """What the sum lacks of the prediction."""
        return self.prediction - self.initial - self.contributions.sum(2) - sum(self.other.values(), start=0.0)

    @property
    def relative_residual(self) -> float:
        """‖residual‖ / ‖prediction − initial‖."""
        changed, said = (float(np.linalg.norm(one)) for one in (self.prediction - self.initial, self.prediction))
        return float(np.linalg.norm(self.residual)) / max(changed, 1e-12 * said, 1e-300)

    def top(
        self, input: int, output: int | None = None, k: int = 5
    ) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
        """The `k` examples that raised an output most, and the `k` that lowered it most; the highest output if None."""
        output = int(self.prediction[input].argmax()) if output is None else output
        parts = self.contributions[input, output]
        order, whose = np.argsort(-parts, kind="stable"), self.whose(input, output)
        helpers = [(int(whose[i]), float(parts[i])) for i in order[:k] if parts[i] > 0]
        return helpers, [(int(whose[i]), float(parts[i])) for i in order[::-1][:k] if parts[i] < 0]

    def whose(self, input: int, output: int) -> Int64[np.ndarray, " shown"]:
        """The training examples of these contributions."""
        return np.arange(self.contributions.shape[2]) if self.examples is None else self.examples[input, output]

    def to_frame(self) -> "pd.DataFrame":
        """A row (input, output, example, contribution) for each contribution that is not 0."""
        import pandas as pd

        places = np.nonzero(self.contributions)
        whose = places[2] if self.examples is None else self.examples[places]
        columns = {"input": places[0], "output": places[1], "example": whose}
        return pd.DataFrame({**columns, "contribution": self.contributions[places]})

    def self_influence(self, labels: Real[np.ndarray, " examples"]) -> Float64[np.ndarray, " examples"]:
        """What each example added to the score of its own label; the inputs must be the training examples. Of a model
        with one output labels are 0 or 1, and what is added to the score of 0 is what is taken from the output."""
        rows = np.arange(len(labels := self._labels(labels)))
        own = self.contributions[rows, :, rows]
        return own[rows, labels] if own.shape[1] > 1 else own[:, 0] * (2 * labels - 1)

    def others(self) -> Float64[np.ndarray, "examples outputs"]:
        """What is said of each training example but for what it added itself."""
        self._own()
        rows = np.arange(len(self.prediction))
        return self.prediction - self.contributions[rows, :, rows]

    def mislabels(
        self, labels: Real[np.ndarray, " examples"], anyway: bool = False
    ) -> tuple[Int64[np.ndarray, " examples"], Float64[np.ndarray, " examples"]]:
        """Training examples, the likeliest to be mislabelled first, and a score of each (by number).

        The score is how far the others' say on the example (`others`) has another label above its own. The inputs must
        be the training examples, and all outputs explained; of a model with one output, a logit, labels are 0 or 1.
        Raises BadInput for other labels, such as the targets of a regression, and unless `anyway` for an explanation
        that is not to be trusted.
        """
        if not anyway:
            self.refuse()
        score = contradicted(of_labels(self.others()), self._labels(labels))
        return np.argsort(-score, kind="stable"), score

    def kernel(self) -> Float64[np.ndarray, "examples examples"]:
        """How alike training examples are in what they added: the cosine of their contributions to all outputs."""
        self._all()
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

    def _all(self) -> None:
        if self.examples is not None:
            raise BadInput("wanted the contributions of all training examples; got the largest (first=)")

    def _own(self) -> None:
        self._all()
        inputs, _, examples = self.contributions.shape
        if inputs != examples:
            raise BadInput(f"wanted an explanation of the {examples} training examples themselves; got {inputs} inputs")

    def _labels(self, labels: Real[np.ndarray, "..."]) -> Int64[np.ndarray, " examples"]:
        self._own()
        _, outputs, examples = self.contributions.shape
        if np.shape(labels) != (examples,):
            raise BadInput(f"wanted a label for each of {examples} examples; got an array of shape {np.shape(labels)}")
        strange = np.asarray(labels)[~np.isin(labels, np.arange(max(outputs, 2)))]
        if len(strange) and outputs == 1:
            told = "a regression has no labels; compare its targets with others()"
            raise BadInput(f"labels of a model with one output are 0 or 1; got {strange[0]}: {told}")
        if len(strange):
            raise BadInput(f"labels are numbers of outputs, 0 to {outputs - 1}; got {strange[0]}")
        return np.asarray(labels).astype(np.int64)

    def __repr__(self) -> str:
        few = self.examples is not None
        inputs, outputs, examples = self.contributions.shape
        return (
            f"Explanation({inputs} inputs, {outputs} outputs, {examples} examples{' of each' if few else ''}; "
            f"{self.verdict}: residual {self.relative_residual:.1e} of what training changed)"
        )
