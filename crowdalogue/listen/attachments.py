"""Files that come with messages: stored once by their digest, outside the store."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from django.conf import settings

from crowdalogue.channels.base import Attachment as Incoming
from crowdalogue.models import Attachment, Message


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
    """The row of one file; its content is kept first, so that no row points at nothing."""
    return Attachment(
        message=message,
        name=part.name[:255] or "unnamed",
        media_type=part.media_type[:120],
        size=len(part.content),
        digest=keep(part.content),
        content_id=part.content_id[:300],
        inline=part.inline,
        note=note[:200],
    )


def load(row: Attachment) -> Incoming:
    """The file of a row, with its content, to be sent on."""
    return Incoming(row.name, row.media_type, path_of(row.digest).read_bytes(), row.content_id, row.inline)
