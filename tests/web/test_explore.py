"""Explore at its door: every measure by every dimension, cross tables, files, rights."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from crowdalogue.models import Audit, Brand, Message, User
from crowdalogue.relate import measures
from tests.web.numbers import counted, talk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def some(brand: Brand) -> None:
    for n in range(40):
        talk(
            brand=brand,
            channel=("email", "sms")[n % 2],
            hours_ago=30 + n,
            answer_s=(600 if n % 2 else 60) if n % 5 else None,
            sentiment="negative" if n % 2 else "positive",
            intent="complaint",
        )
    talk(brand=Brand.objects.create(name="=HYPERLINK()"), answer_s=60, sentiment="neutral")
    Message.objects.update(extra={"rating": 4, "rating_max": 5, "product": "Kettle"})
    counted()


def test_every_measure_and_every_dimension_is_drawn(client_for: Callable[..., Client], owner: User, some: None) -> None:
    client = client_for(owner)
    for n, measure in enumerate(measures.ALL):
        dimensions = list(measures.dimensions(measure))
        for by in {dimensions[n % len(dimensions)], *dimensions[n :: len(measures.ALL)]}:
            page = client.get(f"/explore/?measure={measure.name}&by={by}")
            assert page.status_code == 200
            text = page.content.decode()
            if measure.name.startswith("first_response_business") or measure.name == "wanting":
                assert "No message in this period" in text
            else:
                assert "Same as a table" in text, (measure.name, by)
                assert unescape(text).count(measure.definition) == 1


def test_two_dimensions_make_a_cross_table_whose_cells_open(
    client_for: Callable[..., Client], owner: User, some: None
) -> None:
    client = client_for(owner)
    page = client.get("/explore/?measure=messages&by=sentiment&across=channel").content.decode()
    cells = re.findall(r'<td class="num[^"]*"><a href="([^"]+)">([\d,]+)</a>', page)
    assert sorted(int(n) for _, n in cells) == [1, 20, 20]
    for href, n in cells:
        assert re.search(rf"<h1>{n} messages?", client.get(unescape(href)).content.decode())


def test_what_stands_out_is_the_title_and_the_rest_is_not(
    client_for: Callable[..., Client], owner: User, some: None
) -> None:
    page = client_for(owner).get("/explore/?measure=negative&by=channel").content.decode()
    title = re.search(r"<h1>([^<]+)</h1>", page)
    assert title and re.fullmatch(r"(Highest|Lowest) for .+: (0|100)%, all together 49%", title[1])
    same = client_for(owner).get("/explore/?measure=complaints&by=channel").content.decode()
    assert "est for " not in same and "Complaint share by channel: " in same


def test_a_table_as_a_file_without_formulas_and_recorded(
    client_for: Callable[..., Client], owner: User, helper: User, analyst: User, some: None
) -> None:
    address = "/explore/?measure=negative&by=brand&format=csv"
    assert client_for(helper).get(address).status_code == 403
    assert "CSV" not in client_for(helper).get("/explore/").content.decode()
    response = client_for(analyst).get(address)
    assert response["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert rows[0]["Brand"] == "Northwind" and rows[0]["Negative share"] == "0.5" and rows[0]["n"] == "40"
    assert rows[1] == {"Brand": "'=HYPERLINK()", "Negative share": "", "95% from": "", "95% to": "", "n": "1"}
    line = Audit.objects.get(deed="exported")
    assert (line.user, line.what, line.facts["rows"]) == (analyst, "negative-by-brand.csv", 2)


def test_an_address_that_asks_for_nonsense_shows_the_usual(
    client_for: Callable[..., Client], owner: User, some: None
) -> None:
    client = client_for(owner)
    for query in ("measure=x&by=y&across=z", "by=sentiment&measure=answered", "by=day&across=day", "from=1&to=2"):
        assert client.get(f"/explore/?{query}").status_code == 200


def test_filters_stay_in_the_form_and_the_chips(client_for: Callable[..., Client], owner: User, some: None) -> None:
    page = client_for(owner).get("/explore/?measure=answered&by=channel&channel=sms&period=7d").content.decode()
    assert '<input type="hidden" name="channel" value="sms">' in page
    assert '<input type="hidden" name="period" value="7d">' in page
    hrefs = [unescape(h) for h in re.findall(r'href="(\?[^"]*)"', page)]
    assert any("channel=sms" in h and "channel=email" in h and "measure=answered" in h for h in hrefs)


def test_only_who_may_explore(client_for: Callable[..., Client], stranger: User) -> None:
    assert client_for(stranger).get("/explore/").status_code == 403
