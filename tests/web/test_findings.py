"""Titles say what the numbers say, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from crowdalogue.web import findings


def row(n: int, hits: int | None = None, **more: Any) -> dict[str, Any]:
    value = None if hits is None else hits / n if n else None
    return {"n": n, "hits": hits, "value": value, "few": n < 10, "low": None, "high": None, **more}


def grid(**hours: int) -> list[list[dict[str, Any]]]:
    return [[row(hours.get(f"h{h}", 0) if d == 2 else 0) for h in range(24)] for d in range(7)]


def test_the_busiest_hours_are_named() -> None:
    assert findings.of_hours(grid(h18=20, h19=20, h20=20, h21=20, h9=160)).startswith("Two thirds")
    busy = grid(**{f"h{h}": 20 for h in (18, 19, 20, 21)}, **{f"h{h}": 16 for h in range(8, 18)})
    assert findings.of_hours(busy) == "A third of all messages come from 18 to 22"
    assert findings.of_hours(grid(**{f"h{h}": 10 for h in range(24)})) == "Messages come evenly over the day"
    assert findings.of_hours(grid(h18=99)) == "When messages come: too few to say (n = 99)"


@pytest.mark.parametrize(
    ("now", "before", "says"),
    [
        (120, 100, "120 messages, about as many as in the 28 days before"),
        (1200, 1000, "1,200 messages, 20% more than in the 28 days before"),
        (800, 1000, "800 messages, 20% fewer than in the 28 days before"),
        (5000, 1000, "5,000 messages, 5.0 times as many as in the 28 days before"),
        (1, 9, "1 message"),
    ],
)
def test_a_change_is_named_only_beyond_chance(now: int, before: int, says: str) -> None:
    assert findings.of_volume(row(now), row(before), 28) == says


def test_feeling_changed_only_beyond_chance() -> None:
    words = ("The negative share", "More negative", "Less negative")
    assert findings.of_share(row(400, 100), row(400, 60), *words) == "More negative: 25%, was 15%"
    assert findings.of_share(row(400, 60), row(400, 100), *words) == "Less negative: 15%, was 25%"
    assert findings.of_share(row(40, 10), row(40, 8), *words) == "The negative share is as it was: 25%"
    assert findings.of_share(row(7, 3), row(400, 60), *words) == "The negative share: too few to say (n = 7)"
    assert findings.of_share(row(40, 10), None, *words) == "The negative share: 25%"
    assert not findings.differs(row(20, 0), row(20, 0))


def test_who_waits() -> None:
    assert findings.of_waiting(0, 0) == "Nobody waits for an answer"
    assert findings.of_waiting(1, 0) == "One conversation waits, no promise is late"
    assert findings.of_waiting(1284, 2) == "1,284 conversations wait, 2 promises are late"
    assert findings.of_urgent(1, 2) == "One promise is late, 2 break within ten minutes"
    assert findings.of_urgent(0, 1) == "One breaks within ten minutes"
    assert findings.of_urgent(0, 0) == "The next promises to keep"


def test_what_brings_most() -> None:
    rows = [row(60, channel="email"), row(40, channel="sms")]
    assert findings.of_largest(rows, "channel").startswith("60% of the messages come by ")
    assert findings.of_largest(rows[:1], "channel").startswith("All messages are of one channel")
    assert findings.of_largest([row(3, channel="email")], "channel").endswith("too few to say (n = 3)")
    unread = [row(900, intent="-"), row(60, intent="praise"), row(40, intent="idea")]
    assert findings.of_largest(unread, "intent") == "Praise is the most frequent: 60% of the messages"


def test_only_what_is_beyond_the_interval_of_all_stands_out() -> None:
    whole = row(200, 50, low=0.2, high=0.31)
    rows = [row(100, 40, low=0.32, high=0.5, channel="a"), row(100, 10, low=0.08, high=0.25, channel="b")]
    said = findings.of_kinds(rows, whole, "channel", "share")
    assert said.startswith("Highest for ") and said.endswith(": 40%, all together 25%")
    assert findings.of_kinds(rows[1:], whole, "channel", "share") == ""
