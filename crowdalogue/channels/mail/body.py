"""Which parts of a mail are its text, its HTML and its attachments."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from crowdalogue.channels.base import Attachment
from crowdalogue.channels.mail.charsets import clean, decode
from crowdalogue.channels.mail.headers import words
from crowdalogue.channels.mail.reader import Budget, Part, read_headers

__all__ = ["Body", "gather"]

ENRICHED = frozenset({"text/enriched", "text/richtext"})
INLINE_TEXT = frozenset({"text/plain", "text/html", "text/markdown", "text/x-markdown", "text/*"}) | ENRICHED
META_CHARSET = re.compile(rb"<meta[^>]{1,200}charset\s*=\s*[\"']?([A-Za-z0-9_:.-]+)", re.IGNORECASE)
EXTENSIONS = {"text/calendar": ".ics", "message/rfc822": ".eml", "message/global": ".eml", "text/plain": ".txt",
              "text/html": ".html", "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif",
              "application/pdf": ".pdf", "text/csv": ".csv", "application/pgp-signature": ".asc",
              "text/vcard": ".vcf", "text/x-vcard": ".vcf"}  # fmt: skip
# What a report says about a mail of ours belongs to `kinds`, not to the files.
REPORT_TYPES = frozenset({"message/delivery-status", "message/disposition-notification", "message/feedback-report"})


@dataclass(slots=True)
class Body:
    """`texts` and `htmls` in reading order; a part that is both appears in each as ("text" | "html", content)."""

    texts: list[tuple[str, str]] = field(default_factory=list)
    htmls: list[tuple[str, str]] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    calendars: list[bytes] = field(default_factory=list)
    too_large: list[str] = field(default_factory=list)


def gather(root: Part, budget: Budget) -> Body:
    """Read the tree: alternatives are chosen among, everything else is text, HTML or attachment."""
    body = Body()
    _take(root, body, budget, first=True)
    return body


def _take(part: Part, body: Body, budget: Budget, first: bool) -> None:
    """Sort one part into `body`. `first`: nothing readable stands before it."""
    if part.media_type.startswith("multipart/"):
        if part.media_type == "multipart/alternative":
            _take_alternative(part, body, budget)
            return
        related = part.media_type == "multipart/related"
        start = _start_of_related(part) if related else None
        for index, child in enumerate(part.children):
            _take(child, body, budget, child is start if related else first and index == 0)
    elif _is_inline_text(part, first):
        _take_text(part, body, budget)
    elif part.media_type in REPORT_TYPES:
        return
    else:
        body.attachments.append(_attachment(part, body, budget))


def _start_of_related(part: Part) -> Part | None:
    wanted = part.params.get("start", "").strip("<> ")
    named = next((c for c in part.children if wanted and c.content_id == wanted), None)
    return named or (part.children[0] if part.children else None)


def _take_alternative(part: Part, body: Body, budget: Budget) -> None:
    """Plain text from the best plain alternative, HTML from the richest; other kinds are attachments."""
    plain = Body()
    rich = Body()
    for child in part.children:
        inner = Body(attachments=body.attachments, calendars=body.calendars, too_large=body.too_large)
        _take(child, inner, budget, True)
        if any(kind == "html" for kind, _ in inner.htmls):
            rich = inner
        elif inner.texts and (not plain.texts or not any(content.strip() for _, content in plain.texts)):
            plain = inner
    if not any(content.strip() for _, content in plain.texts):
        plain = rich
    body.texts += plain.texts
    body.htmls += rich.htmls or plain.htmls


def _is_inline_text(part: Part, first: bool) -> bool:
    if part.media_type not in INLINE_TEXT or part.disposition.startswith("attachment"):
        return False
    return first or not part.file_name


def _take_text(part: Part, body: Body, budget: Budget) -> None:
    content = part.content(budget)
    if content is None:
        body.too_large.append(part.file_name or part.media_type)
        body.attachments.append(Attachment(part.file_name or "text.txt", part.media_type, b""))
        return
    charset = part.params.get("charset", "")
    if part.media_type == "text/html":
        if not charset:
            found = META_CHARSET.search(content, 0, 2000)
            charset = found[1].decode("ascii") if found else ""
        entry = ("html", clean(decode(content, charset)))
    else:
        text = clean(decode(content, charset))
        if part.media_type in ENRICHED:
            text = _unenriched(text)
        if part.params.get("format", "").casefold() == "flowed":
            text = _unflow(text, part.params.get("delsp", "").casefold() == "yes")
        entry = ("text", text)
    body.texts.append(entry)
    body.htmls.append(entry)


def _unenriched(text: str) -> str:
    """Enriched text (RFC 1896) without its commands."""
    text = re.sub(r"<(param|comment)>[^<]{0,500}</\1>", "", text, flags=re.IGNORECASE)
    text = re.sub(r"<(?:nl|np|paragraph)>", "\n", text, flags=re.IGNORECASE)
    return re.sub(r"</?[A-Za-z-]{1,60}>", "", text).replace("<<", "<").replace("<lt>", "<")


def _unflow(text: str, delete_space: bool) -> str:
    """Join lines that end in a space with the next of the same quote depth (RFC 3676)."""
    if " \n" not in text:
        return text
    out: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        flows = content.endswith(" ") and content != "-- "
        if open_depth == depth and content != "-- ":
            out[-1] = (out[-1][:-1] if delete_space else out[-1]) + content
        else:
            out.append(">" * depth + (" " if depth else "") + content)
        open_depth = depth if flows else -1
    return "\n".join(out)


def _attachment(part: Part, body: Body, budget: Budget) -> Attachment:
    name = part.file_name
    content = part.content(budget)
    if content is None:
        name = name or f"attachment-{len(body.attachments) + 1}{EXTENSIONS.get(part.media_type, '')}"
        body.too_large.append(name)
        content = b""
    elif part.media_type == "text/calendar":
        body.calendars.append(content)
    if not name:
        name = _name_for(part, content, len(body.attachments) + 1)
    inline = (bool(part.content_id) and not part.disposition.startswith("attachment")) or part.disposition == "inline"
    media_type = part.media_type if re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,100}", part.media_type) else ""
    return Attachment(name, media_type or "application/octet-stream", content, part.content_id, inline)


def _name_for(part: Part, content: bytes, number: int) -> str:
    extension = EXTENSIONS.get(part.media_type, "")
    if part.embedded:
        subject = words(read_headers(content[:100_000]).text("subject"))
        stem = re.sub(r"[^\w .,()-]+", "_", subject).strip(" ._")[:80]
        if stem:
            return stem + extension
    return ("invite" if part.media_type == "text/calendar" else f"attachment-{number}") + extension
