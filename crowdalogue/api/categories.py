"""Categories a team teaches: examples, versions and how good they are, what they catch, and history judged anew."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field

from crowdalogue.analyze import categories_asked, categories_judged, categories_measured, categories_taught
from crowdalogue.api import cursors
from crowdalogue.api.keys import fetch, who
from crowdalogue.api.messages import MessageOut, shown
from crowdalogue.api.shapes import Id, Page, Paging, Text, Word, answers
from crowdalogue.errors import Failure, Refused
from crowdalogue.flow import categories as verbs
from crowdalogue.models import Audit, Category, CategoryVersion, Message, MessageCategory, User

router = Router()


class ShareOut(Schema):
    """A share with its 95 % interval; `n` labels it rests on. All null below ten labels."""

    value: float | None
    low: float | None
    high: float | None
    n: int

    @classmethod
    def of(cls, share: categories_measured.Share) -> ShareOut:
        if share.few:
            return cls(value=None, low=None, high=None, n=share.n)
        return cls(value=share.value, low=share.low, high=share.high, n=share.n)


class FiguresOut(Schema):
    """Measured on labels that the queue drew at random; they hold for all messages."""

    precision: ShareOut
    recall: ShareOut
    prevalence: ShareOut
    n: int

    @classmethod
    def of(cls, measured: categories_measured.Measured) -> FiguresOut:
        names = ("precision", "recall", "prevalence")
        return cls(**{name: ShareOut.of(getattr(measured, name)) for name in names}, n=measured.n)


class VersionOut(Schema):
    """`figures` are those of when it was made. Confidence from `threshold` on is a yes."""

    id: int
    number: int
    state: str
    why: str
    threshold: float
    yes: int
    no: int
    trained_at: datetime
    took_over_at: datetime | None
    ended_at: datetime | None
    figures: FiguresOut


def version_shown(row: CategoryVersion) -> VersionOut:
    figures = FiguresOut.of(categories_measured.of(row.figures["drawn"]))
    names = ("number", "state", "why", "threshold", "yes", "no", "trained_at", "took_over_at", "ended_at")
    return VersionOut(id=row.pk, figures=figures, **{name: getattr(row, name) for name in names})


class CategoryOut(Schema):
    """`version` is the number of the one in use, null before the first. `examples` count labels by kind."""

    id: int
    name: str
    description: str
    active: bool
    version: int | None
    examples: dict[str, int]
    created_at: datetime


def category_shown(row: Category) -> CategoryOut:
    version = categories_taught.active(row)
    return CategoryOut(
        id=row.pk,
        name=row.name,
        description=row.description,
        active=row.active,
        version=version.number if version else None,
        examples=categories_taught.counts(row),
        created_at=row.created_at,
    )


def visible(request: HttpRequest, right: str = "explore") -> QuerySet[Category]:
    rows: QuerySet[Category] = Category.objects.seen_by(who(request, right))
    return rows


def one(request: HttpRequest, category_id: int, right: str = "explore") -> Category:
    found: Category = fetch(visible(request, right), category_id, "category")
    return found


def record(user: User, row: Category, deed: str) -> None:
    Audit.objects.create(user=user, who=str(user), deed="changed_category", what=f"{row.name}: {deed}"[:300])


@router.get("", response=answers(Page[CategoryOut]), operation_id="list_categories", summary="Categories, newest first")
def list_categories(request: HttpRequest, page: Query[Paging]) -> dict[str, object]:
    return cursors.page("categories", visible(request), page, category_shown)


class ExampleIn(Schema):
    text: Annotated[Text, Field(max_length=categories_taught.LONGEST)]
    yes: bool


Examples = Annotated[list[ExampleIn], Field(max_length=2_000)]


class CategoryIn(Schema):
    """Name and description are evidence beside the examples."""

    name: Annotated[Word, Field(min_length=1, max_length=80)]
    description: Annotated[Text, Field(max_length=2_000)] = ""
    examples: Examples = []


class AddedOut(Schema):
    """What became of examples: `both` were said both ways at once and count as neither."""

    new: int
    changed: int
    same: int
    empty: int
    both: int
    beyond: int


def pairs(examples: list[ExampleIn]) -> list[tuple[str, bool]]:
    return [(one.text, one.yes) for one in examples]


def added_shown(added: categories_taught.Added) -> AddedOut:
    names = ("new", "changed", "same", "empty", "both", "beyond")
    return AddedOut(**{name: getattr(added, name) for name in names})


@router.post("", response=answers(CategoryOut, 201), operation_id="create_category", summary="Define a category")
def create_category(request: HttpRequest, body: CategoryIn) -> Status[CategoryOut]:
    """With examples it learns at once, and the first version judges; where it cannot yet, it is kept all the same."""
    user = who(request, "explore")
    made = verbs.define(user, body.name, body.description)
    record(user, made, "defined")
    if body.examples:
        verbs.teach(user, made, pairs(body.examples), "pasted")
        try:
            verbs.learn(user, made)
        except Failure:
            made.refresh_from_db()
    return Status(201, category_shown(made))


class CaughtOut(Schema):
    message: MessageOut
    confidence: float


class CategoryTrialOut(Schema):
    """What would be caught of the newest `looked_at` messages; of `unsure` nothing would be said."""

    looked_at: int
    caught: int
    unsure: int
    sample: list[CaughtOut]


@router.post(
    "/try", response=answers(CategoryTrialOut), operation_id="try_category", summary="What examples would catch"
)
def try_category(request: HttpRequest, body: CategoryIn) -> CategoryTrialOut:
    """Nothing is kept. The first 200 examples are tried."""
    user = who(request, "explore")
    trial = categories_asked.trial(body.name, body.description, pairs(body.examples))
    found = categories_asked.preview(trial.head, trial.among, user)
    sample = [*found.surest, *found.just]
    rows = full([c.message.pk for c in sample])
    caught = [
        CaughtOut(message=shown(rows[c.message.pk]), confidence=round(c.sure, 4))
        for c in sample
        if c.message.pk in rows
    ]
    return CategoryTrialOut(looked_at=found.looked_at, caught=found.caught, unsure=found.unsure, sample=caught)


def full(ids: list[int]) -> dict[int, Message]:
    rows = Message.objects.filter(pk__in=ids).select_related("handle__person", "reading")
    return {m.pk: m for m in rows.prefetch_related("attachments")}


@router.get("/{int:category_id}", response=answers(CategoryOut), operation_id="get_category", summary="One category")
def get_category(request: HttpRequest, category_id: Path[Id]) -> CategoryOut:
    return category_shown(one(request, category_id))


class CategoryPatch(Schema):
    """What is left out stays. A paused category judges nothing."""

    name: Annotated[Word, Field(min_length=1, max_length=80)] | None = None
    description: Annotated[Text, Field(max_length=2_000)] | None = None
    active: bool | None = None


@router.patch(
    "/{int:category_id}", response=answers(CategoryOut), operation_id="change_category", summary="Rename or pause"
)
def change_category(request: HttpRequest, category_id: Path[Id], body: CategoryPatch) -> CategoryOut:
    row = one(request, category_id, "manage" if body.active is not None else "explore")
    description = row.description if body.description is None else body.description
    row = verbs.define(who(request), body.name or row.name, description, row)
    if body.active is not None:
        verbs.pause(row, active=body.active)
        row.refresh_from_db()
    record(who(request), row, "changed")
    return category_shown(row)


@router.delete(
    "/{int:category_id}", response=answers(None, 204), operation_id="delete_category", summary="Remove a category"
)
def delete_category(request: HttpRequest, category_id: Path[Id]) -> Status[None]:
    row = one(request, category_id, "manage")
    record(who(request), row, "removed")
    verbs.remove(row)
    return Status(204, None)


class TeachIn(Schema):
    examples: Annotated[Examples, Field(min_length=1)]


@router.post(
    "/{int:category_id}/examples", response=answers(AddedOut), operation_id="teach_category", summary="Give examples"
)
def teach_category(request: HttpRequest, category_id: Path[Id], body: TeachIn) -> AddedOut:
    """They count from the next version on: ask for it with `learn`, or leave it to the night."""
    row = one(request, category_id)
    return added_shown(verbs.teach(who(request), row, pairs(body.examples), "pasted"))


class LabelIn(Schema):
    """Whether messages are in the category. With the `ticket` of a drawn message the label is one of the sample."""

    messages: Annotated[list[Id], Field(min_length=1, max_length=verbs.MOST_AT_ONCE)]
    yes: bool | None
    ticket: Word | None = None


class Labelled(Schema):
    changed: int


@router.post(
    "/{int:category_id}/labels", response=answers(Labelled), operation_id="label_category", summary="Label messages"
)
def label_category(request: HttpRequest, category_id: Path[Id], body: LabelIn) -> Labelled:
    user, row = who(request, "explore"), one(request, category_id)
    density = None
    if body.ticket:
        pk, density = categories_asked.read_ticket(row, body.ticket)
        if body.messages != [pk]:
            raise Refused("The ticket is of another message. Send the message it was drawn for.", status=422)
    elif body.yes is None:
        raise Refused("Only a message drawn from the queue can be skipped: send its ticket.", status=422)
    mine = Message.objects.seen_by(user).filter(pk__in=body.messages).values_list("pk", flat=True)
    source = "queue" if body.ticket else "search"
    return Labelled(changed=verbs.label(user, row, dict.fromkeys(mine, body.yes), source, density))


class DrawnOut(Schema):
    """A message to label next, null where none is left; send `ticket` back with the label."""

    message: MessageOut | None
    confidence: float | None
    ticket: str


@router.get(
    "/{int:category_id}/next", response=answers(DrawnOut), operation_id="draw_message", summary="What to label next"
)
def draw_message(request: HttpRequest, category_id: Path[Id]) -> DrawnOut:
    drawn = categories_asked.draw(one(request, category_id), who(request))
    if drawn is None:
        return DrawnOut(message=None, confidence=None, ticket="")
    row = full([drawn.message.pk]).get(drawn.message.pk, drawn.message)
    return DrawnOut(message=shown(row), confidence=round(drawn.sure, 4), ticket=drawn.ticket)


class Learned(Schema):
    """`version` is null where there is much to read first: then the worker learns."""

    version: VersionOut | None


@router.post(
    "/{int:category_id}/learn", response=answers(Learned), operation_id="learn_category", summary="Make a new version"
)
def learn_category(request: HttpRequest, category_id: Path[Id]) -> Learned:
    row = one(request, category_id)
    version = verbs.learn(who(request), row)
    if version is not None:
        version.refresh_from_db()
    return Learned(version=version_shown(version) if version else None)


@router.get(
    "/{int:category_id}/versions",
    response=answers(Page[VersionOut]),
    operation_id="list_category_versions",
    summary="Versions, newest first",
)
def list_versions(request: HttpRequest, category_id: Path[Id], page: Query[Paging]) -> dict[str, object]:
    rows = CategoryVersion.objects.filter(category=one(request, category_id)).defer("head")
    return cursors.page(f"versions {category_id}", rows, page, version_shown)


class ComparedOut(Schema):
    """Both on the same labels; `better` and `worse` count labels on which only the new or only the old is right."""

    old: FiguresOut
    new: FiguresOut
    better: int
    worse: int
    said: str


def version_of(row: Category, number: int) -> CategoryVersion:
    found = CategoryVersion.objects.filter(category=row, number=number).first()
    if found is None:
        raise Refused(f"There is no version {number} of this category.", status=404)
    return found


@router.get(
    "/{int:category_id}/versions/{int:number}/compare",
    response=answers(ComparedOut),
    operation_id="compare_category_version",
    summary="A version beside the one in use",
)
def compare_version(request: HttpRequest, category_id: Path[Id], number: Path[Id]) -> ComparedOut:
    row = one(request, category_id)
    new, old = version_of(row, number), categories_taught.active(row)
    if old is None:
        raise Refused("No version is in use yet. Take this one.", status=409)
    both = categories_taught.compared(old, new)
    figures = {"old": FiguresOut.of(both.old), "new": FiguresOut.of(both.new)}
    return ComparedOut(**figures, better=both.better, worse=both.worse, said=verbs.verdict(old, new))


@router.post(
    "/{int:category_id}/versions/{int:number}/{deed}",
    response=answers(VersionOut),
    operation_id="decide_category_version",
    summary="Take a version, or refuse it",
)
def decide_version(
    request: HttpRequest, category_id: Path[Id], number: Path[Id], deed: Path[Literal["take", "refuse"]]
) -> VersionOut:
    row = one(request, category_id, "manage")
    version = version_of(row, number)
    (verbs.take_over if deed == "take" else verbs.refuse)(who(request), version)
    record(who(request), row, f"{deed} version {number}")
    version.refresh_from_db()
    return version_shown(version)


class MemberOut(Schema):
    """`version` is the number of the one that judged, null where a person said so."""

    id: int
    message: MessageOut
    confidence: float
    version: int | None


@router.get(
    "/{int:category_id}/messages",
    response=answers(Page[MemberOut]),
    operation_id="list_category_messages",
    summary="What is in a category",
)
def list_members(request: HttpRequest, category_id: Path[Id], page: Query[Paging]) -> dict[str, Any]:
    """In the order they came in, newest first."""
    row = one(request, category_id)
    rows = categories_judged.members(row, who(request)).prefetch_related("message__attachments")
    return cursors.page(f"members {category_id}", rows, page, member_shown)


def member_shown(row: MessageCategory) -> MemberOut:
    number = row.version.number if row.version else None
    return MemberOut(id=row.pk, message=shown(row.message), confidence=row.confidence, version=number)
