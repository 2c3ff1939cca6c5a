"""Rows are fetched through what a person may see; what may come twice is one by a constraint."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from crowdalogue.models import Account, Conversation, Delivery, Handle, Import, Message, Person, ThreadRef, User


@pytest.fixture
def conversation(account: Callable[..., Account]) -> Conversation:
    now = timezone.now()
    return Conversation.objects.create(account=account(), kind="email", first_at=now, last_at=now)


def test_a_stranger_sees_no_row_of_any_kind(
    conversation: Conversation, helper: User, analyst: User, stranger: User
) -> None:
    row = conversation
    message = Message(account=row.account, external_id="a", conversation=row, direction="in", sent_at=timezone.now())
    message.save()
    Delivery.objects.create(account=row.account, key="k", body=b"x")
    Person.objects.create(name="Mara")
    Import.objects.create(name="a.csv", path="a.csv")
    for model in (Account, Conversation, Delivery, Import, Message, Person):
        assert model.objects.seen_by(helper).count() == 1
        assert model.objects.seen_by(analyst).count() == 1
        assert model.objects.seen_by(stranger).count() == 0
        assert model.objects.seen_by(AnonymousUser()).count() == 0
        assert model.objects.seen_by(None).count() == 0


def test_what_may_be_repeated_is_one_row(conversation: Conversation) -> None:
    account, now = conversation.account, timezone.now()

    def twice(make: Callable[[], object]) -> None:
        make()
        with pytest.raises(IntegrityError), transaction.atomic():
            make()

    twice(lambda: Delivery.objects.create(account=account, key="k", body=b"x"))
    twice(lambda: Handle.objects.create(kind="email", address="mara@example.com"))
    twice(lambda: ThreadRef.objects.create(account=account, ref="<1@example.com>", conversation=conversation))
    twice(
        lambda: Message.objects.create(
            account=account, external_id="<1@example.com>", conversation=conversation, direction="in", sent_at=now
        )
    )


def test_initials_of_a_person() -> None:
    assert Person(name="Mara van Dijk").initials == "MV"
    assert Person(name="").initials == "–"


def test_keys_of_conversations_cannot_be_guessed(conversation: Conversation) -> None:
    now = timezone.now()
    other = Conversation.objects.create(account=conversation.account, kind="email", first_at=now, last_at=now)
    assert len(other.key) >= 16
    assert other.key != conversation.key
