"""Files lie outside the store, once, under their digest."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.channels.base import Attachment as Part
from crowdalogue.channels.base import Author, Incoming, Raw
from crowdalogue.listen import attachments
from crowdalogue.models import Account, Attachment, Message
from tests.outside import AWAY, Outside, says


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


# --- files that a message names only by their address


@pytest.fixture
def named(account: Callable[..., Account]) -> Attachment:
    hook = account("webhook", secrets={"secret": "s" * 40})
    part = Part("photo.jpg", "image/jpeg", url="https://files.example.com/photo.jpg")
    flow.file(hook, [Incoming("m1", Author("mara@example.com"), "Look", attachments=(part,))])
    return Attachment.objects.get()


def test_a_file_named_by_its_address_is_fetched_later(named: Attachment, outside: Outside) -> None:
    assert (named.digest, named.note) == ("", "It is being fetched.")
    outside.on("GET", "files.example.com", says(b"\xff\xd8 the photo"))
    assert flow.fetch_files() == 1
    assert flow.fetch_files() == 0
    named.refresh_from_db()
    assert (named.note, named.size) == ("", 12)
    assert attachments.path_of(named.digest).read_bytes() == b"\xff\xd8 the photo"


def test_a_file_that_is_gone_says_why(named: Attachment, outside: Outside) -> None:
    outside.on("GET", "files.example.com", says(b"gone", 404))
    flow.fetch_files()
    named.refresh_from_db()
    assert named.note.startswith("Could not be fetched. files.example.com does not know this address")
    assert flow.fetch_files() == 0


def test_trouble_while_fetching_is_tried_again(named: Attachment, outside: Outside) -> None:
    outside.on("GET", "files.example.com", AWAY)
    flow.fetch_files()
    named.refresh_from_db()
    assert named.not_before is not None and named.not_before > timezone.now()
    Attachment.objects.update(not_before=timezone.now())
    outside.on("GET", "files.example.com", says(b"here"))
    flow.fetch_files()
    named.refresh_from_db()
    assert named.size == 4
