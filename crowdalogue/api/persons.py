"""Persons: customers, the handles they are known by, their time line, and where they stand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from annotated_types import MaxLen
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import File, Form, Path, Query, Router, Schema
from ninja.files import UploadedFile

from crowdalogue.api import cursors
from crowdalogue.api.keys import fetch, who
from crowdalogue.api.shapes import Cursor, Id, Limit, Page, Paging, Word, answers
from crowdalogue.errors import Refused
from crowdalogue.flow import people as flow
from crowdalogue.listen import lists, standing
from crowdalogue.models import Person, Standing
from crowdalogue.relate import profile
from crowdalogue.relate.profile import Line

router = Router()
StandingKind = Literal["vip", "influencer", "advocate", "detractor"]
LineKind = Literal["", "said", "answers", "notes", "interactions", "orders", "service", "merges"]
Reason = Annotated[Word, MaxLen(300)]


class HandleOut(Schema):
    """`said`: somebody named this address, and nobody wrote from it yet."""

    id: int
    kind: str
    address: str
    name: str
    said: bool


class StandingOut(Schema):
    """`source` is rule, list or person; what a list or a person says is not changed by a rule."""

    kind: str
    source: str
    reason: str
    facts: dict[str, Any]
    at: datetime


class PersonOut(Schema):
    """`merged_into` is the person this one was found to be; then everything of theirs is there."""

    id: int
    name: str
    facts: dict[str, Any]
    created_at: datetime
    merged_into: int | None
    handles: list[HandleOut]
    standings: list[StandingOut]


def person_shown(row: Person) -> PersonOut:
    return PersonOut(
        id=row.pk,
        name=row.name,
        facts=row.facts,
        created_at=row.created_at,
        merged_into=row.merged_into_id,
        handles=[
            HandleOut(id=h.pk, kind=h.kind, address=h.address, name=h.name, said=bool(h.facts.get("said")))
            for h in row.handles.all()
        ],
        standings=[standing_shown(s) for s in row.standings.all() if s.kind in standing.KINDS],
    )


def standing_shown(row: Standing) -> StandingOut:
    return StandingOut(kind=row.kind, source=row.source, reason=row.reason, facts=row.facts, at=row.at)


def visible(request: HttpRequest, right: str = "read") -> QuerySet[Person]:
    rows: QuerySet[Person] = Person.objects.seen_by(who(request, right))
    return rows.prefetch_related("handles", "standings")


class Filters(Schema):
    """`handle` finds the person with exactly this address (e-mail, phone, user name); `kind` is the channel's.
    `standing` is vip, influencer, advocate or detractor."""

    handle: Word = ""
    kind: Word = ""
    standing: Word = ""


@router.get("", response=answers(Page[PersonOut]), operation_id="list_persons", summary="Persons, newest first")
def list_persons(request: HttpRequest, filters: Query[Filters], page: Query[Paging]) -> dict[str, object]:
    wanted = {
        "handles__address": filters.handle.strip().casefold(),
        "handles__kind": filters.kind,
        "standings__kind": filters.standing,
    }
    rows = visible(request).filter(merged_into__isnull=True, **{k: v for k, v in wanted.items() if v})
    return cursors.page("persons", rows.distinct(), page, person_shown)


class FoundOut(Schema):
    """Who was found, and by what: an address, or a record's number; both null for a name."""

    person: PersonOut
    handle: str | None
    record: str | None


class Asked(Schema):
    """`q`: a name, an address, digits of a phone number, or the number of an order, shipment, return or case."""

    q: Word
    limit: Limit = 20


@router.get("/find", response=answers(list[FoundOut]), operation_id="find_persons", summary="Who is calling?")
def find_persons(request: HttpRequest, asked: Query[Asked]) -> list[FoundOut]:
    return [
        FoundOut(
            person=person_shown(one.person),
            handle=one.handle.address if one.handle else None,
            record=one.record.external_id if one.record else None,
        )
        for one in profile.find(who(request), asked.q, limit=asked.limit)
    ]


@router.get("/{int:person_id}", response=answers(PersonOut), operation_id="get_person", summary="One person")
def get_person(request: HttpRequest, person_id: Path[Id]) -> PersonOut:
    return person_shown(fetch(visible(request), person_id, "person"))


# --- time line


