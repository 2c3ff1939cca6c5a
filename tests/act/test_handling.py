"""Every deed changes rows, leaves an event, and can be undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from crowdalogue.act import handling
from crowdalogue.models import Account, Conversation, LiveEvent, User, Wait
from tests.said import write

pytestmark = pytest.mark.django_db


def test_every_deed_can_be_undone(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("social"))
    [assigned] = handling.assign(helper, [conversation], helper)
    [closed] = handling.close(helper, [conversation])
    conversation.refresh_from_db()
    assert (conversation.state, conversation.owner, conversation.waiting_since) == ("closed", helper, None)
    assert not Wait.objects.get().waived  # nobody looks better by closing
    assert handling.undo(helper, closed)
    assert not handling.undo(helper, closed)
    conversation.refresh_from_db()
    assert conversation.state == "open"
    assert conversation.waiting_since is not None
    handling.undo(helper, assigned)
    conversation.refresh_from_db()
    assert conversation.owner is None


def test_a_tag_comes_and_goes(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("social"))
    [event] = handling.tag(helper, [conversation], "  late   parcel ")
    assert [t.name for t in conversation.tags.all()] == ["late parcel"]
    assert handling.tag(helper, [conversation], "late parcel") == []
    handling.undo(helper, event)
    assert not conversation.tags.exists()


def test_what_was_snoozed_wakes(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("social"))
    handling.snooze(helper, [conversation], timezone.now() + timedelta(hours=1))
    assert handling.wake() == 0
    Conversation.objects.update(snoozed_until=timezone.now() - timedelta(seconds=1))
    assert handling.wake() == 1
    conversation.refresh_from_db()
    assert conversation.state == "open"


def test_what_is_kept_apart_leaves_the_queue_and_comes_back(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("social"))
    [event] = handling.set_apart(helper, [conversation], "Sells watches")
    conversation.refresh_from_db()
    assert (conversation.state, conversation.why) == ("apart", "Sells watches")
    assert Wait.objects.get().waived
    handling.undo(helper, event)
    conversation.refresh_from_db()
    assert conversation.state == "open"
    assert conversation.waiting_since is not None


def test_a_deed_that_changes_nothing_leaves_no_event(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("social"))
    assert handling.reopen(helper, [conversation]) == []
    LiveEvent.objects.all().delete()
    handling.close(helper, [conversation])
    assert [e.object_id for e in LiveEvent.objects.filter(kind="conversation")] == [conversation.pk]
    assert handling.reopen(helper, [conversation])[0].deed == "reopened"


def test_seeing_it_is_no_deed(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("social"))
    assert handling.mark_read(helper, [conversation]) == 1
    assert handling.mark_read(helper, [conversation]) == 0
    assert not conversation.events.exists()
