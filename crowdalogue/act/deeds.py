"""What is done to a message where it was said: hidden, liked, deleted, its author blocked. All safe to repeat."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.timezone import now

from crowdalogue import live
from crowdalogue.act.replies import BACK_OFF, LONGEST_TRY
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
LEASE = timedelta(minutes=3)  # a worker that died leaves its deed to be done again after this


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
    """Deeds to be tried now; each is put off by a lease, so that another worker does not try it at the same time."""
    waiting = Deed.objects.filter(state=Deed.State.QUEUED, not_before__lte=at).order_by("not_before")
    mine = [
        pk
        for pk, was in waiting.values_list("pk", "not_before")[:limit]
        if Deed.objects.filter(pk=pk, state=Deed.State.QUEUED, not_before=was).update(
            not_before=at + LEASE, attempts=F("attempts") + 1
        )
    ]
    return list(Deed.objects.filter(pk__in=mine).select_related("message__account").order_by("id"))


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
    over = failure.permanent or now() - deed.created_at > LONGEST_TRY
    wait = BACK_OFF[min(deed.attempts, len(BACK_OFF)) - 1]
    with transaction.atomic():
        Deed.objects.filter(pk=deed.pk).update(
            state=Deed.State.FAILED if over else Deed.State.QUEUED,
            reason=failure.text[:2000],
            not_before=now() + wait,
        )
        live.announce("conversation", deed.message.conversation_id)
