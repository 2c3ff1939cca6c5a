"""Replies on their way out."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Path, Query, Router, Schema

from crowdalogue import flow
from crowdalogue.api import cursors
from crowdalogue.api.keys import fetch, who
from crowdalogue.api.shapes import Id, Page, Paging, answers
from crowdalogue.errors import Refused
from crowdalogue.models import Conversation, Reply, User

router = Router()


class ReplyOut(Schema):
    """`state`: queued, sending, sent, failed, uncertain or recalled; `reason` says why it was not sent."""

    id: int
    key: str
    conversation: int
    message: int
    state: str
    reason: str
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None


def reply_shown(row: Reply) -> ReplyOut:
    return ReplyOut(
        id=row.pk,
        key=row.key,
        conversation=row.conversation_id,
        message=row.message_id,
        state=row.state,
        reason=row.reason,
        attempts=row.attempts,
        created_at=row.created_at,
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
    )


def visible(user: User) -> QuerySet[Reply]:
    return Reply.objects.filter(conversation__in=Conversation.objects.seen_by(user))


@router.get("", response=answers(Page[ReplyOut]), operation_id="list_replies", summary="Replies, newest first")
def list_replies(
    request: HttpRequest,
    page: Query[Paging],
    state: Query[Literal["", "queued", "sending", "sent", "failed", "uncertain", "recalled"]] = "",
    conversation: Query[Id | None] = None,
) -> dict[str, object]:
    wanted = {"state": state, "conversation_id": conversation}
    rows = visible(who(request)).filter(**{k: v for k, v in wanted.items() if v})
    return cursors.page("replies", rows, page, reply_shown)


@router.get(
    "/{int:reply_id}", response=answers(ReplyOut), operation_id="get_reply", summary="One reply, and how far it got"
)
def get_reply(request: HttpRequest, reply_id: Path[Id]) -> ReplyOut:
    return reply_shown(fetch(visible(who(request)), reply_id, "reply"))


@router.post(
    "/{int:reply_id}/recall", response=answers(ReplyOut), operation_id="recall", summary="Take it back while it waits"
)
def recall(request: HttpRequest, reply_id: Path[Id]) -> ReplyOut:
    user = who(request, "answer")
    row: Reply = fetch(visible(user), reply_id, "reply")
    if not flow.recall(user, row):
        raise Refused("It is not waiting any more, so it cannot be taken back. Write another answer.", status=409)
    row.state = Reply.State.RECALLED  # what was taken back is a draft again; its key may be used anew
    return reply_shown(row)


@router.post(
    "/{int:reply_id}/resend",
    response=answers(ReplyOut),
    operation_id="resend",
    summary="Send a failed one again",
)
def resend(request: HttpRequest, reply_id: Path[Id]) -> ReplyOut:
    user = who(request, "answer")
    return reply_shown(flow.resend(user, fetch(visible(user), reply_id, "reply")))
