"""Business time: what lies between two moments, and when a promise ends."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.act import hours

OFFICE = hours.read_opening("Europe/Stockholm", [[["09:00", "17:00"]]] * 5 + [[], []], ["2026-12-25"])
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_promise_made_on_friday_evening_ends_on_monday_morning() -> None:
    assert hours.due(at("2026-11-20T16:45:00+01:00"), 30, OFFICE) == at("2026-11-23T09:15:00+01:00")


def test_a_holiday_is_left_out() -> None:
    assert hours.due(at("2026-12-24T17:30:00+01:00"), 60, OFFICE) == at("2026-12-28T10:00:00+01:00")


def test_the_night_the_clocks_change_has_its_true_length() -> None:
    always = hours.read_opening("Europe/Stockholm", [[["00:00", "24:00"]]] * 7, [])
    night = at("2026-10-25T00:00:00+02:00"), at("2026-10-26T00:00:00+01:00")
    assert hours.business_seconds(*night, always) == 25 * 3600


def test_without_hours_calendar_time_counts() -> None:
    start = at("2026-11-22T03:00:00+00:00")
    assert hours.due(start, 30, None) == start + timedelta(minutes=30)
    never = hours.read_opening("UTC", [[]] * 7, [])
    assert hours.due(start, 30, never) == start + timedelta(minutes=30)


def test_spans_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="end after"):
        hours.read_opening("UTC", [[["17:00", "09:00"]]], [])


@given(moments, st.integers(0, 5000))
def test_exactly_the_promised_business_time_lies_before_a_due_time(start: datetime, minutes: int) -> None:
    due = hours.due(start, minutes, OFFICE)
    assert hours.business_seconds(start, due, OFFICE) == minutes * 60
    assert due >= start + timedelta(minutes=minutes)


@given(moments, st.integers(0, 10**6), st.integers(0, 10**6))
def test_business_time_adds_up(start: datetime, one: int, two: int) -> None:
    middle, end = start + timedelta(seconds=one), start + timedelta(seconds=one + two)
    whole = hours.business_seconds(start, end, OFFICE)
    parts = hours.business_seconds(start, middle, OFFICE) + hours.business_seconds(middle, end, OFFICE)
    assert abs(whole - parts) <= 1
    assert whole <= one + two
