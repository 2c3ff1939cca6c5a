"""Whether somebody is there, in which language and with which ink the visitor is met."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.models import Account, Hours, Target
from crowdalogue.web import welcome

SUNDAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def widget(account: Callable[..., Account], company: Any) -> Account:
    return account("webchat", settings={"origins": "https://www.example.com"})


def test_there_without_hours(widget: Account) -> None:
    there = welcome.presence(widget, SUNDAY)
    assert there.open
    assert there.opens_at is None
    assert (there.due_at - SUNDAY).total_seconds() == 30 * 60


def test_away_out_of_hours_with_when_it_opens(widget: Account) -> None:
    week = [[["09:00", "17:00"]]] * 5 + [[], []]
    hours = Hours.objects.create(name="Care", timezone="Europe/Berlin", week=week, holidays=["2026-03-02"])
    Target.objects.create(kind="webchat", first_minutes=20, hours=hours)
    away = welcome.presence(widget, SUNDAY)
    tuesday = datetime(2026, 3, 3, 8, tzinfo=UTC)
    assert (away.open, away.opens_at, away.zone) == (False, tuesday, "Europe/Berlin")
    assert away.due_at == datetime(2026, 3, 3, 8, 20, tzinfo=UTC)
    assert welcome.presence(widget, datetime(2026, 3, 3, 9, tzinfo=UTC)).open
    Hours.objects.update(week=[[]] * 7)
    never = welcome.presence(widget, MONDAY)
    assert (never.open, never.opens_at) == (False, None)


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("de-AT", "de"),
        ("fi,pt-BR;q=0.8,en;q=0.5", "pt"),
        ("AR", "ar"),
        ("zh-AR", "en"),
        ("", "en"),
        ("deutsch", "en"),
    ],
)
def test_the_first_language_we_speak(widget: Account, wanted: str, language: str) -> None:
    assert welcome.language_of(wanted, widget) == language
    widget.settings = {"language": "nl"}
    assert welcome.language_of(wanted, widget) == "nl"


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@given(st.integers(0, 0xFFFFFF))
def test_ink_can_be_read_on_every_colour(number: int) -> None:
    colour = f"#{number:06x}"
    light, dark = sorted((luminance(colour), luminance(welcome.ink_on(colour))), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
