"""Rules over the columns: a rise is found, at the series that explains it, and never before it could be known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crowdalogue.relate import alarm_watch
from crowdalogue.relate.alarm_series import Asked
from crowdalogue.relate.alarm_watch import Rule
from tests.alarmed import NOW, Town, burst, leaking

pytestmark = pytest.mark.django_db

FAMILIES = ("all", "negative", "topic", "intent", "channel")


def rules(*families: str) -> list[Rule]:
    return [Rule(family, Asked(family), 0.2) for family in families]


def test_one_topic_that_leaks_is_one_alarm_that_explains_the_others() -> None:
    topic = leaking()
    found = alarm_watch.replay(rules(*FAMILIES), NOW - timedelta(days=20), NOW)
    late = [r for r in found.raised if r.raised_at > NOW - timedelta(days=1)]
    assert [r.rise.node.key for r in late] == [f"topic:{topic.pk}"]
    (one,) = late
    begun = NOW - timedelta(hours=20)
    assert begun < one.raised_at <= begun + timedelta(hours=6)
    others = {rise.node.name for rise, _share in one.explains} | {rise.node.name for rise in one.later}
    assert {"complaint", "email"} & others
    count, expected = one.rise.so_far(NOW)
    assert count >= 25 > 5 * expected


def test_a_replay_that_ends_earlier_knows_nothing_of_what_came_later() -> None:
    leaking()
    before = alarm_watch.replay(rules("topic"), NOW - timedelta(days=20), NOW - timedelta(hours=21))
    whole = alarm_watch.replay(rules("topic"), NOW - timedelta(days=20), NOW)
    early = [r.raised_at for r in whole.raised if r.raised_at <= NOW - timedelta(hours=21)]
    assert [r.raised_at for r in before.raised] == early


def test_too_little_data_is_said_and_nothing_raised() -> None:
    town = Town()
    town.calm(9, 5)
    burst(town, None)
    town.settle()
    found = alarm_watch.replay(rules("all"), NOW - timedelta(days=9), NOW)
    assert found.raised == []
    assert {s.state for _rule, s in found.standings} == {"short"}


def test_a_busy_series_is_watched_by_the_hour_too_and_progress_is_told() -> None:
    town = Town()
    town.calm(40, 60)
    burst(town, None, 40, hours_ago=9)
    town.settle()
    told: list[tuple[int, int]] = []
    found = alarm_watch.replay(rules("all"), NOW - timedelta(days=2), NOW, lambda *at: told.append(at))
    assert {s.hours for _rule, s in found.standings} == {1, 24}
    (one,) = [r for r in found.raised if r.raised_at > NOW - timedelta(hours=9)]
    assert one.rise.axis.hours == 1
    assert one.raised_at <= NOW - timedelta(hours=5)
    assert told[-1] == (1, 1)
    needed = next(s.needed for _rule, s in found.standings if s.hours == 1)
    assert needed is not None and needed == int(needed)
