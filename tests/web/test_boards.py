"""Boards at their door: keep a view, the grid under one filter bar, order, names, limits, and who may what."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from crowdalogue.models import Board, User
from crowdalogue.relate.filters import parse
from crowdalogue.web import boards
from tests.web.numbers import counted, talk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path
    for n in range(24):
        mood = "negative" if n % 2 else "positive"
        talk(channel=("email", "sms")[n % 2], hours_ago=30 + n, answer_s=60, sentiment=mood)
    counted()


def titles(page: Any) -> list[str]:
    return re.findall(r'<h2 id="t\d+">([^<]+)</h2>', unescape(page.content.decode()))


def test_a_view_is_kept_shown_and_ordered(client_for: Callable[..., Client], owner: User) -> None:
    client = client_for(owner)
    explore = client.get("/explore/?measure=negative&by=channel&period=90d").content.decode()
    kept = unescape(re.search(r'name="query" value="([^"]+)"', explore)[1])  # type: ignore[index]
    page = client.post("/boards/keep/", {"query": kept, "name": " Monday  morning "}, follow=True)
    board = Board.objects.get()
    assert (board.name, board.user, board.shared, page.redirect_chain[-1][0]) == (
        *("Monday morning", owner, False),
        f"/boards/{board.pk}/",
    )
    client.post("/boards/keep/", {"query": "measure=messages&by=hour", "board": str(board.pk)})
    client.post("/boards/keep/", {"query": "measure=x&by=y&period=never", "board": str(board.pk), "title": "Volume"})
    page = client.get(f"/boards/{board.pk}/")
    assert titles(page) == ["Negative share by channel", "Messages by hour of the day", "Volume"]
    first, second, third = board.views.all()
    assert (first.query, third.query) == ("measure=negative&by=channel&period=90d", "measure=messages&by=day")
    client.post(f"/boards/{board.pk}/view/{third.pk}/", {"deed": "earlier"})
    client.post(f"/boards/{board.pk}/view/{first.pk}/", {"deed": "earlier"})
    client.post(f"/boards/{board.pk}/view/{first.pk}/", {"deed": "later"})
    client.post(f"/boards/{board.pk}/view/{second.pk}/", {"deed": "rename", "title": "Hours"})
    assert titles(client.get(f"/boards/{board.pk}/")) == ["Volume", "Negative share by channel", "Hours"]
    client.post(f"/boards/{board.pk}/view/{third.pk}/", {"deed": "drop"})
    client.post(f"/boards/{board.pk}/change/", {"name": "Tuesday", "shared": "on"})
    board.refresh_from_db()
    assert (board.name, board.shared, board.views.count()) == ("Tuesday", True, 2)
    assert "Tuesday" in client.get("/boards/").content.decode()
    client.post(f"/boards/{board.pk}/change/", {"drop": "1"})
    assert not Board.objects.exists()


def test_one_bar_above_all(client_for: Callable[..., Client], owner: User) -> None:
    board = Board.objects.create(name="Monday", user=owner)
    board.views.create(query="measure=messages&by=channel&period=90d")
    client = client_for(owner)
    assert 'as-of">24, last 90 days<' in client.get(f"/boards/{board.pk}/").content.decode()
    narrowed = client.get(f"/boards/{board.pk}/?channel=sms").content.decode()
    assert 'as-of">12, last 90 days<' in narrowed and "period=90d&amp;channel=sms" in narrowed
    assert "No message in this view" in client.get(f"/boards/{board.pk}/?channel=voice").content.decode()
    own, above = parse("period=90d&brand=A"), parse("from=2026-01-01&to=2026-01-02&brand=B")
    assert boards.laid_over(own, above) == above
    assert boards.laid_over(own, parse("")) == own
    assert boards.laid_over(parse("from=2026-01-01&to=2026-01-02"), parse("period=7d")) == parse("period=7d")


def test_whose_boards_and_how_many(
    client_for: Callable[..., Client], owner: User, analyst: User, helper: User, stranger: User
) -> None:
    hidden = Board.objects.create(name="Hidden", user=owner)
    shared = Board.objects.create(name="Shared", user=owner, shared=True)
    client = client_for(analyst)
    listed = client.get("/boards/").content.decode()
    assert "Shared" in listed and "Hidden" not in listed
    assert client.get(f"/boards/{hidden.pk}/").status_code == 404
    seen = client.get(f"/boards/{shared.pk}/").content.decode()
    assert "Drop this board" not in seen
    assert client.post(f"/boards/{shared.pk}/change/", {"drop": "1"}).status_code == 404
    assert client.post("/boards/keep/", {"query": "", "board": str(shared.pk)}).status_code == 404
    assert client_for(stranger).get("/boards/").status_code == 403
    full = Board.objects.create(name="Full", user=analyst)
    for _n in range(boards.MOST_VIEWS):
        full.views.create(query="by=day")
    page = client.post("/boards/keep/", {"query": "", "board": str(full.pk)}, follow=True)
    assert "has 24 views already" in page.content.decode() and full.views.count() == boards.MOST_VIEWS
    page = client.post("/boards/keep/", {"query": "", "name": " "}, follow=True)
    assert "the new board has no name" in page.content.decode()
