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
from crowdalogue.channels.base import Raw
from crowdalogue.errors import Failure
from crowdalogue.flow import inwards
from crowdalogue.listen import intake
from crowdalogue.listen.rush import Rush
from crowdalogue.models import Account, Delivery, Message, User, Wait
from tests.said import write

pytestmark = pytest.mark.django_db


def knock(account: Account, body: object) -> Raw:
    payload = json.dumps(body).encode()
    stamp = str(int(time.time()))
    secret = account.secrets["secret"].encode()
    signature = hmac.new(secret, f"{stamp}.".encode() + payload, hashlib.sha256).hexdigest()
    return Raw(payload, {"x-crowdalogue-signature": f"t={stamp},v1={signature}"})


@pytest.fixture
def hook(account: Callable[..., Account]) -> Account:
    return account("webhook", secrets={"secret": "s" * 40})


def test_an_entry_by_hand_joins_its_conversation(account: Callable[..., Account], helper: User) -> None:
    message = flow.enter(helper, kind="phone", text="Called about a leak", name="Per", phone="555 0100", key="k1")
    again = flow.enter(helper, kind="phone", text="Called about a leak", name="Per", phone="555 0100", key="k1")
    later = flow.enter(helper, kind="phone", text="Called back", phone="555 0100", conversation=message.conversation)
    assert message == again
    assert later.conversation == message.conversation
    assert message.user == helper
    assert message.handle is not None and message.handle.person is not None


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


def test_what_a_rush_leaves_is_filed_together_and_one_bad_delivery_stops_none(
    hook: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Rush(knocks=1)
    monkeypatch.setattr(inwards, "_rush", busy)
    busy.inside = 1  # another knock that takes long
    bodies = [{"id": str(n), "text": f"hello {n}", "author": f"p{n % 3}@example.com"} for n in range(9)]
    bodies[4] = {"nothing": "known"}
    raws = [knock(hook, body) for body in bodies]
    taken = [flow.knock(hook, raw)[0] for raw in raws]
    assert {delivery.state for delivery in taken if delivery} == {"kept"}
    assert not Message.objects.exists()
    again, _ = flow.knock(hook, raws[0])
    assert again is not None and again.pk == taken[0].pk and again.repeated  # type: ignore[union-attr, attr-defined]
    assert flow.pick_up() == 9
    assert flow.pick_up() == 0
    assert sorted(Message.objects.values_list("external_id", flat=True)) == list("01235678")
    states = Delivery.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["filed"] * 4 + ["failed"] + ["filed"] * 4


def test_a_delivery_that_stopped_a_worker_is_taken_alone_next_time(hook: Account) -> None:
    """Its neighbours must not be stopped three times with it."""
    for n in range(3):
        body = {"id": str(n), "text": f"hello {n}", "author": "ann@example.com"}
        intake.keep(hook, knock(hook, body), left=True)
    assert len(intake.claim_left(timezone.now())) == 3  # and the worker died
    Delivery.objects.update(claimed_at=timezone.now() - 2 * intake.LEASE)
    assert flow.pick_up() == 3
    assert Message.objects.count() == 3


def test_a_channel_that_cannot_be_answered_says_so(account: Callable[..., Account], helper: User) -> None:
    with pytest.raises(Failure, match="cannot be answered"):
        flow.answer(helper, write(account("social")), "hello", key="key-12345")


def test_an_answer_and_close_is_one_step(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("email", settings={"from_address": "help@example.com"}))
    flow.answer(helper, conversation, "Done.", key="key-12345", then="close")
    conversation.refresh_from_db()
    assert conversation.state == "closed"
    assert not Wait.objects.get().waived
