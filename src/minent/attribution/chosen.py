"""Which numbers of what a model says are explained: columns, the highest, or what a function makes of them."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from minent.attribution.walk.mean_gradients import Outputs
from minent.attribution.walk.passes import Inputs, number, predicted, taken
from minent.errors import BadInput


def asked(
    outputs: Any, initial: Any, prediction: Any, best: Tensor | None = None
) -> tuple[Callable[[slice], Outputs], tuple[Any, Any]]:
    """Which numbers are explained, as a function of what the model says of a part of the inputs, and these numbers at
    the beginning and the end, (input, output) each; `best`: what the highest is that of, if not the prediction. Raises
    BadInput for others."""
    if not callable(outputs) and not isinstance(prediction, Tensor):
        found = type(prediction).__name__
        raise BadInput(f"the model says a {found}: choose numbers of it by outputs=, a function, and by loss=")
    if isinstance(outputs, str) and outputs in ("predicted", "margin"):
        order = column(prediction if best is None else best).argsort(1, descending=True)  # the highest, and the others
        others = order[:, 1:] if outputs == "margin" else order[:, :0]

        def chosen_of(part: slice) -> Outputs:
            return lambda out: _highest(column(out), order[part, :1], others[part])
    else:
        chosen = _chosen(outputs, prediction)

        def chosen_of(part: slice) -> Outputs:
            return chosen

    whole = chosen_of(slice(None))
    values = whole(initial), whole(prediction)
    if not isinstance(values[1], Tensor) or values[1].dim() != 2:
        wanted = "outputs must be numbers (input, output)"
        found = tuple(values[1].shape) if isinstance(values[1], Tensor) else type(values[1]).__name__
        raise BadInput(f"{wanted}; got {found}: choose by a function")
    return chosen_of, values


def by_itself(
    model: nn.Module, weights: Mapping[str, Tensor], inputs: Inputs, chosen_of: Callable[[slice], Outputs],
    prediction: Tensor,
) -> bool:  # fmt: skip
    """Whether what is chosen of an input is the same where it is asked for alone: a function may hold targets of all
    inputs, and is then asked of all at once."""
    last = slice(number(inputs) - 1, number(inputs))
    try:
        alone = chosen_of(last)(predicted(model, weights, taken(inputs, last)))
        return torch.allclose(alone, prediction[last], rtol=1e-3, atol=1e-5, equal_nan=True)
    except Exception:  # whatever a function does that was not written for one
        return False


def _highest(out: Any, best: Tensor, others: Tensor) -> Any:
    highest = out.gather(1, best)
    return highest - out.gather(1, others).logsumexp(1, keepdim=True) if others.shape[1] else highest


def column(out: Any) -> Any:
    """One number of each input is one output."""
    return out[:, None] if out.dim() == 1 else out


def _chosen(outputs: Any, said: Any) -> Outputs:
    if outputs == "all":
        return column
    if callable(outputs):
        return outputs
    if isinstance(outputs, str | int):
        raise BadInput(f"outputs are all, predicted, margin, a list of columns, or a function; got {outputs!r}")
    columns = list(outputs)
    if strange := [one for one in columns if not -said.shape[1] <= one < said.shape[1]]:
        raise BadInput(f"the model has {said.shape[1]} outputs, from 0; got {strange[0]} among outputs")
    return lambda out: out[:, columns]
