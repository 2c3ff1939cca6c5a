"""Messages out of JSON, each value checked where it is taken out, so that a fault names its field.

Shared by the webhook and the API's door for programs.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from crowdalogue.channels.base import Attachment, Author, Incoming, Interaction, Kind, NotUnderstood, Removal, Status
from crowdalogue.errors import Failure

# our field -> what it is, in the words of the set-up page and the documentation
FIELDS = {
    "type": "message (the usual), interaction (a like, repost, follow), removal (id was taken back) or receipt",
    "id": "what the sender calls it; the same id is the same message",
    "text": "what was said",
    "sent_at": "when: ISO 8601, seconds or milliseconds since 1970, or a mail date",
    "edited_at": "when it was changed last, for a newer version of the message with this id",
    "subject": "its heading",
    "author": "who wrote it: what identifies them there, or {address, name, ours, brand, facts}",
    "name": "the author's name",
    "direction": "in (from a customer, the usual) or out (from us)",
    "to": "to whom, where it is from us",
    "brand": "for messages from us, the brand that speaks",
    "conversation": "what the sender calls the conversation",
    "in_reply_to": "the id, or ids, of the message it answers, nearest first",
    "kind": "message, automatic, bounce or overheard; for an interaction like, repost, follow, ...; "
    "for a receipt delivered, read or failed",
    "target": "for an interaction or receipt, the id of the message concerned",
    "url": "where it can be seen",
    "public": "true where everybody can read it",
    "language": "its language, such as en or pt-BR",
    "attachments": "files: [{name, media_type, content}], the content in base64, or url where it can be fetched",
    "extra": "an object of anything else worth keeping",
}
LONGEST = {"text": 200_000, "subject": 300, "id": 300, "url": 500, "name": 200, "address": 320, "conversation": 300}
# Control characters mean nothing in a message, and a store may refuse them (NUL); a half of a pair is no character.
UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ud800-\udfff\ufffe\uffff]")
MAX_DEPTH = 30


def clean(text: str) -> str:
    """Text without characters that no store or page can hold; line ends as \\n."""
    return UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def clean_json(value: Any, depth: int = 0) -> Any:
    """The same for everything inside a JSON value. What is nested too deeply is dropped."""
    if isinstance(value, str):
        return clean(value)
    if depth >= MAX_DEPTH:
        return None
    if isinstance(value, list):
        return [clean_json(v, depth + 1) for v in value]
    if isinstance(value, Mapping):
        return {clean(str(k)): clean_json(v, depth + 1) for k, v in value.items()}
    return value


def load(body: bytes) -> Any:
    """JSON out of bytes. Raises `NotUnderstood` saying where it breaks."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not JSON")

    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=refuse)
    except UnicodeDecodeError:
        raise NotUnderstood("The body is not UTF-8. Send JSON in UTF-8.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotUnderstood(f"The body is not JSON: it breaks at {where}. Send one JSON object or list.") from None
    except RecursionError:
        raise NotUnderstood("The body is nested too deeply. Send one JSON object or list of messages.") from None
    except ValueError as error:
        raise NotUnderstood(f"The body is not JSON ({str(error)[:80]}). Send one JSON object or list.") from None


def items_of(body: Any, mapping: Mapping[str, str]) -> list[Any]:
    """The messages of a body: a list, an object with `messages`, or one object."""
    if "messages" in mapping:
        body = take(body, mapping["messages"])
        if body is None:
            raise NotUnderstood(f"Nothing is at {mapping['messages']}, where the field map says the messages are.")
    elif isinstance(body, dict) and "messages" in body:
        body = body["messages"]
    items = body if isinstance(body, list) else [body]
    if not items:
        raise NotUnderstood("The delivery holds no message.")
    return items


def read_map(given: Any) -> dict[str, str]:
    """The field map, from lines `ours = theirs` or an object. Raises `Failure` for a name that is not ours."""
    if isinstance(given, Mapping):
        pairs = [(str(k).strip(), str(v).strip()) for k, v in given.items()]
    else:
        lines = [line.strip() for line in str(given or "").splitlines() if line.strip()]
        pairs = [(line.partition("=")[0].strip(), line.partition("=")[2].strip()) for line in lines]
    for ours, theirs in pairs:
        if ours not in FIELDS and ours != "messages":
            raise Failure(f"The field map names {ours!r}, which is not a field. Fields: messages, {', '.join(FIELDS)}.")
        if not theirs:
            raise Failure(f"The field map says nothing for {ours}. Write {ours} = the.path.to.it")
    return dict(pairs)


def take(item: Any, path: str) -> Any:
    """What is at a path such as data.user.name or items.0.text; None where there is nothing."""
    for part in path.split("."):
        if isinstance(item, dict):
            item = item.get(part)
        elif isinstance(item, list) and part.isdecimal() and int(part) < len(item):
            item = item[int(part)]
        else:
            return None
    return item


class Reader:
    """One message out of one JSON object."""

    def __init__(self, item: Any, mapping: Mapping[str, str], number: int, spare_id: str) -> None:
        self.number = number
        self.spare_id = spare_id
        self.item: dict[str, Any] = item if isinstance(item, dict) else self.fail("", "must be an object", item)
        self.mapping = mapping

    def read(self) -> Incoming | Interaction | Removal | Status:
        """Raises `NotUnderstood` naming the message and the field."""
        kind = self.text("type") or "message"
        readers: dict[str, Callable[[], Incoming | Interaction | Removal | Status]] = {
            "message": self.message,
            "interaction": self.interaction,
            "removal": self.removal,
            "receipt": self.receipt,
        }
        if kind not in readers:
            self.fail("type", "must be message, interaction, removal or receipt", kind)
        return readers[kind]()

    def removal(self) -> Removal:
        return Removal(
            self.text("id") or self.fail("id", "is missing: say which message", None), self.moment("sent_at")
        )

    def receipt(self) -> Status:
        state = self.text("kind") or "delivered"
        if state not in ("delivered", "read", "failed"):
            self.fail("kind", "must be delivered, read or failed", state)
        target = self.text("target") or self.fail("target", "is missing: say which message", None)
        return Status(target, state, self.text("text")[:500], self.moment("sent_at"))

    def message(self) -> Incoming:
        author = self.author()
        text, subject = self.text("text"), self.text("subject")
        attachments = self.attachments()
        if not (text.strip() or subject.strip() or attachments):
            self.fail("text", "is missing or empty", None)
        conversation = self.text("conversation")
        return Incoming(
            external_id=self.text("id") or self.spare_id,
            author=author,
            text=text,
            subject=" ".join(subject.split()),
            sent_at=self.moment("sent_at"),
            parents=self.ids("in_reply_to"),
            threads=(conversation,) if conversation else (),
            to=self.recipients(),
            kind=self.kind(),
            language=self.text("language")[:12],
            url=self.url(),
            public=self.flag("public"),
            attachments=attachments,
            edited_at=self.moment("edited_at"),
            extra=self.extra(),
        )

    def interaction(self) -> Interaction:
        return Interaction(
            external_id=self.text("id") or self.spare_id,
            author=self.author(),
            kind=(self.text("kind") or "like")[:32],
            at=self.moment("sent_at"),
            target=self.text("target") or next(iter(self.ids("in_reply_to")), ""),
        )

    # --- values, each checked where it is taken out

    def value(self, name: str) -> Any:
        return take(self.item, self.mapping[name]) if name in self.mapping else self.item.get(name)

    def fail(self, name: str, says: str, value: Any) -> Any:
        """Name the fault; the value itself may be a customer's words and is not repeated."""
        what = f'"{self.mapping.get(name, name)}" ' if name else ""
        found = "" if value is None else f", and is {KINDS.get(type(value), 'not')}"
        raise NotUnderstood(f"Message {self.number}: {what}{says}{found if 'must' in says else ''}.")

    def text(self, name: str) -> str:
        return self.as_text(name, self.value(name))

    def as_text(self, name: str, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.fail(name, "must be text", value)
        text = clean(str(value))
        longest = LONGEST.get(name, 1000)
        if len(text) > longest:
            self.fail(name, f"is longer than {longest} characters", None)
        return text if name in ("text", "subject") else text.strip()

    def flag(self, name: str) -> bool:
        value = self.value(name)
        if value not in (None, True, False):
            self.fail(name, "must be true or false", value)
        return bool(value)

    def moment(self, name: str) -> datetime | None:
        value = self.value(name)
        if value is None or value == "":
            return None
        moment = None if isinstance(value, bool) else read_moment(value)
        if moment is None or not 1970 <= moment.year < 2200:
            self.fail(name, "must be a date and time, such as 2026-03-01T12:00:00Z", None)
        return moment

    def ids(self, name: str) -> tuple[str, ...]:
        value = self.value(name)
        values = value if isinstance(value, list) else [value]
        return tuple(t for t in (self.as_text("id", v) for v in values[:50]) if t)

    def kind(self) -> Kind:
        given = self.text("kind") or Kind.MESSAGE
        if given not in list(Kind):
            self.fail("kind", "must be message, automatic, bounce or overheard", given)
        return Kind(given)

    def url(self) -> str:
        url = self.text("url")
        return url if url.startswith(("https://", "http://")) else ""  # anything else must never become a link

    def author(self) -> Author:
        given = self.value("author")
        direction = self.text("direction") or "in"
        if direction not in ("in", "out"):
            self.fail("direction", "must be in or out", direction)
        author = self.as_author("author", given, ours=direction == "out")
        if not author.address:
            self.fail("author", "is missing: say who wrote it", None)
        name, brand = self.text("name"), self.text("brand")
        return Author(author.address, author.name or name, author.ours, author.brand or brand, author.facts)

    def as_author(self, name: str, given: Any, *, ours: bool) -> Author:
        if not isinstance(given, dict):
            return Author(self.as_text("address", given), ours=ours)
        said, facts = given.get("ours"), given.get("facts")
        if said not in (None, True, False):
            self.fail(name, 'must have true or false in "ours"', said)
        if facts is not None and not isinstance(facts, dict):
            self.fail(name, 'must have an object in "facts"', facts)
        return Author(
            self.as_text("address", given.get("address")),
            self.as_text("name", given.get("name")),
            ours if said is None else said,
            self.as_text("name", given.get("brand"))[:120],
            clean_json(facts or {}),
        )

    def recipients(self) -> tuple[Author, ...]:
        value = self.value("to")
        values = value if isinstance(value, list) else [] if value is None else [value]
        ours = self.text("direction") != "out"
        return tuple(a for a in (self.as_author("to", v, ours=ours) for v in values[:50]) if a.address)

    def attachments(self) -> tuple[Attachment, ...]:
        value = self.value("attachments")
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            self.fail("attachments", "must be a list of objects", value)
        return tuple(self.attachment(v) for v in value[:100])

    def attachment(self, given: dict[str, Any]) -> Attachment:
        url = self.as_text("url", given.get("url"))
        if url and given.get("content") is None:
            if not url.startswith("https://"):
                self.fail("attachments", "must be at an address that begins with https://", None)
            name = self.as_text("name", given.get("name")) or url.split("?")[0].rsplit("/", 1)[-1] or "file"
            return Attachment(name, self.as_text("media_type", given.get("media_type")), url=url)
        try:
            content = base64.b64decode(self.base64_text(given.get("content")), validate=True)
        except (binascii.Error, ValueError):
            self.fail("attachments", "must hold their content in base64", None)
        name = self.as_text("name", given.get("name")) or "file"
        return Attachment(
            name, self.as_text("media_type", given.get("media_type")) or "application/octet-stream", content
        )

    def base64_text(self, value: Any) -> bytes:
        if not isinstance(value, str):
            self.fail("attachments", "must hold their content in base64", None)
        return re.sub(r"\s+", "", value).encode("ascii")

    def extra(self) -> dict[str, Any]:
        """What was not understood, and what the sender put into `extra`, so that nothing is lost."""
        rest = without(self.item, {self.mapping.get(name, name) for name in FIELDS})
        given = self.value("extra")
        if given is not None and not isinstance(given, dict):
            self.fail("extra", "must be an object", given)
        merged: dict[str, Any] = clean_json({**rest, **(given or {})})
        return merged


KINDS = {str: "text", int: "a number", float: "a number", bool: "true or false", list: "a list", dict: "an object"}


def without(item: Mapping[str, Any], paths: set[str]) -> dict[str, Any]:
    """The object less what is at the paths; objects emptied by that go too."""
    kept: dict[str, Any] = {}
    for key, value in item.items():
        if key in paths:
            continue
        inner = {p.partition(".")[2] for p in paths if p.startswith(f"{key}.")}
        left = without(value, inner) if inner and isinstance(value, dict) else value
        if left or left is value:
            kept[key] = left
    return kept


def read_moment(value: Any) -> datetime | None:
    """A moment from ISO 8601, seconds or milliseconds since 1970, or a mail date; without a zone it is UTC."""
    try:
        if isinstance(value, str) and not re.fullmatch(r"\d{9,14}(\.\d+)?", value.strip()):
            return read_written_moment(value.strip())
        number = float(value)
        return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def read_written_moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
