"""Everything about one customer, in order, a page at a time; and finding them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crowdalogue.models import (
    Account,
    BusinessRecord,
    Conversation,
    Handle,
    Interaction,
    Merge,
    Message,
    Person,
    User,
)
from crowdalogue.relate import profile
from crowdalogue.relate.profile import KINDS

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def ada(account: Callable[..., Account]) -> Person:
    """Somebody with something of every kind, much of it at the very same second."""
    box = account("email")
    who = Person.objects.create(name="Ada Pellow")
    gone = Person.objects.create(name="Ada", merged_into=who)
    handle = Handle.objects.create(kind="email", address="ada@example.com", person=who)
    talk = Conversation.objects.create(account=box, kind="email", person=who, handle=handle, first_at=NOW, last_at=NOW)
    for n in range(12):
        at = NOW - timedelta(minutes=n // 4)
        said: dict[str, Any] = {"account": box, "conversation": talk, "channel": "email", "sent_at": at}
        Message.objects.create(external_id=f"in{n}", direction="in", handle=handle, text=f"said {n}", **said)
        Message.objects.create(external_id=f"out{n}", direction="out", text=f"answer {n}", **said)
        Message.objects.create(external_id=f"note{n}", direction="note", text=f"note {n}", **said)
        Interaction.objects.create(account=box, external_id=f"l{n}", handle=handle, kind="like", at=at)
        BusinessRecord.objects.create(
            kind=("order", "shipment", "return", "ticket")[n % 4], external_id=f"R{n}", person=who, at=at
        )
    Interaction.objects.create(account=box, external_id="l99", handle=handle, kind="like", at=NOW, gone_at=NOW)
    Merge.objects.create(kept=who, gone=gone, evidence="order", reason="Named order 7", at=NOW)
    return who


def all_of(who: Person, limit: int, **more: Any) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    after = ""
    for _ in range(200):
        page = profile.timeline(who, limit=limit, after=after, **more)
        assert len(page.lines) <= limit
        found += [(line.kind, line.row.pk) for line in page.lines]
        after = page.after
        if not after:
            return found
    raise AssertionError("the pages never end")


@given(st.integers(1, 70))
@settings(suppress_health_check=list(HealthCheck), max_examples=15)
def test_pages_hold_everything_once_and_in_order(ada: Person, limit: int) -> None:
    whole = profile.timeline(ada, limit=1000)
    times = [line.at for line in whole.lines]
    assert times == sorted(times, reverse=True)
    assert len(whole.lines) == 12 * 5 + 1
    assert {line.kind for line in whole.lines} == set(KINDS)
    assert all_of(ada, limit) == [(line.kind, line.row.pk) for line in whole.lines]


def test_only_some_kinds(ada: Person) -> None:
    assert {kind for kind, _ in all_of(ada, 5, kinds=["notes"])} == {"notes"}
    assert len(all_of(ada, 5, kinds=["orders", "service"])) == 12
    assert len(all_of(ada, 50, kinds=["no such kind"])) == 61


def test_what_cannot_be_read_begins_at_the_newest(ada: Person) -> None:
    newest = profile.timeline(ada, limit=3)
    for after in ("x", "2026-01-01_0_0", "_".join("1" * 3), "9" * 90):
        assert profile.timeline(ada, limit=3, after=after) == newest


def test_a_page_takes_as_few_queries_however_much_there_is(ada: Person) -> None:
    with CaptureQueriesContext(connection) as seen:
        profile.timeline(ada)
    assert len(seen) <= 14


def test_finding(ada: Person, helper: User, stranger: User) -> None:
    for words in ("ada@example", "pellow", "R3", "r3", "#R3"):
        found = profile.find(helper, words)
        if len(words.strip("#")) >= profile.SHORTEST_NUMBER:
            assert [one.person for one in found] == [ada], words
    BusinessRecord.objects.create(kind="order", external_id="BC-70123", person=ada, at=NOW)
    (only,) = profile.find(helper, "bc-70123")
    assert only.record is not None
    assert only.record.external_id == "BC-70123"
    assert profile.find(stranger, "BC-70123") == []
    assert profile.find(helper, "") == []
