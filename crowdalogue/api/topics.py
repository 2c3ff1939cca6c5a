"""Topics: what customers write about; adopt, rename, merge, split, retire, and place messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from annotated_types import MaxLen
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field

from crowdalogue.analyze import refit, topic_deeds
from crowdalogue.api import cursors
from crowdalogue.api.keys import fetch, who
from crowdalogue.api.messages import MessageOut, shown
from crowdalogue.api.shapes import Id, Page, Paging, Word, answers
from crowdalogue.models import Audit, Message, Topic, TopicEvent, TopicFit, User

router = Router()
EVENTS = 100
State = Literal["", "emerging", "adopted", "retired", "there"]


class WordOut(Schema):
    """`messages` of the newest fit say the phrase; `z` is how far it stands out (log-odds)."""

    phrase: str
    z: float
    messages: int


class TopicOut(Schema):
    """`name` counts; `customers_words` is what the newest fit calls it, `group` the coarser topic; `state` is emerging,
    adopted or retired. `messages` and `unique` (copies counted once) are of the newest fit: for numbers of a period
    see the report `topics`."""

    id: int
    name: str
    customers_words: str
    group: str
    state: str
    merged_into: int | None
    words: list[WordOut]
    representatives: list[int]
    messages: int
    unique: int
    first_at: datetime
    fitted_at: datetime


def topic_shown(row: Topic) -> TopicOut:
    return TopicOut(
        id=row.pk, name=str(row), customers_words=row.name, group=row.group, state=row.state,
        merged_into=row.merged_into_id, words=[WordOut(phrase=p, z=z, messages=n) for p, z, n in row.words],
        representatives=[] if row.merged_into_id else row.representatives, messages=row.messages_count,
        unique=row.unique_count, first_at=row.first_at, fitted_at=row.fitted_at,
    )  # fmt: skip


class EventOut(Schema):
    """`kind`: new, split, merged, gone by a fit; adopted, released, renamed, retired, restored, joined, parted, moved
    by a person (`by`). `other` is the topic it went into or came from."""

    topic: int
    kind: str
    other: int | None
    by: int | None
    at: datetime


class TopicWhole(TopicOut):
    """A topic with what happened to it, newest first."""

    events: list[EventOut]


def one(pk: int) -> Topic:
    found: Topic = fetch(Topic.objects.select_related("merged_into"), pk, "topic")
    return found


def whole(pk: int) -> TopicWhole:
    row = one(pk)
    rows = TopicEvent.objects.filter(topic=row) | TopicEvent.objects.filter(other=row)
    events = [
        EventOut(topic=e.topic_id, kind=e.kind, other=e.other_id, by=e.user_id, at=e.at)
        for e in rows.order_by("-at", "-pk")[:EVENTS]
    ]
    return TopicWhole(**topic_shown(row).dict(), events=events)


@router.get("", response=answers(Page[TopicOut]), operation_id="list_topics", summary="Topics, newest first")
def list_topics(request: HttpRequest, page: Query[Paging], state: Query[State] = "there") -> dict[str, object]:
    """`state`: there (emerging or adopted), one of them, retired; empty for all."""
    who(request, "explore")
    rows: QuerySet[Topic] = Topic.objects.all()
    if state == "there":
        rows = rows.exclude(state=Topic.State.RETIRED)
    elif state:
        rows = rows.filter(state=state)
    return cursors.page(f"topics {state}", rows, page, topic_shown)


class FitOut(Schema):
    """The newest fit that ended: from how many messages, how many topics, and the share of the messages of this fit and
    the one before whose topic stayed. `running`: topics are being found, or wait for the worker."""

    running: bool
    ended_at: datetime | None
    messages: int
    topics: int
    stayed: float | None


def fit_shown() -> FitOut:
    newest = TopicFit.objects.order_by("-day").first()
    done = TopicFit.objects.filter(ended_at__isnull=False).order_by("-ended_at").first()
    return FitOut(
        running=newest is not None and refit.running(newest, timezone.now()),
        ended_at=done.ended_at if done else None,
        messages=done.messages if done else 0,
        topics=done.topics if done else 0,
        stayed=done.stayed if done else None,
    )


@router.get("/fit", response=answers(FitOut), operation_id="get_topic_fit", summary="When topics were found last")
def get_fit(request: HttpRequest) -> FitOut:
    who(request, "explore")
    return fit_shown()


@router.post("/fit", response=answers(FitOut, 202), operation_id="find_topics", summary="Find topics now")
def find_topics(request: HttpRequest) -> Status[FitOut]:
    """The worker does it within seconds; `running` is false once it is done."""
    user = who(request, "manage")
    refit.ask(timezone.now())
    Audit.objects.create(user=user, who=str(user), deed="asked_topics", what="topics are found anew")
    return Status(202, fit_shown())


@router.get("/{int:topic_id}", response=answers(TopicWhole), operation_id="get_topic", summary="One topic")
def get_topic(request: HttpRequest, topic_id: Path[Id]) -> TopicWhole:
    who(request, "explore")
    return whole(topic_id)


@router.get(
    "/{int:topic_id}/messages",
    response=answers(Page[MessageOut]),
    operation_id="list_topic_messages",
    summary="The messages of a topic",
)
def list_messages(request: HttpRequest, topic_id: Path[Id], page: Query[Paging]) -> dict[str, object]:
    """In the order they were filed, newest first. Of a merged topic: those of the one it went into."""
    user = who(request, "explore")
    one(topic_id)
    rows = Message.objects.seen_by(user).filter(about__topic=refit.root(topic_id))
    rows = rows.select_related("handle", "reading", "about").prefetch_related("attachments")
    return cursors.page(f"topic {topic_id}", rows, page, shown)


# --- deeds


def did(user: User, topic: Topic, deed: str) -> TopicWhole:
    Audit.objects.create(
        user=user, who=str(user)[:200], deed="changed_topic", what=f"{topic}: {deed}"[:300], facts={"topic": topic.pk}
    )
    return whole(topic.pk)


PLAIN: tuple[tuple[str, Callable[[User, Topic], Any], str], ...] = (
    ("adopt", topic_deeds.adopt, "It is one of ours: fits keep it"),
    ("release", topic_deeds.release, "No longer adopted"),
    ("retire", topic_deeds.retire, "It is of no interest: not listed, and quiet when found again"),
    ("restore", topic_deeds.restore, "Bring a resting topic back"),
    ("part", topic_deeds.part, "Undo its merge: what it brought is its own again"),
)


def _plain(deed: str, act: Callable[[User, Topic], Any], summary: str) -> None:
    @router.post(
        f"/{{int:topic_id}}/{deed}", response=answers(TopicWhole), operation_id=f"{deed}_topic", summary=summary
    )
    def operation(request: HttpRequest, topic_id: Path[Id]) -> TopicWhole:
        user = who(request, "explore")
        topic = one(topic_id)
        act(user, topic)
        return did(user, topic, deed)


for _deed, _act, _summary in PLAIN:
    _plain(_deed, _act, _summary)


class NameIn(Schema):
    """Empty: the customers' words again."""

    name: Annotated[Word, MaxLen(refit.LONGEST)]


