"""Tables by the API: the page's own CSV, row by row, and refusals that say what there is."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from crowdalogue.models import User
from crowdalogue.relate import measures
from crowdalogue.web import drill
from tests.api.conftest import Program, refused
from tests.web.numbers import counted, talk


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def some(db: None) -> None:
    for n in range(30):
        channel, mood = ("email", "sms", "sms")[n % 3], ("negative", "positive")[n % 2]
        talk(channel=channel, hours_ago=20 + n, answer_s=60 * n if n % 5 else None, sentiment=mood)
    counted()


@pytest.mark.usefixtures("some")
def test_the_same_as_the_file_of_the_page(
    program: Callable[..., Program], client_for: Callable[..., Client], analyst: User
) -> None:
    caller, browser = program(analyst), client_for(analyst)
    for measure, by, across in (
        ("messages", "channel", "sentiment"),
        ("negative", "channel", ""),
        ("first_response", "channel", ""),
        ("answered", "week", ""),
    ):
        got = caller.get(f"/tables/{measure}?by={by}&across={across}&filters=period%3D90d").json()
        page = browser.get(f"/explore/?measure={measure}&by={by}&across={across}&period=90d&format=csv")
        lines = list(csv.reader(io.StringIO(page.content.decode())))[1:]
        assert len(lines) == len(got["rows"]) > 0
        for line, row in zip(lines, got["rows"], strict=True):
            names = [named(d, row[d]) for d in got["by"]]
            figures = [] if got["unit"] == "count" else [row["value"], row["low"], row["high"]]
            assert line == [*names, *("" if f is None else str(f) for f in figures), str(row["n"])]


def named(dimension: str, value: Any) -> str:
    if dimension in ("day", "week"):
        return str(value)
    return drill.name_of(dimension, "-" if value is None else value)


def test_what_can_be_measured(program: Callable[..., Program], analyst: User, stranger: User) -> None:
    caller = program(analyst)
    listed = caller.get("/tables").json()["measures"]
    assert [m["name"] for m in listed] == [m.name for m in measures.ALL]
    assert "sentiment" in listed[0]["by"]
    assert "Measures are" in refused(caller.get("/tables/mood"), 422)
    assert "It can by" in refused(caller.get("/tables/answered?by=sentiment"), 422)
    assert "Period" in refused(caller.get("/tables/messages?filters=period%3Dsoon"), 422)
    refused(program(stranger).get("/tables"), 403)
