"""Chips: every choice is a link that keeps the rest of the view."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import timezone

from crowdalogue.models import Brand, Tag
from crowdalogue.web import filterbar

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


def bar(query: str) -> dict[str, Any]:
    request = RequestFactory().get(f"/explore/?{query}")
    filters, problem = filterbar.read(request)
    assert not problem
    return filterbar.bar(request, filters)


def chip(made: dict[str, Any], name: str) -> Any:
    return next(c for c in [*made["chips"], *made["more"]] if c.name == name)


def test_choosing_keeps_the_rest_and_choosing_again_takes_back(brand: Brand) -> None:
    Brand.objects.create(name="Oakhusk", competitor=True)
    made = bar("measure=answered&channel=sms&after=5-5")
    options = {o.words: o for o in chip(made, "brand").options}
    assert options["Oakhusk"].url == "?measure=answered&brand=Oakhusk&channel=sms"
    assert options["All"].here
    made = bar("brand=Oakhusk&brand=Northwind")
    options = {o.words: o for o in chip(made, "brand").options}
    assert options["Oakhusk"].here and options["Oakhusk"].url == "?brand=Northwind"
    assert chip(made, "brand").label == "Oakhusk, Northwind"
    assert made["clear"] == "?"


def test_what_is_not_narrowed_stands_behind_filter() -> None:
    Tag.objects.create(name="battery")
    Tag.objects.create(name="parcel")
    made = bar("sentiment=negative&hour=19")
    assert [c.name for c in made["chips"]] == ["period", "brand", "channel", "sentiment", "hour"]
    assert {"intent", "tag", "wait", "whose"} <= {c.name for c in made["more"]}
    assert chip(made, "hour").label == "19 to 20" and chip(made, "hour").without == "?sentiment=negative"


def test_two_days_are_a_period() -> None:
    assert chip(bar("from=2011-03-01&to=2011-03-05"), "period").label == "1 Mar 2011 to 5 Mar 2011"
    assert ("channel", "sms") in bar("channel=sms&period=7d")["kept"]


def test_how_old_the_numbers_are() -> None:
    now = timezone.now()
    assert filterbar.fresh(None) == ""
    assert filterbar.fresh(now) == "just now"
    assert filterbar.fresh(now - timedelta(seconds=20)) in ("20 seconds ago", "21 seconds ago")
    assert filterbar.fresh(now - timedelta(seconds=90)) == "a minute ago"
    assert filterbar.fresh(now - timedelta(minutes=9, seconds=1)) == "9 minutes ago"