@router.post(
    "/{int:topic_id}/rename", response=answers(TopicWhole), operation_id="rename_topic", summary="Give it a name"
)
def rename(request: HttpRequest, topic_id: Path[Id], body: NameIn) -> TopicWhole:
    user = who(request, "explore")
    topic = one(topic_id)
    topic_deeds.rename(user, topic, body.name)
    return did(user, topic, "rename")


class IntoIn(Schema):
    into: Id


@router.post(
    "/{int:topic_id}/merge",
    response=answers(TopicWhole),
    operation_id="merge_topic",
    summary="Its messages go into another; that one is the answer",
)
def merge(request: HttpRequest, topic_id: Path[Id], body: IntoIn) -> TopicWhole:
    user = who(request, "explore")
    topic, into = one(topic_id), one(body.into)
    topic_deeds.merge(user, into, topic)
    did(user, topic, f"merge into {into}")
    return whole(into.pk)


class PartOut(Schema):
    """`part` is its number for the split. Nothing is kept of it until then."""

    part: int
    name: str
    messages: int
    unique: int
    representatives: list[int]


class SplitOut(Schema):
    """A finer fit of the newest `looked_at` of the topic's messages; send `digest` back with the parts chosen."""

    parts: list[PartOut]
    looked_at: int
    messages: int
    digest: str


@router.get(
    "/{int:topic_id}/parts",
    response=answers(SplitOut),
    operation_id="list_topic_parts",
    summary="What a topic could be split into; nothing is changed",
)
def list_parts(request: HttpRequest, topic_id: Path[Id]) -> SplitOut:
    who(request, "explore")
    found = topic_deeds.finer(one(topic_id))
    parts = [
        PartOut(part=i, name=p.name, messages=p.size, unique=p.unique, representatives=list(p.representatives))
        for i, p in enumerate(found.parts)
    ]
    return SplitOut(parts=parts, looked_at=found.looked_at, messages=found.of, digest=found.digest)


class ChosenPart(Schema):
    """`name` empty: the customers' words."""

    part: Annotated[int, Field(ge=0, le=50)]
    name: Annotated[Word, MaxLen(refit.LONGEST)] = ""


class SplitIn(Schema):
    digest: Annotated[Word, MaxLen(40)]
    parts: Annotated[list[ChosenPart], Field(min_length=1, max_length=20)]


class Topics(Schema):
    items: list[TopicOut]


@router.post(
    "/{int:topic_id}/split",
    response=answers(Topics, 201),
    operation_id="split_topic",
    summary="Make topics of some of its parts",
)
def split(request: HttpRequest, topic_id: Path[Id], body: SplitIn) -> Status[dict[str, Any]]:
    user = who(request, "explore")
    topic = one(topic_id)
    made = topic_deeds.split(user, topic, {p.part: p.name for p in body.parts}, body.digest)
    did(user, topic, "split")
    return Status(201, {"items": [topic_shown(row) for row in made]})


class PlaceIn(Schema):
    """`messages` are about this topic, says the token's person: every fit keeps that."""

    messages: Annotated[list[Id], Field(min_length=1, max_length=500)]


class Placed(Schema):
    placed: int


@router.post(
    "/{int:topic_id}/messages", response=answers(Placed), operation_id="place_messages", summary="They are about this"
)
def place_messages(request: HttpRequest, topic_id: Path[Id], body: PlaceIn) -> Placed:
    """Messages that this token may not see are left out."""
    user = who(request, "explore")
    topic = one(topic_id)
    rows = list(Message.objects.seen_by(user).filter(pk__in=body.messages))
    for row in rows:
        topic_deeds.move(user, row, topic)
    if rows:
        did(user, topic, f"{len(rows)} messages placed")
    return Placed(placed=len(rows))
