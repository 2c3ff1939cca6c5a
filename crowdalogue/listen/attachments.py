"""Files that come with messages: stored once by their digest, outside the store."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.timezone import now

from crowdalogue.channels.base import Attachment as Incoming
from crowdalogue.errors import Failure
from crowdalogue.models import Attachment, Message
from crowdalogue.models.bulk import lease

LONGEST_URL = 2000
WAITING = "It is being fetched."
LEASE = timedelta(minutes=5)
BACK_OFF = (timedelta(seconds=20), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))


def path_of(digest: str) -> Path:
    return Path(settings.HOME) / "files" / digest[:2] / digest


def keep(content: bytes) -> str:
    """Write the content under its digest, durably, and return the digest. Safe to repeat."""
    digest = hashlib.sha256(content).hexdigest()
    path = path_of(digest)
    if path.exists():
        return digest
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(f".{os.getpid()}.part")
    with scratch.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
    return digest


def describe(message: Message, part: Incoming, note: str = "") -> Attachment:
    """The row of one file; its content is kept first, so that no row points at nothing.

    A file that is only named by its address is fetched later, by the worker.
    """
    later = bool(part.url) and not part.content
    heard = bool(message.extra.get("transcript_wanted")) and part.media_type.startswith("audio/")
    fits = len(part.url) <= LONGEST_URL
    return Attachment(
        message=message,
        name=part.name[:255] or "unnamed",
        media_type=part.media_type[:120],
        size=len(part.content),
        digest="" if later else keep(part.content),
        content_id=part.content_id[:300],
        inline=part.inline,
        note=note[:200] if not later else (WAITING if fits else "Its address is too long to be fetched."),
        url=part.url if later and fits else "",
        not_before=now() if (later and fits) or heard else None,
    )


def claim(at: datetime, limit: int) -> list[Attachment]:
    """Files to be fetched now; each is put off by a lease, so that another worker leaves it alone."""
    mine = lease(Attachment.objects.filter(not_before__lte=at), at + LEASE, limit)
    return list(Attachment.objects.filter(pk__in=mine).select_related("message__account").order_by("id"))


def wants_words(row: Attachment) -> bool:
    """Whether what is said in this recording is to be its message's text."""
    return bool(row.message.extra.get("transcript_wanted")) and row.media_type.startswith("audio/")


def fill(row: Attachment, content: bytes) -> None:
    """The file is here. It stays in line until nothing more is wanted of it (`settle`)."""
    row.digest = keep(content)
    Attachment.objects.filter(pk=row.pk).update(digest=row.digest, size=len(content), note="")


def settle(row: Attachment) -> None:
    """Nothing more is wanted of this file."""
    Attachment.objects.filter(pk=row.pk).update(note="", not_before=None)


def mark_problem(row: Attachment, failure: Failure, at: datetime) -> None:
    """Try again later where that can help; else say why there is no content."""
    over = failure.permanent or row.attempts >= len(BACK_OFF)
    what = "Could not be transcribed." if row.digest else "Could not be fetched."
    note = f"{what} {failure.text}" if over else "" if row.digest else WAITING
    wait = None if over else at + BACK_OFF[row.attempts - 1]
    Attachment.objects.filter(pk=row.pk).update(note=note[:200], not_before=wait)


def load(row: Attachment) -> Incoming:
    """The file of a row, with its content, to be sent on."""
    return Incoming(row.name, row.media_type, path_of(row.digest).read_bytes(), row.content_id, row.inline)
