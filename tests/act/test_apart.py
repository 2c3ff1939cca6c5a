"""Kept from every queue, visible with the reason, and brought back whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from crowdalogue import channels, flow
from crowdalogue.act import apart, handling
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.errors import Failure
from crowdalogue.models import Account, Apart, Company, Conversation, Deed, Handle, Message, User
from tests.act.test_deeds import Board
from tests.said import write

pytestmark = pytest.mark.django_db


def says(n: int, text: str, who: str = "", **more: object) -> Incoming:
    at = timezone.now() - timedelta(minutes=30) + timedelta(seconds=n)
    return Incoming(f"m{n}", Author(who or f"person{n}@example.com"), text, at, **more)  # type: ignore[arg-type]


def test_a_blocked_author_is_kept_apart_and_a_new_message_too(account: Callable[..., Account]) -> None:
    board = account("social")
    flow.file(board, [says(1, "Hello there", who="mara")])
    Handle.objects.update(blocked_at=timezone.now(), blocked_why="Threats")
    flow.process(embed=False)
    conversation = Conversation.objects.get()
    assert (conversation.state, conversation.waiting_since) == ("apart", None)
    assert conversation.why == "Its author is blocked: Threats"
    row = Apart.objects.get()
    assert (row.kind, row.user, row.message.apart) == ("blocked", None, "blocked")


def test_one_message_of_many_is_left_out_of_the_clock_only(account: Callable[..., Account], helper: User) -> None:
    board = account("social")
    flow.file(board, [says(1, "Where is my parcel?", threads=("t",)), says(2, "Cheap watches", threads=("t",))])
    first, second = Message.objects.order_by("id")
    judged = flow.judge(helper, second, "spam")
    conversation = Conversation.objects.get()
    assert (conversation.state, conversation.waiting_since) == ("open", first.sent_at)
    flow.judge(helper, first, "troll")
    conversation.refresh_from_db()
    assert conversation.state == "apart"
    assert flow.release(helper, judged)
    assert not flow.release(helper, judged)
    conversation.refresh_from_db()
    assert (conversation.state, conversation.waiting_since) == ("open", second.sent_at)
    with pytest.raises(Failure, match="apart already"):
        flow.judge(helper, first, "spam")


def test_whoever_reopens_the_conversation_takes_its_messages_back(
    account: Callable[..., Account], helper: User
) -> None:
    conversation = write(account("social"), "Cheap watches at example.com")
    flow.judge(helper, Message.objects.get(), "spam")
    handling.reopen(helper, [conversation])
    conversation.refresh_from_db()
    assert conversation.waiting_since is not None
    assert Message.objects.get().apart is None
    assert Apart.objects.get().undone_by == helper


def test_a_label_corrected_brings_it_back(account: Callable[..., Account], helper: User) -> None:
    conversation = write(account("social"), "Cheap watches at example.com")
    flow.process(embed=False)
    message = Message.objects.get()
    flow.correct(helper, message, "intent", "spam")
    assert Conversation.objects.get().state == "apart"
    flow.correct(helper, Message.objects.get(), "intent", "complaint")
    conversation.refresh_from_db()
    assert (conversation.state, Message.objects.get().apart) == ("open", None)


def test_the_same_advertisement_from_many_accounts(account: Callable[..., Account]) -> None:
    text = "Win a free phone today, claim your prize now at https://example.com/prize before midnight"
    flow.file(account("social"), [says(n, text) for n in range(1, 9)])
    flow.process()
    flow.process()
    assert Message.objects.exclude(apart="spam").count() <= 4  # those before the fifth account are judged one by one
    flow.file(Account.objects.get(kind="social"), [says(20, text)])
    flow.process()
    assert Message.objects.get(external_id="m20").apart == "spam"


def test_a_machine_that_floods(account: Callable[..., Account]) -> None:
    flow.file(account("social"), [says(n, f"signal {n} lost", who="station-7") for n in range(1, 31)])
    flow.process(embed=False)
    kinds = set(Message.objects.filter(apart__isnull=False).values_list("apart", flat=True))
    assert kinds <= {"bot", "spam"}


def test_the_policy_hides_where_it_may_and_undoes_it_there(
    account: Callable[..., Account], helper: User, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = channels.channel_kinds() | {"board": Board}
    monkeypatch.setattr(channels, "channel_kinds", lambda: kinds)
    Board.done, Board.trouble = [], None
    Company.objects.update(rules={"apart": {"hide": ["spam"]}})
    flow.file(account("board"), [says(1, "Cheap watches", public=True), says(2, "Your service is bad", public=True)])
    flow.process(embed=False)
    spam, critic = Message.objects.order_by("id")
    flow.correct(helper, spam, "intent", "spam")
    flow.correct(helper, critic, "intent", "complaint")
    flow.carry_out()
    assert Board.done == [("hide", "m1", "None")]
    assert Deed.objects.get().why.startswith("By policy: Looks like spam")
    flow.release(helper, Apart.objects.get())
    flow.carry_out()
    assert [deed for deed, _, _ in Board.done] == ["hide", "unhide"]
    spam.refresh_from_db()
    assert (spam.hidden_at, spam.apart) == (None, None)


def test_what_was_taken_back_is_counted(account: Callable[..., Account], helper: User) -> None:
    board = account("social")
    flow.file(board, [says(n, f"text {n}", who="troll") for n in (1, 2)])
    Handle.objects.update(blocked_at=timezone.now())
    flow.process(embed=False)
    flow.release(helper, Apart.objects.order_by("id")[0])
    assert apart.tally(timezone.now() - timedelta(days=1)) == {"blocked": {"n": 2, "undone": 1}}
