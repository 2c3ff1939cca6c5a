"""An answer to the bytes of a mail: threaded, with our marks, and nothing a person typed can add a header."""

from __future__ import annotations

import re
from base64 import encodebytes
from datetime import datetime
from email.charset import QP, Charset
from email.generator import BytesGenerator
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime
from html import escape
from io import BytesIO

from crowdalogue.channels.base import Attachment, Outgoing
from crowdalogue.channels.mail.charsets import clean
from crowdalogue.channels.mail.incoming import KEY_HEADER, LOOP_HEADER, Ourselves, address_tag

__all__ = ["compose", "envelope_address", "message_id"]

POLICY = compat32.clone(linesep="\r\n", max_line_length=78)
UTF8 = Charset("utf-8")
UTF8.body_encoding = QP
LINE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
MEDIA_TYPE = re.compile(r"([\w!#$&^.+-]{1,100})/([\w!#$&^.+-]{1,100})")
MAX_REFERENCES = 20
ANSWERED = re.compile(r"(re|aw|sv|vs|antw|odp|rif|res|ref|回复|答复|返信)\s*(\[\d+\])?\s*[:：]", re.I)


def message_id(key: str, from_address: str) -> str:
    """The id of an answer, without angle brackets: the same on every retry."""
    domain = from_address.rpartition("@")[2] or "localhost.invalid"
    return f"{re.sub(r'[^A-Za-z0-9._-]', '-', key)}@{domain}"


def compose(outgoing: Outgoing, ourselves: Ourselves, from_address: str, plus_addressing: bool, now: datetime) -> bytes:
    """The whole mail with CRLF line ends."""
    content = _content(outgoing)
    headers: list[tuple[str, str | Header]] = [
        ("From", _address_header(outgoing.sender_name, from_address)),
        ("To", _address_header(outgoing.to.name, outgoing.to.address)),
        ("Subject", _text_header(answered_subject(outgoing))),
        ("Date", format_datetime(now)),
        ("Message-ID", f"<{message_id(outgoing.key, from_address)}>"),
    ]
    parents = [parent for parent in outgoing.parents if _is_id(parent)]
    if parents:
        headers.append(("In-Reply-To", f"<{parents[0]}>"))
        # References runs from the oldest to the nearest; the oldest names the thread, so it is kept.
        chain = list(reversed(parents))
        chain = chain if len(chain) <= MAX_REFERENCES else [chain[0], *chain[1 - MAX_REFERENCES :]]
        headers.append(("References", " ".join(f"<{parent}>" for parent in chain)))
    if plus_addressing and outgoing.thread:
        headers.append(("Reply-To", _address_header("", address_tag(from_address, outgoing.thread))))
    headers += [(KEY_HEADER, _line(outgoing.key)), (LOOP_HEADER, ourselves.loop_mark(_line(outgoing.key)))]
    for name, value in headers:
        content[name] = value  # type: ignore[assignment]
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False, policy=POLICY).flatten(content)
    return out.getvalue()


def answered_subject(outgoing: Outgoing) -> str:
    """ "Re:" before the subject of what is answered, once, whatever abbreviation it carries already."""
    subject = _line(outgoing.subject)
    if not outgoing.parents or not subject or ANSWERED.match(subject):
        return subject
    return f"Re: {subject}"


def envelope_address(address: str) -> str:
    """An address as SMTP takes it: international domains as ASCII. "" where it is none."""
    address = _line(address).strip()
    box, at, domain = address.rpartition("@")
    if not box or not domain or re.search(r"[\s<>,;]", address):
        return ""
    try:
        return box + at + (domain if domain.isascii() else domain.encode("idna").decode("ascii"))
    except UnicodeError:
        return ""


def _is_id(text: str) -> bool:
    return text.isascii() and re.fullmatch(r"[^\s<>]{1,500}", text) is not None and "@" in text


def _line(text: str) -> str:
    """On one line: without it, a subject could add headers of its own."""
    return LINE.sub(" ", clean(text)).strip()


def _text_header(text: str) -> str | Header:
    line = _line(text)
    if line.isascii() and "=?" not in line and not re.search(r"\S{70}", line):
        return line
    return Header(line, "utf-8", maxlinelen=74)


def _address_header(name: str, address: str) -> str:
    address = envelope_address(address)
    name = _line(name)
    if not name:
        return address
    if not name.isascii() or "=?" in name:
        return f"{Header(name, 'utf-8', maxlinelen=74).encode(linesep='')} <{address}>"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>' if re.search(r"[^\w !#$%&'*+/=?^`{|}~-]", name) else f"{name} <{address}>"


def _content(outgoing: Outgoing) -> MIMEBase:
    text = clean(outgoing.text).rstrip() + "\n"
    both = MIMEMultipart("alternative")
    both.attach(MIMEText(text, "plain", UTF8))  # type: ignore[arg-type]
    both.attach(MIMEText(_html(text), "html", UTF8))  # type: ignore[arg-type]
    if not outgoing.attachments:
        return both
    mixed = MIMEMultipart("mixed")
    mixed.attach(both)
    for attachment in outgoing.attachments:
        mixed.attach(_attached(attachment))
    return mixed


def _html(text: str) -> str:
    """Paragraphs, line breaks and links; the text is all there is."""
    paragraphs = [part for part in re.split(r"\n{2,}", text.strip("\n")) if part.strip()]
    body = "".join("<p>" + _linked(part).replace("\n", "<br>\n") + "</p>\n" for part in paragraphs)
    return f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>\n{body}</body></html>\n'


def _linked(text: str) -> str:
    out, end = [], 0
    for link in LINK.finditer(text):
        address = escape(link[0])
        out += [escape(text[end : link.start()]), f'<a href="{address}">{address}</a>']
        end = link.end()
    return "".join([*out, escape(text[end:])])


def _attached(attachment: Attachment) -> MIMEBase:
    kind = MEDIA_TYPE.fullmatch(attachment.media_type)
    main, sub = (kind[1], kind[2]) if kind else ("application", "octet-stream")
    if main in ("multipart", "message"):  # only whole mails may be these, and they must not be encoded
        main, sub = "application", "octet-stream"
    part = MIMEBase(main, sub)
    part.set_payload(_wrapped_base64(attachment.content), charset=None)
    part["Content-Transfer-Encoding"] = "base64"
    name = _line(attachment.name) or "attachment"
    encoded = name if name.isascii() else ("utf-8", "", name)
    part.add_header("Content-Disposition", "inline" if attachment.inline else "attachment", filename=encoded)
    if attachment.content_id:
        part["Content-ID"] = f"<{_line(attachment.content_id)}>"
    return part


def _wrapped_base64(content: bytes) -> str:
    return encodebytes(content).decode("ascii")
