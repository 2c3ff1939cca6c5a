"""What is done to a message where it was said: hidden, liked, deleted, its author blocked. All safe to repeat."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.timezone import now

from crowdalogue import live
from crowdalogue.act import notices
from crowdalogue.errors import Failure
from crowdalogue.models import Deed, Event, Message, User

WORDS = {
    "hide": "Hide",
    "unhide": "Show again",
    "like": "Like",
    "unlike": "Take back the like",
    "delete": "Delete there",
    "block": "Block the author",
    "unblock": "Unblock the author",
}
UNDONE_BY = {"hide": "unhide", "like": "unlike", "block": "unblock"}


def queue(user: User | None, message: Message, name: str, *, why: str = "", key: str = "") -> Deed:
    """Remember what is to be done. The same key again is the same deed."""
    key = key[:64] or secrets.token_urlsafe(16)
    try:
        with transaction.atomic():
            deed = Deed.objects.create(key=key, message=message, name=name, why=why[:300], user=user)
            Event.objects.create(
                conversation_id=message.conversation_id, user=user, deed=name, what=(why or message.text)[:120]
            )
            live.announce("conversation", message.conversation_id)
            return deed
    except IntegrityError:
        return Deed.objects.get(key=key)


def due(at: datetime, limit: int) -> list[Deed]:
    """Deeds to be tried now, each by one worker."""
    return notices.due(Deed, at, limit, "message__account")


def mark_done(deed: Deed) -> None:
    """It is done: what the pages show of the message follows."""
    at = now()
    with transaction.atomic():
        Deed.objects.filter(pk=deed.pk).update(state=Deed.State.DONE, done_at=at, reason="")
        said = Message.objects.filter(pk=deed.message_id)
        if deed.name in ("hide", "unhide"):
            said.update(hidden_at=at if deed.name == "hide" else None, changed_at=at)
        elif deed.name == "delete":
            said.update(deleted_at=at, changed_at=at)
        live.announce("conversation", deed.message.conversation_id)


def mark_problem(deed: Deed, failure: Failure) -> None:
    with transaction.atomic():
        notices.put_off(deed, failure)
        live.announce("conversation", deed.message.conversation_id)
