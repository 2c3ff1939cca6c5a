"""When things happen: hours, shifts, weeks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.demo import story

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC))
MONDAY = datetime(2026, 5, 18, tzinfo=UTC)


@given(MOMENTS)
def test_the_next_shift_is_open_and_not_far(when: datetime) -> None:
    begins = story.next_shift(when)
    assert story.at_work(begins)
    assert timedelta(0) <= begins - when <= timedelta(hours=16)
    assert story.at_work(when) == (begins == when)


@given(MOMENTS, st.sampled_from(story.KINDS), st.integers(0, 89))
def test_answers_come_after_questions(when: datetime, kind: str, day: int) -> None:
    answered = story.answered_at(Random(1), kind, when, day)
    assert when < answered < when + timedelta(days=4)


def test_weekends_are_short() -> None:
    saturday = MONDAY + timedelta(days=5)
    assert not story.at_work(saturday.replace(hour=9))
    assert story.at_work(saturday.replace(hour=12))
    assert story.at_work(MONDAY.replace(hour=9))


def test_people_sleep() -> None:
    random = Random(2)
    hours = [story.moment(random, MONDAY, 3).hour for _ in range(4000)]
    assert sum(h < 5 for h in hours) < 0.03 * len(hours)
    assert sum(17 <= h < 22 for h in hours) > 0.35 * len(hours)


def test_only_the_lot_and_the_week_are_bad() -> None:
    random = Random(3)
    defect, failure = story.DEFECT, story.FAILURE
    assert not any(story.in_lot(random, day, "Tarn Kettle") for day in range(90))
    assert not any(story.in_lot(random, day, defect.product) for day in range(defect.first_day))
    assert sum(story.in_lot(random, 50, defect.product) for _ in range(400)) > 200
    assert story.in_failure(failure.first_day, failure.carrier)
    assert not story.in_failure(failure.first_day, "Peregrine")
    assert not story.in_failure(failure.last_day + 1, failure.carrier)


def test_a_rumour_rises_faster_than_it_falls() -> None:
    random = Random(4)
    days = [story.rumour_day(random) for _ in range(2000)]
    rumour = story.RUMOUR
    assert min(days) >= rumour.first_day
    assert max(days) <= rumour.last_day
    assert rumour.peak_day <= sorted(days)[1000] <= rumour.peak_day + 4


def test_the_sale_is_busy() -> None:
    assert story.season(30) > 1.3 * story.season(15)
    assert story.season(89) > story.season(1)
