"""Days against the four weeks before: found soon, rarely wrong, and never by what came later."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowdalogue.relate import alarm_shifts


def noise(rng: np.random.Generator, mean: float, days: int = 120) -> np.ndarray:
    weekly = np.array([1.2, 1.1, 1.0, 1.0, 0.9, 0.8, 1.0])[np.arange(days) % 7]
    return rng.poisson(mean * weekly).astype(float)


@pytest.mark.parametrize("mean", [0.5, 3.0, 20.0])
def test_false_episodes_stay_within_the_budget(mean: float) -> None:
    rng = np.random.default_rng(11)
    false = sum(len(alarm_shifts.watch(noise(rng, mean), 0.5).episodes) for _series in range(40))
    months = 40 * (120 - alarm_shifts.LEAST) / 30
    assert false / months <= 0.5


def test_a_rise_that_takes_a_week_is_found_while_it_grows() -> None:
    rng = np.random.default_rng(3)
    delays = []
    for _series in range(20):
        counts = noise(rng, 1.0)
        counts[70:90] += rng.poisson(np.minimum(np.arange(20) * 0.8, 5.0))
        found = alarm_shifts.watch(counts, 0.05).episodes
        delays += [e.raised - 70 for e in found if 70 <= e.raised < 90][:1]
    assert len(delays) >= 19
    assert np.median(delays) <= 7


def test_one_loud_day_of_a_silent_series_is_raised_on_that_day() -> None:
    counts = np.zeros(60)
    counts[50] = 12
    found = alarm_shifts.watch(counts, 0.1)
    assert [e.raised for e in found.episodes] == [50]
    assert found.episodes[0].peak == 12
    assert found.limit(50) <= 12 < found.limit(50) + alarm_shifts.MORE


def test_four_weeks_are_too_little_to_tell() -> None:
    counts = np.zeros(alarm_shifts.LEAST)
    counts[-1] = 500
    found = alarm_shifts.watch(counts, 1.0)
    assert found.episodes == []
    assert math.isnan(found.limit(len(counts) - 1))


def test_a_series_that_often_strays_needs_more_than_one_that_never_does() -> None:
    rng = np.random.default_rng(5)
    calm, wild = noise(rng, 10.0, 100), rng.poisson(10.0 * rng.gamma(1.0, 1.0, 100)).astype(float)
    wild *= calm.mean() / wild.mean()
    needs = [float(alarm_shifts.watch(counts, 0.1).drawn(1)[2][99]) for counts in (calm, wild)]
    assert needs[1] > 1.3 * needs[0]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 40), min_size=30, max_size=70), st.integers(0, 6), st.integers(29, 69))
def test_a_day_is_decided_by_nothing_that_comes_later(counts: list[int], first: int, cut: int) -> None:
    cut = min(cut, len(counts))
    whole = alarm_shifts.watch(np.array(counts, float), 1.0, first)
    part = alarm_shifts.watch(np.array(counts[:cut], float), 1.0, first)
    assert [e.raised for e in part.episodes] == [e.raised for e in whole.episodes if e.raised < cut]
    limits = [(whole.limit(day), part.limit(day)) for day in range(cut)]
    assert all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in limits)


@pytest.mark.parametrize("budget", [0.0, -1.0, math.nan, math.inf])
def test_a_budget_that_is_none_is_refused(budget: float) -> None:
    with pytest.raises(ValueError, match="budget"):
        alarm_shifts.watch(np.zeros(40), budget)


def test_bursts_in_the_past_do_not_widen_what_is_normal() -> None:
    """A store that was once stormed by a few people must still notice when complaints double for a week."""
    rng = np.random.default_rng(9)
    quiet, stormy = noise(rng, 2.0, 90), noise(rng, 2.0, 90)
    stormy[[10, 22, 35, 47]] += 14
    needs = [float(alarm_shifts.watch(counts, 0.1).drawn(7)[2][75]) for counts in (quiet, stormy)]
    assert needs[1] < 1.7 * needs[0]


def test_the_same_rise_asks_for_more_the_smaller_the_budget() -> None:
    counts = noise(np.random.default_rng(4), 12.0, 90)
    needs = [float(alarm_shifts.watch(counts, budget).drawn(3)[2][-1]) for budget in (2.0, 0.5, 0.05, 0.01)]
    assert needs == sorted(needs)
    assert needs[0] < needs[-1]


@pytest.mark.parametrize(("rise", "earliest", "latest"), [("step", 67, 73), ("ramp", 70, 90)])
def test_the_day_of_a_slow_change_is_told(rise: str, earliest: int, latest: int) -> None:
    days = np.arange(98)
    shape = np.where(days >= 70, 2.0, 1.0) if rise == "step" else 1 + np.clip((days - 70) / 14, 0, 1)
    found = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        change = alarm_shifts.changed(rng.poisson(10 * shape).astype(float), 97, 3)
        assert change is not None
        found.append(change.day)
        assert change.since > 1.4 * change.before
    assert earliest <= np.median(found) <= latest
    assert alarm_shifts.changed(np.linspace(60, 0, 60), 59) is None
