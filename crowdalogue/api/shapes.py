"""Types every resource uses: ids, words, moments, the shape of a page and of an error."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from annotated_types import Ge, Le, MaxLen
from ninja import Schema
from pydantic import AfterValidator, AwareDatetime

from crowdalogue.channels.jsonbody import clean

Item = TypeVar("Item")
MOST = 200
BIGGEST = 2**53 - 1  # what every JSON reader can hold


def sensible(moment: datetime) -> datetime:
    if not 1971 <= moment.year < 2200:
        raise ValueError("must lie between 1971 and 2199")
    return moment


Id = Annotated[int, Ge(1), Le(BIGGEST)]
Limit = Annotated[int, Ge(1), Le(MOST)]
Moment = Annotated[AwareDatetime, AfterValidator(sensible)]
Word = Annotated[str, MaxLen(200), AfterValidator(clean)]
Text = Annotated[str, MaxLen(100_000), AfterValidator(clean)]
Cursor = Annotated[str, MaxLen(500)]


class Paging(Schema):
    """`cursor` is `next` of the page before; empty begins."""

    cursor: Cursor = ""
    limit: Limit = 50


class Page(Schema, Generic[Item]):
    """`next` is the cursor of the page after this one, null on the last."""

    items: list[Item]
    next: str | None


class FieldProblem(Schema):
    field: str
    text: str


class Told(Schema):
    """`text` says the cause, then the remedy. `fields` names each value that was not understood."""

    status: int
    text: str
    fields: list[FieldProblem] = []


class Problem(Schema):
    """The body of every answer of 400 and above."""

    error: Told


REFUSALS = frozenset({400, 401, 403, 404, 409, 413, 422, 429, 503})


def answers(shape: Any, status: int = 200) -> dict[Any, Any]:
    """What an operation may answer, for OpenAPI: the shape, or a Problem."""
    return {status: shape, REFUSALS: Problem}


def told(status: int, text: str, fields: Iterable[tuple[str, str]] = ()) -> dict[str, Any]:
    return {"error": {"status": status, "text": text, "fields": [{"field": f, "text": t} for f, t in fields]}}
