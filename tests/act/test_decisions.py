"""What is read moves the conversation, with the reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crowdalogue import flow
from crowdalogue.channels.base import Attachment
from crowdalogue.models import Account, Message, User
from tests.said import write

pytestmark = pytest.mark.django_db


def test_a_person_corrects_a_label_and_it_counts_at_once(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("social"), "ok thanks")
    flow.process(embed=False)
    message = Message.objects.get()
    flow.correct(helper, message, "needs_answer", "no")
    conversation.refresh_from_db()
    assert conversation.needs_answer is False
    flow.correct(helper, message, "needs_answer", "yes")
    flow.correct(helper, message, "sentiment", "negative")
    conversation.refresh_from_db()
    assert conversation.needs_answer is True
    assert conversation.sentiment == "negative"
    assert message.corrections.count() == 2


def test_spam_a_person_names_is_kept_apart(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("social"), "Cheap watches at example.com")
    flow.process(embed=False)
    flow.correct(helper, Message.objects.get(), "intent", "spam")
    conversation.refresh_from_db()
    assert conversation.state == "apart"
    assert conversation.why.startswith("Looks like spam")


def test_a_customer_we_answered_before_is_not_kept_apart(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("email", settings={"from_address": "help@example.com"}))
    flow.answer(helper, conversation, "On its way.", key="key-12345")
    flow.correct(helper, Message.objects.get(direction="in"), "intent", "spam")
    conversation.refresh_from_db()
    assert conversation.state == "open"


def test_urgency_raises_the_priority_and_the_promise_follows(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("social"))
    flow.correct(helper, Message.objects.get(), "urgency", "high")
    conversation.refresh_from_db()
    assert conversation.priority == 2


def test_a_picture_without_words_waits_for_an_answer(account: Callable[..., Account]) -> None:
    part = Attachment("broken.jpg", "image/jpeg", b"\xff\xd8")
    conversation = write(account("social"), "", attachments=(part,))
    flow.process(embed=False)
    conversation.refresh_from_db()
    assert conversation.needs_answer is True
    assert conversation.waiting_since is not None
    assert conversation.why == ""
