"""Answers are written once, sent once, and never silently lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.act import replies
from crowdalogue.channels.base import Sent, Status
from crowdalogue.errors import Failure, SendError
from crowdalogue.models import Account, Draft, Event, Message, Reply, ThreadRef, User
from tests.said import write

pytestmark = pytest.mark.django_db


def test_an_answer_is_queued_once_and_stops_the_clock(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("email", settings={"from_address": "help@example.com"}))
    one = flow.answer(helper, conversation, "On its way.", key="key-12345")
    two = flow.answer(helper, conversation, "On its way.", key="key-12345")
    assert one == two
    assert Message.objects.filter(direction="out").count() == 1
    conversation.refresh_from_db()
    assert conversation.waiting_since is None


def test_undo_send_gives_the_words_back(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("email", settings={"from_address": "help@example.com"}))
    reply = flow.answer(helper, conversation, "Oh no", key="key-12345", delay=8)
    assert flow.deliver() == 0
    assert flow.recall(helper, reply)
    assert Draft.objects.get().text == "Oh no"
    assert not Reply.objects.exists()
    conversation.refresh_from_db()
    assert conversation.waiting_since is not None


def test_a_server_that_is_away_is_tried_again_and_the_reason_is_kept(
    account: Callable[..., Account], helper: User
) -> None:
    away = {"from_address": "help@example.com", "smtp_host": "127.0.0.1", "smtp_port": 1, "smtp_security": "none"}
    conversation = write(account("email", settings=away))
    reply = flow.answer(helper, conversation, "On its way.", key="key-12345")
    assert flow.deliver() == 1
    reply.refresh_from_db()
    assert (reply.state, reply.attempts) == ("queued", 1)
    assert reply.reason
    assert flow.deliver() == 0  # not before its back-off


def test_one_that_was_cut_off_is_uncertain_and_sent_again_only_by_a_person(
    account: Callable[..., Account], helper: User
) -> None:
    conversation = write(account("email", settings={"from_address": "help@example.com"}))
    reply = flow.answer(helper, conversation, "On its way.", key="key-12345")
    replies.claim(5, timezone.now())
    assert replies.mark_cut_off(timezone.now()) == 0
    assert replies.mark_cut_off(timezone.now() + timedelta(hours=1)) == 1
    reply.refresh_from_db()
    assert reply.state == "uncertain"
    assert flow.deliver() == 0
    assert flow.resend(helper, reply).state == "queued"


def test_a_reply_that_never_left_puts_the_customer_back(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("email", settings={"from_address": "help@example.com"}))
    reply = flow.answer(helper, conversation, "On its way.", key="key-12345")
    replies.mark_problem(reply, Failure("No such mailbox. Check the address.", permanent=True))
    conversation.refresh_from_db()
    assert conversation.waiting_since is not None
    assert Event.objects.count() == 0


def test_an_answer_goes_where_the_newest_message_asks(account: Callable[..., Account], helper: User) -> None:
    mailbox = account("email", settings={"from_address": "help@example.com"})
    conversation = write(mailbox, extra={"reply_to": "office@example.com"})
    reply = flow.answer(helper, conversation, "On its way.", key="key-12345")
    assert replies.outgoing(reply, [], []).to.address == "office@example.com"


def queued(account: Callable[..., Account], user: User) -> Reply:
    conversation = write(account("email", settings={"from_address": "help@example.com"}))
    return flow.answer(user, conversation, "On its way.", key="key-12345")


def test_what_was_refused_for_good_is_failed_and_what_may_have_arrived_is_uncertain(
    account: Callable[..., Account], helper: User
) -> None:
    reply = queued(account, helper)
    replies.mark_problem(reply, SendError("Perhaps.", uncertain=True))
    reply.refresh_from_db()
    assert reply.state == "uncertain"
    replies.mark_problem(reply, SendError("No such mailbox.", permanent=True))
    reply.refresh_from_db()
    assert (reply.state, reply.reason) == ("failed", "No such mailbox.")


def test_trying_again_ends_after_a_day(account: Callable[..., Account], helper: User) -> None:
    reply = queued(account, helper)
    reply.created_at -= timedelta(hours=25)
    replies.mark_problem(reply, SendError("The server is away."))
    reply.refresh_from_db()
    assert reply.state == "failed"


def test_an_echo_filed_before_the_name_is_known_is_the_same_message(
    account: Callable[..., Account], helper: User
) -> None:
    reply = queued(account, helper)
    write(reply.account, "On its way.", "named-by-the-provider", parents=("a",))
    replies.mark_sent(reply, Sent("named-by-the-provider"))
    assert Message.objects.filter(external_id="named-by-the-provider").count() == 1
    assert reply.message.conversation.messages.count() == 2


def test_a_bounce_fails_the_reply_and_a_receipt_delivers_it(account: Callable[..., Account], helper: User) -> None:
    reply = queued(account, helper)
    replies.mark_sent(reply, Sent(reply.message.external_id))
    flow.file(reply.account, [Status(reply.message.external_id, "delivered")])
    reply.refresh_from_db()
    assert reply.delivered_at is not None
    flow.file(reply.account, [Status(reply.message.external_id, "failed", "Mailbox full")])
    reply.refresh_from_db()
    assert (reply.state, reply.reason) == ("failed", "Mailbox full")
    reply.conversation.refresh_from_db()
    assert reply.conversation.waiting_since is not None
    assert not replies.take_receipt(reply.account_id, "nobody's", "failed", "")


def test_news_by_our_own_key_settle_a_reply_in_doubt_and_name_it(account: Callable[..., Account], helper: User) -> None:
    reply = queued(account, helper)
    nameless = replies.PENDING + reply.key  # as where the provider names messages
    Message.objects.filter(pk=reply.message_id).update(external_id=nameless)
    replies.mark_problem(reply, SendError("No answer came.", uncertain=True))
    write(reply.account, "On its way.", "named-by-the-provider", parents=("a",))  # its echo
    flow.file(reply.account, [Status(reply.key, "sent", name="named-by-the-provider")])
    reply.refresh_from_db()
    assert (reply.state, reply.delivered_at) == ("sent", None)
    assert Message.objects.get(pk=reply.message_id).external_id == "named-by-the-provider"
    assert Message.objects.filter(external_id="named-by-the-provider").count() == 1
    flow.file(reply.account, [Status(reply.key, "delivered", name="another-part")])
    reply.refresh_from_db()
    assert reply.delivered_at is not None
    assert Message.objects.get(pk=reply.message_id).external_id == "named-by-the-provider"


def test_a_watermark_is_news_of_everything_sent_until_then(account: Callable[..., Account], helper: User) -> None:
    reply = queued(account, helper)
    replies.mark_sent(reply, Sent("named"))
    ThreadRef.objects.create(account=reply.account, ref="chat:7", conversation=reply.conversation)
    before, after = timezone.now() - timedelta(minutes=5), timezone.now() + timedelta(seconds=5)
    for target, state, at in (
        ("until:chat:7", "read", before),
        ("until:chat:8", "read", after),
        ("until:chat:7", "failed", after),
    ):
        flow.file(reply.account, [Status(target, state, at=at)])
        reply.refresh_from_db()
        assert (reply.state, reply.delivered_at, reply.read_at) == ("sent", None, None)
    flow.file(reply.account, [Status("until:chat:7", "delivered", at=after)])
    reply.refresh_from_db()
    assert (reply.delivered_at, reply.read_at) == (after, None)
    flow.file(reply.account, [Status("until:chat:7", "read", at=after + timedelta(seconds=1))])
    reply.refresh_from_db()
    assert (reply.delivered_at, reply.read_at) == (after, after + timedelta(seconds=1))


def test_a_note_is_kept_once_and_stops_no_clock(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("social"))
    one = replies.note(helper, conversation, "Serial is lot 38", key="n1")
    assert replies.note(helper, conversation, "Serial is lot 38", key="n1") == one
    conversation.refresh_from_db()
    assert conversation.waiting_since is not None
