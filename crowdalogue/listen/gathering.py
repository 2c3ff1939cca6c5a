"""Work of several threads done together by whichever came first: one transaction, and one wait for the disk, for all.

While one thread works, those that come meanwhile gather; then the first of them works for all that gathered.
Nobody waits for others to come: alone, a thread does its own part at once. Who has no thread to wait in (the event
loop of a server) hands a task in and is told; a thread of the gathering's own then works where it is their turn, and
rests a moment (`pace`) between two turns, because a transaction for three costs little more than one for one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(slots=True)
class Place(Generic[Task, Result]):
    """One thread's part: woken when it is done, or when it is this thread's turn to work for all.

    With `told` no thread waits: it is called when the part is done, in the thread that did it.
    """

    task: Task
    told: Callable[[Place[Task, Result]], None] | None = None
    woken: threading.Event = field(default_factory=threading.Event)
    done: bool = False
    result: Result | None = None
    error: BaseException | None = None

    def outcome(self) -> Result:
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]

    def tell(self) -> None:
        self.done = True
        self.woken.set()
        if self.told is not None:
            self.told(self)


class Gathering(Generic[Task, Result]):
    """`work` takes at most `most` tasks and gives a result for each, in order, or raises for all of them.

    `pace`: seconds from one turn of the gathering's own thread to its next.
    """

    def __init__(self, work: Callable[[Sequence[Task]], Sequence[Result]], most: int = 200, pace: float = 0.0) -> None:
        self.work, self.most, self.pace = work, most, pace
        self.rested_at = 0.0  # when the own thread may work again
        self.lock = threading.Lock()
        self.gathered: list[Place[Task, Result]] = []
        self.working = False
        self.hand = ThreadPoolExecutor(1, thread_name_prefix="gathering")  # its thread starts at the first use

    def do(self, task: Task) -> Result:
        """The result of `task`, or what it raised."""
        mine: Place[Task, Result] = Place(task)
        if not self.join(mine):
            mine.woken.wait()
        if not mine.done:
            self.work_for_all()
        return mine.outcome()

    def hand_in(self, task: Task, told: Callable[[Place[Task, Result]], None]) -> None:
        """The same for whoever cannot wait: `told` gets the place, whose `outcome` is the result or raises."""
        if self.join(Place(task, told)):
            self.hand.submit(self.work_by_hand)

    def join(self, place: Place[Task, Result]) -> bool:
        """Whether it is this one's turn to work for all at once."""
        with self.lock:
            self.gathered.append(place)
            my_turn = not self.working
            self.working = True
        return my_turn

    def work_by_hand(self) -> None:
        time.sleep(max(0.0, self.rested_at - time.monotonic()))
        self.rested_at = time.monotonic() + self.pace
        close_old_connections()  # no request begins or ends in this thread
        self.work_for_all()

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
                place.tell()
            if following is not None:
                self.wake(following)

    def wake(self, following: Place[Task, Result]) -> None:
        if following.told is None:
            following.woken.set()
        else:
            self.hand.submit(self.work_by_hand)

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
