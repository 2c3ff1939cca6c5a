"""The demo company's one real defect, false rumour and service failure each raise an alarm, and quiet weeks few.

Counted are people by what they truly talk about, as the generator knows it: how well topics are found is measured
elsewhere (docs/topics.md), and how the rules do on found topics in docs/alarms.md.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from crowdalogue.demo import generator, story
from crowdalogue.relate import alarm_shifts

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
A_WEEK = 30 / 7  # the budget of one false alarm a week, of all topics together
SALE = range(26, 42)  # everything is busier then, so topics are right to rise


def raised(seed: int) -> dict[str, list[int]]:
    """The days on which each topic would have raised an alarm."""
    company = generator.generate(seed, NOW)
    start = (NOW - timedelta(days=story.DAYS - 1)).replace(hour=0, minute=0)
    people: dict[tuple[str, int], set[str]] = defaultdict(set)
    for talk in company.talks:
        if not talk.items[0].author.ours:
            people[talk.topic, (talk.start - start).days].add(talk.items[0].author.address)
    series: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(story.DAYS))
    for (topic, day), who in people.items():
        series[topic][day] = len(who)
    share = A_WEEK / len(series)
    found = {name: alarm_shifts.watch(counts, share, start.weekday()) for name, counts in series.items()}
    return {name: [e.raised for e in shifts.episodes] for name, shifts in found.items()}


@pytest.mark.parametrize("seed", [7, 11])
def test_defect_rumour_and_failure_are_raised_soon_and_little_else(seed: int) -> None:
    found = raised(seed)
    expected = {
        "defect": range(story.DEFECT.first_day, story.DEFECT.first_day + 15),
        "rumour": range(story.RUMOUR.first_day, story.RUMOUR.peak_day + 1),
        "late": range(story.FAILURE.first_day, story.FAILURE.last_day + 1),
    }
    for topic, days in expected.items():
        assert any(day in days for day in found[topic]), (topic, found[topic])
    others = [day for topic, days in found.items() if topic not in expected for day in days if day not in SALE]
    decided = story.DAYS - alarm_shifts.LEAST
    assert len(others) <= A_WEEK * decided / 30
