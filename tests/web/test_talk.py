"""What a visitor may read, and the addresses of their files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.channels.webchat import answer_prefix, external_id, thread
from crowdalogue.models import Account, Conversation, Message, Reply, User
from crowdalogue.web import talk
from crowdalogue.web.visitors import Visitor

MARA = Visitor("visitor-" + "a" * 12)
OTTO = Visitor("visitor-" + "b" * 12)


@pytest.fixture
def widget(account: Callable[..., Account], company: Any) -> Account:
    return account("webchat")


def says(widget: Account, visitor: Visitor, number: int, text: str) -> Conversation:
    item = Incoming(
        external_id(visitor.id, f"message-{number}"), Author(visitor.id), text, threads=(thread(visitor.id),)
    )
    flow.file(widget, [item])
    return Conversation.objects.get(messages__external_id=item.external_id)


def answered(user: User, row: Conversation, text: str, number: int) -> Message:
    reply = flow.answer(user, row, text, key=f"answer-key-{number}")
    flow.deliver()
    return Message.objects.get(pk=reply.message_id)


def texts(widget: Account, visitor: Visitor, **more: int) -> list[str]:
    return [s.message.text for s in talk.read(widget, visitor, **more)[0]]


@pytest.mark.parametrize("state", [s for s in Reply.State.values if s != Reply.State.SENT])
def test_only_what_was_sent_is_shown(widget: Account, helper: User, state: str) -> None:
    row = says(widget, MARA, 1, "Hello")
    message = answered(helper, row, "Hello Mara", 1)
    assert texts(widget, MARA) == ["Hello", "Hello Mara"]
    Reply.objects.filter(message=message).update(state=state)
    assert texts(widget, MARA) == ["Hello"]


def test_an_answer_is_named_for_one_visitor(widget: Account, helper: User) -> None:
    message = answered(helper, says(widget, MARA, 1, "Hello"), "Hello Mara", 1)
    assert message.external_id.startswith(answer_prefix(MARA.id))
    assert texts(widget, OTTO) == []
    assert talk.conversations(widget, OTTO) == []


def test_what_was_taken_back_is_gone(widget: Account) -> None:
    says(widget, MARA, 1, "Hello")
    Message.objects.update(deleted_at=timezone.now())
    assert texts(widget, MARA) == []


def test_places_lead_on_and_back(widget: Account) -> None:
    start = timezone.now() - timedelta(hours=1)
    for n in range(4):
        says(widget, MARA, n, f"number {n}")
        Message.objects.filter(text=f"number {n}").update(received_at=start + timedelta(minutes=n))
    said, _ = talk.read(widget, MARA)
    assert [s.place for s in said] == sorted(s.place for s in said)
    assert texts(widget, MARA, after=said[2].place) == ["number 2", "number 3"]
    assert texts(widget, MARA, before=said[2].place) == ["number 0", "number 1"]
    assert talk.moment(said[1].place) == said[1].at
    assert talk.moment(10**30).year > 2200


def test_a_receipt_counts_once(widget: Account, helper: User) -> None:
    answered(helper, says(widget, MARA, 1, "Hello"), "Hello Mara", 1)
    for state in ("delivered", "read"):
        said, _ = talk.read(widget, MARA)
        assert talk.mark(widget, said, state) == 1
        said, _ = talk.read(widget, MARA)
        assert talk.mark(widget, said, state) == 0


def test_an_address_of_a_file_opens_that_file_for_a_week(widget: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    class Row:
        pk, name, size = 7, "lamp.png", 10

    path = talk.file(widget, Row())["path"]  # type: ignore[arg-type]
    signed = path.partition("?s=")[2]
    assert talk.may_open(widget, 7, signed)
    assert not talk.may_open(widget, 8, signed)
    monkeypatch.setattr(talk, "FILE_S", -1)
    assert not talk.may_open(widget, 7, signed)
