"""Watches: saved queries over everything that is said, tried on the past, and what they found."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field

from crowdalogue.api import cursors
from crowdalogue.api.keys import fetch, who
from crowdalogue.api.messages import MessageOut, shown
from crowdalogue.api.shapes import MOST, Id, Page, Paging, Text, Word, answers
from crowdalogue.errors import Refused
from crowdalogue.listen import trials, watches
from crowdalogue.models import Audit, Brand, Message, User, Watch, WatchHit, WatchSearch
from crowdalogue.relate import statistics
from crowdalogue.text import watching
from crowdalogue.text.matching import Matcher
from crowdalogue.text.watching import WatchQuery

router = Router()
Purpose = Literal["brand", "product", "need", "competitor", "industry"]
Clues = Annotated[list[Word], Field(max_length=watching.MOST_CLUES)]


class NearShape(Schema):
    """One of `one` and one of `other`, in either order, at most `within` words from each other."""

    one: Clues
    other: Clues
    within: Annotated[int, Field(ge=1, le=watching.FARTHEST)] = watching.NEAR


class QueryShape(Schema):
    """One of `any`, each of `all`, every `near` and no `none`. A clue is a word, several words in this order, a
    beginning (`deliver*`), a word also misspelled (`norvelle~`), a `#hashtag` or an `@name`. `ours`: also what our
    own and other brands' accounts say."""

    any: Clues = []
    all: Clues = []
    none: Clues = []
    near: Annotated[list[NearShape], Field(max_length=watching.MOST_NEAR)] = []
    languages: Annotated[list[Word], Field(max_length=100)] = []
    place: Clues = []
    reach: Annotated[int, Field(ge=0, le=watching.BIGGEST_REACH)] = 0
    kinds: Annotated[list[Word], Field(max_length=100)] = []
    ours: bool = False

    @classmethod
    def of(cls, query: WatchQuery) -> QueryShape:
        return cls(**watching.plain(query))

    def read(self) -> WatchQuery:
        return watching.read(self.dict())


class PrecisionOut(Schema):
    """Right of judged, with Wilson's 95 % interval; all null below ten judged."""

    share: float | None
    low: float | None
    high: float | None
    n: int


class SearchOut(Schema):
    """How the search of one account stands. `error` says the cause, then the remedy."""

    account: int
    last_success_at: datetime | None
    next_at: datetime
    error: str


class WatchOut(Schema):
    """`line` is the query as it can be typed. `filling`: messages from before it was saved are still gone through."""

    id: int
    name: str
    purpose: str
    brand: int | None
    query: QueryShape
    line: str
    active: bool
    filling: bool
    hits: int
    newest_at: datetime | None
    precision: PrecisionOut
    searches: list[SearchOut]
    created_at: datetime
    changed_at: datetime


