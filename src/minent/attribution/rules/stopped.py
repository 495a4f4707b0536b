"""Dropout is off, and what training held fixed still moves what is said."""

from typing import Any

from minent.attribution.rules.secant import Secant, plain, rule, secant
from minent.attribution.rules.tape import Tape
from minent.errors import BadInput


@rule("dropout", "dropout1d", "dropout2d", "feature_dropout", "alpha_dropout")
def dropout(tape: Tape, func: Any, input: Secant, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Dropout is off."""
    if training and p:
        raise BadInput("dropout must be off where predictions are explained: call model.eval()")
    return input


@rule("detach", "data")
def detach(tape: Tape, func: Any, input: Secant, *_: Any) -> Any:
    """What training did not follow still moves the output: only ordinary gradients stop here."""
    return input if tape.paired else secant(tape, plain(input).detach(), None, batched=input.batched)
