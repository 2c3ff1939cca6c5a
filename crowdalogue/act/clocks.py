"""Who waits, since when, and how long it took: from the times of messages alone. Pure; no rows.

A clock starts at the customer's first unanswered message. Automatic replies never stop it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

OLD = timedelta(days=7)  # a message this old on arrival waits, but nobody promised anything


@dataclass(frozen=True, slots=True)
class Said:
    """One message as the clocks see it."""

    id: int
    at: datetime
    received: datetime
    inbound: bool
    counts: bool = True  # False: automatic, bounce, note, or an answer that never left
    asks: bool = True  # False: read or corrected as wanting no answer


@dataclass(slots=True)
class Waiting:
    """One span of waiting. `due` is None where the message was old when it came."""

    started: datetime
    first: bool
    due: datetime | None
    answered: datetime | None = None
    answer: int | None = None
    asks: bool = False


@dataclass(slots=True)
class Clock:
    waits: list[Waiting] = field(default_factory=list)
    opened_by_customer: bool = False
    first_response: timedelta | None = None

    @property
    def open(self) -> Waiting | None:
        return self.waits[-1] if self.waits and self.waits[-1].answered is None else None


def follow(said: Iterable[Said], due: Callable[[datetime, bool], datetime]) -> Clock:
    """Run the clock over a conversation's messages, oldest first.

    `due(started, first)` gives the promise. Equal times keep the order of ids.
    """
    clock = Clock()
    answered_before = False
    begun = False
    for one in said:
        if not one.counts:
            continue
        if not begun:
            begun = True
            clock.opened_by_customer = one.inbound
        waiting = clock.open
        if one.inbound:
            if waiting is None:
                old = one.received - one.at > OLD
                promised = None if old else due(one.at, not answered_before)
                waiting = Waiting(one.at, not answered_before, promised)
                clock.waits.append(waiting)
            waiting.asks = waiting.asks or one.asks
        else:
            if waiting is not None:
                waiting.answered, waiting.answer = one.at, one.id
                if waiting.first and clock.opened_by_customer and clock.first_response is None:
                    clock.first_response = one.at - waiting.started
            answered_before = True
    return clock
