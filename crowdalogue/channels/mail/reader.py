"""Bytes of one mail to its parts. Tolerant of everything: nothing here raises on any bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from crowdalogue.channels.mail.charsets import from_base64, from_quoted_printable, from_uuencode
from crowdalogue.channels.mail.headers import parameters, raw_text, words

__all__ = ["MAX_DECODED", "MAX_DEPTH", "MAX_PARTS", "Budget", "Part", "read", "read_headers"]

MAX_DEPTH = 20
MAX_PARTS = 200
MAX_DECODED = 50 * 1024 * 1024
MAX_HEADER_BLOCK = 1024 * 1024
MAX_HEADERS = 2000

HEADER = re.compile(rb"^([!-9;-~\x80-\xff]{1,200})[ \t]*:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE)
BLANK = re.compile(rb"\r?\n\r?\n|\A\r?\n")
BROKEN_HEADER_END = re.compile(rb"\n(?![!-9;-~\x80-\xff]{1,200}[ \t]*:|[ \t]|\r?\n|>?From )[^\n]*")
SNIFFED_BOUNDARY = re.compile(rb"^--([^\s][^\r\n]{0,69}?)[ \t]*\r?$", re.MULTILINE)


@dataclass(slots=True)
class Budget:
    """What one mail may cost: its parts, and the bytes its parts become."""

    parts: int = MAX_PARTS
    decoded: int = MAX_DECODED


@dataclass(slots=True)
class Part:
    """A part of a mail. `raw` is its body as sent, still encoded; `children` of a multipart."""

    headers: dict[str, list[bytes]]
    raw: bytes
    media_type: str = "text/plain"
    params: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    disposition_params: dict[str, str] = field(default_factory=dict)
    children: list[Part] = field(default_factory=list)
    embedded: bool = False  # a whole mail inside another

    def first(self, name: str) -> bytes:
        """The first value of a header as sent, b"" where it is absent."""
        found = self.headers.get(name)
        return found[0] if found else b""

    def text(self, name: str) -> str:
        """The first value of a header, unfolded, decoded and cleaned."""
        found = self.headers.get(name)
        return words(raw_text(found[0], self.params.get("charset", ""))) if found else ""

    def source(self, name: str, limit: int = 20) -> str:
        """All values of a header as text, not decoded, joined by commas: for addresses and ids."""
        found = self.headers.get(name)
        if not found:
            return ""
        charset = self.params.get("charset", "")
        if len(found) == 1:
            return raw_text(found[0], charset)
        return ", ".join(raw_text(value, charset) for value in found[:limit])

    @property
    def file_name(self) -> str:
        name = self.disposition_params.get("filename") or self.params.get("name") or ""
        return name.replace("\\", "/").rpartition("/")[2].strip()[:200]

    @property
    def content_id(self) -> str:
        return self.text("content-id").strip("<> ")[:500]

    def content(self, budget: Budget) -> bytes | None:
        """The decoded body, or None where it would be larger than what is left of the budget."""
        encoding = self.first("content-transfer-encoding").strip().lower()
        expected = len(self.raw) * 3 // 4 if encoding.startswith(b"base64") else len(self.raw)
        if encoding.startswith(b"quoted"):
            expected //= 3
        if expected > budget.decoded:
            return None
        data = _decoded(self.raw, encoding)
        if len(data) > budget.decoded:
            return None
        budget.decoded -= len(data)
        return data

    def walk(self) -> Iterator[Part]:
        """This part and all below it, in the order they were written."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.children))


def _decoded(raw: bytes, encoding: bytes) -> bytes:
    if encoding.startswith(b"base64"):
        return from_base64(raw)
    if encoding.startswith((b"quoted", b"qp")):
        return from_quoted_printable(raw)
    if b"uu" in encoding:
        return from_uuencode(raw)
    return raw


def read(raw: bytes) -> Part:
    """The tree of parts of one mail."""
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    if raw.startswith((b"\xef\xbb\xbf", b"\n", b"\r\n")):
        raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    return _part(raw, "text/plain", 0, Budget())


def read_headers(raw: bytes) -> Part:
    """Only the headers of one mail; its body is left as it is, whatever it holds."""
    headers, body = _split(raw)
    return _described(headers, body, "text/plain")


def _part(raw: bytes, default_type: str, depth: int, budget: Budget) -> Part:
    headers, body = _split(raw)
    part = _described(headers, body, default_type)
    budget.parts -= 1
    if part.media_type.startswith("multipart/") and depth < MAX_DEPTH:
        _divide(part, depth, budget)
    elif part.media_type.startswith("message/"):
        part.embedded = part.media_type in ("message/rfc822", "message/global", "message/news")
    return part


