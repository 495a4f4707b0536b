"""What users call is offered by the rooms themselves, whatever was imported before, and loads what it needs alone."""

import importlib
import subprocess
import sys

import pytest


@pytest.mark.parametrize("room", ["minent.training", "minent.gan"])
def test_every_name_that_is_offered_is_there_when_all_modules_are(room):
    code = f"""
import importlib, pkgutil, types, {room} as room
for module in pkgutil.walk_packages(room.__path__, "{room}."):
    importlib.import_module(module.name)
found = [getattr(room, name) for name in room.__all__]
assert len(found) > 5 and not any(isinstance(one, types.ModuleType) for one in found)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match=f"module '{room}' has no attribute 'nothing'"):
        _ = importlib.import_module(room).nothing


def test_recipes_and_options_of_games_load_no_torch():
    code = "import sys; from minent.training import Recipe; from minent.gan import Playing; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "minent.gan.options" in loaded and not {"torch", "numpy", "accelerate"} & set(loaded)
