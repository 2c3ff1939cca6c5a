"""What moved, at its door: the sentence, rows that open their messages, the file, and who may."""

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

from crowdalogue.models import User
from crowdalogue.relate import movers
from tests.web.numbers import counted, talk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def some() -> None:
    """Thirty people in each stretch of 28 days: E-mail falls from 24 to 9, SMS rises from 6 to 21."""
    for n in range(30):
        talk(channel="email" if n < 9 else "sms", hours_ago=50, sentiment="neutral")
        talk(channel="email" if n < 24 else "sms", hours_ago=50 + 28 * 24, sentiment="neutral")
    counted()


@pytest.mark.usefixtures("some")
def test_what_moved_is_said_and_opens_its_messages(client_for: Callable[..., Client], owner: User) -> None:
    client = client_for(owner)
    page = unescape(client.get("/explore/movers/?by=channel").content.decode())
    assert "<h1>SMS rose most: 3.5 times as often; E-mail fell most: 0.37 times as often</h1>" in page
    cells = re.findall(r'<a href="([^"]+)">(\d+) of 30</a>', page)
    assert [int(n) for _, n in cells] == [21, 6, 9, 24]
    for href, n in cells:
        assert f"<h1>{n} messages" in client.get(href).content.decode()
    still = client.get("/explore/movers/?by=sentiment").content.decode()
    assert "No sentiment rose or fell beyond chance" in still and "1 value was tested" in still
    assert "What moved" in client.get("/explore/?by=channel").content.decode()


@pytest.mark.usefixtures("some")
def test_the_file_has_every_row(client_for: Callable[..., Client], analyst: User, helper: User) -> None:
    address = "/explore/movers/?by=channel&format=csv"
    rows = list(csv.DictReader(io.StringIO(client_for(analyst).get(address).content.decode())))
    assert [(r["Moved"], r["Value"], r["People"], r["People before"], r["Times"]) for r in rows] == [
        ("rose", "SMS", "21", "6", "3.5"),
        ("fell", "E-mail", "9", "24", "0.375"),
    ]
    assert client_for(helper).get(address).status_code == 403


@pytest.mark.usefixtures("some")
def test_every_dimension_and_what_cannot_be_said(
    client_for: Callable[..., Client], owner: User, stranger: User
) -> None:
    client = client_for(owner)
    for by in (*movers.OFFERED, "nonsense"):
        assert client.get(f"/explore/movers/?by={by}").status_code == 200
    assert "no period before" in client.get("/explore/movers/?period=all").content.decode()
    assert "Too few to say" in client.get("/explore/movers/?by=channel&period=today").content.decode()
    assert client_for(stranger).get("/explore/movers/").status_code == 403
