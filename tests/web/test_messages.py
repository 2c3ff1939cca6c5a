"""The messages behind a number: as many as it counts, a page at a time, with the words that were found."""

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
from crowdalogue.web import messages
from tests.web.numbers import counted, talk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


def test_pages_hold_every_message_once_newest_first(
    client_for: Callable[..., Client], owner: User, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "A_PAGE", 4)
    for n in range(11):
        talk(f"Message number {n}.", brand=brand, hours_ago=1 + n // 3)  # three at about the same time
    talk("Another brand.", brand=Brand.objects.create(name="Oakhusk", competitor=True))
    counted()
    client, address, seen = client_for(owner), "/messages/", []
    for _ in range(5):
        page = client.get(address).content.decode()
        assert "11 messages behind the number" in page
        seen += [int(n) for n in re.findall(r"Message number (\d+)\.", page)]
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if not following:
            break
        address = "/messages/" + unescape(following[1])
    assert len(seen) == 11 and set(seen) == set(range(11))
    times = list(
        Message.objects.filter(text__in=[f"Message number {n}." for n in seen]).values_list("sent_at", flat=True)
    )
    assert len(times) == 11
    at = dict(Message.objects.values_list("text", "sent_at"))
    order = [at[f"Message number {n}."] for n in seen]
    assert order == sorted(order, reverse=True)


def test_found_words_are_marked_and_text_is_only_text(
    client_for: Callable[..., Client], owner: User, brand: Brand
) -> None:
    talk("<b>No reply</b> from you", brand=brand, sentiment="negative", words=[[3, 11]])
    counted()
    page = client_for(owner).get("/messages/?sentiment=negative").content.decode()
    assert "&lt;b&gt;<mark>No reply</mark>&lt;/b&gt; from you" in page
    assert "1 message behind the number" in page


def test_a_deleted_message_is_not_shown_though_still_counted(
    client_for: Callable[..., Client], owner: User, brand: Brand
) -> None:
    talk("Gone soon", brand=brand)
    counted()
    Message.objects.all().delete()
    page = client_for(owner).get("/messages/").content.decode()
    assert "Gone soon" not in page


@pytest.mark.parametrize("after", ["", "x", "1-", "-5", "99999999999999999999-1", "1-2-3", "0-0", "1700000000000000-5"])
def test_any_place_is_a_page(client_for: Callable[..., Client], owner: User, after: str) -> None:
    assert client_for(owner).get(f"/messages/?after={after}").status_code == 200


def test_as_a_file_with_formulas_made_harmless(
    client_for: Callable[..., Client], owner: User, helper: User, brand: Brand
) -> None:
    talk("=cmd|' /C calc'!A0", brand=brand, sentiment="negative")
    counted()
    assert client_for(helper).get("/messages/?format=csv").status_code == 403
    rows = list(csv.DictReader(io.StringIO(client_for(owner).get("/messages/?format=csv").content.decode())))
    assert rows[0]["Text"] == "'=cmd|' /C calc'!A0"
    assert rows[0]["Sentiment"] == "negative"
    assert Audit.objects.get(deed="exported").facts["rows"] == 1


def test_what_is_personal_is_hidden_in_a_file_unless_one_manages_or_asks(
    client_for: Callable[..., Client], owner: User, analyst: User, brand: Brand
) -> None:
    talk("Write to mara.lind@example.com. Regards, Mara", brand=brand)
    counted()

    def text(user: User, asked: str = "") -> dict[str, str]:
        answer = client_for(user).get(f"/messages/?format=csv{asked}").content.decode()
        (row,) = csv.DictReader(io.StringIO(answer))
        return row

    hidden = text(analyst)
    assert hidden["Text"] == "Write to ••••.••••@•••••••.•••. Regards, ••••"
    assert hidden["Author"].startswith("person ") and hidden["Address"] == ""
    assert hidden == text(owner, "&masked=yes")
    assert text(owner) == text(analyst, "&masked=no")
    assert "mara.lind@example.com. Regards, Mara" in text(owner)["Text"]
    assert [a.what for a in Audit.objects.filter(deed="exported").order_by("pk")][:3] == [
        "messages-masked.csv", "messages-masked.csv", "messages.csv",
    ]  # fmt: skip
    first = [re.findall(r'class="btn" href="[^"]*masked=(\w+)"', client_for(u).get("/messages/").content.decode())
             for u in (owner, analyst)]  # fmt: skip
    assert first == [["no"], ["yes"]]


def test_only_who_may_explore(client_for: Callable[..., Client], stranger: User) -> None:
    assert client_for(stranger).get("/messages/").status_code == 403
