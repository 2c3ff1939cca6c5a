"""What our own widget and our own form share: where they may stand, what they ask, and how their deliveries look.

A delivery is JSON that our own door made (web/chat.py, web/form.py) or that somebody who has the account's secret
signed like a webhook's: one item or {"items": [...]}, each {"event": "message", "id", "text", "at", ...}.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from crowdalogue.channels.base import (
    Attachment,
    Channel,
    Field,
    Incoming,
    Item,
    NotUnderstood,
    Outgoing,
    Raw,
    SendError,
    Unknown,
)
from crowdalogue.channels.mail import smtp
from crowdalogue.channels.mail.compose import compose, envelope_address, message_id
from crowdalogue.channels.mail.incoming import Ourselves
from crowdalogue.channels.payload import each, flag, load_object, moment, part, parts, word
from crowdalogue.channels.webhook import HEADER, Webhook, new_secret, sign
from crowdalogue.errors import Failure

LANGUAGES = (
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("pt", "Português"),
    ("it", "Italiano"),
    ("nl", "Nederlands"),
    ("ar", "العربية"),
)
STANDARD = ("name", "email", "phone")  # questions whose words we have in every language
MAX_QUESTIONS = 8
MAX_FILES = 5

# --- fields that both have

ORIGINS = Field(
    "origins",
    "Sites it may stand on",
    "One a line, such as https://www.example.com. https://*.example.com stands for every name below example.com.",
    kind="lines",
)
QUESTIONS = Field(
    "questions",
    "Questions asked first",
    "One a line, at most eight. name, email and phone are asked in the reader's language; any other line is asked as "
    "it stands. A star at the end (email*) makes it required.",
    kind="lines",
    required=False,
)
LANGUAGE = Field(
    "language",
    "Language",
    "Of buttons and hints.",
    kind="choice",
    required=False,
    choices=(("", "That of the page it stands on"), *LANGUAGES),
)
FILES = Field("files", "Customers may send files", "Pictures, PDF, text and office files.", "flag", False, True)
SECRET = Field(
    "secret",
    "Secret",
    "Leave empty and one is made. With it your site vouches for a customer who has signed in there.",
    kind="secret",
    required=False,
)
PER_LANGUAGE = "For one language only: a line that begins with it, such as de = Guten Tag."
MAIL_FIELDS = (
    Field("from_address", "Answers come from", "An address of yours, for answers by e-mail.", "email", False),
    Field("sender_name", "Sender name", "Shown beside the address, for example your company.", required=False),
    Field("smtp_host", "Outgoing mail server", "For example smtp.example.com.", required=False),
    Field("smtp_port", "Outgoing port", "Usually 465 or 587.", "number", False, 465),
    Field(
        "smtp_security",
        "Outgoing encryption",
        kind="choice",
        default="tls",
        choices=(
            ("tls", "Encrypted (TLS)"),
            ("starttls", "Encrypted after connecting (STARTTLS)"),
            ("none", "Not encrypted, for a server in your own network"),
        ),
    ),
    Field("smtp_user", "Outgoing user name", "Empty: the address.", required=False),
    Field("smtp_secret", "Outgoing password", "An app password where the provider has them.", "secret", False),
)


# --- where it may stand


def origins_of(lines: Any) -> tuple[str, ...]:
    """The allowed origins, as browsers write them: scheme and host in lower case, a port where it is unusual.

    Raises `Failure` naming the line that is none."""
    return tuple(dict.fromkeys(_origin(line.strip()) for line in str(lines or "").splitlines() if line.strip()))


def _origin(line: str) -> str:
    try:
        parts_of_it = urlsplit(line)
        host, port = parts_of_it.hostname or "", parts_of_it.port
        ascii_host = host if host.isascii() else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        host, ascii_host, port, parts_of_it = "", "", None, urlsplit("")
    if parts_of_it.scheme not in ("http", "https") or not re.fullmatch(r"(\*\.)?[a-z0-9.\-]+|[0-9a-f:]+", ascii_host):
        raise Failure(f"{line[:80]} is no site. Write it with https:// and without a path: https://www.example.com.")
    usual = {"http": 80, "https": 443}[parts_of_it.scheme]
    host = f"[{ascii_host}]" if ":" in ascii_host else ascii_host
    return f"{parts_of_it.scheme}://{host}" + (f":{port}" if port and port != usual else "")


def origin_fits(origin: str, allowed: tuple[str, ...]) -> bool:
    """Whether a page of this origin may use it."""
    for one in allowed:
        scheme, _, host = one.partition("://")
        if origin == one:
            return True
        if host.startswith("*.") and origin.startswith(f"{scheme}://") and origin.endswith(host[1:]):
            return len(origin) > len(scheme) + 3 + len(host[1:])
    return False


# --- what it asks and says


@dataclass(frozen=True, slots=True)
class Question:
    """`name` is what its answer is called: name, email, phone, or q1, q2, ...; `label` is empty for those three."""

    name: str
    label: str
    needed: bool


def questions_of(lines: Any) -> tuple[Question, ...]:
    """The questions of a setting, at most `MAX_QUESTIONS`."""
    found: list[Question] = []
    for line in str(lines or "").splitlines():
        label = line.strip().removesuffix("*").strip()
        if not label or len(found) == MAX_QUESTIONS:
            continue
        standard = label.casefold().replace("-", "")
        name = standard if standard in STANDARD else f"q{len(found) + 1}"
        if name not in {q.name for q in found}:
            found.append(Question(name, "" if name in STANDARD else label[:120], line.rstrip().endswith("*")))
    return tuple(found)


def said_in(lines: Any, language: str) -> str:
    """The text of a setting for one language: lines that begin with it, else those that name no language."""
    own: list[str] = []
    others: list[str] = []
    for line in str(lines or "").splitlines():
        named = re.match(r"\s*([a-z]{2})\s*=\s*(.*)", line)
        if named and named[1] in dict(LANGUAGES):
            if named[1] == language:
                own.append(named[2])
        else:
            others.append(line)
    return "\n".join(own or others).strip()


def check_page(settings: Mapping[str, Any]) -> None:
    """Raise `Failure` where these settings cannot work."""
    if not origins_of(settings.get("origins")):
        raise Failure("No site is named. Enter where it may stand, such as https://www.example.com.")
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", str(settings.get("colour") or "")):
        raise Failure("The colour must be written as #2c50bf: a number sign and six digits from 0 to f.")
    if len(str(settings.get("secret") or "")) < 16:
        raise Failure("The secret is too short to be safe. Leave it empty and one is made.")
    if len([q for q in str(settings.get("questions") or "").splitlines() if q.strip()]) > MAX_QUESTIONS:
        raise Failure(f"These are too many questions. Ask at most {MAX_QUESTIONS} before the first message.")


# --- the door


def proof(secret: str, customer_id: str, email: str) -> str:
    """What the site computes on its server for a customer who has signed in there: hex of
    HMAC-SHA256(secret, customer_id + newline + e-mail); either may be empty, not both."""
    return hmac.new(secret.encode(), f"{customer_id}\n{email}".encode(), hashlib.sha256).hexdigest()


def proven(secret: str, customer_id: str, email: str, given: str) -> bool:
    """Whether the proof is right, compared in constant time."""
    right = proof(secret, customer_id, email).encode()
    return bool(secret and (customer_id or email)) and hmac.compare_digest(right, given.encode("utf-8", "replace"))


def sealed(secret: str, item: Mapping[str, Any], now: datetime, key: str = "") -> Raw:
    """One item as a delivery, signed with the account's secret."""
    body = json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"content-type": "application/json", HEADER: sign(secret, body, int(now.timestamp()))}
    return Raw(body, headers, key)


