"""The seam every channel stands behind: bytes in, these dataclasses out, no database.

A channel is one file in this folder that subclasses `Channel`. The routine (keeping raw deliveries,
repeats, filing, clocks, retries) is settled elsewhere; yours is to translate one provider's dialect:
`verify` and `parse` for what knocks, `fetch` for what must be asked for, `send` for answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from crowdalogue.channels.progress import Progress, open_walks
from crowdalogue.errors import Failure, NotUnderstood, Refused, SendError

__all__ = [
    "SECRET_HEADERS",
    "UNTIL",
    "Attachment",
    "Author",
    "Channel",
    "Fetched",
    "Field",
    "Ignored",
    "Incoming",
    "Interaction",
    "Item",
    "Kind",
    "NotUnderstood",
    "Outgoing",
    "Profile",
    "Progress",
    "Raw",
    "Refused",
    "Removal",
    "Response",
    "SendError",
    "Sent",
    "Status",
    "Unknown",
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
    `method` and `url` are of the knock itself, for signatures over them; they are not kept.
    """

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    key: str = ""
    method: str = "POST"
    url: str = ""  # the public address that was called, with its query


@dataclass(frozen=True, slots=True)
class Response:
    """What a provider wants to hear at the door, where our own JSON will not do."""

    body: bytes = b""
    media_type: str = "application/json"
    status: int = 200


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote it, as the channel names them. `address` is what identifies them there.

    Names of `facts`, all optional: username, email, email_verified, phone, phone_verified, customer_id (vouched
    for by our own sign-in), followers, following, posts, verified, bot, place, language, about, url, picture,
    joined (ISO date). A newer fact replaces an older one.
    """

    address: str
    name: str = ""
    ours: bool = False
    brand: str = ""  # for our own (and competitors') accounts, the brand they speak for
    facts: Mapping[str, Any] = field(default_factory=dict)  # followers, verified, place, ...


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file. Where the channel only names a place (`url`), the worker fetches it with `Channel.download`.

    In an answer of a channel that `fetches_files`, `url` is our own address of it, open for some hours.
    """

    name: str
    media_type: str
    content: bytes = b""
    content_id: str = ""  # for inline images, without angle brackets
    inline: bool = False
    url: str = ""


# Headers that hold a password; a delivery is kept without them once it was verified.
SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "x-gitlab-token", "x-telegram-bot-api-secret-token"}
)


UNTIL = "until:"  # see Status


class Kind(StrEnum):
    """What sort of message it is. Only `MESSAGE` starts a clock or reopens a conversation."""

    MESSAGE = "message"
    OVERHEARD = "overheard"  # said in public, not to us (a search, the news): read, and nobody waits
    AUTOMATIC = "automatic"  # out of office, acknowledgement: never answered automatically
    BOUNCE = "bounce"  # a delivery-status report about something we sent


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message, whoever wrote it (`author.ours` makes it outgoing).

    `external_id` is unique within the account; the same id by another door is the same message.
    `parents` are the ids of messages it follows, nearest first; they may be unknown or arrive later.
    `threads` are other names of its conversation (a chat id, an address tag).
    `sent_at` is aware; None where the channel does not say, then the time of arrival counts.
    `edited_at` makes it a newer version of the message with this id, whichever of the two comes first.

    Names of `extra` that are understood everywhere: rating, rating_max, ratings (aspect to number),
    verified_purchase, product, version, place, reply_to, transcript, brand. Whatever an answer will need
    (a chat id, a thread's timestamp) belongs there too: `Outgoing.about` hands it back.
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
    edited_at: datetime | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)  # JSON-safe facts of this channel


@dataclass(frozen=True, slots=True)
class Interaction:
    """A like, repost, follow or open: on the person's timeline, never a message.

    The id is the same when it is taken back (`gone`) and given again: such as like:<who>:<what>.
    """

    external_id: str
    author: Author
    kind: str  # like | repost | follow | open | ... or the emoji of a reaction
    at: datetime | None = None
    target: str = ""  # external id of the message concerned, if any
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """Who somebody is, learnt without a message of theirs: a name, newer facts."""

    author: Author


@dataclass(frozen=True, slots=True)
class Removal:
    """A message was taken back, by its author or by the platform. It may come before the message itself."""

    external_id: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A part of a delivery that could not be understood. The rest is filed; the delivery stays to be replayed."""

    what: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A part that was understood and holds nothing to file, such as somebody joining a room."""

    why: str


@dataclass(frozen=True, slots=True)
class Status:
    """News about something we sent: a receipt, a bounce.

    `target` may be `UNTIL` and a conversation's name (one of its `threads`): everything sent there until `at`.
    """

    target: str  # provider id (for e-mail the Message-ID) of what we sent, or our own key
    state: str  # sent (it left) | delivered | read | failed
    reason: str = ""
    at: datetime | None = None
    name: str = ""  # where `target` is our key: what the provider calls the message


