"""Which labels are wrong: those of examples of which the others say otherwise, beside scores that cost less.

    score_i = max_{k ≠ y_i} o_ik − o_{i,y_i},  o_i = f_T(x_i) − own_i
The own contributions are had at about the cost of the training run (`walk.own`). Cheaper, of the model at some of its
weights: the loss at the end; minus the margin of the label, and one minus its probability, in the mean over the run
(AUM: Pleiss et al. 2020; self-confidence: Northcutt et al. 2021).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float64, Int64
from torch import Tensor, nn

from minent.attribution.again import Again
from minent.attribution.chosen import column
from minent.attribution.explanation import Explanation
from minent.attribution.labels import contradicted, of_labels
from minent.attribution.path_kernel import explain
from minent.attribution.retrained import self_confidence
from minent.attribution.walk.followed import Followed
from minent.attribution.walk.mean_gradients import Rule
from minent.attribution.walk.own import own_contributions
from minent.attribution.walk.passes import number, predicted
from minent.attribution.walk.taught import Taught, Train
from minent.errors import BadInput
from minent.nn.evaluating import evaluating
from minent.training.trajectory.modes import original
from minent.training.trajectory.trajectory import Trajectory

if TYPE_CHECKING:
    import pandas as pd

AT_A_TIME, LOOKS = 1000, 10


@dataclass(frozen=True, eq=False)
class Suspects:
    """Training examples by how likely their labels are wrong; all arrays are by number of the example."""

    score: Float64[np.ndarray, " examples"]
    """How far the others have another label above its own."""

    others: Float64[np.ndarray, "examples labels"]
    """What the others say: the prediction without its own contribution."""

    own: Float64[np.ndarray, "examples outputs"]
    cheap: Mapping[str, Float64[np.ndarray, " examples"]]
    """Scores of other kinds: "loss", "margin", "doubt", which cost less, and "cross-validated" where it was asked."""

    seconds: Mapping[str, float]
    """CPU time of the cheap scores, of the path kernel, and of training again."""

    checked: Explanation
    """Of a few examples, whose verdict holds for all."""

    fitted: float
    """The share of examples that the model gives their label."""

    @property
    def order(self) -> Int64[np.ndarray, " examples"]:
        """The likeliest first."""
        return np.argsort(-self.score, kind="stable")

    def beside(self, again: Again, labels: Int64[np.ndarray, " examples"], folds: int = 5) -> "Suspects":
        """With the doubt about each label of those who did not learn it, of so many trainings more (`self_confidence`),
        among the others."""
        begun = process_time()
        doubt = self_confidence(again, labels, folds)
        seconds = {**self.seconds, "cross-validated": process_time() - begun}
        return replace(self, cheap={**self.cheap, "cross-validated": doubt}, seconds=seconds)

    def to_frame(self) -> "pd.DataFrame":
        """A row for each example, the likeliest first: example, score, and the other scores."""
        import pandas as pd

        columns = {"example": np.arange(len(self.score)), "score": self.score, **self.cheap}
        return pd.DataFrame(columns).iloc[self.order].reset_index(drop=True)

    @property
    def advice(self) -> str:
        """Which score to believe: a model that has learned its labels by heart has no loss where they are wrong."""
        if self.fitted > 0.99:
            return (
                f"the model gives {self.fitted:.1%} their label: its loss at the end tells little, "
                "believe the path kernel, or the margin over the run"
            )
        return f"the model gives {self.fitted:.1%} their label: the loss tells about as much as the path kernel"


def mislabels(
    model: nn.Module, trajectory: str | Path | Trajectory, *, train: Train, loss: Any = F.cross_entropy,
    rule: Rule = "secant", anyway: bool = False,
) -> Suspects:  # fmt: skip
    """Training examples that the others contradict, of a recorded run; arguments are those of `explain`.

    Targets are labels: places among the outputs, or 0 and 1 of a model with one, a logit. Of Adam and momentum, steps
    are taken together in stretches: 0.1 % of what a gradient moved is left out at most. Raises BadInput as `explain`
    does, for targets that are no labels, and unless `anyway` for runs whose explanation is not to be trusted, which
    one of two examples tells.

    >>> import tempfile
    >>> from minent.attribution import record
    >>> x, y = torch.eye(4).repeat(6, 1), torch.tensor([0, 1, 0, 1] * 6)
    >>> y[5] = 0
    >>> line = nn.Linear(4, 2)
    >>> optimizer = torch.optim.SGD(line.parameters(), lr=0.5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with record(line, optimizer, folder) as r:
    ...         for _ in range(9):
    ...             optimizer.zero_grad()
    ...             F.cross_entropy(line(x), y).backward()
    ...             r.batch(range(24))
    ...             optimizer.step()
    ...     int(mislabels(line, folder, train=(x, y)).order[0])
    5
    """
    taught, model = Taught(train), original(model)
    run = Trajectory.open(trajectory)
    device = next(model.parameters()).device
    run = run.to(device)
    begun = process_time()
    with torch.no_grad(), evaluating(model):
        said, labels, cheap = looked(model, run, taught)
    seconds = {"cheap": process_time() - begun}
    ends = sorted({0, len(taught) // 2})
    checked = explain(model, run, taught.batch(np.array(ends), device)[0], train=train, loss=loss, rule=rule)
    if not anyway:
        checked.refuse()
    begun = process_time()
    own = own_of(model, run, train, loss, said.shape[1], rule)
    seconds["path kernel"] = process_time() - begun
    others = of_labels(said - own)
    fitted = float((of_labels(said).argmax(1) == labels).mean())
    return Suspects(contradicted(others, labels), others, own, cheap, seconds, checked, fitted)


def own_of(
    model: nn.Module, run: Trajectory, train: Train, loss: Any, outputs: int, rule: Rule
) -> Float64[np.ndarray, "examples outputs"]:
    """What each training example added to what is said of itself."""
    with torch.no_grad(), evaluating(model):
        return own_contributions(Followed(model, run, train, loss), column, outputs, rule)


def looked(model: nn.Module, run: Trajectory, taught: Taught) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """What the model says of all examples at the end, their labels, and the scores that this and a few looks at the run
    give."""
    kept = [first for first, _ in run.segments()][1:]
    looks = [*kept[:: max(1, -(-len(kept) // (LOOKS - 1)))], run.end + 1]
    total = {"margin": np.zeros(len(taught)), "doubt": np.zeros(len(taught))}
    said, labels = np.zeros((0, 1)), np.zeros(0, np.int64)
    for look in looks:
        weights = run.weights(look)
        scores, wanted = zip(
            *(_scores(model, weights, taught, one) for one in range(0, len(taught), AT_A_TIME)), strict=True
        )
        said, labels = np.concatenate(scores), np.concatenate(wanted)
        _check(labels, said.shape[1])
        each = of_labels(said)
        total["margin"] += contradicted(each.copy(), labels) / len(looks)
        highest = each - each.max(1, keepdims=True)
        certain = np.exp(highest[np.arange(len(each)), labels]) / np.exp(highest).sum(1)
        total["doubt"] += (1 - certain) / len(looks)
    rows = np.arange(len(said))
    each = of_labels(said)
    loss = np.logaddexp.reduce(each, 1) - each[rows, labels]
    return said, labels, {"loss": loss, **total}


def _scores(model: nn.Module, weights: Any, taught: Taught, begin: int) -> tuple[np.ndarray, np.ndarray]:
    device = next(iter(weights.values())).device
    inputs, targets = taught.batch(range(begin, min(begin + AT_A_TIME, len(taught))), device)
    said = predicted(model, weights, inputs)
    said = column(said) if isinstance(said, Tensor) else said
    if not isinstance(said, Tensor) or said.shape[:1] != (number(inputs),) or said.dim() != 2:
        raise BadInput("labels are places among the outputs (example, output) of a model; this one says other things")
    return said.double().cpu().numpy(), np.asarray(targets.cpu())


def _check(labels: np.ndarray, outputs: int) -> None:
    wanted = np.arange(max(outputs, 2))
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not np.isin(labels, wanted).all():
        raise BadInput(f"targets are labels, whole numbers from 0 to {wanted[-1]}: a regression has none")
