"""Files from strangers are what their name says, of a kind we take, and not too large."""

from __future__ import annotations

import base64

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.errors import Refused
from crowdalogue.web import uploads

SAMPLES = {
    "photo.JPG": (b"\xff\xd8\xff\xe0", "image/jpeg"),
    "photo.webp": (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
    "photo.heic": (b"\x00\x00\x00\x18ftypheic", "image/heic"),
    "invoice.pdf": (b"%PDF-1.7", "application/pdf"),
    "letter.odt": (b"PK\x03\x04", "application/vnd.oasis.opendocument.text"),
    "note.txt": ("Grüße <3".encode(), "text/plain"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_usual_files_are_taken(name: str) -> None:
    content, media_type = SAMPLES[name]
    got = uploads.checked(SimpleUploadedFile(name, content))
    assert got == {"name": name, "media_type": media_type, "content": base64.b64encode(content).decode()}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_name_alone_is_not_believed(name: str) -> None:
    assert uploads.type_of(name, b"MZ\x90\x00 a program") == ""


@pytest.mark.parametrize("content", [b"<html>", b"  <!DOCTYPE html>", b"\n<SCRIPT>x", b"a\x00b"])
def test_text_that_is_a_page_or_no_text_is_not_taken(content: bytes) -> None:
    assert uploads.type_of("note.txt", content) == ""


@given(st.text(max_size=300), st.binary(min_size=1, max_size=64))
def test_whatever_is_sent_is_refused_or_safe(name: str, content: bytes) -> None:
    media_type = uploads.type_of(name, content)
    assert media_type == "" or media_type in {kind for kind, _, _ in uploads.KINDS.values()}
    assert not media_type.startswith(("text/html", "image/svg", "application/x"))


def test_names_lose_what_deceives() -> None:
    got = uploads.checked(SimpleUploadedFile("safe\u202egnp.txt", b"hello"))
    assert got["name"] == "safegnp.txt"


def test_too_large_is_said_with_the_limit() -> None:
    with pytest.raises(Refused, match="8 MB") as caught:
        uploads.checked(SimpleUploadedFile("a.txt", b"x" * (uploads.LARGEST + 1)))
    assert caught.value.status == 413
