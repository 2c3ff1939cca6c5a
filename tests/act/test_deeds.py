"""Hidden, liked, deleted, blocked where it was said: once, with the reason where it failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.utils import timezone

from crowdalogue import channels, flow
from crowdalogue.act import deeds, notices
from crowdalogue.channels.base import Author, Channel, Incoming
from crowdalogue.errors import Failure, SendError
from crowdalogue.models import Account, Deed, Message, User

pytestmark = pytest.mark.django_db


class Board(Channel):
    """A notice board of these tests: what is done there is written down."""

    kind = "board"
    label = "Board"
    deeds = ("hide", "unhide", "delete")
    done: list[tuple[str, str, str]] = []
    trouble: SendError | None = None

    def act(self, deed: str, target: str, about: Mapping[str, Any]) -> None:
        if Board.trouble:
            raise Board.trouble
        Board.done.append((deed, target, str(about.get("corner"))))


@pytest.fixture
def message(account: Callable[..., Account], monkeypatch: pytest.MonkeyPatch) -> Message:
    kinds = channels.channel_kinds() | {"board": Board}
    monkeypatch.setattr(channels, "channel_kinds", lambda: kinds)
    Board.done, Board.trouble = [], None
    item = Incoming("n1", Author("mara@example.com"), "Buy my watches", timezone.now(), extra={"corner": "left"})
    flow.file(account("board"), [item])
    return Message.objects.get()


def test_a_deed_is_done_once_and_shown(message: Message, helper: User) -> None:
    deed = flow.do(helper, message, "hide", why="Advertising", key="hide-1")
    assert flow.do(helper, message, "hide", why="Advertising", key="hide-1") == deed
    assert flow.carry_out() == 1
    assert flow.carry_out() == 0
    assert Board.done == [("hide", "n1", "left")]
    message.refresh_from_db()
    assert message.hidden_at is not None
    deed.refresh_from_db()
    assert deed.state == Deed.State.DONE
    assert message.conversation.events.filter(deed="hide", user=helper).exists()
    flow.do(helper, message, "unhide")
    flow.carry_out()
    message.refresh_from_db()
    assert message.hidden_at is None


def test_trouble_is_tried_again_and_a_refusal_is_shown(message: Message, helper: User) -> None:
    Board.trouble = SendError("The board asks for fewer calls.", permanent=False)
    deed = flow.do(helper, message, "delete")
    flow.carry_out()
    deed.refresh_from_db()
    assert (deed.state, deed.reason) == (Deed.State.QUEUED, "The board asks for fewer calls.")
    assert deed.not_before > timezone.now()
    Deed.objects.update(not_before=timezone.now())
    Board.trouble = SendError("The board does not let us. Ask its owner for the right.", permanent=True)
    flow.carry_out()
    deed.refresh_from_db()
    assert (deed.state, deed.attempts) == (Deed.State.FAILED, 2)
    message.refresh_from_db()
    assert message.deleted_at is None


def test_a_worker_that_died_leaves_its_deed_to_the_next(message: Message, helper: User) -> None:
    flow.do(helper, message, "hide")
    now = timezone.now()
    assert len(deeds.due(now, 20)) == 1  # and it dies here
    assert deeds.due(now, 20) == []
    assert len(deeds.due(now + notices.LEASE, 20)) == 1


def test_what_a_channel_cannot_do_is_said_at_once(message: Message, helper: User) -> None:
    with pytest.raises(Failure, match="does not let anybody like"):
        flow.do(helper, message, "like")
    assert not Deed.objects.exists()
