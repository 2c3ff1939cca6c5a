"""Who is who: merges and their undoing, questions to be decided, addresses parted."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from annotated_types import MaxLen
from django.db.models import Q
from django.http import HttpRequest
from ninja import Path, Query, Router, Schema

from crowdalogue.api import cursors
from crowdalogue.api.keys import fetch, who
from crowdalogue.api.persons import PersonOut, person_shown, visible
from crowdalogue.api.shapes import Id, Page, Paging, Word, answers
from crowdalogue.errors import Refused
from crowdalogue.flow import people as flow
from crowdalogue.models import Handle, Merge, Resemblance

router = Router()


class MergeOut(Schema):
    """`gone` became `kept`. `by` is the person who said so, null: by evidence, as sure as `confidence` (0 to 1)."""

    id: int
    kept: int
    gone: int
    evidence: str
    reason: str
    confidence: float
    by: int | None
    at: datetime
    undone_at: datetime | None


def merge_shown(row: Merge) -> MergeOut:
    return MergeOut(
        id=row.pk, kept=row.kept_id, gone=row.gone_id, evidence=row.evidence, reason=row.reason,
        confidence=row.confidence, by=row.user_id, at=row.at, undone_at=row.undone_at,
    )  # fmt: skip


class MergesOf(Schema):
    person: Id | None = None


@router.get("/merges", response=answers(Page[MergeOut]), operation_id="list_merges", summary="Merges, newest first")
def list_merges(request: HttpRequest, asked: Query[MergesOf], page: Query[Paging]) -> dict[str, object]:
    rows = Merge.objects.seen_by(who(request))
    if asked.person is not None:
        rows = rows.filter(Q(kept=asked.person) | Q(gone=asked.person))
    return cursors.page("merges", rows, page, merge_shown)


class MergeIn(Schema):
    """`kept` stays, everything of `gone` becomes theirs."""

    kept: Id
    gone: Id
    reason: Annotated[Word, MaxLen(300)] = ""


@router.post("/merges", response=answers(MergeOut), operation_id="merge_persons", summary="These two are one person")
def merge_persons(request: HttpRequest, body: MergeIn) -> MergeOut:
    user = who(request, "answer")
    kept, gone = (fetch(visible(request), pk, "person") for pk in (body.kept, body.gone))
    return merge_shown(flow.join(user, kept, gone, body.reason))


@router.post(
    "/merges/{int:merge_id}/undo",
    response=answers(MergeOut),
    operation_id="undo_merge",
    summary="Both are as they were",
)
def undo_merge(request: HttpRequest, merge_id: Path[Id]) -> MergeOut:
    user = who(request, "answer")
    return merge_shown(flow.part(user, fetch(Merge.objects.seen_by(user), merge_id, "merge")))


@router.post(
    "/handles/{int:handle_id}/split",
    response=answers(PersonOut),
    operation_id="split_handle",
    summary="This address is somebody else's: a new person",
)
def split_handle(request: HttpRequest, handle_id: Path[Id]) -> PersonOut:
    user = who(request, "answer")
    return person_shown(flow.split(user, fetch(Handle.objects.filter(person__isnull=False), handle_id, "handle")))


class QuestionOut(Schema):
    """Whether two persons are one. `state` is open, merged (the same) or apart (two people)."""

    id: int
    one: int
    other: int
    evidence: str
    reason: str
    confidence: float
    state: str
    by: int | None


def question_shown(row: Resemblance) -> QuestionOut:
    return QuestionOut(
        id=row.pk, one=row.one_id, other=row.other_id, evidence=row.evidence, reason=row.reason,
        confidence=row.confidence, state=row.state, by=row.user_id,
    )  # fmt: skip


@router.get(
    "/questions",
    response=answers(Page[QuestionOut]),
    operation_id="list_questions",
    summary="Pairs that may be one person, to be decided",
)
def list_questions(request: HttpRequest, page: Query[Paging]) -> dict[str, object]:
    rows = Resemblance.objects.seen_by(who(request)).filter(
        state=Resemblance.State.OPEN, one__merged_into__isnull=True, other__merged_into__isnull=True
    )
    return cursors.page("questions", rows, page, question_shown)


class Answer(Schema):
    same: bool


@router.post(
    "/questions/{int:question_id}/decide",
    response=answers(QuestionOut),
    operation_id="decide_question",
    summary="The same, or two people",
)
def decide_question(request: HttpRequest, question_id: Path[Id], body: Answer) -> QuestionOut:
    user = who(request, "answer")
    row = fetch(Resemblance.objects.seen_by(user), question_id, "question")
    wanted = Resemblance.State.MERGED if body.same else Resemblance.State.APART
    if row.state not in (Resemblance.State.OPEN, wanted):
        raise Refused("It was decided otherwise. Reopen it first.", status=409)
    return question_shown(flow.decide(user, row, body.same))


@router.post(
    "/questions/{int:question_id}/reopen",
    response=answers(QuestionOut),
    operation_id="reopen_question",
    summary="Take an answer back, with the merge it led to",
)
def reopen_question(request: HttpRequest, question_id: Path[Id]) -> QuestionOut:
    user = who(request, "answer")
    return question_shown(flow.reopen(user, fetch(Resemblance.objects.seen_by(user), question_id, "question")))
