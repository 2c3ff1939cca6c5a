"""Kept apart: messages that never reach a queue, why, and taking it back."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Schema, Status

from crowdalogue import flow
from crowdalogue.api import cursors
from crowdalogue.api.keys import who
from crowdalogue.api.shapes import Id, Page, Paging, answers
from crowdalogue.models import Apart, Message

router = Router()


class ApartOut(Schema):
    """`kind`: spam, troll, bot, echo or blocked. `by` is null where a rule judged. `undone_at`: it was taken back."""

    id: int
    message: int
    conversation: int
    kind: str
    why: str
    confidence: float
    by: int | None
    at: datetime
    undone_at: datetime | None


class ApartIn(Schema):
    message: Id
    kind: Literal["spam", "troll", "bot", "echo"]


def shown(row: Apart) -> ApartOut:
    return ApartOut(
        id=row.pk,
        message=row.message_id,
        conversation=row.message.conversation_id,
        kind=row.kind,
        why=row.why,
        confidence=row.confidence,
        by=row.user_id,
        at=row.at,
        undone_at=row.undone_at,
    )


@router.get(
    "", response=answers(Page[ApartOut]), operation_id="list_apart", summary="Messages kept apart, newest first"
)
def list_apart(
    request: HttpRequest,
    page: Query[Paging],
    kind: Query[Literal["", "spam", "troll", "bot", "echo", "blocked"]] = "",
) -> dict[str, object]:
    seen = Message.objects.seen_by(who(request, "read"))
    rows = Apart.objects.filter(message__in=seen).select_related("message")
    if kind:
        rows = rows.filter(kind=kind)
    return cursors.page("apart", rows, page, shown)


@router.post("", response=answers(ApartOut, 201), operation_id="keep_apart", summary="Keep a message apart")
def keep_apart(request: HttpRequest, body: ApartIn) -> Status[ApartOut]:
    user = who(request, "answer")
    message = get_object_or_404(Message.objects.seen_by(user), pk=body.message)
    return Status(201, shown(flow.judge(user, message, body.kind)))


@router.post(
    "/{int:apart_id}/undo", response=answers(ApartOut), operation_id="undo_apart", summary="Take a judgement back"
)
def undo_apart(request: HttpRequest, apart_id: Path[Id]) -> ApartOut:
    """Safe to repeat: what was taken back stays so."""
    user = who(request, "answer")
    rows = Apart.objects.filter(message__in=Message.objects.seen_by(user)).select_related("message__conversation")
    row = get_object_or_404(rows, pk=apart_id)
    flow.release(user, row)
    row.refresh_from_db()
    return shown(row)
