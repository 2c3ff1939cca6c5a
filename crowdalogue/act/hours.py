"""Business time: when the team is there, and how much of it lies between two moments. Pure; no rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Span = tuple[time, time]
HORIZON = timedelta(days=366)  # hours that never open within a year never open


@dataclass(frozen=True)
class Opening:
    """Opening hours: seven days of spans in local time, Monday first; `24:00` is written as time.max."""

    zone: str
    week: tuple[tuple[Span, ...], ...]
    holidays: frozenset[date] = frozenset()

    @property
    def ever(self) -> bool:
        return any(self.week)


def parse_time(text: str) -> time:
    """ "09:30" or "24:00". Raises ValueError for anything else."""
    if text == "24:00":
        return time.max
    return time.fromisoformat(text)


def read_opening(zone: str, week: Sequence[Sequence[Sequence[str]]], holidays: Sequence[str]) -> Opening:
    """From the plain values an `Hours` row holds. Raises ValueError where they make no sense."""
    days = tuple(tuple(sorted((parse_time(a), parse_time(b)) for a, b in day)) for day in list(week)[:7])
    if any(a >= b for day in days for a, b in day):
        raise ValueError("A span must end after it begins.")
    ZoneInfo(zone)
    return Opening(zone, days + ((),) * (7 - len(days)), frozenset(date.fromisoformat(d) for d in holidays))


@lru_cache(maxsize=4096)
def spans_of(opening: Opening, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """The open spans of one local day, in UTC. A span over a change of the clock has its true length."""
    if day in opening.holidays:
        return ()
    zone = ZoneInfo(opening.zone)
    found = []
    for start, end in opening.week[day.weekday()]:
        begins = datetime.combine(day, start, zone).astimezone(UTC)
        if end == time.max:
            ends = datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)
        else:
            ends = datetime.combine(day, end, zone).astimezone(UTC)
        if ends > begins:
            found.append((begins, ends))
    return tuple(found)


def spans(opening: Opening, after: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    day = after.astimezone(ZoneInfo(opening.zone)).date() - timedelta(days=1)
    last = until.astimezone(ZoneInfo(opening.zone)).date() + timedelta(days=1)
    while day <= last:
        for begins, ends in spans_of(opening, day):
            if ends > after and begins < until:
                yield max(begins, after), min(ends, until)
        day += timedelta(days=1)


def business_seconds(start: datetime, end: datetime, opening: Opening) -> int:
    """Open seconds from `start` to `end` (0 if it ends before it starts); spans longer than ten years are cut."""
    start = max(start, end - 10 * HORIZON)
    return sum((b - a for a, b in spans(opening, start, end)), timedelta()) // timedelta(seconds=1)


def due(start: datetime, minutes: int, opening: Opening | None) -> datetime:
    """When `minutes` of open time have passed since `start`; calendar time where there are no hours."""
    left = timedelta(minutes=minutes)
    if opening is None or not opening.ever:
        return start + left
    for begins, ends in spans(opening, start, start + HORIZON + left):
        if ends - begins >= left:
            return begins + left
        left -= ends - begins
    return start + HORIZON


def is_open(moment: datetime, opening: Opening) -> bool:
    return any(a <= moment < b for a, b in spans(opening, moment, moment + timedelta(seconds=1)))
