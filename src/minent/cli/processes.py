"""The command line as one of torchrun's processes."""

import os
import sys


def speaks() -> bool:
    """Whether this process is the one that speaks and writes for all."""
    return os.environ.get("RANK", "0") == "0"


def part() -> None:
    """Leave the other processes: gloo may abort a process that ends with the group open."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
