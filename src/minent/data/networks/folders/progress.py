"""How far long work is, and about how long the rest takes at the pace so far."""

import time

from minent.kernels import log


class Progress:
    """Work of so much in all, told at most once a second."""

    def __init__(self, what: str, total: float) -> None:
        self.what, self.total = what, max(total, 1e-9)
        self.done = self.passed = 0.0
        self.start = self.last = time.perf_counter()

    def add(self, more: float, passed: bool = False) -> None:
        """So much more is done; `passed`: by a run before."""
        self.done, self.passed = self.done + more, self.passed + more * passed
        now = time.perf_counter()
        if now - self.last < 1 and self.done < self.total:
            return
        self.last, worked = now, self.done - self.passed
        left = (now - self.start) / worked * max(self.total - self.done, 0) if worked else 0.0
        log.info("%s: %.0f %%, about %s left", self.what, 100 * min(self.done / self.total, 1), told(left))


def told(seconds: float) -> str:
    """
    >>> told(7), told(125), told(7500)
    ('7 s', '2 min 05 s', '2 h 05 min')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"
    return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:02.0f} min"
