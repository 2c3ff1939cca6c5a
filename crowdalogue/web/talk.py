"""What a visitor of the chat may read: their own messages, and the answers that were sent to them. Nothing else.

An answer is theirs by its name (`out:<visitor>:...`), which it gets when it is sent; so notes, drafts, answers still
waiting, and answers to anybody else in the same conversation are never among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core import signing
from django.core.cache import cache
from django.db.models import QuerySet
from django.urls import reverse

from crowdalogue import flow
from crowdalogue.channels.base import Status
from crowdalogue.channels.webchat import answer_prefix, external_id, thread
from crowdalogue.models import Account, Attachment, Message, Reply, ThreadRef
from crowdalogue.web import presence
from crowdalogue.web.visitors import Visitor

AT_ONCE = 50
OVERLAP = timedelta(seconds=10)  # two rows may become visible in another order than their times say
FILE_SALT = "crowdalogue.chat.file"
FILE_S = 7 * 24 * 3600
WRITING_S = 12


@dataclass(frozen=True, slots=True)
class Said:
    """One message as the visitor sees it; `at` is when it became visible to them."""

    message: Message
    at: datetime
    ours: bool
    delivered: bool = True
    read: bool = True

    @property
    def place(self) -> int:
        """Microseconds since 1970: the cursor."""
        return int(self.at.timestamp() * 1_000_000)


def read(
    account: Account, visitor: Visitor, *, after: int | None = None, before: int | None = None
) -> tuple[list[Said], bool]:
    """The newest messages (of those after or before a place), oldest first; and whether there are earlier ones."""
    theirs = own(account, visitor)
    ours = answers(account, visitor)
    if after is not None:
        since = moment(after) - OVERLAP
        theirs, ours = theirs.filter(received_at__gte=since), ours.filter(reply__sent_at__gte=since)
    if before is not None:
        until = moment(before)
        theirs, ours = theirs.filter(received_at__lt=until), ours.filter(reply__sent_at__lt=until)
    found = [Said(m, m.received_at, False) for m in theirs.order_by("-received_at", "-id")[: AT_ONCE + 1]]
    for m in ours.order_by("-reply__sent_at", "-id")[: AT_ONCE + 1]:
        delivered, seen = m.reply.delivered_at is not None, m.reply.read_at is not None
        found.append(Said(m, m.reply.sent_at or m.sent_at, True, delivered, seen))
    found.sort(key=lambda s: (s.at, s.message.pk))
    return found[-AT_ONCE:], len(found) > AT_ONCE


def moment(place: int) -> datetime:
    return datetime.fromtimestamp(max(0, min(place, 10**16)) / 1_000_000, UTC)


def own(account: Account, visitor: Visitor) -> QuerySet[Message]:
    return Message.objects.filter(
        account=account,
        direction=Message.Direction.IN,
        handle__kind="webchat",
        handle__address=visitor.id,
        deleted_at__isnull=True,
    ).prefetch_related("attachments")


def answers(account: Account, visitor: Visitor) -> QuerySet[Message]:
    return (
        Message.objects.filter(
            account=account,
            direction=Message.Direction.OUT,
            conversation__in=conversations(account, visitor),
            external_id__startswith=answer_prefix(visitor.id),
            reply__state=Reply.State.SENT,
            reply__sent_at__isnull=False,
            deleted_at__isnull=True,
        )
        .select_related("reply", "user")
        .prefetch_related("attachments")
    )


def conversations(account: Account, visitor: Visitor) -> list[int]:
    """The conversation of this visitor, if they have one."""
    rows = ThreadRef.objects.filter(account=account, ref=thread(visitor.id))
    return list(rows.values_list("conversation_id", flat=True))


def drawn(account: Account, visitor: Visitor, said: Iterable[Said]) -> list[dict[str, Any]]:
    """As the widget is told: {id, key (of their own), ours, name, text, at, place, files, read}."""
    start = len(external_id(visitor.id, ""))
    return [
        {
            "id": one.message.pk,
            "key": "" if one.ours else one.message.external_id[start:],
            "ours": one.ours,
            "name": str(one.message.user or "") if one.ours else "",
            "text": one.message.text,
            "at": one.at.isoformat(),
            "place": one.place,
            "files": [file(account, f) for f in one.message.attachments.all() if f.digest],
            "read": one.read,
        }
        for one in said
    ]


def file(account: Account, row: Attachment) -> dict[str, Any]:
    """A file with an address that opens it for a week, for whoever has the address."""
    signed = signing.dumps([account.key, row.pk], salt=FILE_SALT)
    return {
        "name": row.name,
        "size": row.size,
        "path": reverse("chat_file", args=[account.key, row.pk]) + "?s=" + signed,
    }


def may_open(account: Account, pk: int, signed: str) -> bool:
    try:
        return bool(signing.loads(signed[:500], salt=FILE_SALT, max_age=FILE_S) == [account.key, pk])
    except signing.BadSignature:
        return False


# --- receipts, and who is writing


def mark(account: Account, said: Sequence[Said], state: str) -> int:
    """Note that these answers arrived ("delivered") or were read ("read"). Returns how many were not known to be."""
    new = [s for s in said if s.ours and not (s.read if state == "read" else s.delivered)]
    if new:
        flow.file(account, [Status(s.message.external_id, state) for s in new])
    return len(new)


def visitor_writes(conversation: int, writing: bool) -> None:
    """Colleagues who have the conversation open see it (web/presence.py)."""
    if writing:
        cache.set(presence.visitor_key(conversation), True, WRITING_S)
    else:
        cache.delete(presence.visitor_key(conversation))
