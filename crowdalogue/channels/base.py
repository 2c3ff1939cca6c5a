"""The seam every channel stands behind: bytes in, these dataclasses out, no database.

A channel is one file in this folder that subclasses `Channel`. The routine (keeping raw deliveries,
repeats, filing, clocks, retries) is settled elsewhere; yours is to translate one provider's dialect:
`verify` and `parse` for what knocks, `fetch` for what must be asked for, `send` for answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from crowdalogue.errors import NotUnderstood, Refused, SendError

__all__ = [
    "SECRET_HEADERS",
    "Attachment",
    "Author",
    "Channel",
    "Fetched",
    "Field",
    "Incoming",
    "Interaction",
    "Kind",
    "NotUnderstood",
    "Outgoing",
    "Raw",
    "Refused",
    "SendError",
    "Sent",
    "Status",
]


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of a channel, enough to draw its line on the set-up page."""

    name: str
    label: str
    hint: str = ""
    kind: str = "text"  # text | lines | secret | number | email | choice | flag
    required: bool = True
    default: str | int | bool = ""
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Raw:
    """A delivery as it came: kept before anything is understood of it.

    `key` makes the delivery unique within its account; empty means a digest of the body.
    """

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    key: str = ""


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote it, as the channel names them. `address` is what identifies them there."""

    address: str
    name: str = ""
    ours: bool = False
    brand: str = ""  # for our own (and competitors') accounts, the brand they speak for
    facts: Mapping[str, Any] = field(default_factory=dict)  # followers, verified, place, ...


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    media_type: str
    content: bytes
    content_id: str = ""  # for inline images, without angle brackets
    inline: bool = False


# Headers that hold a password; a delivery is kept without them once it was verified.
SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "x-gitlab-token", "x-telegram-bot-api-secret-token"}
)


class Kind(StrEnum):
    """What sort of message it is. Only `MESSAGE` starts a clock or reopens a conversation."""

    MESSAGE = "message"
    AUTOMATIC = "automatic"  # out of office, acknowledgement: never answered automatically
    BOUNCE = "bounce"  # a delivery-status report about something we sent


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message, whoever wrote it (`author.ours` makes it outgoing).

    `external_id` is unique within the account; the same id by another door is the same message.
    `parents` are the ids of messages it follows, nearest first; they may be unknown or arrive later.
    `threads` are other names of its conversation (a chat id, an address tag).
    `sent_at` is aware; None where the channel does not say, then the time of arrival counts.
    """

    external_id: str
    author: Author
    text: str
    sent_at: datetime | None = None
    subject: str = ""
    html: str = ""  # cleaned by the channel
    quoted: str = ""  # cut from `text`, kept to be unfolded
    parents: tuple[str, ...] = ()
    threads: tuple[str, ...] = ()
    to: tuple[Author, ...] = ()
    kind: Kind = Kind.MESSAGE
    language: str = ""
    url: str = ""
    public: bool = False
    attachments: tuple[Attachment, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)  # JSON-safe facts of this channel


@dataclass(frozen=True, slots=True)
class Interaction:
    """A like, repost, follow or open: on the person's timeline, never a message."""

    external_id: str
    author: Author
    kind: str
    at: datetime | None = None
    target: str = ""  # external id of the message concerned, if any


@dataclass(frozen=True, slots=True)
class Status:
    """News about something we sent: a receipt, a bounce."""

    target: str  # provider id (for e-mail the Message-ID) of what we sent
    state: str  # delivered | read | failed
    reason: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An answer to be sent. `key` is fixed before the first attempt and is the same on every retry."""

    key: str
    to: Author
    text: str
    subject: str = ""
    sender_name: str = ""
    parents: tuple[str, ...] = ()  # external ids of the conversation, nearest first
    thread: str = ""  # our own token of the conversation (address tag)
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """`external_id` is what the answer will be called when it, or a reply to it, comes back."""

    external_id: str
    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A batch from a channel that is asked. The cursor is saved with the rows it covers."""

    deliveries: tuple[Raw, ...]
    cursor: Mapping[str, Any]
    more: bool = False  # ask again at once
    left: int | None = None  # how many are known to wait, for the progress of a back-fill


class Channel:
    """Base of every channel. Class attributes describe it; methods translate. No database here."""

    kind: ClassVar[str] = ""  # the stored name, and the file's name
    label: ClassVar[str] = ""
    icon: ClassVar[str] = "i-mail"  # a symbol of web/templates/icons.html
    handles: ClassVar[str] = ""  # what addresses are called: "email", "phone", ... ; empty: `kind`
    fields: ClassVar[tuple[Field, ...]] = ()
    receives_hooks: ClassVar[bool] = False
    polls: ClassVar[bool] = False
    replies: ClassVar[bool] = False
    public: ClassVar[bool] = False
    guide: ClassVar[str] = ""  # one paragraph shown on the set-up page

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        self.settings: dict[str, Any] = {f.name: f.default for f in self.fields} | dict(settings or {})

    @classmethod
    def prepare(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The settings to save for a new or changed account: what the product makes itself is filled in."""
        return dict(settings)

    # Yours where something knocks at the door.

    def delivery_key(self, raw: Raw) -> str:
        """What makes two deliveries the same one, at most 80 characters; empty: a digest of the body."""
        return raw.key

    def verify(self, raw: Raw, now: datetime) -> None:
        """Raise `Refused` unless the delivery is genuine. Compare signatures in constant time."""
        raise Refused(f"{self.label} does not take deliveries at this address.", status=404)

    def parse(self, raw: Raw) -> list[Incoming | Interaction | Status]:
        """Everything one delivery holds. Raise `NotUnderstood` when it cannot be read."""
        raise NotUnderstood(f"{self.label} has no reader for deliveries.")

    def normalise(self, address: str) -> str:
        """The one spelling of an address, so that a handle is one row."""
        return address.strip().casefold()

    # Yours where the channel must be asked.

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """What came after `cursor` (empty at first). Raise `Failure` with cause and remedy."""
        return Fetched((), dict(cursor))

    def wait(self, cursor: Mapping[str, Any], seconds: float) -> Iterator[None]:
        """Yield whenever something may have arrived (IMAP IDLE); return after about `seconds`."""
        return iter(())

    # Yours where the channel can be answered.

    def identify(self, key: str) -> str:
        """What an answer with this key will be called, where we choose its id (a Message-ID); else empty."""
        return ""

    def send(self, outgoing: Outgoing) -> Sent:
        """Send once. Raise `SendError`, saying whether trying again can help."""
        raise SendError(f"{self.label} cannot be answered from here.", permanent=True)

    def check(self) -> None:
        """Try the settings against the provider. Raise `Failure` with cause and remedy."""
