"""How busy a door is: on a quiet day each knock is filed before it is answered, in a rush a worker files it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Rush:
    """It begins when the last `knocks` came within `seconds`, some of them at the same time, and lasts as long as they
    come that quickly: what is kept in a moment is hardly ever beside another. Before that, whoever finds `filing`
    others inside is left to a worker as well, so that the first second of a rush does not pile up."""

    def __init__(self, knocks: int = 20, seconds: float = 1.0, filing: int = 3) -> None:
        self.seconds, self.filing = seconds, filing
        self.lock = threading.Lock()
        self.inside = 0
        self.lasts = False
        self.recent: deque[tuple[float, bool]] = deque(maxlen=knocks)  # when, and whether another was inside

    def now(self) -> bool:
        """Whether a knock at this moment would be left to a worker."""
        with self.lock:
            return self.judge(time.monotonic(), self.inside)

    @contextmanager
    def knock(self) -> Iterator[bool]:
        """Around the taking of one delivery; gives whether there is a rush."""
        with self.lock:
            now = time.monotonic()
            self.recent.append((now, self.inside > 0))
            rushed = self.judge(now, self.inside)
            self.inside += 1
        try:
            yield rushed
        finally:
            with self.lock:
                self.inside -= 1

    def judge(self, now: float, others: int) -> bool:
        quick = len(self.recent) == self.recent.maxlen and now - self.recent[0][0] < self.seconds
        self.lasts = quick and (self.lasts or any(beside for _, beside in self.recent))
        return self.lasts or others >= self.filing
