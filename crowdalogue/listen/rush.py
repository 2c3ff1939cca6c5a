"""How busy a door is: on a quiet day each knock is filed before it is answered, in a rush a worker files it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Rush:
    """It is one while the last `knocks` came within `seconds`, and some of them at the same time."""

    def __init__(self, knocks: int = 20, seconds: float = 1.0) -> None:
        self.seconds = seconds
        self.lock = threading.Lock()
        self.inside = 0
        self.recent: deque[tuple[float, bool]] = deque(maxlen=knocks)  # when, and whether another was inside

    @contextmanager
    def knock(self) -> Iterator[bool]:
        """Around the taking of one delivery; gives whether there is a rush."""
        with self.lock:
            now = time.monotonic()
            self.inside += 1
            self.recent.append((now, self.inside > 1))
            quick = len(self.recent) == self.recent.maxlen and now - self.recent[0][0] < self.seconds
            rushed = quick and any(beside for _, beside in self.recent)
        try:
            yield rushed
        finally:
            with self.lock:
                self.inside -= 1
