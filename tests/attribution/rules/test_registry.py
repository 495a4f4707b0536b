"""Rules and captures are had by names that PyTorch's operators have, all of them with the first that is imported."""

import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from minent.attribution.rules.captures import CAPTURES
from minent.attribution.rules.secant import OTHERS, RULES, named

PLACES = torch, F, Tensor, torch._C._nn, torch._C._linalg  # where Python's name of an operator is PyTorch's too
NAMES = sorted({*RULES, *CAPTURES} - {OTHERS})


def operators(name):
    """All of a name, methods and properties among them."""
    several = [getattr(place, one) for place in PLACES for one in (name, f"__{name}__") if hasattr(place, one)]
    found = [one if callable(one) else getattr(one, "__get__", None) for one in several]
    return [one for one in found if hasattr(one, "__name__")]


@pytest.mark.parametrize("name", NAMES)
def test_every_registered_name_is_that_of_an_operator(name):
    assert len(NAMES) > 100
    assert name in {named(one)[0] for one in operators(name)}


def test_one_rule_brings_all():
    code = "from minent.attribution.rules.secant import RULES\nfrom minent.attribution.rules.captures import CAPTURES\n"
    code += "print(len(RULES), len(CAPTURES))"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert told.split() == [str(len(RULES)), str(len(CAPTURES))]
