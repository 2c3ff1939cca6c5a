"""One row a message, under its conversation and handle, whatever order things come in."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crowdalogue import flow
from crowdalogue.channels.base import Attachment, Author, Incoming, Interaction, Kind
from crowdalogue.listen import attachments
from crowdalogue.models import Account, Brand, Conversation, Handle, Message, Person, ThreadRef, Wait

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
CUSTOMER, US = Author("mara@example.com", "Mara"), Author("help@example.com", "Help", ours=True)

pytestmark = pytest.mark.django_db


def say(name: str, *parents: str, who: Author = CUSTOMER, minute: int = 0, **more: object) -> Incoming:
    at = NOON + timedelta(minutes=minute)
    return Incoming(name, who, f"text of {name}", at, parents=parents, **more)  # type: ignore[arg-type]


@pytest.fixture
def mailbox(account: Callable[..., Account]) -> Account:
    return account("social")


def test_the_same_message_again_is_nothing(mailbox: Account) -> None:
    first = flow.file(mailbox, [say("a"), say("b", "a"), say("a")])
    again = flow.file(mailbox, [say("b", "a"), say("a")])
    assert (len(first.messages), first.repeated) == (2, 1)
    assert (len(again.messages), again.repeated, again.conversations, again.persons) == (0, 2, 0, 0)
    assert Message.objects.count() == 2


def test_a_customer_is_a_person_and_our_account_is_a_brand(mailbox: Account) -> None:
    brand = Author("acme", ours=True, brand="Acme")
    filed = flow.file(mailbox, [say("a"), say("b", "a", who=brand, minute=9)])
    assert (filed.persons, filed.brand_accounts, filed.conversations) == (1, 1, 1)
    assert Person.objects.get().name == "Mara"
    conversation = Conversation.objects.get()
    assert conversation.brand == Brand.objects.get(name="Acme")
    assert conversation.handle == Handle.objects.get(address="mara@example.com")
    assert conversation.first_response_s == 9 * 60
    assert conversation.waiting_since is None


def test_a_reply_waits_for_its_parent_and_they_join(mailbox: Account) -> None:
    flow.file(mailbox, [say("c", "b", minute=2)])
    flow.file(mailbox, [say("a")])
    assert Conversation.objects.count() == 2
    flow.file(mailbox, [say("b", "a", minute=1)])
    assert Conversation.objects.count() == 1
    assert [m.external_id for m in Message.objects.order_by("sent_at")] == ["a", "b", "c"]
    assert Conversation.objects.get().messages_count == 3


def test_two_answers_to_something_unseen_are_one_conversation(mailbox: Account) -> None:
    flow.file(mailbox, [say("b", "missing")])
    flow.file(mailbox, [say("c", "missing", minute=1)])
    assert Conversation.objects.count() == 1


def test_the_address_tag_finds_its_conversation_even_after_a_merge(mailbox: Account) -> None:
    flow.file(mailbox, [say("a")])
    flow.file(mailbox, [say("c", "b", minute=2)])
    late = Conversation.objects.order_by("-id").first()
    assert late is not None
    flow.file(mailbox, [say("b", "a", minute=1)])
    flow.file(mailbox, [say("d", threads=("tag:" + late.key,), minute=5)])
    assert Conversation.objects.count() == 1


def test_a_tag_of_nobody_starts_a_conversation(mailbox: Account) -> None:
    flow.file(mailbox, [say("a", threads=("tag:invented",))])
    flow.file(mailbox, [say("b", threads=("tag:invented",))])
    assert Conversation.objects.count() == 2
    assert not ThreadRef.objects.exists()


CHAIN = ["a", "b", "c", "d", "e", "f"]
PARENT = {"b": "a", "c": "b", "d": "b", "e": "d", "f": "e"}


@given(st.permutations(CHAIN), st.lists(st.integers(1, 5), max_size=6))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_and_any_batches_end_the_same(mailbox: Account, order: list[str], cuts: list[int]) -> None:
    """A tree of replies is one conversation with the same clocks, however it arrived."""
    said = {n: say(n, *([PARENT[n]] if n in PARENT else []), who=US if n in "bf" else CUSTOMER, minute=i)
            for i, n in enumerate(CHAIN)}  # fmt: skip
    with transaction.atomic():
        left = list(order)
        for size in itertools.chain(cuts, itertools.repeat(2)):
            if not left:
                break
            flow.file(mailbox, [said[n] for n in left[:size]])
            left = left[size:]
        conversation = Conversation.objects.get()
        waits = list(Wait.objects.order_by("number").values_list("calendar_s", "first"))
        assert conversation.messages_count == 6
        assert waits == [(60, True), (180, False)]
        assert conversation.first_response_s == 60
        assert Person.objects.count() == 1
        transaction.set_rollback(True)


def test_a_new_message_opens_what_was_closed_but_an_automatic_one_does_not(mailbox: Account) -> None:
    flow.file(mailbox, [say("a"), say("b", "a", who=US, minute=1)])
    Conversation.objects.update(state="closed", handled_at=NOON)
    flow.file(mailbox, [say("c", "b", minute=2, kind=Kind.AUTOMATIC)])
    assert Conversation.objects.get().state == "closed"
    flow.file(mailbox, [say("d", "b", minute=3)])
    conversation = Conversation.objects.get()
    assert conversation.state == "open"
    assert conversation.waiting_since == NOON + timedelta(minutes=3)


def test_what_no_store_takes_is_mended_and_kept(mailbox: Account) -> None:
    hard = Incoming(
        "x" * 900,
        Author("a\x00b@example.com", "N\x00ame"),
        "nul \x00 and half a pair \ud83d",
        datetime(2999, 1, 1, tzinfo=UTC),
        extra={"bad\x00key": [float("nan"), "\ud800"]},
    )
    filed = flow.file(mailbox, [hard])
    message = Message.objects.get()
    assert len(filed.messages) == 1
    assert message.text == "nul  and half a pair ?"
    assert message.sent_at.year < 2999
    assert len(message.external_id) < 301
    assert len(flow.file(mailbox, [hard]).messages) == 0


def test_files_are_stored_once_by_their_content(mailbox: Account) -> None:
    photo = Attachment("photo.jpg", "image/jpeg", b"the same bytes")
    flow.file(mailbox, [say("a", attachments=(photo,)), say("b", "a", attachments=(photo,))])
    one, two = (row for m in Message.objects.all() for row in m.attachments.all())
    assert one.digest == two.digest
    assert attachments.load(one).content == b"the same bytes"


def test_likes_are_kept_without_becoming_messages(mailbox: Account) -> None:
    like = Interaction("like-1", CUSTOMER, "like", NOON, target="a")
    flow.file(mailbox, [like, like])
    filed = flow.file(mailbox, [like])
    assert Message.objects.count() == 0
    assert filed.interactions == 1
    assert Handle.objects.get().interactions.count() == 1
