"""Conversations: the inbox for programs, with everything an agent does there."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Header, Path, Query, Router, Schema, Status
from pydantic import Field

from crowdalogue import flow
from crowdalogue.act import handling, inbox
from crowdalogue.api import cursors
from crowdalogue.api.keys import fetch, who
from crowdalogue.api.messages import MessageOut, shown
from crowdalogue.api.replies import ReplyOut, reply_shown
from crowdalogue.api.shapes import Id, Moment, Page, Paging, Text, Word, answers
from crowdalogue.errors import Refused
from crowdalogue.models import Conversation, Message, User

router = Router()
Queue = Literal["team", "mine", "older", "snoozed", "closed", "apart", "all"]
Key = Annotated[str, Header(alias="Idempotency-Key", min_length=8, max_length=64)]


class ConversationOut(Schema):
    """`due_at` is the promise; `waiting_since` the customer's first unanswered message, null where nobody waits."""

    id: int
    account: int
    channel: str
    brand: str | None
    person: int | None
    person_name: str | None
    subject: str
    preview: str
    state: str
    owner: int | None
    tags: list[str]
    priority: int
    needs_answer: bool
    why: str
    unread: bool
    messages: int
    first_at: datetime
    last_at: datetime
    waiting_since: datetime | None
    due_at: datetime | None
    snoozed_until: datetime | None
    sentiment: str
    intent: str


def conversation_shown(row: Conversation) -> ConversationOut:
    tags = getattr(row, "tag_names", None)
    return ConversationOut(
        id=row.pk,
        account=row.account_id,
        channel=row.kind,
        brand=row.brand.name if row.brand else None,
        person=row.person_id,
        person_name=str(row.person) if row.person else None,
        subject=row.subject,
        preview=row.preview,
        state=row.state,
        owner=row.owner_id,
        tags=tags if tags is not None else [t.name for t in row.tags.all()],
        priority=row.priority,
        needs_answer=row.needs_answer,
        why=row.why,
        unread=row.unread,
        messages=row.messages_count,
        first_at=row.first_at,
        last_at=row.last_at,
        waiting_since=row.waiting_since,
        due_at=row.due_at,
        snoozed_until=row.snoozed_until,
        sentiment=row.sentiment,
        intent=row.intent,
    )


def one(user: User, pk: int) -> Conversation:
    rows: QuerySet[Conversation] = Conversation.objects.seen_by(user)
    row: Conversation = fetch(rows.select_related("brand", "person"), pk, "conversation")
    return row


class Filters(Schema):
    """`owner` is a person's id, or `none` for nobody's. The queue `older` holds what waits without a promise."""

    queue: Queue = "team"
    brand: Id | None = None
    channel: Word = ""
    sentiment: Word = ""
    intent: Word = ""
    owner: Annotated[str, Field(pattern=r"^(none|[0-9]{1,15})?$")] = ""
    tag: Word = ""


@router.get(
    "", response=answers(Page[ConversationOut]), operation_id="list_conversations", summary="A queue, in its own order"
)
def list_conversations(
    request: HttpRequest,
    filters: Query[Filters],
    page: Query[Paging],
) -> dict[str, object]:
    listing = f"conversations {filters.queue}"
    after = str(cursors.read(listing, page.cursor)) if page.cursor else ""
    wanted = inbox.Filters.of(filters.dict(exclude={"queue"}))
    found = inbox.page(who(request), filters.queue, wanted, after, page.limit)
    following = cursors.write(listing, found.after) if found.after else None
    return {"items": [conversation_shown(row) for row in found.rows], "next": following}


class Counts(Schema):
    """How many stand in each queue, counted up to a thousand."""

    queues: dict[str, int]


@router.get(
    "/counts", response=answers(Counts), operation_id="count_conversations", summary="How many stand in each queue"
)
def count_conversations(request: HttpRequest) -> Counts:
    return Counts(queues=inbox.queues(who(request)))


@router.get("/{int:conversation_id}", response=answers(ConversationOut), operation_id="get_conversation", summary="One")
def get_conversation(request: HttpRequest, conversation_id: Path[Id]) -> ConversationOut:
    return conversation_shown(one(who(request), conversation_id))


class AssignIn(Schema):
    """`owner` is a person's id; null: nobody."""

    owner: Id | None


