"""Pictures as files: whole by themselves, with title, definition, n and as of, whatever a brand is called."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from crowdalogue.models import Audit, Brand, User
from crowdalogue.relate import measures
from crowdalogue.web import stills
from crowdalogue.web.charts import Cell, Table
from crowdalogue.web.stills import Words
from tests.web.numbers import counted, talk

pytestmark = pytest.mark.django_db

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def some(brand: Brand) -> None:
    for n in range(40):
        talk(
            brand=brand,
            channel=("email", "sms")[n % 2],
            hours_ago=30 + 12 * n,
            answer_s=(600 if n % 2 else 60) if n % 5 else None,
            sentiment="negative" if n % 4 else "positive",
            intent="complaint",
        )
    talk(brand=Brand.objects.create(name='<&"\x01 brand'), answer_s=60, sentiment="neutral")
    counted()


def opened(response: Any) -> tuple[ET.Element, str]:
    """The file's root and all its words; it is well-formed and asks for nothing from outside."""
    assert response.status_code == 200
    text = response.content.decode()
    assert not re.search(r"href|url\(|<script|var\(--|light-dark", text)
    root = ET.fromstring(text)
    assert root.tag == SVG + "svg" and root.get("viewBox")
    return root, " ".join("".join(e.itertext()) for e in root.iter(SVG + "text"))


@pytest.mark.parametrize(
    ("query", "marks"),
    [
        ("measure=messages&by=day", "rect"),
        ("measure=negative&by=week", "polygon"),
        ("measure=messages&by=channel", "rect"),
        ("measure=first_response&by=channel", "circle"),
        ("measure=messages&by=week&across=brand", "rect"),
        ("measure=negative&by=channel&across=brand", "rect"),
        ("measure=messages&by=weekday&across=hour", "rect"),
    ],
)
def test_each_kind_of_picture_is_a_file_that_stands_by_itself(
    client_for: Callable[..., Client], analyst: User, some: None, query: str, marks: str
) -> None:
    response = client_for(analyst).get(f"/explore/?{query}&format=svg&period=90d&channel=email&channel=sms")
    root, words = opened(response)
    measure = next(m for m in measures.ALL if m.name == query.split("&")[0].removeprefix("measure="))
    assert " ".join(measure.definition.split()[:8]) in words
    assert "Period: last 90 days. Brand: our brands. Direction: from customers. Channel: E-mail, SMS." in words
    assert "As of " in words and re.search(r"n = \d+|\d+ in all", words)
    assert len(list(root.iter(SVG + marks))) > (1 if marks == "rect" else 0)  # one rectangle is the ground
    assert response["Content-Type"].startswith("image/svg+xml")
    assert re.search(r'attachment; filename="[a-z_]+-by-[a-z-]+\.svg"', response["Content-Disposition"])
    assert Audit.objects.get(deed="exported").what.endswith(".svg")


def test_a_picture_says_what_the_page_says(client_for: Callable[..., Client], analyst: User, some: None) -> None:
    address = "/explore/?measure=negative&by=channel&period=90d"
    page = client_for(analyst).get(address).content.decode()
    title = re.search(r"<h1>([^<]+)</h1>", page)
    root, words = opened(client_for(analyst).get(address + "&format=svg"))
    assert title and root.findtext(SVG + "title") == title[1] and title[1] in words
    assert "E-mail" in words and "SMS" in words and "50%" in words and "100%" in words


def test_only_who_may_export_and_only_where_there_is_something(
    client_for: Callable[..., Client], helper: User, analyst: User, some: None
) -> None:
    assert client_for(helper).get("/explore/?format=svg").status_code == 403
    assert "format=svg" not in client_for(helper).get("/explore/").content.decode()
    assert "format=svg" in client_for(analyst).get("/explore/?by=channel").content.decode()
    assert client_for(analyst).get("/explore/?format=svg&from=2001-01-01&to=2001-01-02").status_code == 404


def test_long_words_are_wrapped_or_cut_and_none_can_break_the_file() -> None:
    words = Words("A finding that goes on " * 30, "</style><script>" + "w" * 500, ("definition " * 200, "\x00n = 3"))
    row = [Cell("x" * 90), Cell("1", shade=5), Cell("</text>", faint=True)]
    drawing = stills._crossed(Table("c", ["n" * 90, "&", "]]>"], [row] * 3))
    root = ET.fromstring(stills.framed(drawing, words))
    lines = ["".join(e.itertext()) for e in root.iter(SVG + "text")]
    assert max(map(len, lines)) <= int((drawing.width - 2 * stills.EDGE) / stills.LETTER)
    assert sum("xx" in line for line in lines) == 3 and any(line.endswith(" …") for line in lines)
    assert float(root.get("height", 0)) < 1200
