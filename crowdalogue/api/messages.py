"""Messages: what was said. Created through the same door as every other message."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, Literal

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from ninja import Header, Path, Query, Router, Schema, Status
from pydantic import Field

from crowdalogue import flow
from crowdalogue.api import cursors
from crowdalogue.api.keys import fetch, who
from crowdalogue.api.shapes import Id, Moment, Page, Paging, Text, Word, answers
from crowdalogue.channels.jsonbody import FIELDS, Reader
from crowdalogue.models import Account, Brand, Conversation, Handle, Message, WatchHit

router = Router()


class AuthorOut(Schema):
    address: str
    name: str
    ours: bool
    person: int | None


class ReadingOut(Schema):
    """What was found in the message, after corrections; `findings` holds confidence and words of each step."""

    language: str
    sentiment: str
    intent: str
    needs_answer: bool | None
    urgency: str
    findings: dict[str, Any]


class AttachmentOut(Schema):
    id: int
    name: str
    media_type: str
    size: int


class MessageOut(Schema):
    id: int
    external_id: str
    conversation: int
    account: int
    channel: str
    direction: str
    kind: str
    author: AuthorOut | None
    sent_at: datetime
    received_at: datetime
    subject: str
    text: str
    quoted: str
    parent: str
    url: str
    public: bool
    extra: dict[str, Any]
    edited_at: datetime | None
    deleted_at: datetime | None
    apart: str | None
    reading: ReadingOut | None
    topic: int | None
    attachments: list[AttachmentOut]


def author_shown(handle: Handle) -> AuthorOut:
    return AuthorOut(address=handle.address, name=handle.name, ours=handle.ours, person=handle.person_id)


def shown(row: Message) -> MessageOut:
    handle, reading = row.handle, getattr(row, "reading", None)
    return MessageOut(
        id=row.pk,
        external_id=row.external_id,
        conversation=row.conversation_id,
        account=row.account_id,
        channel=row.channel,
        direction=row.direction,
        kind=row.kind,
        author=author_shown(handle) if handle else None,
        sent_at=row.sent_at,
        received_at=row.received_at,
        subject=row.subject,
        text=row.text,
        quoted=row.quoted,
        parent=row.parent,
        url=row.url,
        public=row.public,
        extra=row.extra,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        apart=row.apart,
        reading=ReadingOut.from_orm(reading) if reading else None,
        topic=row.about.topic_id if hasattr(row, "about") else None,
        attachments=[AttachmentOut.from_orm(a) for a in row.attachments.all()],
    )


class Filters(Schema):
    """Empty means all. `since` and `until` are about when it was said; `until` itself is left out.

    `apart`: `no` leaves out what is kept apart or was taken back, `only` shows nothing else. `rating_from` and
    `rating_to` are as the source gave the rating, both included. `watch` caught the message and was not called wrong.
    """

    conversation: Id | None = None
    person: Id | None = None
    account: Id | None = None
    brand: Id | None = None
    channel: Word = ""
    direction: Literal["", "in", "out", "note"] = ""
    sentiment: Word = ""
    intent: Word = ""
    language: Word = ""
    since: Moment | None = None
    until: Moment | None = None
    apart: Literal["", "no", "only"] = ""
    rating_from: Annotated[float, Field(ge=-1000, le=1000)] | None = None
    rating_to: Annotated[float, Field(ge=-1000, le=1000)] | None = None
    verified_purchase: bool | None = None
    product: Word = ""
    watch: Id | None = None
    topic: Id | None = None

    def of(self, rows: QuerySet[Message]) -> QuerySet[Message]:
        wanted = {
            "conversation_id": self.conversation,
            "handle__person_id": self.person,
            "account_id": self.account,
            "conversation__brand_id": self.brand,
            "about__topic_id": self.topic,
            "channel": self.channel,
            "direction": self.direction,
            "reading__sentiment": self.sentiment,
            "reading__intent": self.intent,
            "reading__language": self.language,
            "sent_at__gte": self.since,
            "sent_at__lt": self.until,
        }
        rows = self.beside(rows.filter(**{name: value for name, value in wanted.items() if value}))
        counted = Q(apart__isnull=True, deleted_at__isnull=True)
        return rows.filter({"no": counted, "only": ~counted}.get(self.apart, Q()))

    def beside(self, rows: QuerySet[Message]) -> QuerySet[Message]:
        """What sources say beside the words."""
        wanted = {
            "extra__rating__gte": self.rating_from,
            "extra__rating__lte": self.rating_to,
            "extra__verified_purchase": self.verified_purchase,
            "extra__product": self.product or None,
        }
        rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
        if self.watch is None:
            return rows
        heard = WatchHit.objects.filter(watch=self.watch, message=OuterRef("pk"))
        return rows.filter(Exists(heard.exclude(right=False)))


def visible(request: HttpRequest) -> QuerySet[Message]:
    rows: QuerySet[Message] = Message.objects.seen_by(who(request))
    return rows.select_related("handle", "reading", "about").prefetch_related("attachments")


@router.get(
    "", response=answers(Page[MessageOut]), operation_id="list_messages", summary="Messages, by when they came in"
)
def list_messages(
    request: HttpRequest,
    filters: Query[Filters],
    page: Query[Paging],
    order: Query[Literal["newest", "oldest"]] = "newest",
) -> dict[str, object]:
    return cursors.page(f"messages {order}", filters.of(visible(request)), page, shown, newest=order == "newest")


@router.get("/{int:message_id}", response=answers(MessageOut), operation_id="get_message", summary="One message")
def get_message(request: HttpRequest, message_id: Path[Id]) -> MessageOut:
    return shown(fetch(visible(request), message_id, "message"))


class MessagesIn(Schema):
    """`messages` have the fields of the webhook; an id makes a message the same message when it is sent again."""

    account: Id
    messages: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1000)]


MessagesIn.__doc__ = f"{MessagesIn.__doc__} Fields: " + "; ".join(f"`{name}`: {what}" for name, what in FIELDS.items())


class Created(Schema):
    """`ids` are the new messages; `repeated` counts those that were here before."""

    new: int
    repeated: int
    ids: list[int]


@router.post("", response=answers(Created, 201), operation_id="create_messages", summary="File messages of an account")
def create_messages(request: HttpRequest, body: MessagesIn) -> Status[Created]:
    account: Account = fetch(Account.objects.seen_by(who(request, "enter")), body.account, "account")
    content = json.dumps(body.messages, sort_keys=True, default=str).encode("utf-8", "replace")
    start = hashlib.sha256(content).hexdigest()
    items = [Reader(item, {}, n, f"{start}-{n}").read() for n, item in enumerate(body.messages, 1)]
    filed = flow.file(account, items)
    return Status(201, Created(new=len(filed.messages), repeated=filed.repeated, ids=[m.pk for m in filed.messages]))


class EntryIn(Schema):
    """A call or visit typed by hand. `conversation` adds it to one that exists."""

    kind: Literal["phone", "store"] = "phone"
    text: Annotated[Text, Field(min_length=1)]
    name: Word = ""
    phone: Annotated[Word, Field(max_length=60)] = ""
    address: Word = ""
    direction: Literal["in", "out"] = "in"
    subject: Word = ""
    sent_at: Moment | None = None
    brand: Id | None = None
    conversation: Id | None = None


@router.post(
    "/by-hand", response=answers(MessageOut, 201), operation_id="enter_message", summary="Enter a call or a visit"
)
def enter_message(
    request: HttpRequest,
    body: EntryIn,
    key: Annotated[str, Header(alias="Idempotency-Key", min_length=8, max_length=64)],
) -> Status[MessageOut]:
    user = who(request, "enter")
    given = body.dict(exclude={"brand", "conversation"})
    brand: Brand | None = fetch(Brand.objects.all(), body.brand, "brand") if body.brand else None
    within: Conversation | None = None
    if body.conversation:
        within = fetch(Conversation.objects.seen_by(user), body.conversation, "conversation")
    made = flow.enter(user, **given, brand=brand, conversation=within, key=key)
    return Status(201, shown(fetch(visible(request), made.pk, "message")))


class CorrectionIn(Schema):
    step: Annotated[Word, Field(min_length=1, max_length=40)]
    label: Annotated[Word, Field(min_length=1, max_length=60)]


@router.post(
    "/{int:message_id}/correct",
    response=answers(MessageOut),
    operation_id="correct_message",
    summary="Say what a message means; it counts at once and the step learns from it",
)
def correct_message(request: HttpRequest, message_id: Path[Id], body: CorrectionIn) -> MessageOut:
    user = who(request, "explore")
    flow.correct(user, fetch(visible(request), message_id, "message"), body.step, body.label)
    return shown(fetch(visible(request), message_id, "message"))
