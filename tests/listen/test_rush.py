"""When a door is in a rush: many knocks in a second, some at the same time, until they come less often."""

from __future__ import annotations

import pytest

from crowdalogue.listen import rush
from crowdalogue.listen.rush import Rush


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(rush.time, "monotonic", lambda: now[0])
    return now


def test_one_after_the_other_is_no_rush_however_quick(clock: list[float]) -> None:
    door = Rush(knocks=5, seconds=1)
    for _ in range(50):
        with door.knock() as rushed:
            assert not rushed


def test_many_in_a_second_with_some_at_once_are_a_rush_until_it_is_quiet_again(clock: list[float]) -> None:
    door = Rush(knocks=5, seconds=1)
    with door.knock(), door.knock() as second:
        assert not second  # two at once on a quiet day
    for _ in range(2):
        with door.knock() as rushed:
            assert not rushed
    with door.knock() as rushed:
        assert rushed
    assert door.now()
    for _ in range(20):  # as quick as before, but none beside another: it lasts
        clock[0] += 0.2
        with door.knock() as rushed:
            assert rushed
    clock[0] += 5
    assert not door.now()
    with door.knock() as rushed:
        assert not rushed


def test_it_begins_at_once_where_many_are_inside(clock: list[float]) -> None:
    door = Rush(knocks=20, seconds=1, filing=2)
    with door.knock() as first, door.knock() as second:
        assert not first and not second
        assert door.now()
        with door.knock() as third:
            assert third
    with door.knock() as rushed:
        assert not rushed


def test_a_knock_that_fails_is_not_inside_for_ever() -> None:
    door = Rush(knocks=2, seconds=60)
    with pytest.raises(ZeroDivisionError), door.knock():
        raise ZeroDivisionError
    assert door.inside == 0
