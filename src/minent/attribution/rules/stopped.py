"""Dropout is off where a prediction is explained, and drawn again where the gradients of training are made; what
training held fixed still moves what is said."""

from typing import Any

from minent.attribution.rules.secant import Secant, plain, rule, secant
from minent.attribution.rules.tape import Tape
from minent.errors import BadInput


@rule("dropout", "dropout1d", "dropout2d", "dropout3d", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")
def dropout(tape: Tape, func: Any, input: Secant, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Off, or drawn from torch's generator, in the order in which the numbers lie."""
    if not training or not p:
        return input
    if tape.paired:
        raise BadInput("dropout must be off where predictions are explained: call model.eval()")
    if input.source is not None:
        tape.loose.add(input.source.parameter)
    return secant(tape, func(plain(input), p, True), batched=input.batched)


@rule("detach", "data")
def detach(tape: Tape, func: Any, input: Secant, *_: Any) -> Any:
    """What training did not follow still moves the output: only ordinary gradients stop here."""
    return input if tape.paired else secant(tape, plain(input).detach(), None, batched=input.batched)
