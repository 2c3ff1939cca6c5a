"""What happens to messages after they were filed: newer versions, and messages taken back where they were said.

Both may come before the message itself: a version is then filed as it is, and a removal waits as a tombstone.
Call inside the transaction of filing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crowdalogue.channels.base import Incoming, Kind, Removal
from crowdalogue.models import Account, Message, Tombstone
from crowdalogue.models.bulk import chunks, pick

VERSIONS = 20  # earlier texts that are kept of one message


def edit(account: Account, items: Sequence[Incoming], now: datetime) -> set[int]:
    """Take newer versions of messages that are here. Returns the conversations concerned."""
    newest = {i.external_id: i for i in sorted(items, key=lambda i: i.edited_at or now)}
    touched: set[int] = set()
    for part in chunks(list(newest)):
        for row in Message.objects.select_for_update().filter(account=account, external_id__in=part).order_by("pk"):
            item = newest[row.external_id]
            if takes(row, item):
                rewrite(row, item, now)
                touched.add(row.conversation_id)
    return touched


def takes(row: Message, item: Incoming) -> bool:
    """Whether this version is newer than the one that is here, and says something else."""
    newer = row.edited_at is None or (item.edited_at is not None and item.edited_at > row.edited_at)
    return newer and (row.text, row.html, row.subject) != (item.text, item.html, item.subject)


def rewrite(row: Message, item: Incoming, now: datetime) -> None:
    before = {"text": row.text, "until": (item.edited_at or now).isoformat()}
    versions = [*row.extra.get("versions", []), before][-VERSIONS:]
    row.extra = {**row.extra, **item.extra, "versions": versions}
    row.text, row.html, row.quoted, row.subject = item.text, item.html, item.quoted, item.subject
    row.edited_at, row.changed_at = item.edited_at, now
    if row.direction == Message.Direction.IN and row.kind in (Kind.MESSAGE, Kind.OVERHEARD):
        row.read_at, row.claimed_at, row.read_attempts = None, None, 0  # it may mean something else now
    row.save()


def put_into_words(row: Message, text: str, by: str, now: datetime) -> None:
    """A recording got its transcript: it is what the message says from now on."""
    row.text = text or row.text
    row.extra = {**row.extra, "transcript": text, "transcript_by": by, "transcript_wanted": False}
    row.read_at = row.claimed_at = None
    row.read_attempts, row.changed_at = 0, now
    row.save(update_fields=["text", "extra", "read_at", "claimed_at", "read_attempts", "changed_at"])


def remove(account: Account, removals: Sequence[Removal], now: datetime) -> set[int]:
    """Mark messages that were taken back. Returns the conversations concerned; what is not here yet is remembered."""
    wanted = {r.external_id[:300]: r.at or now for r in removals}
    touched: set[int] = set()
    for part in chunks(list(wanted)):
        rows = list(Message.objects.select_for_update().filter(account=account, external_id__in=part).order_by("pk"))
        for row in rows:
            if row.deleted_at is None:
                row.deleted_at, row.changed_at = wanted[row.external_id], now
                row.save(update_fields=["deleted_at", "changed_at"])
                touched.add(row.conversation_id)
        missing = set(part) - {row.external_id for row in rows}
        Tombstone.objects.bulk_create(
            [Tombstone(account=account, external_id=i, at=wanted[i]) for i in sorted(missing)], ignore_conflicts=True
        )
    return touched


def bury(account: Account, rows: Sequence[Message]) -> None:
    """Mark messages just filed that had been taken back before they came."""
    if not pick(Tombstone, ("id",), limit=1, account=account.pk):
        return
    by_id = {row.external_id: row for row in rows}
    for part in chunks(list(by_id)):
        for stone in Tombstone.objects.filter(account=account, external_id__in=part):
            row = by_id[stone.external_id]
            row.deleted_at = stone.at
            Message.objects.filter(pk=row.pk).update(deleted_at=stone.at)
