"""From a number to the messages behind it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crowdalogue.relate.filters import Filters, parse
from crowdalogue.relate.measures import MEASURES
from crowdalogue.web import drill


@pytest.mark.parametrize(
    ("by", "value", "query"),
    [
        ("day", date(2026, 3, 1), "from=2026-03-01&to=2026-03-01"),
        ("week", date(2026, 3, 2), "from=2026-03-02&to=2026-03-08"),
        ("hour", 0, "hour=0"),
        ("weekday", 6, "weekday=6"),
        ("channel", "sms", "channel=sms"),
        ("brand", "-", "brand=-"),
        ("direction", "out", "direction=out"),
    ],
)
def test_a_row_leads_to_its_messages(by: str, value: Any, query: str) -> None:
    assert drill.behind(Filters(), MEASURES["messages"], {by: value}, (by,)) == f"/messages/?{query}"


def test_n_and_hits_lead_to_their_own() -> None:
    filters = parse("channel=sms")
    assert drill.messages(filters, MEASURES["answered"]) == "/messages/?channel=sms&wait=decided"
    assert drill.messages(filters, MEASURES["answered"], hits=True) == "/messages/?channel=sms&wait=answered"
    assert drill.messages(Filters()) == "/messages/"


def test_others_is_no_value_of_its_own() -> None:
    assert drill.behind(Filters(), MEASURES["messages"], {"channel": "others"}, ("channel",)) == "/messages/"


def test_explore_keeps_measure_and_filters() -> None:
    address = drill.explore(parse("period=7d"), "answered", "channel", format="csv")
    assert address == "/explore/?measure=answered&by=channel&format=csv&period=7d"


def test_values_as_people_read_them() -> None:
    assert drill.name_of("hour", 9) == "09 to 10"
    assert drill.name_of("weekday", 0) == "Monday"
    assert drill.name_of("intent", "-") == "Not read yet"
    assert drill.name_of("brand", "-") == "No brand"
    assert drill.name_of("intent", "purchase_intent") == "Wants to buy"
    assert drill.name_of("day", date(2011, 3, 1)) == "1 Mar 2011"
