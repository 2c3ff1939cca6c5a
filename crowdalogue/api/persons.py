"""Persons: customers and the handles they are known by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Path, Query, Router, Schema

from crowdalogue.api import cursors
from crowdalogue.api.keys import fetch, who
from crowdalogue.api.shapes import Id, Page, Paging, Word, answers
from crowdalogue.models import Person

router = Router()


class HandleOut(Schema):
    kind: str
    address: str
    name: str


class PersonOut(Schema):
    id: int
    name: str
    facts: dict[str, Any]
    created_at: datetime
    handles: list[HandleOut]


def person_shown(row: Person) -> PersonOut:
    return PersonOut(
        id=row.pk,
        name=row.name,
        facts=row.facts,
        created_at=row.created_at,
        handles=[HandleOut.from_orm(handle) for handle in row.handles.all()],
    )


def visible(request: HttpRequest) -> QuerySet[Person]:
    rows: QuerySet[Person] = Person.objects.seen_by(who(request))
    return rows.prefetch_related("handles")


class Filters(Schema):
    """`handle` finds the person with exactly this address (e-mail, phone, user name); `kind` is the channel's."""

    handle: Word = ""
    kind: Word = ""


@router.get("", response=answers(Page[PersonOut]), operation_id="list_persons", summary="Persons, newest first")
def list_persons(request: HttpRequest, filters: Query[Filters], page: Query[Paging]) -> dict[str, object]:
    wanted = {"handles__address": filters.handle.strip().casefold(), "handles__kind": filters.kind}
    rows = visible(request).filter(**{k: v for k, v in wanted.items() if v})
    found, following = cursors.by_id("persons", rows.distinct(), page.cursor, page.limit)
    return {"items": [person_shown(row) for row in found], "next": following}


@router.get("/{int:person_id}", response=answers(PersonOut), operation_id="get_person", summary="One person")
def get_person(request: HttpRequest, person_id: Path[Id]) -> PersonOut:
    return person_shown(fetch(visible(request), person_id, "person"))
