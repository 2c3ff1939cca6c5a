"""Times come back as they were written, whatever way of writing; doubts are said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.listen.files.dates import Dates, likely, order_of

NOW = datetime(2026, 11, 22, tzinfo=UTC)
moments = st.datetimes(datetime(1995, 1, 1), datetime(2026, 11, 1)).map(lambda m: m.replace(microsecond=0, tzinfo=UTC))


@given(moments)
def test_every_way_of_writing_a_moment_is_read_back(moment: datetime) -> None:
    for written in (
        moment.isoformat(),
        f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        f"{moment:%a %b %d %H:%M:%S +0000 %Y}",
        format_datetime(moment),
        f"{moment:%d/%m/%Y %H:%M:%S}",
        f"{moment:%d.%m.%Y %H:%M:%S}",
        f"{moment:%d-%m-%Y %I:%M:%S %p}",
        f"{moment:%Y/%m/%d %H:%M:%S}",
        str(int(moment.timestamp())),
        str(int(moment.timestamp()) * 1000),
    ):
        assert Dates(UTC).read(written) == moment, written


@given(moments)
def test_month_first_is_read_so(moment: datetime) -> None:
    assert Dates(UTC, "mdy").read(f"{moment:%m/%d/%Y %H:%M:%S}") == moment


@given(st.lists(moments, min_size=1, max_size=20))
def test_one_reader_reads_a_column_that_changes_its_mind(column: list[datetime]) -> None:
    dates = Dates(UTC)
    for number, moment in enumerate(column):
        written = [moment.isoformat(), f"{moment:%d/%m/%Y %H:%M:%S}", format_datetime(moment)][number % 3]
        assert dates.read(written) == moment


@given(st.text(max_size=40))
def test_nothing_breaks_it(text: str) -> None:
    found = Dates(UTC).read(text)
    assert found is None or found.tzinfo is not None


@pytest.mark.parametrize("nothing", ["", "soon", "10:00", "Tuesday", "31/02/2024", "13/13/2024", None, True, [], "12"])
def test_what_is_no_time_is_none(nothing: object) -> None:
    assert Dates(UTC).read(nothing) is None


def test_a_time_without_zone_is_in_the_zone_given() -> None:
    summer = Dates(ZoneInfo("Europe/Berlin")).read("2024-07-01 12:00")
    assert summer == datetime(2024, 7, 1, 10, tzinfo=UTC)


def test_a_count_of_seconds_is_never_taken_for_a_year() -> None:
    assert Dates(UTC).read("1512010112") == datetime.fromtimestamp(1512010112, UTC)


def test_the_order_of_day_and_month() -> None:
    assert order_of(["03/04/2024", "25/04/2024"], NOW) == ("dmy", "")
    assert order_of(["03/04/2024", "04/25/2024"], NOW) == ("mdy", "")
    assert order_of(["03.04.2024"], NOW) == ("dmy", "")
    assert order_of(["2024-04-03"], NOW) == ("dmy", "")
    assert order_of(["03/04/2024 10:00 PM"], NOW)[0] == "mdy"
    assert order_of(["10/12/2026", "11/11/2026"], NOW)[0] == "mdy"  # the other way some lie in the future
    assert "both" not in order_of(["03/04/2024"], NOW)[1] and "two ways" in order_of(["03/04/2024"], NOW)[1]
    assert "some month first" in order_of(["25/04/2024", "04/25/2024"], NOW)[1]


def test_likely() -> None:
    assert likely(NOW, NOW) and likely(NOW + timedelta(hours=20), NOW)
    assert not likely(NOW + timedelta(days=2), NOW) and not likely(datetime(1970, 1, 1, tzinfo=UTC), NOW)
