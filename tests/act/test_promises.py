"""Promises kept on rows: made from the messages' own times, whenever anything ran."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.act import promises
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.models import Account, Conversation, Hours, Message, Target, Wait
from tests.said import write

pytestmark = pytest.mark.django_db
OFFICE = [[["09:00", "17:00"]]] * 5 + [[], []]


def test_without_a_target_half_an_hour_is_promised(account: Callable[..., Account]) -> None:
    conversation = write(account("social"))
    assert conversation.due_at is not None and conversation.waiting_since is not None
    assert conversation.due_at - conversation.waiting_since == timedelta(minutes=30)


def test_the_most_particular_target_counts(account: Callable[..., Account]) -> None:
    Target.objects.create(kind="", first_minutes=120)
    Target.objects.create(kind="social", first_minutes=15)
    Target.objects.create(kind="social", priority=2, first_minutes=5)
    targets = promises.Targets()
    assert targets.of("email", 1).first_minutes == 120
    assert targets.of("social", 1).first_minutes == 15
    assert targets.of("social", 2).first_minutes == 5


def test_business_time_is_kept_beside_calendar_time(account: Callable[..., Account]) -> None:
    hours = Hours.objects.create(name="Office", timezone="UTC", week=OFFICE)
    Target.objects.create(kind="social", first_minutes=60, hours=hours)
    friday, monday = datetime(2026, 10, 16, 16, 50, tzinfo=UTC), datetime(2026, 10, 19, 9, 5, tzinfo=UTC)
    channel = account("social")
    flow.file(channel, [Incoming("a", Author("mara"), "Hello?", friday)])
    us = Author("help", ours=True)
    flow.file(channel, [Incoming("b", us, "Hello.", monday, parents=("a",))])
    wait = Wait.objects.get()
    assert wait.business_s == 15 * 60
    assert wait.calendar_s == int((monday - friday).total_seconds())
    assert wait.due_at is None  # it was weeks old when it came


def test_what_was_old_when_it_came_waits_without_a_promise(account: Callable[..., Account]) -> None:
    conversation = write(account("social"), sent_at=timezone.now() - timedelta(days=90))
    assert conversation.waiting_since is not None
    assert conversation.due_at is None


def test_following_again_changes_nothing(account: Callable[..., Account]) -> None:
    conversation = write(account("social"))
    before = Conversation.objects.filter(pk=conversation.pk).values().get()
    waits = list(Wait.objects.values())
    promises.follow([conversation.pk])
    assert Conversation.objects.filter(pk=conversation.pk).values().get() == before
    assert list(Wait.objects.values()) == waits


def test_a_deleted_answer_opens_the_wait_again(account: Callable[..., Account]) -> None:
    channel = account("social")
    conversation = write(channel)
    flow.file(channel, [Incoming("b", Author("help", ours=True), "Yes", timezone.now(), parents=("a",))])
    assert Wait.objects.get().answered_at is not None
    Message.objects.filter(external_id="b").delete()
    promises.follow([conversation.pk])
    assert Wait.objects.get().answered_at is None


def test_the_newest_customer_message_is_what_the_list_shows(account: Callable[..., Account]) -> None:
    channel = account("social")
    write(channel, "First   words\nof two lines")
    conversation = write(channel, "Second words", "b", parents=("a",))
    assert conversation.preview == "Second words"
    assert conversation.messages_count == 2
