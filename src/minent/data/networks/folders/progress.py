"""How far long work is, and about how long the rest takes at the pace so far."""

import time

from minent.kernels import lasting, log


class Progress:
    """Work of so much in all, told at most once a second."""

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total = what, max(total, 1)
        self.done = self.passed = 0
        self.start = self.last = time.perf_counter()

    def add(self, more: int, passed: bool = False) -> None:
        """So much more is done; `passed`: by a run before."""
        self.done, self.passed = self.done + more, self.passed + more * passed
        now = time.perf_counter()
        if now - self.last < 1 and self.done < self.total:
            return
        self.last, worked = now, self.done - self.passed
        left = (now - self.start) / worked * max(self.total - self.done, 0) if worked else 0.0
        log.info("%s: %.0f %%, about %s left", self.what, 100 * min(self.done / self.total, 1), lasting(left))
