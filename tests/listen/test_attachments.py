"""Files lie outside the store, once, under their digest."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from crowdalogue import flow
from crowdalogue.channels.base import Raw
from crowdalogue.listen import attachments
from crowdalogue.models import Account, Attachment, Message


def test_a_file_is_kept_once_and_whole() -> None:
    content = b"\x89PNG and the rest"
    digest = attachments.keep(content)
    assert digest == attachments.keep(content) == hashlib.sha256(content).hexdigest()
    path = attachments.path_of(digest)
    assert path.read_bytes() == content
    assert [p.name for p in path.parent.iterdir()].count(digest) == 1


def test_no_half_written_file_is_ever_under_its_name() -> None:
    digest = attachments.keep(b"x" * 100_000)
    assert not list(attachments.path_of(digest).parent.glob("*.part"))


@pytest.mark.django_db
def test_a_zip_bomb_is_kept_as_it_came_and_never_opened(account: Callable[..., Account]) -> None:
    """42 KB on the wire that would unpack to 40 MB: what is stored is what came."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.bin", b"\0" * 40_000_000)
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = "mara@example.com", "help@example.com", "<z@example.com>"
    message.set_content("Here are my photos.")
    message.add_attachment(packed.getvalue(), maintype="application", subtype="zip", filename="photos.zip")
    mailbox = account("email", settings={"from_address": "help@example.com"})
    assert flow.receive(mailbox, Raw(message.as_bytes()), trusted=True).state == "filed"
    row = Attachment.objects.get()
    assert (row.name, row.size) == ("photos.zip", len(packed.getvalue()))
    assert row.size < 100_000
    assert attachments.path_of(row.digest).stat().st_size == row.size


@pytest.mark.django_db
def test_sixty_megabytes_by_mail_leave_a_note_and_the_words(account: Callable[..., Account]) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = "mara@example.com", "help@example.com", "<f@example.com>"
    message.set_content("The film of the broken dock.")
    message.add_attachment(b"\0" * 60_000_000, maintype="video", subtype="mp4", filename="film.mp4")
    mailbox = account("email", settings={"from_address": "help@example.com"})
    assert flow.receive(mailbox, Raw(message.as_bytes()), trusted=True).state == "filed"
    assert Message.objects.get().text == "The film of the broken dock."
    row = Attachment.objects.get()
    assert (row.name, row.size) == ("film.mp4", 0)
    assert row.note
