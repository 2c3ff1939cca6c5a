"""A table of Explore as plain data, beside the measure it is made of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crowdalogue.errors import Failure
from crowdalogue.models import Brand
from crowdalogue.relate import tables
from crowdalogue.relate.filters import parse
from tests.relate.seen import NOW, scope

pytestmark = pytest.mark.django_db


def test_rows_have_dimensions_values_and_say_where_there_are_too_few(make: Any, brand: Brand) -> None:
    for n in range(12):
        make.message(make.conversation(brand=brand), sentiment="negative" if n < 3 else "positive")
    make.message(make.conversation(channel="sms"), sentiment="negative")
    scope()
    found = tables.plain("negative", "brand", "channel", parse(""), now=NOW)
    assert json.loads(json.dumps(found)) == found
    assert (found["unit"], found["by"], found["cut_off"]) == ("share", ["brand", "channel"], False)
    assert found["whole"]["n"] == 13
    ours, none = found["rows"]
    assert ours == {"brand": brand.name, "channel": "email", "value": 0.25, "n": 12, "few": False} | {
        k: ours[k] for k in ("low", "high")
    }
    assert 0 < ours["low"] < 0.25 < ours["high"] < 1
    assert none["brand"] is None and none["few"] and none["value"] is None and none["n"] == 1


def test_counts_by_day_are_dates(make: Any) -> None:
    make.message()
    scope()
    found = tables.plain("messages", "day", "", parse(""), now=NOW)
    assert found["rows"] == [{"day": "2026-11-19", "n": 1}]
    assert tables.plain("messages", "", "", parse(""), now=NOW)["rows"] == [{"n": 1}]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("mood", "day", ""), "Measures are"),
        (("answered", "sentiment", ""), "It can by: day"),
        (("messages", "", "day"), "without a `by`"),
        (("messages", "day", "day"), "the same"),
    ],
)
def test_what_there_is_none_of_is_said(asked: tuple[str, str, str], said: str) -> None:
    with pytest.raises(Failure, match=said):
        tables.plain(*asked, parse(""))
