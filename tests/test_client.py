"""The notebook client before the real API, in this process; retries and limits before a scripted answer."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client as Browser

from crowdalogue import client as notebook
from crowdalogue.client import ApiError, Client
from crowdalogue.models import Token, Topic, User
from crowdalogue.web.server import wsgi
from tests.web.numbers import counted, talk


@pytest.fixture
def house(settings: Any, tmp_path: Path, db: None) -> Iterator[None]:
    """Thirty conversations, counted."""
    settings.HOME = tmp_path
    cache.clear()
    for n in range(30):
        talk(
            f"The kettle leaks {n}",
            channel=("email", "sms")[n % 2],
            hours_ago=20 + n,
            answer_s=60 * n if n % 5 else None,
            sentiment=("negative", "positive")[n % 2],
        )
    counted()
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    cache.clear()


def of(user: User) -> Client:
    """The API within the test's transaction: no connection is closed (Django's own test client undoes this)."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    return Client("http://localhost/", Token.make(user, "notebook")[1], transport=httpx.WSGITransport(app=wsgi))


@pytest.mark.usefixtures("house")
def test_the_same_tables_as_the_page(analyst: User, client_for: Callable[..., Browser]) -> None:
    address = "/explore/?measure=negative&by=channel&period=90d&channel=email&channel=sms&format=csv"
    page = client_for(analyst).get(address)
    with of(analyst) as c:
        rows = c.table("negative", by="channel", filters={"period": "90d", "channel": ["email", "sms"]})
        lines = list(csv.DictReader(io.StringIO(page.content.decode())))
        assert [str(r["value"]) for r in rows] == [line["Negative share"] for line in lines] == ["1.0", "0.0"]
        assert [str(r["n"]) for r in rows] == [line["n"] for line in lines]
        assert rows.about["definition"].startswith("Messages read as negative")
        assert len(rows.frame()) == 2
        assert c.table("messages")[0]["n"] == 30
        assert "answered" in [m["name"] for m in c.measures()]
        assert sum(r["conversations"] for r in c.report("response")) == 30 and "response" in c.reports()


@pytest.mark.usefixtures("house")
def test_lists_are_looped_over_page_by_page_and_bounded(analyst: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "A_PAGE", 7)
    Topic.objects.create(name="leaking kettle")
    with of(analyst) as c:
        listing = c.messages("channel=sms")
        assert len({m["id"] for m in listing}) == len(list(listing)) == 15
        assert len(c.messages(most=9).rows()) == 9
        assert len(c.messages(most=9).frame()) == 9
        found = list(c.search("kettle", most=3))
        assert len(found) == 3 and "kettle" in found[0]["excerpt"]
        assert [t["name"] for t in c.topics()] == ["leaking kettle"]
        assert c.alarms() == []
        assert c.week().about["start"]
        compared = c.compare("channel=email", "channel=sms")
        assert compared.about["refused"].startswith("Too few") and compared == []


@pytest.mark.usefixtures("house")
def test_errors_carry_the_words_of_the_api(analyst: User, stranger: User) -> None:
    with of(analyst) as c:
        with pytest.raises(ApiError, match="Measures are") as refused:
            c.table("mood")
        assert refused.value.status == 422
        with pytest.raises(ApiError, match="Period cannot be"):
            c.report("volume", "period=soon")
        with pytest.raises(ApiError, match="Not understood: limit") as refused:
            c.get("/messages", {"limit": 0})
        assert refused.value.fields[0][0].endswith("limit")
    with of(stranger) as c, pytest.raises(ApiError, match="role"):
        c.table("messages")


class Script:
    """Answers in their order, as a transport; `slept` is how long the client waited between them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: httpx.Response | Exception) -> None:
        self.answers, self.asked, self.slept = list(answers), 0, [0.0][:0]
        monkeypatch.setattr("time.sleep", self.slept.append)
        self.client = Client("https://care.example.com", "t", transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == "Bearer t"
        self.asked += 1
        given = self.answers.pop(0)
        if isinstance(given, Exception):
            raise given
        return given


def busy(status: int = 503, after: str | None = None) -> httpx.Response:
    told = {"error": {"status": status, "text": "The store is away. Send it again in a while.", "fields": []}}
    return httpx.Response(status, json=told, headers={"Retry-After": after} if after else {})


def test_what_is_busy_is_asked_again_when_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    done = httpx.Response(200, json={"reports": ["volume"]})
    script = Script(monkeypatch, busy(429, "7"), busy(503, soon), httpx.ConnectError("down"), busy(), done)
    assert script.client.reports() == ["volume"]
    assert script.slept[0] == 7 and 20 < script.slept[1] <= 30
    assert 2 <= script.slept[2] <= 4 and 4 <= script.slept[3] <= 8


def test_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(monkeypatch, *[busy(after="1")] * 9)
    with pytest.raises(ApiError, match="store is away"):
        script.client.reports()
    assert script.asked == notebook.ATTEMPTS
    script = Script(monkeypatch, busy(429, "3600"))
    with pytest.raises(ApiError):
        script.client.reports()
    assert script.slept == []
    script = Script(monkeypatch, *[httpx.ReadTimeout("slow")] * 9)
    with pytest.raises(ApiError, match="Not reached: ReadTimeout"):
        script.client.reports()
    page = httpx.Response(200, json={"items": [{"id": 1}], "next": "same"})
    script = Script(monkeypatch, *[page] * 9)
    assert len(script.client.messages().rows()) == 2, "a cursor that stands still ends the loop"


def test_other_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = httpx.Response(302, headers={"Location": "https://other.example.com"})
    script = Script(monkeypatch, elsewhere, httpx.Response(200, text="<html>"))
    with pytest.raises(ApiError, match="answered 302") as refused:
        script.client.reports()
    assert (refused.value.status, script.asked) == (302, 1)
    with pytest.raises(ApiError, match="not JSON"):
        script.client.reports()
    monkeypatch.setattr(notebook, "LONGEST_ANSWER", 10)
    script = Script(monkeypatch, httpx.Response(200, text="x" * 50))
    with pytest.raises(ApiError, match="too large"):
        script.client.reports()
    with pytest.raises(ValueError, match="https"):
        Client("care.example.com", "t")


def test_it_needs_nothing_of_the_house() -> None:
    code = "import sys, crowdalogue.client; print([m for m in sys.modules if m.startswith(('django', 'crowdalogue.'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['crowdalogue.client']"
