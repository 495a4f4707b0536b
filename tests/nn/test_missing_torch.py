"""Without torch, layers name the extra that brings it."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("line", ["from minent.nn.attention import Nystrom", "import minent.nn.attention.lengthen"])
def test_attention_names_its_extra(line):
    code = f"import sys\nsys.modules['torch'] = None\n{line}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    wanted = 'minent.errors.MissingExtra: pip install "minent[torch]" to use attention (torch is not installed)'
    assert done.stderr.splitlines()[-1] == wanted