Item = Incoming | Interaction | Profile | Status | Removal | Unknown | Ignored


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An answer to be sent. `key` is fixed before the first attempt and is the same on every retry.

    `answers` is the customer's newest message and `about` its `extra`; `heard_at` is when it was sent.
    """

    key: str
    to: Author
    text: str
    subject: str = ""
    sender_name: str = ""
    parents: tuple[str, ...] = ()  # external ids of the conversation, nearest first
    thread: str = ""  # our own token of the conversation (address tag)
    attachments: tuple[Attachment, ...] = ()
    mode: str = ""  # one of the channel's `modes`
    answers: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)
    heard_at: datetime | None = None


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
    guide: ClassVar[str] = ""  # one paragraph shown on the set-up page
    steps: ClassVar[tuple[str, ...]] = ()  # what to do on the other side, one after the other, {hook} is our address

    # What it can do; docs/channels.md and the pages are drawn from these.
    receives_hooks: ClassVar[bool] = False
    polls: ClassVar[bool] = False
    backfills: ClassVar[bool] = False  # what was said before it was connected, or while it was away, is fetched
    replies: ClassVar[bool] = False
    modes: ClassVar[tuple[str, ...]] = ()  # ways an answer may go, first by default: public, direct; empty: one way
    longest: ClassVar[int] = 0  # of an answer, as `length` counts; 0: no limit
    window: ClassVar[timedelta | None] = None  # how long after the customer's message it may be answered freely
    public: ClassVar[bool] = False
    media: ClassVar[str] = ""  # files: "", "in", "both"
    fetches_files: ClassVar[bool] = False  # its provider fetches an answer's files: each has a public `url` in `send`
    edits: ClassVar[bool] = False  # edits and deletions are heard of
    receipts: ClassVar[bool] = False
    interactions: ClassVar[bool] = False
    deeds: ClassVar[tuple[str, ...]] = ()  # hide, unhide, like, unlike, delete, block, unblock
    searches: ClassVar[bool] = False
    tried: ClassVar[str] = ""  # against what it was tried, for docs/channels.md

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

    def greet(self, raw: Raw) -> Response:
        """The answer to a GET, by which some providers ask whether an address is ours. Raise `Refused` if not."""
        raise Refused("Deliveries come by POST. Post the message's bytes to this address.", status=405)

    def handshake(self, raw: Raw) -> Response | None:
        """The answer to a verified POST that is a question and no delivery; None for a delivery."""
        return None

    def respond(self, raw: Raw) -> Response | None:
        """What the provider wants to hear once the delivery is kept; None: our own JSON."""
        return None

    def parse(self, raw: Raw) -> list[Item]:
        """Everything one delivery holds. Raise `NotUnderstood` when it cannot be read."""
        raise NotUnderstood(f"{self.label} has no reader for deliveries.")

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        """A delivery as the provider would send it, signed with this account's own secrets: for the button
        "Send me a test" and for the test that every channel passes. Another `number`: another message."""
        return None

    def download(self, url: str) -> bytes:
        """The content of a file that a message named by address. Raise `Failure`."""
        raise Failure(f"{self.label} has no files to fetch.", permanent=True)

    def normalise(self, address: str) -> str:
        """The one spelling of an address, so that a handle is one row."""
        return address.strip().casefold()

    # Yours where the channel must be asked.

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """What came after `cursor` (empty at first). Raise `Failure` with cause and remedy."""
        return Fetched((), dict(cursor))

    def progress(self, cursor: Mapping[str, Any]) -> Progress | None:
        """How far a back-fill is, from the cursor it goes on from; None where none is at work. Asks nothing."""
        return open_walks(cursor)

    def wait(self, cursor: Mapping[str, Any], seconds: float) -> Iterator[None]:
        """Yield whenever something may have arrived (IMAP IDLE); return after about `seconds`."""
        return iter(())

    def transcribe(self, part: Attachment, language: str = "") -> str:
        """What is said in a recording whose message wants it (extra `transcript_wanted`); empty where that cannot be
        known. Raise `Failure`."""
        return ""

    def search(self, terms: Sequence[str], cursor: Mapping[str, Any], limit: int = 100) -> Fetched:
        """Public messages with any of these words or phrases, newest first, after `cursor`. Only where `searches`."""
        return Fetched((), dict(cursor))

    # Yours where the channel can be answered.

    def answerable(self) -> bool:
        """Whether answers can be sent with these settings."""
        return self.replies

    def length(self, text: str) -> int:
        """How long the channel takes an answer to be, compared with `longest`."""
        return len(text)

    def identify(self, key: str) -> str:
        """What an answer with this key will be called, where we choose its id (a Message-ID); else empty."""
        return ""

    def send(self, outgoing: Outgoing) -> Sent:
        """Send once. Raise `SendError`, saying whether trying again can help."""
        raise SendError(f"{self.label} cannot be answered from here.", permanent=True)

    def act(self, deed: str, target: str, about: Mapping[str, Any]) -> None:
        """One of `deeds` upon the message `target`, whose `extra` is `about`. Safe to repeat. Raise `SendError`."""
        raise SendError(f"{self.label} cannot do that from here.", permanent=True)

    def check(self) -> None:
        """Try the settings against the provider. Raise `Failure` with cause and remedy."""
