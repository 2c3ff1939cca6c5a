"""One's own tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field

from crowdalogue.api import cursors
from crowdalogue.api.keys import fetch, who
from crowdalogue.api.shapes import Id, Page, Paging, Word, answers
from crowdalogue.models import Audit, Token

router = Router()


class TokenOut(Schema):
    id: int
    name: str
    start: str
    created_at: datetime
    used_at: datetime | None
    ended_at: datetime | None


class TokenMade(TokenOut):
    """`token` is shown this once."""

    token: str


class TokenIn(Schema):
    name: Annotated[Word, Field(min_length=1, max_length=120)]


@router.get("", response=answers(Page[TokenOut]), operation_id="list_tokens", summary="Your tokens, newest first")
def list_tokens(request: HttpRequest, page: Query[Paging]) -> dict[str, object]:
    rows, following = cursors.by_id("tokens", Token.objects.filter(user=who(request)), page.cursor, page.limit)
    return {"items": rows, "next": following}


@router.post("", response=answers(TokenMade, 201), operation_id="make_token", summary="Make another token for yourself")
def make_token(request: HttpRequest, body: TokenIn) -> Status[dict[str, object]]:
    user = who(request)
    made, key = Token.make(user, body.name)
    Audit.objects.create(user=user, who=str(user), deed="made_token", what=made.name)
    return Status(201, {**TokenOut.from_orm(made).dict(), "token": key})


@router.delete(
    "/{int:token_id}", response=answers(TokenOut), operation_id="end_token", summary="End a token; it works no more"
)
def end_token(request: HttpRequest, token_id: Path[Id]) -> Token:
    user = who(request)
    row: Token = fetch(Token.objects.filter(user=user), token_id, "token")
    if row.ended_at is None:
        row.ended_at = timezone.now()
        row.save(update_fields=["ended_at"])
        Audit.objects.create(user=user, who=str(user), deed="ended_token", what=row.name)
    return row
