"""Newer versions and messages taken back, whichever comes first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming, Interaction, Item, Kind, Removal
from crowdalogue.listen import changes
from crowdalogue.models import Account, Conversation, Message, Tombstone, User
from crowdalogue.models import Interaction as Row
from crowdalogue.text import search

pytestmark = pytest.mark.django_db

AT = timezone.now().replace(microsecond=0) - timedelta(hours=2)
MARA = Author("mara@example.com", "Mara Lind")


def says(text: str = "Wher is it?", *, edited: datetime | None = None, name: str = "m1", **more: object) -> Incoming:
    return Incoming(name, MARA, text, AT, edited_at=edited, **more)  # type: ignore[arg-type]


def at(minutes: int) -> datetime:
    return AT + timedelta(minutes=minutes)


@pytest.fixture
def hook(account: Callable[..., Account]) -> Account:
    return account("webhook", secrets={"secret": "s" * 40})


def test_a_newer_version_is_shown_read_again_and_found(hook: Account, owner: User) -> None:
    flow.file(hook, [says("Where is my bycicle?")])
    flow.process()
    flow.file(hook, [says("Where is my bicycle?", edited=at(1))])
    message = Message.objects.get()
    assert (message.text, message.edited_at) == ("Where is my bicycle?", at(1))
    assert message.extra["versions"] == [{"text": "Where is my bycicle?", "until": at(1).isoformat()}]
    assert message.read_at is None
    assert flow.process() == 1
    assert [hit.message.pk for hit in search.search(owner, "bicycle").rows] == [message.pk]
    assert not search.search(owner, "bycicle").rows


@given(order=st.permutations(range(6)), twice=st.booleans(), together=st.booleans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_any_order_the_newest_version_stands(hook: Account, order: list[int], twice: bool, together: bool) -> None:
    Message.objects.all().delete()
    Tombstone.objects.all().delete()
    items: list[Item] = [
        says("version 0"),
        *(says(f"version {n}", edited=at(n)) for n in range(1, 5)),
        Removal("m1", at(9)),
    ]
    queue = [items[n] for n in order] * (2 if twice else 1)
    for batch in [queue] if together else [[item] for item in queue]:
        flow.file(hook, batch)
    message = Message.objects.get()
    assert message.text == "version 4"
    assert message.deleted_at == at(9)
    assert Conversation.objects.get(pk=message.conversation_id).waiting_since is None


def test_the_same_text_again_is_no_version(hook: Account) -> None:
    flow.file(hook, [says("Where is it?")])
    flow.file(hook, [says("Where is it?", edited=at(3))])
    assert "versions" not in Message.objects.get().extra


def test_only_so_many_versions_are_kept(hook: Account) -> None:
    flow.file(hook, [says("version 0")])
    for n in range(1, changes.VERSIONS + 5):
        flow.file(hook, [says(f"version {n}", edited=at(n))])
    versions = Message.objects.get().extra["versions"]
    assert len(versions) == changes.VERSIONS
    assert versions[-1]["text"] == f"version {changes.VERSIONS + 3}"


def test_what_is_taken_back_waits_for_nothing_and_stays(hook: Account) -> None:
    flow.file(hook, [says("Where is it?"), says("Hello?", name="m2", parents=("m1",))])
    conversation = Conversation.objects.get()
    assert conversation.waiting_since == AT
    flow.file(hook, [Removal("m1", at(5)), Removal("m2")])
    conversation.refresh_from_db()
    assert conversation.waiting_since is None
    assert Message.objects.filter(deleted_at__isnull=False).count() == 2
    assert Message.objects.get(external_id="m1").text == "Where is it?"


def test_what_was_overheard_is_read_and_nobody_waits(hook: Account) -> None:
    flow.file(hook, [says("The new heater of Nordvik hums all night", kind=Kind.OVERHEARD)])
    assert Conversation.objects.get().waiting_since is None
    assert flow.process() == 1
    assert Message.objects.get().reading.sentiment


def test_likes_are_given_and_taken_back_as_often_as_they_like(hook: Account) -> None:
    def like(minute: int, gone: bool = False) -> Interaction:
        return Interaction("like:mara:p1", MARA, "like", at(minute), "p1", gone)

    flow.file(hook, [like(1)])
    flow.file(hook, [like(3, gone=True), like(1)])
    assert Row.objects.get().gone_at == at(3)
    flow.file(hook, [like(5)])
    assert (Row.objects.get().gone_at, Row.objects.get().at) == (None, at(5))
    flow.file(hook, [like(3, gone=True)])  # late
    assert Row.objects.get().gone_at is None
