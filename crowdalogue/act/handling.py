"""What people do with conversations: one family of functions that change rows, record an Event and announce.

Every function takes who does it and which conversations, and returns the events, each of which can be undone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from crowdalogue import live
from crowdalogue.act import apart, promises
from crowdalogue.models import Conversation, Event, Tag, User

State = Conversation.State
# The columns a deed may change; their old values are kept on the event for `undo`.
REMEMBERED = ("state", "owner_id", "snoozed_until", "handled_at", "needs_answer", "why", "unread")


def change(
    user: User | None,
    conversations: Iterable[Conversation],
    deed: str,
    what: str,
    apply: Callable[[Conversation], None],
    *,
    whole: bool = True,
) -> list[Event]:
    """Lock the rows, apply the change, write what it was before, follow the clocks, tell the pages.

    A conversation that is no longer kept apart takes its messages along, unless not `whole`.
    """
    ids = [c.pk for c in conversations]
    with transaction.atomic():
        rows = list(Conversation.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        events = []
        for row in rows:
            before = {name: plain(getattr(row, name)) for name in REMEMBERED}
            apply(row)
            after = {name: plain(getattr(row, name)) for name in REMEMBERED}
            undo = {name: value for name, value in before.items() if after[name] != value}
            if undo:
                row.save(update_fields=[n.removesuffix("_id") for n in undo])
                events.append(Event(conversation=row, user=user, deed=deed, what=what[:300], undo=undo))
        Event.objects.bulk_create(events)
        if whole:
            apart.release([e.conversation_id for e in events if e.undo.get("state") == State.APART], user)
        promises.follow([e.conversation_id for e in events])
        live.announce("conversation", *(e.conversation_id for e in events))
    return events


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def assign(user: User, conversations: Iterable[Conversation], owner: User | None) -> list[Event]:
    def apply(row: Conversation) -> None:
        row.owner = owner

    return change(user, conversations, "assigned", str(owner) if owner else "nobody", apply)


def snooze(user: User, conversations: Iterable[Conversation], until: datetime) -> list[Event]:
    def apply(row: Conversation) -> None:
        row.state, row.snoozed_until, row.handled_at = State.SNOOZED, until, now()

    return change(user, conversations, "snoozed", until.isoformat(timespec="minutes"), apply)


def close(user: User | None, conversations: Iterable[Conversation]) -> list[Event]:
    def apply(row: Conversation) -> None:
        row.state, row.snoozed_until, row.handled_at, row.unread = State.CLOSED, None, now(), False

    return change(user, conversations, "closed", "", apply)


def reopen(user: User | None, conversations: Iterable[Conversation], *, whole: bool = True) -> list[Event]:
    """Back into the queues; with everything of it that was kept apart, unless not `whole`."""

    def apply(row: Conversation) -> None:
        row.state, row.snoozed_until = State.OPEN, None

    return change(user, conversations, "reopened", "", apply, whole=whole)


def set_apart(user: User | None, conversations: Iterable[Conversation], reason: str) -> list[Event]:
    """Spam and trolls: out of every queue, visible under Kept apart, reversible by `reopen` or `undo`."""

    def apply(row: Conversation) -> None:
        row.state, row.why, row.handled_at = State.APART, reason[:300], now()

    return change(user, conversations, "set_apart", reason, apply)


def mark_read(user: User, conversations: Iterable[Conversation]) -> int:
    """Somebody has seen it. No event: reading is not a deed."""
    return Conversation.objects.filter(pk__in=[c.pk for c in conversations], unread=True).update(unread=False)


def tag(user: User, conversations: Iterable[Conversation], name: str) -> list[Event]:
    return change_tags(user, list(conversations), name, add=True)


def untag(user: User, conversations: Iterable[Conversation], name: str) -> list[Event]:
    return change_tags(user, list(conversations), name, add=False)


def change_tags(user: User, conversations: Sequence[Conversation], name: str, *, add: bool) -> list[Event]:
    name = " ".join(name.split())[:60]
    if not name:
        return []
    with transaction.atomic():
        if add:
            label, _ = Tag.objects.get_or_create(name=name)
        else:
            found = Tag.objects.filter(name=name).first()
            if found is None:
                return []
            label = found
        ids = [c.pk for c in conversations]
        has = set(label.conversations.filter(pk__in=ids).values_list("pk", flat=True))
        rows = [c for c in conversations if (c.pk not in has) == add]
        (label.conversations.add if add else label.conversations.remove)(*rows)
        events = [
            Event(
                conversation=c,
                user=user,
                deed="tagged" if add else "untagged",
                what=name,
                undo={"untag" if add else "tag": name},
            )
            for c in rows
        ]
        Event.objects.bulk_create(events)
        live.announce("conversation", *(c.pk for c in rows))
    return events


def undo(user: User, event: Event) -> bool:
    """Put the columns back as they were before `event`. False where it was undone already."""
    with transaction.atomic():
        fresh = Event.objects.select_for_update().get(pk=event.pk)
        if not fresh.undo:
            return False
        was = dict(fresh.undo)
        Event.objects.filter(pk=event.pk).update(undo={})
        if "tag" in was or "untag" in was:
            change_tags(user, [fresh.conversation], was.get("tag") or was["untag"], add="tag" in was)
        else:
            change(user, [fresh.conversation], "undone", fresh.deed, lambda row: restore(row, was))
    return True


def restore(row: Conversation, was: dict[str, Any]) -> None:
    for name, value in was.items():
        dated = name in ("snoozed_until", "handled_at") and value
        setattr(row, name, datetime.fromisoformat(value) if dated else value)


def wake(limit: int = 200) -> int:
    """Open what was snoozed until now. Returns how many."""
    rows = list(Conversation.objects.filter(state=State.SNOOZED, snoozed_until__lte=now())[:limit])

    def apply(row: Conversation) -> None:
        row.state, row.snoozed_until, row.unread = State.OPEN, None, True

    return len(change(None, rows, "woken", "", apply)) if rows else 0
