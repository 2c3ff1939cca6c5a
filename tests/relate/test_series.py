"""Rows with times: any cadence, any order, gaps."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from crowdalogue.relate.series import Point, parts, rises
from tests.relate import simulated

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def rows(every: timedelta, n: int, count: float = 10.0) -> list[Point]:
    return [(MONDAY + every * i, count) for i in range(n)]


def test_ten_minutes_become_hours_in_any_order() -> None:
    points = rows(timedelta(minutes=10), 6 * 24 * 3)
    random.Random(1).shuffle(points)
    (series,) = parts(points)
    assert (series.hours, series.per_day, series.first) == (1, 24, 0)
    assert series.counts.tolist() == [60.0] * 72


@pytest.mark.parametrize(("hours", "step"), [(1, 1), (2, 2), (5, 6), (12, 12), (24, 24), (24 * 7, 24)])
def test_rarer_rows_keep_their_step(hours: int, step: int) -> None:
    (series,) = parts(rows(timedelta(hours=hours), 40))
    assert series.hours == step
    assert np.nansum(series.counts) == 400


def test_gaps_are_unknown_and_long_ones_begin_anew() -> None:
    points = rows(timedelta(hours=1), 48)
    del points[10:20]
    (series,) = parts(points)
    assert np.isnan(series.counts[10:20]).all()
    bogus = [(datetime(1970, 1, 1, tzinfo=UTC), 1.0), *points]
    assert [len(s.counts) for s in parts(bogus)] == [1, 48]
    assert list(parts([])) == []


def test_what_ten_minutes_show_is_raised_at_once_and_the_future_changes_nothing() -> None:
    hourly, _ = simulated.counts(np.random.default_rng(9), days=30, base=60, bursts=0)
    hourly[600:612] *= 12
    points = [(MONDAY + timedelta(minutes=10 * i), hourly[i // 6] / 6) for i in range(len(hourly) * 6)]
    found, enough = rises("x", points, 1.0)
    assert enough
    (burst,) = [r for r in found if r.start <= MONDAY + timedelta(hours=601) < r.end]
    assert MONDAY + timedelta(hours=600) < burst.raised_at < MONDAY + timedelta(hours=601)
    cut = [p for p in points if p[0] < burst.raised_at]
    again, _ = rises("x", cut, 1.0)
    assert [r.raised_at for r in again] == [r.raised_at for r in found if r.raised_at <= burst.raised_at]
    before, _ = rises("x", cut[:-1], 1.0)
    assert burst.raised_at not in [r.raised_at for r in before]


def test_too_little_data_is_said() -> None:
    assert rises("x", rows(timedelta(hours=1), 13 * 24), 1.0) == ([], False)
    assert rises("x", [], 1.0) == ([], False)


def test_times_without_a_zone_and_of_several_zones() -> None:
    plain = [(time.replace(tzinfo=None), count) for time, count in rows(timedelta(hours=1), 30)]
    assert next(parts(plain)).start == MONDAY.replace(tzinfo=None)
    from datetime import timezone

    other = [(t.astimezone(timezone(timedelta(hours=3))) if i % 2 else t, c)
             for i, (t, c) in enumerate(rows(timedelta(hours=1), 30))]  # fmt: skip
    assert next(parts(other)).counts.tolist() == [10.0] * 30
