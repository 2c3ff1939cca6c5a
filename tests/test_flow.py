"""From a knock at the door to a reply, with real parts."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.act import handling, replies
from crowdalogue.analyze import findings
from crowdalogue.channels.base import Author, Incoming, Raw
from crowdalogue.errors import Failure
from crowdalogue.models import Account, Band, Conversation, Delivery, Draft, Event, Message, Reading, Reply, User, Wait

pytestmark = pytest.mark.django_db


def write(account: Account, text: str = "Where is my parcel?", name: str = "a", **more: object) -> Conversation:
    item = Incoming(name, Author("mara@example.com", "Mara"), text, timezone.now(), **more)  # type: ignore[arg-type]
    return Conversation.objects.get(pk=flow.file(account, [item]).touched.pop())


# --- reading and deciding


def test_what_is_read_is_written_once_and_moves_the_conversation(account: Callable[..., Account]) -> None:
    conversation = write(account("social"), "The parcel never arrived and nobody answers. I want my money back today!")
    assert flow.process(embed=False) == 1
    assert flow.process(embed=False) == 0
    reading = Reading.objects.get()
    assert reading.language == "en"
    assert Message.objects.get().read_at is not None
    conversation.refresh_from_db()
    assert conversation.waiting_since is not None


def test_a_reader_that_dies_leaves_a_claim_that_runs_out(account: Callable[..., Account]) -> None:
    write(account("social"))
    long_ago = timezone.now() - timedelta(minutes=10)
    Message.objects.update(claimed_at=timezone.now())
    assert flow.process(embed=False) == 0
    Message.objects.update(claimed_at=long_ago)
    assert flow.process(embed=False) == 1


def test_a_copy_is_tied_to_the_first_across_batches(account: Callable[..., Account]) -> None:
    text = "Please everybody share: this shop sells batteries that catch fire in the night, stay away from it."
    channel = account("social")
    write(channel, text, "a")
    flow.process(embed=False)
    write(channel, "RT " + text, "b")
    flow.process(embed=False)
    first, second = Message.objects.order_by("id")
    assert second.reading.duplicate_of == first.pk
    assert first.reading.duplicate_of is None


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


# --- what people do


def test_every_deed_can_be_undone(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("social"))
    [assigned] = handling.assign(helper, [conversation], helper)
    [closed] = handling.close(helper, [conversation])
    conversation.refresh_from_db()
    assert (conversation.state, conversation.owner, conversation.waiting_since) == ("closed", helper, None)
    assert Wait.objects.get().waived
    assert handling.undo(helper, closed)
    assert not handling.undo(helper, closed)
    conversation.refresh_from_db()
    assert conversation.state == "open"
    assert conversation.waiting_since is not None
    assert not Wait.objects.get().waived
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


def test_an_entry_by_hand_joins_its_conversation(account: Callable[..., Account], helper: User) -> None:
    message = flow.enter(helper, kind="phone", text="Called about a leak", name="Per", phone="555 0100", key="k1")
    again = flow.enter(helper, kind="phone", text="Called about a leak", name="Per", phone="555 0100", key="k1")
    later = flow.enter(helper, kind="phone", text="Called back", phone="555 0100", conversation=message.conversation)
    assert message == again
    assert later.conversation == message.conversation
    assert message.user == helper
    assert message.handle is not None and message.handle.person is not None


# --- deliveries


def knock(account: Account, body: object) -> Raw:
    payload = json.dumps(body).encode()
    stamp = str(int(time.time()))
    secret = account.secrets["secret"].encode()
    signature = hmac.new(secret, f"{stamp}.".encode() + payload, hashlib.sha256).hexdigest()
    return Raw(payload, {"x-crowdalogue-signature": f"t={stamp},v1={signature}"})


@pytest.fixture
def hook(account: Callable[..., Account]) -> Account:
    return account("webhook", secrets={"secret": "s" * 40})


def test_a_delivery_is_kept_filed_and_repeats_are_nothing(hook: Account) -> None:
    raw = knock(hook, {"id": "1", "text": "hello", "author": {"address": "mara@example.com"}})
    first, second = flow.receive(hook, raw), flow.receive(hook, raw)
    assert first.pk == second.pk
    assert (first.state, Message.objects.count()) == ("filed", 1)


def test_what_is_not_understood_is_kept_and_replayed(hook: Account) -> None:
    delivery = flow.receive(hook, knock(hook, {"nothing": "known"}))
    assert delivery.state == "failed"
    assert delivery.reason
    good = knock(hook, {"id": "1", "text": "hello", "author": {"address": "mara@example.com"}})
    Delivery.objects.filter(pk=delivery.pk).update(body=good.body)
    delivery.refresh_from_db()
    assert flow.replay(delivery).state == "filed"
    assert Message.objects.count() == 1


def test_a_delivery_whose_door_died_is_picked_up(hook: Account) -> None:
    raw = knock(hook, {"id": "1", "text": "hello", "author": {"address": "mara@example.com"}})
    long_ago = timezone.now() - timedelta(minutes=1)
    Delivery.objects.create(account=hook, key="k", body=raw.body, headers=dict(raw.headers), received_at=long_ago)
    assert flow.pick_up() == 1
    assert flow.pick_up() == 0
    assert Message.objects.count() == 1


# --- replies


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


def test_a_channel_that_cannot_be_answered_says_so(account: Callable[..., Account], helper: User) -> None:
    with pytest.raises(Failure, match="cannot be answered"):
        flow.answer(helper, write(account("social")), "hello", key="key-12345")


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


def test_an_answer_and_close_is_one_step(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("email", settings={"from_address": "help@example.com"}))
    flow.answer(helper, conversation, "Done.", key="key-12345", then="close")
    conversation.refresh_from_db()
    assert conversation.state == "closed"
    assert not Wait.objects.get().waived


def test_bands_of_long_ago_are_forgotten(account: Callable[..., Account]) -> None:
    write(account("social"), "A text that is long enough to have bands, said by somebody two months ago.")
    flow.process(embed=False)
    assert Band.objects.exists()
    assert findings.forget_bands(timezone.now()) == 0
    assert findings.forget_bands(timezone.now() + timedelta(days=61)) > 0
    assert not Band.objects.exists()


def test_an_answer_goes_where_the_newest_message_asks(account: Callable[..., Account], helper: User) -> None:
    mailbox = account("email", settings={"from_address": "help@example.com"})
    conversation = write(mailbox, extra={"reply_to": "office@example.com"})
    reply = flow.answer(helper, conversation, "On its way.", key="key-12345")
    assert replies.outgoing(reply, [], []).to.address == "office@example.com"
