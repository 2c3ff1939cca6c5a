"""Boards: views of Explore kept together; to read. Each view is an address for `GET /tables/{measure}`."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Path, Query, Router, Schema

from crowdalogue.api import cursors
from crowdalogue.api.keys import fetch, who
from crowdalogue.api.shapes import Id, Page, Paging, answers
from crowdalogue.models import Board

router = Router()


class BoardOut(Schema):
    id: int
    name: str
    shared: bool
    owner: str
    views: int
    created_at: datetime


class BoardViewOut(Schema):
    """`query` is Explore's address: measure, by, across and filters. An empty title: as it is measured."""

    id: int
    title: str
    query: str


class BoardWhole(Schema):
    id: int
    name: str
    shared: bool
    owner: str
    created_at: datetime
    views: list[BoardViewOut]


def visible(request: HttpRequest) -> QuerySet[Board]:
    user = who(request, "explore")
    return Board.objects.filter(Q(user=user) | Q(shared=True)).select_related("user").prefetch_related("views")


@router.get("", response=answers(Page[BoardOut]), operation_id="list_boards", summary="Own and shared boards")
def list_boards(request: HttpRequest, page: Query[Paging]) -> dict[str, object]:
    return cursors.page("boards", visible(request), page, lambda row: shown(row) | {"views": len(row.views.all())})


@router.get("/{int:board_id}", response=answers(BoardWhole), operation_id="get_board", summary="One board")
def get_board(request: HttpRequest, board_id: Path[Id]) -> dict[str, object]:
    row: Board = fetch(visible(request), board_id, "board")
    views = [{"id": v.pk, "title": v.title, "query": v.query} for v in row.views.all()]
    return shown(row) | {"views": views}


def shown(row: Board) -> dict[str, object]:
    return {
        "id": row.pk,
        "name": row.name,
        "shared": row.shared,
        "owner": str(row.user),
        "created_at": row.created_at,
    }
