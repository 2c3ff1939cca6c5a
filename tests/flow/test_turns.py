"""One worker at a time, and no more often than said, however often workers start."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from crowdalogue.flow import turns
from crowdalogue.models import AlarmTurn

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_a_turn_is_one_workers_until_its_lease_ran_out() -> None:
    now = timezone.now()
    assert turns.claim("one", now) is not None
    assert turns.claim("one", now) is None
    assert turns.claim("another", now) is not None
    assert turns.claim("one", now + turns.LEASE) is not None


def test_a_daily_deed_is_done_once_a_day_however_often_workers_start() -> None:
    done: list[int] = []
    assert [turns.now_and_then("names", DAY, lambda: done.append(1)) for _ in range(3)] == [True, False, False]
    AlarmTurn.objects.update(until=timezone.now())  # a day later
    assert turns.now_and_then("names", DAY, lambda: done.append(2))
    assert done == [1, 2]


def test_what_broke_off_is_done_again_when_the_lease_ran_out() -> None:
    def broken() -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk"):
        turns.now_and_then("names", DAY, broken)
    assert AlarmTurn.objects.get().until <= timezone.now() + turns.LEASE
