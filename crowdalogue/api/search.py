"""Search over everything that was said."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema

from crowdalogue.api import cursors
from crowdalogue.api.keys import who
from crowdalogue.api.messages import MessageOut, shown
from crowdalogue.api.persons import PersonOut, person_shown
from crowdalogue.api.shapes import Paging, Word, answers
from crowdalogue.text import relevance
from crowdalogue.text import search as words

router = Router()


class HitOut(Schema):
    """`excerpt` is the part that was found, `spans` where the words stand in it."""

    message: MessageOut
    excerpt: str
    spans: list[tuple[int, int]]


class Found(Schema):
    """`problem` says what in the question was not understood."""

    items: list[HitOut]
    next: str | None
    problem: str


@router.get("", response=answers(Found), operation_id="search_messages", summary="Messages that match, newest first")
def search_messages(
    request: HttpRequest,
    q: Annotated[Word, Query(min_length=1)],
    page: Query[Paging],
    by: Literal["word", "meaning"] = "word",
) -> Found:
    """Words, "exact phrases", channel:email, brand:"...", from:name, before:2026-03-01 and after: can be mixed.
    What was kept apart or taken back is left out; is:apart and is:deleted find it.

    By meaning, what says the same in other words is found too, and the nearest comes first.
    """
    after = int(cursors.read("search", page.cursor)) if page.cursor else None
    if by == "meaning":
        hits = relevance.search_meaning(who(request), q, limit=page.limit, skip=after or 0)
    else:
        hits = words.search(who(request), q, limit=page.limit, after=after)
    return Found(
        items=[HitOut(message=shown(hit.message), excerpt=hit.text, spans=list(hit.spans)) for hit in hits.rows],
        next=cursors.write("search", hits.after) if hits.more and hits.after is not None else None,
        problem=hits.problem,
    )


class FoundPersons(Schema):
    items: list[PersonOut]


@router.get(
    "/persons", response=answers(FoundPersons), operation_id="search_persons", summary="Persons by name or handle"
)
def search_persons(
    request: HttpRequest,
    q: Annotated[Word, Query(min_length=1)],
    limit: Annotated[int, Query(20, ge=1, le=50)],
) -> FoundPersons:
    found = words.search_people(who(request), q, limit=limit)
    return FoundPersons(items=[person_shown(hit.person) for hit in found])
