"""Work of several threads done together by whichever came first: one transaction, and one wait for the disk, for all.

While one thread works, those that come meanwhile gather; then the first of them works for all that gathered.
Nobody waits for others to come: alone, a thread does its own part at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from django.db import InterfaceError, OperationalError

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(slots=True)
class Place(Generic[Task, Result]):
    """One thread's part: woken when it is done, or when it is this thread's turn to work for all."""

    task: Task
    woken: threading.Event = field(default_factory=threading.Event)
    done: bool = False
    result: Result | None = None
    error: BaseException | None = None

    def outcome(self) -> Result:
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]


class Gathering(Generic[Task, Result]):
    """`work` takes at most `most` tasks and gives a result for each, in order, or raises for all of them."""

    def __init__(self, work: Callable[[Sequence[Task]], Sequence[Result]], most: int = 200) -> None:
        self.work, self.most = work, most
        self.lock = threading.Lock()
        self.gathered: list[Place[Task, Result]] = []
        self.working = False

    def do(self, task: Task) -> Result:
        """The result of `task`, or what it raised."""
        mine: Place[Task, Result] = Place(task)
        with self.lock:
            self.gathered.append(mine)
            my_turn = not self.working
            self.working = True
        if not my_turn:
            mine.woken.wait()
        if not mine.done:
            self.work_for_all()
        return mine.outcome()

    def work_for_all(self) -> None:
        with self.lock:
            together, self.gathered = self.gathered[: self.most], self.gathered[self.most :]
        try:
            self.attempt(together)
        finally:
            with self.lock:
                following = self.gathered[0] if self.gathered else None
                self.working = following is not None
            for place in together:
                place.done = True
                place.woken.set()
            if following is not None:
                following.woken.set()

    def attempt(self, together: Sequence[Place[Task, Result]]) -> None:
        try:
            results = self.work([place.task for place in together])
            for place, result in zip(together, results, strict=True):
                place.result = result
        except BaseException as error:  # noqa: BLE001 - every thread raises it for itself
            away = isinstance(error, OperationalError | InterfaceError) or not isinstance(error, Exception)
            if len(together) == 1 or away:
                for place in together:
                    place.error = error
                return
            for place in together:  # one of them is at fault, which is no reason to refuse the others
                self.attempt([place])