@router.post(
    "/{int:conversation_id}/assign",
    response=answers(ConversationOut),
    operation_id="assign",
    summary="Give it to somebody",
)
def assign(request: HttpRequest, conversation_id: Path[Id], body: AssignIn) -> ConversationOut:
    user = who(request, "answer")
    row = one(user, conversation_id)
    owner = User.objects.filter(pk=body.owner, is_active=True).first() if body.owner else None
    if body.owner and (owner is None or not owner.may("answer")):
        raise Refused("There is nobody with this id who may answer. Choose another person.", status=422)
    handling.assign(user, [row], owner)
    return conversation_shown(one(user, conversation_id))


class TagIn(Schema):
    name: Annotated[Word, Field(min_length=1, max_length=60)]


@router.post("/{int:conversation_id}/tag", response=answers(ConversationOut), operation_id="tag", summary="Add a tag")
def tag(request: HttpRequest, conversation_id: Path[Id], body: TagIn) -> ConversationOut:
    user = who(request, "answer")
    handling.tag(user, [one(user, conversation_id)], body.name)
    return conversation_shown(one(user, conversation_id))


@router.post(
    "/{int:conversation_id}/untag", response=answers(ConversationOut), operation_id="untag", summary="Remove a tag"
)
def untag(request: HttpRequest, conversation_id: Path[Id], body: TagIn) -> ConversationOut:
    user = who(request, "answer")
    handling.untag(user, [one(user, conversation_id)], body.name)
    return conversation_shown(one(user, conversation_id))


class SnoozeIn(Schema):
    until: Moment


@router.post(
    "/{int:conversation_id}/snooze",
    response=answers(ConversationOut),
    operation_id="snooze",
    summary="Put it off until a time",
)
def snooze(request: HttpRequest, conversation_id: Path[Id], body: SnoozeIn) -> ConversationOut:
    user = who(request, "answer")
    handling.snooze(user, [one(user, conversation_id)], body.until)
    return conversation_shown(one(user, conversation_id))


@router.post(
    "/{int:conversation_id}/close",
    response=answers(ConversationOut),
    operation_id="close",
    summary="Close it",
)
def close(request: HttpRequest, conversation_id: Path[Id]) -> ConversationOut:
    user = who(request, "answer")
    handling.close(user, [one(user, conversation_id)])
    return conversation_shown(one(user, conversation_id))


@router.post(
    "/{int:conversation_id}/reopen", response=answers(ConversationOut), operation_id="reopen", summary="Open it again"
)
def reopen(request: HttpRequest, conversation_id: Path[Id]) -> ConversationOut:
    user = who(request, "answer")
    handling.reopen(user, [one(user, conversation_id)])
    return conversation_shown(one(user, conversation_id))


class ApartIn(Schema):
    reason: Annotated[Word, Field(min_length=1)]


@router.post(
    "/{int:conversation_id}/apart",
    response=answers(ConversationOut),
    operation_id="set_apart",
    summary="Keep spam apart",
)
def set_apart(request: HttpRequest, conversation_id: Path[Id], body: ApartIn) -> ConversationOut:
    user = who(request, "answer")
    handling.set_apart(user, [one(user, conversation_id)], body.reason)
    return conversation_shown(one(user, conversation_id))


class ReplyIn(Schema):
    """`then` closes the conversation with the answer; `delay` seconds leave time to take it back."""

    text: Annotated[Text, Field(min_length=1)]
    then: Literal["", "close"] = ""
    delay: Annotated[float, Field(ge=0, le=86400)] = 0


@router.post(
    "/{int:conversation_id}/reply",
    response=answers(ReplyOut, 201),
    operation_id="reply",
    summary="Answer the customer; the same Idempotency-Key sends once",
)
def reply(request: HttpRequest, conversation_id: Path[Id], body: ReplyIn, key: Key) -> Status[ReplyOut]:
    user = who(request, "answer")
    row = one(user, conversation_id)
    made = flow.answer(user, row, body.text, key=key, then=body.then, delay=body.delay)
    if made.conversation_id != row.pk or made.message.text != body.text:
        raise Refused("This Idempotency-Key was used for another answer. Use a new one.", status=409)
    return Status(201, reply_shown(made))


class NoteIn(Schema):
    text: Annotated[Text, Field(min_length=1)]


@router.post(
    "/{int:conversation_id}/note",
    response=answers(MessageOut, 201),
    operation_id="note",
    summary="Add an internal note",
)
def note(request: HttpRequest, conversation_id: Path[Id], body: NoteIn, key: Key) -> Status[MessageOut]:
    user = who(request, "answer")
    row = one(user, conversation_id)
    made: Message = flow.note(user, row, body.text, key=key)
    if made.conversation_id != row.pk or made.text != body.text:
        raise Refused("This Idempotency-Key was used for another note. Use a new one.", status=409)
    return Status(201, shown(made))