def watch_shown(row: Watch, figures: watches.Figures) -> WatchOut:
    query = watches.of(row)
    return WatchOut(
        id=row.pk,
        name=row.name,
        purpose=row.purpose,
        brand=row.brand_id,
        query=QueryShape.of(query),
        line=watching.say(query),
        active=row.active,
        filling=row.active and row.seen_id > 0,
        hits=figures.hits,
        newest_at=figures.newest,
        precision=precision(figures),
        searches=[search_shown(s) for s in row.searches.all()],
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def precision(figures: watches.Figures) -> PrecisionOut:
    n = figures.judged
    interval = statistics.wilson(figures.right, n)
    if n < statistics.FEW or interval is None:
        return PrecisionOut(share=None, low=None, high=None, n=n)
    return PrecisionOut(share=figures.right / n, low=interval[0], high=interval[1], n=n)


def search_shown(row: WatchSearch) -> SearchOut:
    return SearchOut(
        account=row.account_id, last_success_at=row.last_success_at, next_at=row.not_before, error=row.last_error
    )


def visible(request: HttpRequest, right: str = "explore") -> QuerySet[Watch]:
    rows: QuerySet[Watch] = Watch.objects.seen_by(who(request, right))
    return rows.prefetch_related("searches")


def one(request: HttpRequest, watch_id: int) -> WatchOut:
    row: Watch = fetch(visible(request), watch_id, "watch")
    return watch_shown(row, watches.figures([row])[row.pk])


@router.get("", response=answers(Page[WatchOut]), operation_id="list_watches", summary="Watches, newest first")
def list_watches(request: HttpRequest, page: Query[Paging]) -> dict[str, object]:
    rows, following = cursors.by_id("watches", visible(request), page.cursor, page.limit)
    figures = watches.figures(rows)
    return {"items": [watch_shown(row, figures[row.pk]) for row in rows], "next": following}


class WatchIn(Schema):
    """`query`, or `line`: the same typed. A watch of purpose competitor needs a `brand` that is one."""

    name: Annotated[Word, Field(min_length=1, max_length=120)]
    purpose: Purpose
    query: QueryShape | None = None
    line: Annotated[Text, Field(max_length=watching.LONGEST_TYPED)] = ""
    brand: Id | None = None


def query_of(query: QueryShape | None, line: str) -> WatchQuery:
    if query is not None and line:
        raise Refused("Send the query or the line, not both.", status=422)
    return query.read() if query is not None else watching.typed(line)


def brand_of(pk: int | None) -> Brand | None:
    found: Brand | None = fetch(Brand.objects.all(), pk, "brand") if pk else None
    return found


@router.post(
    "", response=answers(WatchOut, 201), operation_id="create_watch", summary="Save a watch; the past is gone through"
)
def create_watch(request: HttpRequest, body: WatchIn) -> Status[WatchOut]:
    user = who(request, "manage")
    made = watches.save(
        user, name=body.name, purpose=body.purpose, query=query_of(body.query, body.line), brand=brand_of(body.brand)
    )
    record(user, made)
    return Status(201, one(request, made.pk))


def record(user: User, row: Watch, deed: str = "") -> None:
    what = f"{row.name}: {deed or watching.say(watches.of(row))}"
    Audit.objects.create(user=user, who=str(user), deed="changed_watch", what=what[:300])


class WatchPatch(Schema):
    """What is left out stays. Another query goes through the past anew; judged hits stay where it finds them."""

    name: Annotated[Word, Field(min_length=1, max_length=120)] | None = None
    purpose: Purpose | None = None
    query: QueryShape | None = None
    line: Annotated[Text, Field(max_length=watching.LONGEST_TYPED)] = ""
    brand: Id | None = None
    active: bool | None = None


@router.get("/{int:watch_id}", response=answers(WatchOut), operation_id="get_watch", summary="One watch")
def get_watch(request: HttpRequest, watch_id: Path[Id]) -> WatchOut:
    return one(request, watch_id)


@router.patch("/{int:watch_id}", response=answers(WatchOut), operation_id="change_watch", summary="Change a watch")
def change_watch(request: HttpRequest, watch_id: Path[Id], body: WatchPatch) -> WatchOut:
    user = who(request, "manage")
    row: Watch = fetch(visible(request), watch_id, "watch")
    asked = query_of(body.query, body.line) if body.query is not None or body.line else watches.of(row)
    brand = brand_of(body.brand) if "brand" in body.model_fields_set else row.brand
    name, purpose = body.name or row.name, body.purpose or row.purpose
    watches.save(user, name=name, purpose=purpose, query=asked, brand=brand, watch=row)
    if body.active is not None:
        watches.pause(row, active=body.active)
    record(user, row)
    return one(request, watch_id)


@router.delete(
    "/{int:watch_id}", response=answers(None, 204), operation_id="delete_watch", summary="Remove a watch and its hits"
)
def delete_watch(request: HttpRequest, watch_id: Path[Id]) -> Status[None]:
    row: Watch = fetch(visible(request, "manage"), watch_id, "watch")
    record(who(request), row, "removed")
    watches.remove(row)
    return Status(204, None)


class TrialIn(Schema):
    """`query` or `line`, tried on the last `days` days for at most about two seconds. Nothing is kept."""

    query: QueryShape | None = None
    line: Annotated[Text, Field(max_length=watching.LONGEST_TYPED)] = ""
    days: Annotated[int, Field(ge=1, le=366)] = trials.DAYS


class SampleOut(Schema):
    """`spans` are the places of the words found in the message's text."""

    message: MessageOut
    spans: list[tuple[int, int]]


class TrialOut(Schema):
    """`whole` is false where time ran out; then `since` is how far back it came. `taken`: left out by `none` only."""

    since: datetime
    whole: bool
    hits: int
    authors: int
    days: list[tuple[date, int]]
    channels: dict[str, int]
    sample: list[SampleOut]
    taken: int
    taken_sample: list[SampleOut]


@router.post(
    "/try", response=answers(TrialOut), operation_id="try_watch", summary="What a query would have found, nothing kept"
)
def try_watch(request: HttpRequest, body: TrialIn) -> TrialOut:
    user = who(request, "explore")
    trial = trials.run(user, query_of(body.query, body.line), days=body.days)
    return TrialOut(
        since=trial.since,
        whole=trial.whole,
        hits=trial.hits,
        authors=trial.authors,
        days=trial.days,
        channels=dict(trial.channels),
        sample=[sample_shown(s) for s in trial.sample],
        taken=trial.taken,
        taken_sample=[sample_shown(s) for s in trial.taken_sample],
    )


def sample_shown(one: trials.Sampled) -> SampleOut:
    return SampleOut(message=shown(one.message), spans=list(one.spans))


class HitOut(Schema):
    """`right` is a person's judgement, null where nobody judged."""

    id: int
    message: MessageOut
    spans: list[tuple[int, int]]
    right: bool | None
    found_at: datetime
    judged_at: datetime | None


@router.get(
    "/{int:watch_id}/hits", response=answers(Page[HitOut]), operation_id="list_hits", summary="What a watch found"
)
def list_hits(
    request: HttpRequest,
    watch_id: Path[Id],
    page: Query[Paging],
    only: Query[Literal["", "open", "right", "wrong"]] = "",
) -> dict[str, object]:
    """In the order they were found, newest first."""
    user = who(request, "explore")
    row: Watch = fetch(visible(request), watch_id, "watch")
    rows = watches.hits_of(row, user, only=only).prefetch_related("message__attachments")
    found, following = cursors.by_id(f"hits {watch_id} {only}", rows, page.cursor, page.limit)
    matcher = Matcher({0: watches.of(row)})
    return {"items": [hit_shown(hit, matcher) for hit in found], "next": following}


def hit_shown(hit: WatchHit, matcher: Matcher) -> HitOut:
    return HitOut(
        id=hit.pk,
        message=shown(hit.message),
        spans=list(trials.mark(matcher, hit.message).spans),
        right=hit.right,
        found_at=hit.at,
        judged_at=hit.judged_at,
    )


class JudgementIn(Schema):
    """`messages` a watch found; `right` null takes a judgement back."""

    messages: Annotated[list[Id], Field(min_length=1, max_length=500)]
    right: bool | None


class Judged(Schema):
    changed: int
    precision: PrecisionOut


@router.post(
    "/{int:watch_id}/judge", response=answers(Judged), operation_id="judge_hits", summary="Call hits right or wrong"
)
def judge_hits(request: HttpRequest, watch_id: Path[Id], body: JudgementIn) -> Judged:
    user = who(request, "explore")
    row: Watch = fetch(visible(request), watch_id, "watch")
    mine = Message.objects.seen_by(user).filter(pk__in=body.messages).values_list("pk", flat=True)
    changed = watches.judge(user, row, list(mine), body.right)
    return Judged(changed=changed, precision=precision(watches.figures([row])[row.pk]))


class DraftOut(Schema):
    name: str
    purpose: str
    brand: int
    query: QueryShape


class Drafts(Schema):
    items: list[DraftOut]


@router.get(
    "/drafts", response=answers(Drafts), operation_id="list_watch_drafts", summary="Watches that could be, by brand"
)
def list_drafts(request: HttpRequest, limit: Annotated[int, Query(8, ge=1, le=MOST)]) -> dict[str, Any]:
    """One for each brand that no watch is about. Nothing is saved."""
    who(request, "explore")
    items = [
        DraftOut(name=d.name, purpose=d.purpose, brand=d.brand.pk, query=QueryShape.of(d.query))
        for d in watches.suggestions(limit)
    ]
    return {"items": items}
