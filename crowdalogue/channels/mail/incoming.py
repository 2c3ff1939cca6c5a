"""One mail, as bytes, to what the seam knows: an Incoming and, for reports, a Status beside it."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from crowdalogue.channels.base import Author, Incoming, Item, Kind, Status
from crowdalogue.channels.mail.body import Body, gather
from crowdalogue.channels.mail.calendar import events
from crowdalogue.channels.mail.charsets import clean
from crowdalogue.channels.mail.headers import message_ids, parse_addresses, parse_date, sensible
from crowdalogue.channels.mail.kinds import Verdict, judge, list_id
from crowdalogue.channels.mail.quotes import cut, is_forward
from crowdalogue.channels.mail.reader import Budget, Part, read
from crowdalogue.channels.mail.text import as_html, clean_html, html_to_text

__all__ = ["Ourselves", "address_tag", "read_mail"]

KEY_HEADER = "X-Crowdalogue-Key"
LOOP_HEADER = "X-Crowdalogue-Loop"
NO_SENDER = "unknown@sender.invalid"  # keeps a mail without any sender from being lost
MAX_PARENTS = 50
MAX_TEXT = 1_000_000  # characters kept of a text
MAX_SUBJECT = 998
MAX_TO = 100
TAG = re.compile(r"^(?P<box>[^+]+)\+c-(?P<token>[A-Za-z0-9_-]{4,64})@(?P<domain>[^@]+)$")
TAGGED_HEADERS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "resent-to")
KEPT_HEADERS = (
    "reply-to", "sender", "auto-submitted", "precedence", "x-mailer", "user-agent", "importance", "x-priority",
    "x-spam-status", "x-spam-flag", "list-unsubscribe", "authentication-results", "content-language", "organization",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ourselves:
    """What this mailbox calls itself, to recognise our own mails: addresses in one spelling, and a secret."""

    address: str = ""
    brand: str = ""
    secret: bytes = b""

    def loop_mark(self, key: str) -> str:
        """The mark our own mails carry; only an install that knows the mailbox's secret can make it."""
        said = f"{self.address}\n{key}".encode()
        return hmac.new(self.secret or b"crowdalogue", said, hashlib.sha256).hexdigest()[:32]

    def is_echo(self, key: str, mark: str) -> bool:
        """Does a mail with this key and mark come from ourselves?"""
        return bool(key and self.secret) and hmac.compare_digest(self.loop_mark(key), mark.strip())


def address_tag(address: str, token: str) -> str:
    """`help@example.com` with the tag of a conversation: `help+c-TOKEN@example.com`."""
    box, at, domain = address.rpartition("@")
    return f"{box}+c-{token}{at}{domain}"


def normalised(address: str) -> str:
    """The one spelling of an address: lower case, international domains as ASCII."""
    address = address.strip().casefold()
    if address.isascii():
        return address
    box, at, domain = address.rpartition("@")
    try:
        return box + at + domain.encode("idna").decode("ascii")
    except UnicodeError:
        return address


def read_mail(
    raw: bytes, ourselves: Ourselves, now: datetime, arrived: datetime | None = None, size: int = 0
) -> list[Item]:
    """Everything one mail says. `arrived`: when the mailbox took it, used where Date is absent or absurd.

    `size` (bytes) is given where only the headers were fetched because the mail is too large. Never raises.
    """
    root = read(raw)
    body = gather(root, Budget())
    subject = root.text("subject")[:MAX_SUBJECT]
    full_text = _text(body)
    sender = _sender(root)
    split = cut(full_text, forwarded=is_forward(subject), writer=sender[0])
    verdict = judge(root, sender[1], subject, full_text)
    author, kind = _author(root, sender, ourselves, verdict.kind)
    parents = _parents(root)
    incoming = Incoming(
        external_id=_external_id(root, raw),
        author=author,
        text=split.text[:MAX_TEXT],
        sent_at=sensible(parse_date(root.source("date", 1)), now) or arrived,
        subject=subject,
        html=_html(body),
        quoted=split.quoted[:MAX_TEXT],
        parents=parents,
        threads=_tags(root, ourselves),
        to=tuple(_person(pair, ourselves) for pair in parse_addresses(root.source("to"), MAX_TO) if "@" in pair[1]),
        kind=kind,
        attachments=tuple(body.attachments),
        extra=_extra(root, body, verdict, size or len(raw), bool(size)),
    )
    if verdict.state and verdict.target:
        return [incoming, Status(verdict.target, verdict.state, verdict.reason, incoming.sent_at)]
    return [incoming]


def _text(body: Body) -> str:
    pieces = [html_to_text(content) if kind == "html" else content.strip("\n") for kind, content in body.texts]
    text = "\n\n".join(piece for piece in pieces if piece.strip())
    if not text and body.htmls is not body.texts:
        pieces = [html_to_text(content) for kind, content in body.htmls if kind == "html"]
        text = "\n\n".join(piece for piece in pieces if piece.strip())
    return text


def _html(body: Body) -> str:
    if not any(kind == "html" for kind, _ in body.htmls):
        return ""
    return "".join(clean_html(content) if kind == "html" else as_html(content) for kind, content in body.htmls)


