"""The weekly page for programs, and questions to the analysts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Query, Router, Schema

from crowdalogue import flow
from crowdalogue.api.keys import who
from crowdalogue.api.shapes import answers
from crowdalogue.errors import Failure
from crowdalogue.models import Question
from crowdalogue.relate.filters import parse

router = Router()
MOST = 100


class WeeklyOut(Schema):
    """`changed`, `done` and `decide` are lines: each has `text`, and where it applies `sure`, `n`, `view`, `query`."""

    start: date
    query: str
    composed_at: datetime
    as_of: datetime | None
    people: int
    messages: int
    refused: str
    changed: list[dict[str, Any]]
    done: list[dict[str, Any]]
    decide: list[dict[str, Any]]
    cautions: list[str]


class AskedOut(Schema):
    id: int
    text: str
    about: str
    asked_by: str | None
    asked_at: datetime
    owner: str | None
    due: date | None
    answer: str
    answered_by: str | None
    answered_at: datetime | None


class AskedIn(Schema):
    text: str
    due: date | None = None
    about: str = ""


class AnswerIn(Schema):
    answer: str


class AskedListOut(Schema):
    items: list[AskedOut]


@router.get("", response=answers(WeeklyOut), operation_id="get_week", summary="What changed in one week beyond chance")
def get_week(request: HttpRequest, start: date | None = None, query: str = "") -> WeeklyOut:
    """`start` is any day of a week that is over, by default of the last one; `query` are the filter bar's."""
    who(request, "explore")
    last = flow.newest_week(timezone.now())
    monday = start - timedelta(days=start.weekday()) if start else last
    if monday > last:
        raise Failure(f"That week is not over. The last one that is began on {last}.")
    row = flow.compose_week(monday, parse(query).cleared("period").to_query()[:1000])
    content = row.content
    return WeeklyOut(
        start=row.start,
        query=row.query,
        composed_at=row.composed_at,
        as_of=content.get("as_of"),
        people=content.get("people", 0),
        messages=content.get("messages", 0),
        refused=content.get("refused", ""),
        **{name: content.get(name, []) for name in ("changed", "done", "decide", "cautions")},
    )


@router.get(
    "/questions",
    response=answers(AskedListOut),
    operation_id="list_asked",
    summary="Questions to the analysts, the newest or the most alike first",
)
def list_asked(
    request: HttpRequest,
    alike: Annotated[str, Query("", max_length=500)],
    limit: Annotated[int, Query(30, ge=1, le=MOST)],
) -> AskedListOut:
    """`alike`: only those that ask the like, by meaning."""
    who(request, "explore")
    if alike.strip():
        rows = flow.questions_alike(alike, limit)
    else:
        rows = list(Question.objects.select_related("asked_by", "owner", "answered_by").order_by("-pk")[:limit])
    return AskedListOut(items=[question_shown(row) for row in rows])


@router.post("/questions", response=answers(AskedOut), operation_id="ask_question", summary="Ask the analysts")
def ask_question(request: HttpRequest, body: AskedIn) -> AskedOut:
    user = who(request, "explore")
    if not body.text.strip():
        raise Failure("There is no question. Put it into “text”.")
    return question_shown(flow.ask(user, body.text, due=body.due, about=body.about))


@router.post(
    "/questions/{pk}/answer",
    response=answers(AskedOut),
    operation_id="answer_question",
    summary="Answer a question, or answer it better",
)
def answer_question(request: HttpRequest, pk: int, body: AnswerIn) -> AskedOut:
    user = who(request, "export")
    question = get_object_or_404(Question, pk=pk)
    if not body.answer.strip():
        raise Failure("There is no answer. Put it into “answer”.")
    flow.answer_question(user, question, body.answer[:10_000])
    return question_shown(question)


def question_shown(row: Question) -> AskedOut:
    def name(user: Any) -> str | None:
        return str(user) if user else None

    return AskedOut(
        id=row.pk,
        text=row.text,
        about=row.query,
        asked_by=name(row.asked_by),
        asked_at=row.asked_at,
        owner=name(row.owner),
        due=row.due,
        answer=row.answer,
        answered_by=name(row.answered_by),
        answered_at=row.answered_at,
    )