def _described(headers: dict[str, list[bytes]], body: bytes, default_type: str) -> Part:
    part = Part(headers, body, default_type)
    kind = headers.get("content-type")
    if kind:
        main, part.params = parameters(raw_text(kind[0]))
        part.media_type = main if main.count("/") == 1 else _widened(main, default_type)
    place = headers.get("content-disposition")
    if place:
        part.disposition, part.disposition_params = parameters(raw_text(place[0]))
    return part


def _widened(main: str, default_type: str) -> str:
    """A media type for `Content-Type: text` and other half values."""
    if main in ("text", "html"):
        return "text/html" if main == "html" else "text/plain"
    if main == "multipart":
        return "multipart/mixed"
    return default_type if not main or "/" in main else "application/octet-stream"


def _split(raw: bytes) -> tuple[dict[str, list[bytes]], bytes]:
    """Headers (names in lower case, values folded as sent) and body of a part."""
    if raw.startswith((b"\n", b"\r\n")):
        return {}, raw[1 if raw[:1] == b"\n" else 2 :]
    blank = BLANK.search(raw, 0, MAX_HEADER_BLOCK)
    top, body = (raw[: blank.start()], raw[blank.end() :]) if blank else (raw, b"")
    if not blank and len(raw) > MAX_HEADER_BLOCK:
        top, body = raw[:MAX_HEADER_BLOCK], raw[MAX_HEADER_BLOCK:]
    top, lost = _until_body(top)
    if lost:
        body = lost + (raw[blank.start() :] if blank else body)
    headers: dict[str, list[bytes]] = {}
    for found in islice(HEADER.finditer(top), MAX_HEADERS):
        headers.setdefault(found[1].lower().decode("latin-1"), []).append(found[2].rstrip(b"\r"))
    return headers, body


def _until_body(top: bytes) -> tuple[bytes, bytes]:
    """Headers, and the start of the body where the empty line between them was forgotten.

    A single line that is no header is skipped; the body begins where no header follows any more.
    """
    odd = BROKEN_HEADER_END.search(b"\n" + top)
    if not odd:
        return top, b""
    ends = [found.end() for found in HEADER.finditer(top)]
    if not ends:
        return b"", top
    # A colon deep in prose is no header: after the first odd line, only names with a dash or known ones count.
    at = odd.start()
    later = re.search(rb"\n(?:[A-Za-z]+-[A-Za-z-]+|From|To|Cc|Subject|Date|Received|Sender)[ \t]*:", top[at:])
    if not later:
        return top[:at], top[at:].lstrip(b"\r\n")
    return top[: ends[-1]], top[ends[-1] :].lstrip(b"\r\n")


def _divide(part: Part, depth: int, budget: Budget) -> None:
    """Cut a multipart into its parts; one without any of its boundaries is read as text."""
    boundary = part.params.get("boundary", "").rstrip().encode("utf-8", "replace")
    pieces = list(_pieces(part.raw, boundary)) if boundary else []
    if not pieces:
        sniffed = SNIFFED_BOUNDARY.search(part.raw)
        pieces = list(_pieces(part.raw, sniffed[1].removesuffix(b"--"))) if sniffed else []
    if not pieces:
        start = part.raw[:400].lstrip()[:20].lower()
        part.media_type = "text/html" if start.startswith((b"<html", b"<!doctype", b"<body")) else "text/plain"
        return
    default_type = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
    for piece in pieces:
        if budget.parts <= 0:
            part.children.append(Part({}, piece, "application/octet-stream"))
            return
        part.children.append(_part(piece, default_type, depth + 1, budget))


def _pieces(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """What lies between the lines `--boundary`; a missing last one ends with the body."""
    mark = b"--" + boundary
    at, start, size = 0, -1, len(body)
    while at < size:
        found = body.find(mark, at)
        if found < 0:
            break
        at = found + len(mark)
        if found and body[found - 1] != 10:
            continue
        end = body.find(b"\n", at)
        end = size if end < 0 else end
        rest = body[at:end].strip()
        if rest not in (b"", b"--"):
            continue
        if start >= 0:
            yield _without_last_line_end(body[start:found])
        start = -1 if rest else end + 1
        at = max(end, at)
        if rest:
            return
    if start >= 0:
        yield body[start:]


def _without_last_line_end(piece: bytes) -> bytes:
    if piece.endswith(b"\r\n"):
        return piece[:-2]
    return piece[:-1] if piece.endswith(b"\n") else piece
