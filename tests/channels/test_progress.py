"""How far a back-fill is, from cursors as channels save them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crowdalogue.channels import channel_kinds, open_channel
from crowdalogue.channels.asking import Walk
from crowdalogue.channels.progress import Progress, open_walks

START = datetime(2026, 3, 1, tzinfo=UTC)
OPEN, WHOLE = Walk("1", "2", "next").cursor, Walk("2").cursor


@pytest.mark.parametrize(
    ("cursor", "found"),
    [
        ({}, None),
        ({"notices": WHOLE, "own": "3"}, None),
        ({"notices": OPEN, "own": "3"}, Progress("notices")),
        ({"To": WHOLE, "From": OPEN}, Progress("messages from us", 1, 2)),
        ({"walk": OPEN, "known": {"a": "b"}}, Progress("")),
        ({"walks": {"l1": WHOLE, "l2": OPEN, "l3": WHOLE}}, Progress("", 2, 3)),
        ({"since": "s", "gaps": [{"room": "!a"}]}, Progress("")),
        ({"since": "s", "gaps": []}, None),
        ({"comments": {"began": "x", "waiting": [["1", "a", 3]], "page": {}}}, Progress("comments")),
        (
            {"comments": {"since": "x", "looked": "y"}, "messages": {"page": {"after": "b"}}},
            Progress("private messages"),
        ),
        ({"page": "full"}, Progress("")),
        ({"page": None, "odd": [1, 2], "deep": {"a": {"b": {"c": {"page": "too deep"}}}}}, None),
    ],
)
def test_a_cursor_says_what_is_open(cursor: dict[str, Any], found: Progress | None) -> None:
    assert open_walks(cursor) == found


@pytest.mark.parametrize("kind", sorted(name for name, kind in channel_kinds().items() if kind.backfills))
def test_every_channel_that_back_fills_can_be_asked_before_it_began(kind: str) -> None:
    assert open_channel(kind, {}).progress({}) is None


def test_the_share_is_of_time_within_a_part_and_of_parts_over_all() -> None:
    end = START - timedelta(days=10)
    one = {"at": START - timedelta(days=4), "start": START, "goal": end}
    assert Progress(**one).share == pytest.approx(0.4)
    assert Progress(done=1, of=4, **one).share == pytest.approx(0.35)
    assert Progress(done=1, of=4).share == pytest.approx(0.25)
    assert Progress().share is None
    assert Progress(at=START + timedelta(days=1), start=START, goal=end).share == 0.0
    assert Progress(at=START, start=START, goal=START).share is None
