"""The filter bar: an address says what is shown, and says it again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.errors import Failure
from crowdalogue.relate.filters import CHOICES, DEFAULT, EVERYTHING, PERIODS, Filters, parse

NAMES = st.lists(st.text(min_size=1, max_size=12).map(str.strip).filter(bool), max_size=3, unique=True).map(tuple)
FILTERS = st.builds(
    Filters,
    period=st.sampled_from(list(PERIODS)),
    brand=NAMES,
    whose=st.sampled_from(list(CHOICES["whose"])),
    channel=NAMES,
    direction=st.sampled_from(list(CHOICES["direction"])),
    sentiment=NAMES,
    intent=NAMES,
    tag=NAMES,
    needs_answer=st.sampled_from(["", "yes", "no"]),
    wait=st.sampled_from(list(CHOICES["wait"])),
    weekday=st.none() | st.integers(0, 6),
    hour=st.none() | st.integers(0, 23),
    author=st.none() | st.integers(-(10**12), 10**12),
    rated_from=st.none() | st.floats(0, 1),
    rated_to=st.none() | st.floats(0, 1),
    bought=st.sampled_from(list(CHOICES["bought"])),
    product=NAMES,
    country=NAMES,
    hearsay=NAMES,
    watch=NAMES,
    about=NAMES,
    apart=st.sampled_from(list(CHOICES["apart"])),
)


@given(FILTERS)
def test_written_and_read_back_it_is_the_same(filters: Filters) -> None:
    assert parse(filters.to_query()) == filters
    assert parse(QueryDict(filters.to_query())) == filters


def test_the_usual_view_is_an_empty_address() -> None:
    assert DEFAULT.to_query() == ""
    assert EVERYTHING.to_query() == "period=all&whose=any"
    assert parse("brand=A&brand=B&page=3&x=y").to_query() == "brand=A&brand=B"


def test_two_dates_stand_for_a_period() -> None:
    filters = parse("from=2026-03-01&to=2026-03-31&period=7d")
    assert filters.days(ZoneInfo("UTC"), datetime.now(UTC)) == (date(2026, 3, 1), date(2026, 3, 31))
    assert filters.to_query() == "from=2026-03-01&to=2026-03-31"
    before = filters.before(ZoneInfo("UTC"), datetime.now(UTC))
    assert before is not None and before.to_query() == "from=2026-01-29&to=2026-02-28"


def test_days_are_those_of_the_company() -> None:
    now = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)  # already Monday in Tokyo
    start, end = Filters(period="today").bounds(ZoneInfo("Asia/Tokyo"), now) or (None, None)
    assert (start, end) == (datetime(2026, 11, 1, 15, tzinfo=UTC), datetime(2026, 11, 2, 15, tzinfo=UTC))


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("period=fortnight", "Period cannot be “fortnight”. Choose one of: today, 7d"),
        ("from=31.3.2026&to=2026-04-01", "is not a day. Write it as 2026-03-31."),
        ("from=2026-04-01&to=2026-03-01", "The period ends before it begins."),
        ("whose=mine", "Choose one of: own, competitor, any."),
        ("hour=24", "Hour must be a number from 0 to 23."),
        ("weekday=x", "Weekday must be a number from 0 to 6."),
        ("rated_from=0", "Rated must be stars from 1 to 5, or a share such as 0.75 or 75%."),
        ("rated_to=nan", "Rated must be stars from 1 to 5"),
        ("rated_to=many", "Rated must be stars from 1 to 5"),
    ],
)
def test_what_is_not_understood_is_said(query: str, says: str) -> None:
    with pytest.raises(Failure) as wrong:
        parse(query)
    assert says in wrong.value.text


@pytest.mark.parametrize(("given", "share"), [("4", 0.75), ("4/5", 0.75), ("75%25", 0.75), ("0.75", 0.75), ("1", 0.0)])
def test_stars_and_shares_are_both_understood(given: str, share: float) -> None:
    assert parse(f"rated_from={given}").rated_from == share
    assert parse("rated_to=5").cleared("rated") == DEFAULT


@given(st.text(max_size=80))
def test_any_address_is_read_or_refused(query: str) -> None:
    try:
        assert isinstance(parse(query), Filters)
    except Failure as refused:
        assert refused.text