class PageChannel(Channel):
    """What the chat and the form have in common: settings, the door, and how an item is read."""

    receives_hooks = True
    replies = True
    media = "both"
    writer: ClassVar[tuple[str, str]] = ("", "")  # what names the writer of an item, and such a name for a test

    @classmethod
    def prepare(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {**settings, "secret": settings.get("secret") or new_secret()}

    def check(self) -> None:
        check_page(self.settings)
        check_mail(self.settings)

    def verify(self, raw: Raw, now: datetime) -> None:
        """Raise `Refused` unless somebody who has the account's secret signed it within five minutes."""
        Webhook({"secret": self.settings.get("secret")}).verify(raw, now)

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw:
        item = {"event": "message", "id": f"sample-{int(now.timestamp())}-{number}", "name": "Test", "text": text}
        item |= {self.writer[0]: self.writer[1], "at": now.isoformat()}
        return sealed(str(self.settings["secret"]), item, now)

    def parse(self, raw: Raw) -> list[Item]:
        return each(items_of(raw), self.read, "message")

    def read(self, item: dict[str, Any]) -> list[Item]:
        event = word(item, "event", needed=True)
        if event != "message":
            return [Unknown(f"an event of kind {event[:40]}")]
        message = self.message(item)
        if not message.text.strip() and not message.attachments:
            raise NotUnderstood('"text" is empty, and there is no file.')
        return [message]

    def message(self, item: dict[str, Any]) -> Incoming:
        """One item as a message: who wrote it, and what it is called. Raises `NotUnderstood`."""
        raise NotImplementedError


def said_by(item: dict[str, Any]) -> dict[str, Any]:
    """What an item holds whoever wrote it, as fields of `Incoming`."""
    return {
        "text": word(item, "text"),
        "sent_at": sent_at(item),
        "subject": subject_of(item),
        "attachments": files_in(item),
    }


def items_of(raw: Raw) -> list[dict[str, Any]]:
    """The items of a delivery. Raises `NotUnderstood`."""
    body = load_object(raw.body)
    found = parts(body, "items") if "items" in body else [body]
    if not found:
        raise NotUnderstood("The delivery holds no message.")
    return found


def sent_at(item: dict[str, Any]) -> datetime | None:
    at = moment(item, "at")
    return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None


def files_in(item: dict[str, Any]) -> tuple[Attachment, ...]:
    found = []
    for one in parts(item, "files")[:MAX_FILES]:
        try:
            content = base64.b64decode(word(one, "content"), validate=True)
        except (binascii.Error, ValueError):
            raise NotUnderstood('"files" must hold their content in base64.') from None
        found.append(Attachment(word(one, "name")[:255] or "file", word(one, "media_type"), content))
    return tuple(found)


def facts_of(item: dict[str, Any]) -> dict[str, Any]:
    """What is known of the writer. Only what the site vouches for counts as verified."""
    vouched = flag(item, "vouched")
    facts: dict[str, Any] = {"language": word(item, "language")[:12], "phone": word(item, "phone")[:40]}
    facts["email"] = word(item, "email")[:254].casefold()
    if vouched:
        facts["customer_id"] = word(item, "customer_id")[:200]
        facts["email_verified"] = bool(facts["email"]) and flag(item, "vouched_email")
    return {name: value for name, value in facts.items() if value}


def extra_of(item: dict[str, Any]) -> dict[str, Any]:
    """What an agent wants to see beside the message, and an answer needs."""
    page = part(item, "page")
    answers = {word(a, "question")[:120]: word(a, "answer")[:1000] for a in parts(item, "answers")[:MAX_QUESTIONS]}
    address = word(page, "url")[:500]
    found = {
        "page": address if address.startswith(("https://", "http://")) else "",
        "page_title": word(page, "title")[:200],
        "answers": {question: answer for question, answer in answers.items() if question and answer},
        "answer_to": word(item, "answer_to")[:254],
    }
    return {name: value for name, value in found.items() if value}


def subject_of(item: dict[str, Any]) -> str:
    """What was answered to questions of the site's own, as a heading the agent sees at once."""
    given = word(item, "subject")[:200]
    answers = [f"{q}: {a}" for q, a in extra_of(item).get("answers", {}).items()]
    return " · ".join([*([given] if given else []), *answers])[:300]


# --- answers by e-mail


def mails(settings: Mapping[str, Any]) -> bool:
    """Whether answers can go out by e-mail."""
    return bool(settings.get("smtp_host") and envelope_address(str(settings.get("from_address") or "")))


def relay(settings: Mapping[str, Any]) -> smtp.Relay:
    secret = str(settings.get("smtp_secret") or "")
    user = str(settings.get("smtp_user") or settings.get("from_address") or "")
    return smtp.Relay(
        host=str(settings.get("smtp_host") or "").strip(),
        port=int(settings.get("smtp_port") or 465),
        security=str(settings.get("smtp_security") or "tls"),
        user=user if secret else "",
        secret=secret,
    )


def check_mail(settings: Mapping[str, Any]) -> None:
    """Sign in to the outgoing server, where there is one. Raises `Failure`."""
    if settings.get("smtp_host") and not mails(settings):
        raise Failure("The address answers come from is missing. Enter it, or take out the outgoing mail server.")
    if mails(settings):
        smtp.check(relay(settings))


def mail(settings: Mapping[str, Any], outgoing: Outgoing, address: str) -> str:
    """Send the answer to this address; its Message-ID, which is the same on every attempt. Raises `SendError`."""
    sender, recipient = envelope_address(str(settings.get("from_address") or "")), envelope_address(address)
    if not mails(settings):
        raise SendError(
            "This channel has no outgoing mail server, so nothing can be sent. Enter one in its settings, "
            "or answer from a mailbox.",
            permanent=True,
        )
    if not recipient:
        raise SendError("The customer gave no e-mail address that can be answered.", permanent=True)
    ourselves = Ourselves(sender.casefold(), "", str(settings.get("secret") or "").encode())
    outgoing = replace(outgoing, to=replace(outgoing.to, address=recipient))
    smtp.deliver(relay(settings), sender, recipient, compose(outgoing, ourselves, sender, False, datetime.now(UTC)))
    return message_id(outgoing.key, sender)
