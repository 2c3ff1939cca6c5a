"""How pages say times, promises, numbers and names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.web import words

NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)  # a Thursday


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(seconds=5), "now"),
        (timedelta(minutes=24), "24 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(hours=13), "13 h"),
        (timedelta(days=1, hours=2), "yesterday"),
        (timedelta(days=2), "Tue"),
        (timedelta(days=5), "Sat"),
        (timedelta(days=7), "12 Nov"),
        (timedelta(days=650), "Feb 2025"),
        (timedelta(minutes=-5), "in 5 min"),
        (timedelta(hours=-3), "17:32"),
        (timedelta(days=-1), "tomorrow 14:32"),
        (timedelta(days=-3), "Sun 14:32"),
        (timedelta(days=-30), "19 Dec"),
    ],
)
def test_relative_times(before: timedelta, said: str) -> None:
    assert words.relative(NOW - before, NOW) == said


def test_yesterday_is_a_day_of_the_reader() -> None:
    at, now = datetime(2026, 11, 18, 1, 0, tzinfo=UTC), datetime(2026, 11, 19, 1, 0, tzinfo=UTC)
    with timezone.override(ZoneInfo("America/New_York")):  # 20:00 on the 17th, 20:00 on the 18th
        assert words.relative(at, now) == "yesterday"
        assert words.day(at).startswith("Tuesday 17 November")


@given(st.datetimes(datetime(1990, 1, 1), datetime(2080, 1, 1), timezones=st.just(UTC)))
def test_every_time_can_be_said(at: datetime) -> None:
    assert 0 < len(words.relative(at, NOW)) < 20


@pytest.mark.parametrize(
    ("minutes", "span", "look"),
    [
        (-5, 30, "late"),
        (0, 30, "late"),
        (6, 30, "soon"),
        (18, 30, "ok"),
        (50, 240, "soon"),
        (61, 1440, "ok"),
        (59, 1440, "soon"),
    ],
)
def test_a_promise_is_calm_until_it_matters(minutes: int, span: int, look: str) -> None:
    due = NOW + timedelta(minutes=minutes)
    assert words.promise_look(due, due - timedelta(minutes=span), NOW)[0] == look


@given(st.integers(-(10**6), 10**6), st.integers(0, 10**6))
def test_a_ring_is_never_empty_nor_over_full(minutes: int, span: int) -> None:
    due = NOW + timedelta(minutes=minutes)
    look, share, said = words.promise_look(due, due - timedelta(minutes=span), NOW)
    assert 0 <= share <= 100 and said and (share >= 3 or look == "late")


def test_a_promise_is_drawn_with_shape_and_words() -> None:
    row = SimpleNamespace(due_at=timezone.now() - timedelta(minutes=12), waiting_since=timezone.now(), state="open")
    assert "12 min late" in words.promise(row) and "<path" in words.promise(row)
    row.due_at = None
    assert "waits" in words.promise(row)
    row.waiting_since = None
    assert words.promise(row) == ""
    row.waiting_since, row.state = timezone.now(), "closed"
    assert words.promise(row) == ""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"),
        (45, "45 s"),
        (660, "11 min"),
        (7500, "2 h 05"),
        (7200, "2 h"),
        (273600, "3 d 4 h"),
        (2e6, "23 d"),
        (500 * 86400, "16 months"),
        (3277 * 86400, "8 years"),
    ],
)
def test_durations(seconds: float | None, said: str) -> None:
    assert words.duration(seconds) == said


def test_numbers_and_names() -> None:
    assert words.number(1284) == "1,284" and words.number(None) == "–"
    assert words.capped(999) == "999" and words.capped(1000) == "999+"
    assert words.percent(0.962, 1) == "96.2%" and words.percent(None) == "–"
    assert (
        words.plural(1, "message,messages") == "1 message"
        and words.plural(1284, "message,messages") == "1,284 messages"
    )
    assert (
        words.filesize(412_000) == "412 KB"
        and words.filesize(12) == "12 bytes"
        and words.filesize(1_500_000) == "1.5 MB"
    )
    assert words.initials("Mara Lindqvist") == "ML" and words.initials("+46 70") == "7" and words.initials("") == "–"
    assert words.said("churn_risk") == "May leave us" and words.said("new_label") == "New label"


def test_icons_are_decoration_or_have_a_name() -> None:
    assert 'aria-hidden="true"' in words.icon("i-mail")
    assert 'aria-label="E-mail"' in words.channel("email")
    assert "&lt;b&gt;" in words.icon("i-mail", "<b>")
    assert "#m-neg" in words.feeling("negative") and words.feeling("unheard") == ""


def test_an_asset_changes_its_address_with_its_content() -> None:
    assert words.asset("base.css").startswith("/static/base.css?v=")
    assert words.asset("base.css") != words.asset("tokens.css")


def test_every_icon_that_is_used_is_drawn() -> None:
    """Over templates, words and channels: an icon without a symbol would be an empty square."""
    import re
    from pathlib import Path

    from crowdalogue.channels import channel_kinds
    from crowdalogue.channels.archive import ARCHIVES

    web = Path(words.__file__).parent
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (web / "templates" / "icons.html").read_text()))
    used = {kind.icon for kind in channel_kinds().values()} | {icon for _, icon, _ in ARCHIVES.values()}
    for path in [*web.rglob("*.html"), *web.glob("*.py")]:
        used |= set(re.findall(r"[\"'#]([im]-[a-z]+)[\"']", path.read_text()))
    assert used - drawn == set()


def test_the_first_sentence() -> None:
    assert words.first_sentence("Mails of one box. They stay there.") == "Mails of one box."
    assert words.first_sentence("Version 2.0 of it") == "Version 2.0 of it"
    assert words.first_sentence("") == ""


def test_what_a_source_says_beside_the_words() -> None:
    review = {"rating": 4, "rating_max": 5, "verified_purchase": True, "product": "Kettle", "version": "2.1"}
    assert words.beside(review) == ["Rated 4 of 5", "Verified purchase", "Kettle", "version 2.1"]
    assert words.beside({"rating": 7.5, "place": "Graz"}) == ["Rated 7.5", "Graz"]
    assert words.beside({"order": "A-1", "verified_purchase": False}) == words.beside(None) == []
    assert words.reach({"followers": 1200, "verified": True}) == "1,200 followers, verified there"
    assert words.reach({"followers": 1}) == "1 follower"
    assert words.reach({}) == words.reach(None) == ""
