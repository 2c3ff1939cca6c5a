"""Counts with times, as they come in files or from the columns, made into series of equal steps.

Rows more often than hourly are added up to hours, rarer ones to the step they keep (up to a day). Rows may be unsorted
and missing. What a row of ten minutes already shows is not kept waiting for the end of its hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np

from crowdalogue.relate import alarms
from crowdalogue.relate.usual import Floats

HOUR, DAY = 3600, 86400
STEPS = (1, 2, 3, 4, 6, 8, 12, 24)  # hours a step may have
FIRST_ROWS = 50  # that say how often rows come: the first ones, so that later rows change nothing
LONGEST_GAP = 28 * DAY  # after which a series begins anew

Point = tuple[datetime, float]


@dataclass(frozen=True, slots=True)
class Rise:
    """An episode with times. `raised_at` is when it was known; `end` is when its last step ends."""

    series: str
    start: datetime
    end: datetime
    raised_at: datetime
    peak: float
    expected: float


@dataclass(frozen=True, slots=True)
class Series:
    """Equal steps of `hours` from `start`; nan where no row came. `rows`: the rows as (seconds since start, count)."""

    start: datetime
    hours: int
    counts: Floats
    rows: list[tuple[float, float]]
    every: float  # seconds between rows

    @property
    def per_day(self) -> int:
        return 24 // self.hours

    @property
    def first(self) -> int:
        """The step of the week of the first value."""
        return self.start.weekday() * self.per_day + self.start.hour // self.hours

    def time(self, step: int) -> datetime:
        return self.start + timedelta(hours=self.hours * step)

    def moment(self, step: int, needed: float) -> datetime:
        """The end of the row with which a step's count reached so much."""
        begin, total = step * self.hours * HOUR, 0.0
        for at, count in self.rows:
            if begin <= at < begin + self.hours * HOUR:
                total += count
                if total >= needed - 1e-6:
                    return min(self.start + timedelta(seconds=at + self.every), self.time(step + 1))
        return self.time(step + 1)


def rises(name: str, points: Iterable[Point], budget: float) -> tuple[list[Rise], bool]:
    """The episodes of one series, and whether there was enough past to decide anything.

    `points`: (time, count), all times with a zone or all without. Raises ValueError for a wrong budget.
    """
    found: list[Rise] = []
    enough = False
    for series in parts(points):
        watched = alarms.watch(series.counts, budget, series.per_day, series.first)
        enough = enough or not bool(np.isnan(watched.threshold).all())
        found += [timed(name, series, episode) for episode in watched.episodes]
    return found, enough


def timed(name: str, series: Series, episode: alarms.Episode) -> Rise:
    start, end = series.time(episode.start), series.time(episode.end)
    raised = series.moment(episode.raised, episode.needed)
    return Rise(name, start, end, raised, episode.peak, round(episode.expected, 2))


def parts(points: Iterable[Point]) -> Iterator[Series]:
    """Series of equal steps, cut where nothing came for four weeks."""
    rows = sorted(points, key=lambda point: point[0])
    if not rows:
        return
    begin = 0
    for at in range(1, len(rows) + 1):
        if at == len(rows) or (rows[at][0] - rows[at - 1][0]).total_seconds() > LONGEST_GAP:
            yield regular(rows[begin:at])
            begin = at


def regular(rows: list[Point]) -> Series:
    """Sorted rows of one stretch as equal steps."""
    every = cadence([time for time, _ in rows[:FIRST_ROWS]])
    hours = next((step for step in STEPS if every <= step * HOUR), 24)
    zone = rows[0][0].tzinfo
    first = rows[0][0].replace(minute=0, second=0, microsecond=0)
    first = first.replace(hour=first.hour - first.hour % hours)
    offsets = [(time.astimezone(zone or UTC) - first).total_seconds() if zone else (time - first).total_seconds()
               for time, _ in rows]  # fmt: skip
    counts = np.full(int(offsets[-1] // (hours * HOUR)) + 1, np.nan)
    for offset, (_, count) in zip(offsets, rows, strict=True):
        step = int(offset // (hours * HOUR))
        counts[step] = count + (0.0 if np.isnan(counts[step]) else counts[step])
    return Series(first, hours, counts, [(o, c) for o, (_, c) in zip(offsets, rows, strict=True)], every)


def cadence(times: list[datetime]) -> float:
    """Seconds from one row to the next, most of the time; an hour for a single row."""
    apart = [(b - a).total_seconds() for a, b in pairwise(times) if b > a]
    return float(np.median(apart)) if apart else float(HOUR)