class LineOut(Schema):
    """One thing that happened. `id` is the message's, interaction's, record's or merge's own.

    `what` is a record's kind (order, shipment, return, ticket), an interaction's (like, repost, ...), or empty.
    """

    kind: str
    at: datetime
    id: int
    channel: str
    conversation: int | None
    text: str
    what: str
    number: str
    state: str
    amount: str | None
    currency: str
    product: str


class Lines(Schema):
    """`kind`: only these; empty: everything."""

    kind: LineKind = ""
    cursor: Cursor = ""
    limit: Limit = 50


@router.get(
    "/{int:person_id}/timeline",
    response=answers(Page[LineOut]),
    operation_id="list_timeline",
    summary="Everything of one person, newest first",
)
def list_timeline(request: HttpRequest, person_id: Path[Id], asked: Query[Lines]) -> dict[str, object]:
    person = fetch(visible(request), person_id, "person")
    listing = f"timeline {person.pk}"
    after = str(cursors.read(listing, asked.cursor)) if asked.cursor else ""
    kinds = [asked.kind] if asked.kind else []
    page = profile.timeline(person, kinds=kinds, after=after, limit=asked.limit)
    return {
        "items": [line_shown(line) for line in page.lines],
        "next": cursors.write(listing, page.after) if page.after else None,
    }


def line_shown(line: Line) -> LineOut:
    row, kind = line.row, line.kind
    plain = LineOut(
        kind=kind, at=line.at, id=row.pk, channel="", conversation=None, text="", what="", number="", state="",
        amount=None, currency="", product="",
    )  # fmt: skip
    if kind in ("said", "answers", "notes"):
        more = {"channel": row.channel, "conversation": row.conversation_id, "text": row.text}
    elif kind == "interactions":
        more = {"channel": row.handle.kind, "what": row.kind, "number": row.target}
    elif kind == "merges":
        more = {"text": row.reason, "what": row.evidence}
    else:
        amount = str(row.amount) if row.amount is not None else None
        more = {
            "what": row.kind, "number": row.external_id, "state": row.state,
            "amount": amount, "currency": row.currency, "product": row.product,
        }  # fmt: skip
    return plain.model_copy(update=more)


# --- standings


class StandingIn(Schema):
    reason: Reason = ""


@router.put(
    "/{int:person_id}/standings/{kind}",
    response=answers(StandingOut),
    operation_id="give_standing",
    summary="Say that somebody is a VIP, an influencer, an advocate, a detractor",
)
def give_standing(request: HttpRequest, person_id: Path[Id], kind: Path[StandingKind], body: StandingIn) -> StandingOut:
    person = fetch(visible(request, "answer"), person_id, "person")
    return standing_shown(flow.give_standing(who(request), person, kind, body.reason))


@router.delete(
    "/{int:person_id}/standings/{kind}",
    response=answers(PersonOut),
    operation_id="take_standing",
    summary="Take a standing away; no rule gives it again",
)
def take_standing(request: HttpRequest, person_id: Path[Id], kind: Path[StandingKind]) -> PersonOut:
    person = fetch(visible(request, "answer"), person_id, "person")
    flow.take_standing(who(request), person, kind)
    return person_shown(fetch(visible(request), person_id, "person"))


class WrongRow(Schema):
    line: int
    text: str


class ListOut(Schema):
    rows: int
    given: int
    new_people: int
    failed: int
    wrong: list[WrongRow]


class ListIn(Schema):
    """For rows that do not say themselves."""

    kind: StandingKind | Literal[""] = ""
    reason: Reason = ""


@router.post(
    "/standings/import",
    response=answers(ListOut),
    operation_id="import_standings",
    summary="Take a CSV list of people with their standing",
)
def import_standings(request: HttpRequest, file: File[UploadedFile], given: Form[ListIn]) -> ListOut:
    user = who(request, "manage")
    if (file.size or 0) > lists.LARGEST:
        raise Refused("The file is too large. Split it, then send the parts.", status=413)
    taken = flow.take_list(user, file.read(), kind=given.kind, reason=given.reason)
    wrong = [WrongRow(line=n, text=text) for n, text in taken.wrong]
    return ListOut(rows=taken.rows, given=taken.given, new_people=taken.new_people, failed=taken.failed, wrong=wrong)
