"""Causes are named with their number, and only where there are enough."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crowdalogue.models import Account, Conversation, Hours, Message
from crowdalogue.relate import alarm_causes, facts
from tests.alarmed import NOW, Town

pytestmark = pytest.mark.django_db

CALM: dict[str, Any] = {
    "author": {"id": 1, "n": 2, "of": 40},
    "copy": {"id": 1, "n": 2, "of": 40},
    "messages": 40,
    "texts": 39,
}
BEGAN = NOW - timedelta(hours=12)


def kinds(found: dict[str, Any] | None = None, ids: list[int] | None = None) -> dict[str, int]:
    lines = alarm_causes.causes(CALM | (found or {}), ids or [], BEGAN, NOW, ZoneInfo("UTC"))
    return {line["kind"]: line["n"] for line in lines}


def test_nothing_out_of_the_ordinary_has_no_cause(company: Any) -> None:
    town = Town()
    town.say(BEGAN, 1)
    town.settle()
    assert kinds(ids=list(Message.objects.values_list("pk", flat=True))) == {}


def test_a_feed_that_caught_up_is_named() -> None:
    town = Town()
    for n in range(10):
        town.say(BEGAN, n, late=timedelta(hours=3))
    town.settle()
    assert kinds(ids=list(Message.objects.values_list("pk", flat=True))) == {"late": 10}


def test_one_author_one_text_and_many_copies() -> None:
    assert kinds({"author": {"id": 7, "n": 20, "of": 40}}) == {"author": 20}
    assert kinds({"copy": {"id": 7, "n": 15, "of": 40}}) == {"copy": 15}
    assert kinds({"messages": 40, "texts": 20}) == {"copy": 20}
    assert kinds({"author": {"id": 7, "n": 3, "of": 4}}) == {}


def test_a_mailing_of_ours_a_new_channel_and_a_holiday() -> None:
    town = Town()
    town.say(NOW - timedelta(days=40), 1)
    for n in range(60):
        town.say(BEGAN - timedelta(hours=10, minutes=n), n, "Our sale begins", channel="sms", direction="out")
    town.settle()
    Conversation.objects.filter(kind="sms").update(opened_by_customer=False)
    Account.objects.filter(kind="sms").update(created_at=NOW - timedelta(days=1))
    Hours.objects.create(name="Care", holidays=[BEGAN.date().isoformat()])
    assert set(kinds()) >= {"connected", "holiday"}
    facts.folder().joinpath("manifest.json").unlink()  # so that the conversation is read anew
    while not facts.refresh().done:
        pass
    assert kinds() == {"campaign": 60, "connected": 1, "holiday": 1}