def _external_id(root: Part, raw: bytes) -> str:
    """Message-ID, or for a mail without one a digest of what does not change on its way.

    Its first hop is part of it, so that the same words sent twice are two mails.
    """
    ids = message_ids(root.source("message-id", 1))
    if ids and len(ids[0]) <= 500:
        return ids[0]
    digest = hashlib.sha256()
    for name in ("message-id", "from", "date", "subject", "to"):
        digest.update(b"".join(root.first(name).split()) + b"\n")
    digest.update(b"".join(root.headers.get("received", [b""])[-1].split()) + b"\n")
    digest.update(b"".join(root.raw.split()))
    return f"{digest.hexdigest()[:40]}@no-message-id.invalid"


def _parents(root: Part) -> tuple[str, ...]:
    """In-Reply-To, then References from the nearest to the farthest; each once."""
    direct = message_ids(root.source("in-reply-to"))
    chain = reversed(message_ids(root.source("references")))
    own = message_ids(root.source("message-id", 1))[:1]
    ids = dict.fromkeys(i for i in [*direct, *chain] if "@" in i and len(i) <= 500 and i not in own)
    return tuple(ids)[:MAX_PARENTS]


def _sender(root: Part) -> tuple[str, str]:
    for name in ("from", "sender", "reply-to", "return-path", "x-sender"):
        if name not in root.headers:
            continue
        found = [pair for pair in parse_addresses(root.source(name)) if "@" in pair[1]]
        if found:
            return found[0]
    named = parse_addresses(root.source("from"), 1)
    return (named[0][0] or named[0][1], NO_SENDER) if named else ("", NO_SENDER)


def _person(pair: tuple[str, str], ourselves: Ourselves) -> Author:
    name, address = pair
    address = normalised(address)[:320]
    ours = bool(ourselves.address) and _without_tag(address) == ourselves.address
    name = "" if name.casefold() == address else name[:200]
    return Author(address, name, ours=ours, brand=ourselves.brand if ours else "")


def _without_tag(address: str) -> str:
    found = TAG.match(address)
    return f"{found['box']}@{found['domain']}" if found else address


def _author(root: Part, sender: tuple[str, str], ourselves: Ourselves, kind: Kind) -> tuple[Author, Kind]:
    """Who wrote it: ourselves by our own mark or address, and the customer behind our own web form."""
    author = _person(sender, ourselves)
    if ourselves.is_echo(root.text(KEY_HEADER.lower()), root.text(LOOP_HEADER.lower())):
        return (author if author.ours else Author(author.address, author.name)), Kind.AUTOMATIC
    if author.ours and "reply-to" in root.headers:
        # Web forms write in our own name and put the customer into Reply-To.
        behind = [pair for pair in parse_addresses(root.source("reply-to")) if "@" in pair[1]]
        to_us = any(_person(pair, ourselves).ours for pair in parse_addresses(root.source("to"), MAX_TO))
        if behind and to_us and not (customer := _person(behind[0], ourselves)).ours:
            return customer, kind
    return author, kind


def _tags(root: Part, ourselves: Ourselves) -> tuple[str, ...]:
    """Names of conversations from addresses like `help+c-TOKEN@example.com` it was sent to."""
    tags: dict[str, None] = {}
    for name in TAGGED_HEADERS:
        if name not in root.headers:
            continue
        source = root.source(name)
        if "+" not in source:
            continue
        for _name, address in parse_addresses(source):
            found = TAG.match(address)
            if found and ourselves.address in ("", normalised(f"{found['box']}@{found['domain']}")):
                tags[f"tag:{found['token']}"] = None
    return tuple(tags)[:5]


def _extra(root: Part, body: Body, verdict: Verdict, size: int, headers_only: bool) -> dict[str, Any]:
    """JSON-safe facts; only those that are there."""
    extra: dict[str, Any] = {"message_size": size}
    if "cc" in root.headers:
        cc = parse_addresses(root.source("cc"), MAX_TO)
        extra["cc"] = [{"address": normalised(address), "name": name} for name, address in cc if "@" in address]
    if "reply-to" in root.headers:
        answer = [address for _name, address in parse_addresses(root.source("reply-to"), 5) if "@" in address]
        if answer:
            extra["reply_to"] = normalised(answer[0])
    if listed := list_id(root):
        extra["list_id"] = listed
    if verdict.why:
        extra["recognised_by"] = verdict.why
    kept = {name: root.text(name)[:500] for name in KEPT_HEADERS if name in root.headers}
    if kept:
        extra["headers"] = kept
    if found := [event for source in body.calendars[:5] for event in events(source)]:
        extra["calendar"] = found
    if body.too_large:
        extra["too_large"] = [clean(name) for name in body.too_large]
    if headers_only:
        extra["headers_only"] = True
    return extra


def arrival(value: str) -> datetime | None:
    """The aware time a mailbox said a mail arrived (ISO 8601), or None."""
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return sensible(when, datetime.now(UTC) + timedelta(days=1))
