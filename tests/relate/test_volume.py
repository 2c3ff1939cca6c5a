"""Volume over time without gaps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crowdalogue.relate import volume
from tests.relate.seen import NOW, scope

pytestmark = pytest.mark.django_db


def test_small_lines_are_added_up_as_others(make: Any) -> None:
    for n, channel in enumerate(("email", "sms", "webchat", "x", "review", "phone", "store"), 1):
        talk = make.conversation(channel=channel)
        for _ in range(n):
            make.message(talk)
    lines = volume.over_time(scope("period=7d"), "messages", across="channel")
    assert [(s.name, s.total) for s in lines] == [
        ("store", 7), ("phone", 6), ("review", 5), ("x", 4), ("webchat", 3), ("others", 3)
    ]  # fmt: skip
    assert {len(s.rows) for s in lines} == {7}


def test_what_is_behind_a_number_comes_newest_first_and_ends(make: Any) -> None:
    talk = make.conversation()
    ids = [make.message(talk, at=NOW - timedelta(minutes=n // 2)).pk for n in range(7)]
    seen: list[int] = []
    after = None
    while rows := volume.behind(scope(), after=after, limit=3):
        seen += [pk for pk, _at in rows]
        after = rows[-1][1], rows[-1][0]
    assert sorted(seen) == sorted(ids) and len(seen) == 7
    assert volume.newest(scope()) == NOW
    assert volume.newest(scope("brand=Nobody")) is None


def test_long_periods_are_drawn_by_week(make: Any) -> None:
    make.message(at=NOW - timedelta(days=300))
    make.message()
    assert volume.step_of(scope("period=90d")) == "day"
    assert volume.step_of(scope("period=all")) == "week"
    (line,) = volume.over_time(scope("period=365d"), "messages")
    assert {r["week"].weekday() for r in line.rows} == {0}
    assert sum(r["n"] for r in line.rows) == 2


def test_of_all_time_every_line_spans_the_same_weeks(make: Any) -> None:
    make.message(make.conversation(channel="email"), at=NOW - timedelta(days=100))
    make.message(make.conversation(channel="phone"))  # began three months later
    lines = volume.over_time(scope("period=all"), "messages", across="channel", step="week")
    assert len({tuple(r["week"] for r in line.rows) for line in lines}) == 1
    assert [sum(r["n"] for r in line.rows) for line in lines] == [1, 1]
