from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.mail.reader import MAX_DEPTH, MAX_PARTS, Budget, read, read_headers


def mixed(boundary: str, *parts: bytes, end: bytes = b"--") -> bytes:
    mark = b"--" + boundary.encode()
    inner = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts)
    return f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'.encode() + inner + mark + end + b"\r\n"


def test_headers_and_body_with_either_line_end() -> None:
    for mail in (b"Subject: a\n b\nX-Y: 1\n\nbody\n", b"Subject: a\r\n b\r\nX-Y: 1\r\n\r\nbody\r\n"):
        root = read(mail)
        assert root.text("subject") == "a b"
        assert root.text("x-y") == "1"
        assert root.raw.strip() == b"body"
    assert read(b"Subject: a\rX: 1\r\rbody").text("subject") == "a"


@pytest.mark.parametrize(
    "mail",
    [
        b"From ann@example.com Mon Jan  1 00:00:00 2024\nSubject: x\n\nbody",
        b"\n\nSubject: x\n\nbody",
        b"\xef\xbb\xbfSubject: x\n\nbody",
        b"Subject: x\nthis is no header\nX-Other: y\n\nbody",
        b"SUBJECT:x\n\nbody",
        b"Subject : x\n\nbody",
    ],
)
def test_odd_beginnings(mail: bytes) -> None:
    root = read(mail)
    assert root.text("subject") == "x"
    assert root.raw == b"body"


def test_a_forgotten_empty_line_starts_the_body() -> None:
    root = read(b"Subject: x\nHello, I write to you\nabout this: it broke.\n")
    assert root.text("subject") == "x"
    assert root.raw.startswith(b"Hello, I write")


def test_parts_also_without_the_last_boundary() -> None:
    whole = mixed("b", b"\r\none", b"Content-Type: text/html\r\n\r\n<p>two")
    for mail in (whole, whole.replace(b"--b--\r\n", b"")):
        assert [(c.media_type, c.raw.strip()) for c in read(mail).children] == [
            ("text/plain", b"one"),
            ("text/html", b"<p>two"),
        ]


def test_a_boundary_that_was_not_named_is_found() -> None:
    mail = b"Content-Type: multipart/mixed\n\n--zz\n\none\n--zz\nContent-Type: text/html\n\ntwo\n--zz--\n"
    assert [c.raw.strip() for c in read(mail).children] == [b"one", b"two"]
    wrong = mail.replace(b"multipart/mixed", b"multipart/mixed; boundary=other")
    assert [c.raw.strip() for c in read(wrong).children] == [b"one", b"two"]


def test_a_multipart_without_parts_is_text() -> None:
    root = read(b"Content-Type: multipart/mixed; boundary=b\n\nonly words\n")
    assert root.media_type == "text/plain"
    assert read(b"Content-Type: multipart/mixed\n\n<html>x</html>").media_type == "text/html"


def test_one_boundary_may_begin_with_another() -> None:
    inner = mixed("b-2", b"\r\ndeep")
    root = read(mixed("b", inner, b"\r\nflat"))
    assert [c.media_type for c in root.children] == ["multipart/mixed", "text/plain"]
    assert root.children[0].children[0].raw.strip() == b"deep"


def test_bounds_on_parts_and_depth() -> None:
    many = read(mixed("b", *[b"\r\nx"] * 1000))
    assert len(list(many.walk())) <= MAX_PARTS + 2
    deep = b"\r\nx"
    for level in range(100):
        deep = mixed(f"level{level}", deep)
    assert len(list(read(deep).walk())) <= MAX_DEPTH + 2


def test_a_part_beyond_the_budget_is_not_decoded() -> None:
    body = base64.encodebytes(b"x" * 1000)
    part = read(b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + body)
    assert part.content(Budget(decoded=999)) is None
    budget = Budget(decoded=5000)
    assert part.content(budget) == b"x" * 1000
    assert budget.decoded == 4000


@pytest.mark.parametrize(
    ("encoding", "body", "content"),
    [
        ("base64", b"aGVsbG8=\n", b"hello"),
        ("BASE64 ", b"aGVsbG8\n", b"hello"),
        ("quoted-printable", b"a=3Db=\nc=", b"a=bc"),
        ("quoted-printable", b"50%=ZZ=4", b"50%=ZZ=4"),
        ("8bit", b"\xe9", b"\xe9"),
        ("x-uuencode", b"begin 644 a\n#0V%T\n`\nend\n", b"Cat"),
        ("nonsense", b"plain", b"plain"),
    ],
)
def test_transfer_encodings(encoding: str, body: bytes, content: bytes) -> None:
    assert read(f"Content-Transfer-Encoding: {encoding}\n\n".encode() + body).content(Budget()) == content


def test_half_media_types() -> None:
    assert read(b"Content-Type: text\n\nx").media_type == "text/plain"
    assert read(b"Content-Type: html\n\nx").media_type == "text/html"
    assert read(b"Content-Type: ;;;\n\nx").media_type == "text/plain"
    assert read(b"Content-Type: TEXT/HTML; charset=x\n\nx").media_type == "text/html"


def test_only_headers_of_a_cut_mail() -> None:
    assert read_headers(b"Message-ID: <a@b>\n").first("message-id") == b"<a@b>"


@given(st.binary(max_size=600))
def test_no_bytes_raise(mail: bytes) -> None:
    for part in read(mail).walk():
        assert part.content(Budget()) is not None
        assert "\x00" not in part.file_name + part.text("subject")


def test_hostile_shapes_are_read_in_time() -> None:
    """Each grows with its length only; before the bounds, some of these took minutes."""
    hostile = [
        b"Content-Type: text/plain" + b"; a=b" * 100_000,
        b"From: " + b'"\\' * 200_000,
        b"Subject: " + b"=?utf-8?q?" * 100_000,
        b"Xabc\n" * 100_000,
        b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--ab\n" * 200_000,
        b"\r" * 1_000_000,
    ]
    begun = time.process_time()
    for mail in hostile:
        root = read(mail)
        root.text("subject")
        root.source("from")
    assert time.process_time() - begun < 5
