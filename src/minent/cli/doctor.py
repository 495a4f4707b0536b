"""`minent doctor`: what is installed, what could be, and what it would run on."""

import os
import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from textwrap import wrap
from typing import Any

from minent import __version__

WANTED = re.compile(r"^([A-Za-z0-9_.-]+)[^;]*(?:;.*extra == ['\"]([\w-]+)['\"])?")
LISTED: Any = {"subsequent_indent": " " * 13, "break_on_hyphens": False}


def doctor() -> None:
    """Say which versions and extras are installed, and which threads, device and caches would be used."""
    print(f"minent {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    extras = {name: {one: installed(one) for one in packages} for name, packages in wanted().items() if name != "all"}
    for name, held in extras.items():
        missing = [package for package, number in held.items() if not number]
        install = "pip install minent" if name == "base" else f'pip install "minent[{name}]"'
        said = f"{install} for {', '.join(missing)}" if missing else "installed"
        print("\n".join(wrap(said, 80, initial_indent=f"{name:<12} ", **LISTED)))
    numbers = {one: number for held in extras.values() for one, number in held.items() if number}
    listed = ", ".join(f"{package} {number}" for package, number in sorted(numbers.items()))
    print("\n".join(wrap(listed, 80, initial_indent="versions     ", **LISTED)))
    for name, line in machine():
        print(f"{name:<12} {line}")


def wanted() -> dict[str, list[str]]:
    """The packages that minent itself needs (base), and those of each extra."""
    packages: dict[str, list[str]] = {}
    for line in requires("minent") or []:
        match = WANTED.match(line)
        assert match is not None
        if match[1] != "minent":  # an extra that takes in others
            packages.setdefault(match[2] or "base", []).append(match[1])
    return packages


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def machine() -> Iterator[tuple[str, str]]:
    """What computes, and where it keeps what it can use again."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    told = os.environ.get("OMP_NUM_THREADS")
    yield "threads", f"{cores} cores" + (f", OMP_NUM_THREADS={told}" if told else "; OMP_NUM_THREADS is not set")
    if find_spec("torch") is not None:
        import torch

        device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
        kind = "cpu" if device is None else str(device)
        name = f", {torch.cuda.get_device_name()}" if kind.startswith("cuda") else ""
        yield "device", f"{kind}{name}; torch computes on {torch.get_num_threads()} threads"
    if find_spec("huggingface_hub") is not None:
        from huggingface_hub.constants import HF_HUB_CACHE, HF_HUB_OFFLINE

        yield "models", f"{HF_HUB_CACHE}{', offline' if HF_HUB_OFFLINE else ''}"
    kernels = os.environ.get("NUMBA_CACHE_DIR") or "beside the package, or where numba may write"
    yield "kernels", kernels
